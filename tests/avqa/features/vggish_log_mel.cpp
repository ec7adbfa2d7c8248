#include <avqa/features/vggish_log_mel.hpp>

#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>

namespace vggish_log_mel_test {

using namespace avqa;
using ogm::test::apart;

namespace {
constexpr long rate = vggish_log_mel::rate_hz, bands = vggish_log_mel::bands, frames = vggish_log_mel::frames;

std::vector<float> sine(long samples, double hz, double at_hz = rate) {
  std::vector<float> x(static_cast<std::size_t>(samples));
  for (long i = 0; i < samples; ++i) x[std::size_t(i)] = float(0.5 * std::sin(2 * M_PI * hz * double(i) / at_hz));
  return x;
}
/// x = (1103515245 x + 12345) mod 2^31; x / 2^31 - 0.5.
std::vector<float> noise(long samples, std::uint64_t x = 12345) {
  std::vector<float> out(static_cast<std::size_t>(samples));
  for (float& u : out) {
    x = (1103515245 * x + 12345) % (std::uint64_t(1) << 31);
    u = float(double(x) / 2147483648.0 - 0.5);
  }
  return out;
}
vggish_log_mel of(int seconds, short_sound when_short = short_sound::repeat_last) {
  return vggish_log_mel({.seconds = seconds, .when_short = when_short});
}
bool same_second(const auto& a, long i, const auto& b, long j) {
  return ogm::test::same_bits(a.data() + i * frames * bands, b.data() + j * frames * bands, std::size_t(frames * bands));
}
}  // namespace

// The numbers of the next three: computed in doubles, by the published front-end and by formulas of our own, equal in all digits.
TEST_CASE("the mel bands of VGGish are the published matrix") {
  const ogm::data::mel_filterbank bank({.bands = 64, .low_hz = 125, .high_hz = 7500, .linear_in_mel = true}, 512, 16000);
  double sum = 0;
  int positive = 0, lowest = 512, highest = 0, of_last = 0;
  for (int b = 0; b < 64; ++b)
    for (int k = 0; k < 257; ++k)
      if (const float w = bank.weight(b, k); w != 0) {
        sum += double(w), ++positive, of_last += b == 63;
        lowest = std::min(lowest, k), highest = std::max(highest, k);
      }
  CHECK(positive == 461);
  CHECK_FALSE(apart(sum, 230.913599, 1e-6));
  CHECK(lowest == 5);
  CHECK(highest == 239);
  CHECK(of_last == 17);
  CHECK_FALSE(apart(bank.weight(0, 5), 0.94769, 1e-5));
  CHECK(bank.weight(0, 6) == 0);
  CHECK_FALSE(apart(bank.weight(2, 8), 0.00693, 1e-5));
  CHECK_FALSE(apart(bank.weight(3, 8), 0.99307, 1e-5));
}

TEST_CASE("silence is log 0.01, a sine and noise have the published log-mels") {
  const auto silence = of(1)(std::vector<float>(rate, 0.f));
  for (const float v : silence.flat()) REQUIRE_FALSE(apart(v, -4.605170, 1e-6));

  const auto x = of(1)(sine(rate, 440));
  const std::pair<long, double> published[]{{0, -3.73631}, {5, -0.34757},  {8, 4.08916},   {9, 3.64579},
                                            {10, 1.79212}, {20, -4.20539}, {40, -4.59307}, {63, -4.60433}};
  for (long t = 0; t < frames; t += 5) {  // the frames of the same phase
    for (const auto& [band, value] : published) CHECK_FALSE(apart(x(0, t, band), value, 2e-5));
    const float* const row = x.data() + t * bands;
    CHECK(std::max_element(row, row + bands) == row + 8);
    CHECK_FALSE(apart(std::accumulate(row, row + bands, 0.0), -224.4908, 1e-5));
  }

  const auto y = of(1)(noise(rate));
  const std::pair<long, double> of_noise[]{{0, -0.01678}, {1, 0.27159}, {10, 1.30293}, {32, 1.58246}, {63, 3.65326}};
  for (const auto& [band, value] : of_noise) CHECK_FALSE(apart(y(0, 10, band), value, 2e-5));
  CHECK_FALSE(apart(std::accumulate(y.data(), y.data() + y.count(), 0.0), 13219.4105, 1e-6));
}

TEST_CASE("each second is heard by itself, in floats and in 16 bits, as the mean of its channels") {
  const auto x = noise(3 * rate);
  const auto whole = of(3)(x);
  CHECK(whole.shape().text() == "(3, 96, 64)");
  for (long i = 0; i < 3; ++i) {
    const auto alone = of(1)(std::span(x).subspan(std::size_t(i * rate), std::size_t(rate)));
    CHECK(same_second(whole, i, alone, 0));
  }
  CHECK_FALSE(same_second(whole, 0, whole, 1));
  CHECK(same_second(of(2)(x), 1, whole, 1));  // what comes later is left out
  CHECK(of(2)(x).size(0) == 2);

  std::vector<std::int16_t> both(x.size() * 2);
  std::vector<float> mean(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    both[2 * i] = std::int16_t(std::lround(x[i] * 32768)), both[2 * i + 1] = std::int16_t(i % 1000);
    mean[i] = (float(both[2 * i]) + float(both[2 * i + 1])) / 65536;
  }
  const auto a = of(3)(sound_view<std::int16_t>{.samples = both, .channels = 2}), b = of(3)(mean);
  CHECK(ogm::test::same_bits(a.data(), b.data(), std::size_t(a.count())));
}

TEST_CASE("a sound that ends early is completed as its reader says") {
  const auto x = noise(3 * rate);
  const auto part = [&](long samples) { return std::span(x).first(std::size_t(samples)); };
  const auto whole = of(3)(x);
  const auto repeated = of(5)(part(2 * rate + 15599));  // a sample less than 96 frames
  CHECK(repeated.size(0) == 5);
  CHECK(same_second(repeated, 1, whole, 1));
  for (const long i : {2, 3, 4}) CHECK(same_second(repeated, i, whole, 1));
  const auto just = of(5)(part(2 * rate + 15600));
  for (const long i : {2, 3, 4}) CHECK(same_second(just, i, whole, 2));

  const auto silent = of(5, short_sound::zero_signal)(part(2 * rate + 8000));
  CHECK(same_second(silent, 1, whole, 1));
  CHECK(ogm::test::same_bits(silent.data() + 2 * frames * bands, whole.data() + 2 * frames * bands, std::size_t(48 * bands)));
  for (long t = 50; t < frames; ++t) REQUIRE_FALSE(apart(silent(2, t, 30), std::log(0.01), 1e-6));  // from sample 8000 on
  for (const long i : {3, 4})
    for (long k = 0; k < frames * bands; ++k) REQUIRE_FALSE(apart(silent.data()[i * frames * bands + k], std::log(0.01), 1e-6));

  CHECK_THROWS_WITH(of(5, short_sound::error)(part(2 * rate + 8000)), Catch::Contains("40000 frames") && Catch::Contains("5 expected"));
  CHECK_NOTHROW(of(3, short_sound::error)(part(2 * rate + 15600)));
  const auto blink = of(2)(part(100));  // nothing to repeat
  CHECK(same_second(blink, 0, of(1, short_sound::zero_signal)(part(100)), 0));
  CHECK(same_second(blink, 0, blink, 1));
}

TEST_CASE("a sound of another rate is the same sound") {
  const auto x = of(2)(sine(2 * rate, 440)), y = of(2)(sound_view<float>{.samples = sine(2 * 44100, 440, 44100), .rate_hz = 44100});
  for (long i = 0; i < 2; ++i)
    for (long t = 5; t < 90; ++t)  // away from the ends of the second, where the filter has less to work with
      for (long b = 4; b < 12; ++b) REQUIRE_FALSE(apart(x(i, t, b), y(i, t, b), 5e-3));
  const auto low = of(2)(sound_view<float>{.samples = sine(2 * 8000, 440, 8000), .rate_hz = 8000});
  for (long b = 4; b < 12; ++b) CHECK_FALSE(apart(x(1, 50, b), low(1, 50, b), 5e-3));
  CHECK_THROWS_AS(of(3, short_sound::error)(sound_view<float>{.samples = sine(2 * 8000, 440, 8000), .rate_hz = 8000}), ogm::shape_error);
}

TEST_CASE("log-mels have the same bits on any number of threads", "[threads]") {
  const auto x = noise(3 * rate);
  const auto once = of(4)(x);
  const ogm::use_threads pool(3);
  const auto again = of(4)(x);
  CHECK(ogm::test::same_bits(once.data(), again.data(), std::size_t(once.count())));
}

TEST_CASE("sounds and sizes that make no sense are refused") {
  const auto x = noise(101);
  CHECK_THROWS_WITH(of(0), Catch::Contains("0 seconds"));
  CHECK_THROWS_WITH(of(1)(std::span<const float>{}), Catch::Contains("0 samples"));
  CHECK_THROWS_WITH(of(1)(sound_view<float>{.samples = x, .channels = 2}), Catch::Contains("101 samples in 2 channels"));
  CHECK_THROWS_WITH(of(1)(sound_view<float>{.samples = x, .channels = 0}), Catch::Contains("0 channels"));
  CHECK_THROWS_WITH(of(1)(sound_view<float>{.samples = x, .rate_hz = 0}), Catch::Contains("0 Hz"));
  std::vector<float> few(10), most(16001), out(std::size_t(frames * bands));
  CHECK_THROWS_WITH(of(1).second(x, few), Catch::Contains("10 elements"));
  CHECK_THROWS_WITH(of(1).second(most, out), Catch::Contains("16001 samples"));
}

}  // namespace vggish_log_mel_test
