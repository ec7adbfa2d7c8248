#include <ogm/data/stft.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

namespace {
constexpr double pi = 3.14159265358979323846;

std::vector<float> noise(int samples) {
  std::vector<float> out;
  std::uint32_t state = 1;
  for (int i = 0; i < samples; ++i) {
    state = state * 1664525u + 1013904223u;
    out.push_back(float(state >> 8) * 0x1p-23f - 1);
  }
  return out;
}

/// The definition, in double: bin k of the frame at t.
double slow_magnitude(const stft_options& how, const std::vector<float>& x, int k, int t) {
  const int win = how.win_length ? how.win_length : how.n_fft, n = int(x.size());
  std::complex<double> sum = 0;
  for (int i = 0; i < win; ++i) {
    const double w = 0.5 - 0.5 * std::cos(2 * pi * i / (how.window == window_shape::hann_periodic ? win : win - 1));
    const int in_frame = i + (how.n_fft - win) / 2;
    int at = t * how.hop + in_frame - (how.edges == edge::none ? 0 : how.n_fft / 2);
    if (how.edges == edge::reflect && at < 0) at = -at;
    if (how.edges == edge::reflect && at >= n) at = 2 * (n - 1) - at;
    const double value = at < 0 || at >= n ? 0 : double(x[std::size_t(at)]);
    sum += value * w * std::polar(1.0, -2 * pi * k * in_frame / how.n_fft);
  }
  return std::abs(sum);
}
}  // namespace

TEST_CASE("spectrograms are the definition's, whatever the sizes") {
  const auto x = noise(777);
  const stft_options cases[]{{.n_fft = 64, .hop = 17},
                             {.n_fft = 60, .hop = 60, .edges = edge::zero},
                             {.n_fft = 128, .hop = 33, .win_length = 50, .edges = edge::none},
                             {.n_fft = 100, .hop = 1, .win_length = 99, .window = window_shape::hann_symmetric},
                             {.n_fft = 2, .hop = 3}};
  for (const auto& how : cases) {
    const stft transform(how);
    const int bins = how.bins(), frames = int(transform.frames(777));
    std::vector<float> magnitude(std::size_t(bins * frames)), power(magnitude.size()), log_magnitude(magnitude.size());
    transform.magnitude(x, magnitude);
    transform.power(x, power);
    transform.log_magnitude(x, log_magnitude);
    double worst = 0, worst_power = 0, worst_log = 0;
    for (int k = 0; k < bins; ++k)
      for (int t = 0; t < frames; t += 5) {
        const auto i = std::size_t(k * frames + t);
        const double expected = slow_magnitude(how, x, k, t);
        worst = std::max(worst, std::fabs(double(magnitude[i]) - expected));
        worst_power = std::max(worst_power, std::fabs(double(power[i]) - expected * expected));
        worst_log = std::max(worst_log, std::fabs(double(log_magnitude[i]) - std::log(double(magnitude[i]) + 1e-7)));
      }
    CHECK(!(worst > 1e-4));
    CHECK(!(worst_power > 1e-3));
    CHECK(!(worst_log > 1e-5));
  }
}

TEST_CASE("the published shapes") {
  CHECK(stft({.n_fft = 512, .hop = 353}).frames(66150) == 188);
  CHECK(stft({.n_fft = 256, .hop = 128}).frames(80000) == 626);
  CHECK(stft({.n_fft = 256, .hop = 128, .edges = edge::none}).frames(8320) == 64);
  CHECK(stft({.n_fft = 256, .hop = 128, .edges = edge::none}).frames(255) == 0);
}

TEST_CASE("sizes out of range are refused") {
  for (const stft_options& bad :
       {stft_options{.n_fft = 0}, {.n_fft = 7}, {.hop = 0}, {.n_fft = 16, .win_length = 17}, {.n_fft = -4}, {.win_length = -1}})
    CHECK(test::has(test::message_of<ogm::value_error>([&] { stft{bad}; }), "an STFT with n_fft"));
  std::vector<float> out(10);
  const std::vector<float> few(4);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { stft({.n_fft = 16, .hop = 4}).power(few, out); }), "does not fit 10"));
  out.resize(9 * 2);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { stft({.n_fft = 16, .hop = 4}).power(few, out); }),
                  "needs more than 8 samples, 4 given"));
}
