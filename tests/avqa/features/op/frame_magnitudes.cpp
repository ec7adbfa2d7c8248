#include <avqa/features/op/frame_magnitudes.hpp>

#include <support/compare.hpp>

#include "../numbers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace avqa;
namespace test = ogm::test;

TEST_CASE("magnitudes are those of the transform's definition, for any number of frames and length of window") {
  constexpr long bins = op::frame_magnitudes::bins;
  for (const long length : {1L, 399L, 400L, 512L}) {
    const auto window = test::uniform_numbers(length, 1);
    const op::frame_magnitudes magnitudes(window);
    for (const long frames : {0L, 1L, 3L, 4L, 5L, 9L}) {
      const long hop = 37;
      const auto x = test::uniform_numbers(std::max(frames - 1, 0L) * hop + length, 2);  // not one sample more than the frames have
      std::vector<float> out(std::size_t(frames * bins + 8), -7.f);
      magnitudes(x.data(), hop, frames, out.data());
      for (std::size_t i = std::size_t(frames * bins); i < out.size(); ++i) CHECK(out[i] == -7.f);
      out.resize(std::size_t(frames * bins));
      std::vector<double> expected;
      for (long f = 0; f < frames; ++f)
        for (long k = 0; k < bins; ++k) {
          std::complex<double> sum = 0;
          for (long n = 0; n < length; ++n)
            sum += double(x[std::size_t(f * hop + n)] * window[std::size_t(n)]) * std::polar(1.0, -2 * M_PI * double(k * n % 512) / 512);
          expected.push_back(std::abs(sum));
        }
      INFO("window of " << length << ", " << frames << " frames");
      REQUIRE(test::apart_of_largest(out, expected) <= 1e-7);
    }
  }
}

TEST_CASE("a tone at a bin is seen in that bin alone, and silence gives zeros") {
  constexpr long bins = op::frame_magnitudes::bins;
  const op::frame_magnitudes magnitudes(std::vector<float>(512, 1.f));
  std::vector<float> x(512), out(bins);
  magnitudes(x.data(), 1, 1, out.data());
  CHECK(std::all_of(out.begin(), out.end(), [](float v) { return v == 0; }));
  for (const long tone : {0L, 1L, 100L, 255L, 256L}) {
    for (long n = 0; n < 512; ++n) x[std::size_t(n)] = float(std::cos(2 * M_PI * double(tone * n % 512) / 512));
    magnitudes(x.data(), 1, 1, out.data());
    const double height = tone % 256 == 0 ? 512 : 256;
    for (long k = 0; k < bins; ++k) CHECK(std::abs(double(out[std::size_t(k)]) - (k == tone ? height : 0)) < 1e-4);
  }
}

TEST_CASE("a frame has the same bits whatever frames are computed with it") {
  constexpr long bins = op::frame_magnitudes::bins, frames = 7, hop = 160;
  const op::frame_magnitudes magnitudes(test::uniform_numbers(400, 1));
  const auto x = test::uniform_numbers((frames - 1) * hop + 400, 2);
  std::vector<float> all(frames * bins), one(bins);
  magnitudes(x.data(), hop, frames, all.data());
  for (long f = 0; f < frames; ++f) {
    magnitudes(x.data() + f * hop, hop, 1, one.data());
    CHECK(ogm::test::same_bits(one.data(), all.data() + f * bins, one.size()));
  }
}
