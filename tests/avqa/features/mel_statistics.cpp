#include <avqa/features/mel_statistics.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {
constexpr std::size_t bands = std::size_t(mel_statistics::bands), rate = 16000;
std::vector<float> tone(double hz, double amplitude, std::size_t from = 0, std::size_t to = rate) {
  std::vector<float> out(rate);
  for (std::size_t i = from; i < to; ++i) out[i] = float(amplitude * std::sin(2 * 3.14159265358979 * hz * double(i) / double(rate)));
  return out;
}
std::vector<float> of(const std::vector<float>& samples) {
  std::vector<float> out(std::size_t(mel_statistics::width), NAN);
  mel_statistics().second(samples, out);
  return out;
}
}  // namespace

TEST_CASE("silence is 0 in every band, and does not change") {
  for (const std::size_t n : {std::size_t(0), std::size_t(1), rate})
    for (const float v : of(std::vector<float>(n))) CHECK(std::abs(v) < 1e-5f);
}

TEST_CASE("the statistics are mean and deviation over time of the second's log-mel") {
  const auto samples = tone(600, 0.3, 4000, 12000);
  std::vector<float> mel(std::size_t(vggish_log_mel::frames) * bands);
  vggish_log_mel().second(samples, mel);
  const auto out = of(samples);
  for (std::size_t b = 0; b < bands; ++b) {
    double mean = 0, variance = 0;
    for (int f = 0; f < vggish_log_mel::frames; ++f) mean += mel[std::size_t(f) * bands + b] / vggish_log_mel::frames;
    for (int f = 0; f < vggish_log_mel::frames; ++f)
      variance += std::pow(mel[std::size_t(f) * bands + b] - mean, 2) / vggish_log_mel::frames;
    CHECK(out[b] == Approx((mean - std::log(0.01)) / 4).margin(1e-5));
    CHECK(out[bands + b] == Approx(std::sqrt(variance)).margin(1e-4));
  }
}

TEST_CASE("a louder tone is larger where it lies, a higher one lies in a higher band, a broken one changes") {
  const auto band_of = [](const std::vector<float>& v) { return std::max_element(v.begin(), v.begin() + bands) - v.begin(); };
  const auto low = of(tone(300, 0.3)), high = of(tone(3000, 0.3)), loud = of(tone(300, 0.9)), broken = of(tone(300, 0.3, 0, rate / 2));
  CHECK(band_of(low) < band_of(high));
  const auto at = std::size_t(band_of(low));
  CHECK(band_of(loud) == std::ptrdiff_t(at));
  CHECK(loud[at] - low[at] == Approx(std::log(3.0) / 4).epsilon(0.02));  // quarters of a logarithm
  CHECK(low[bands + at] < 0.1);
  CHECK(broken[bands + at] > 1);
}

TEST_CASE("memory of another size and a longer second are refused") {
  std::vector<float> out(127);
  const std::vector<float> second(rate), longer(rate + 1);
  CHECK(test::message_of<ogm::shape_error>([&] { mel_statistics().second(second, out); }) ==
        "avqa: mel_statistics was given 127 floats for a second; 128 expected.");
  out.resize(128);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { mel_statistics().second(longer, out); }), "16001"));
}
