#include <ogm/data/resample.hpp>

#include <catch2/catch.hpp>
#include <cmath>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;

namespace {
std::vector<float> tone(double hz, int rate, int samples) {
  std::vector<float> out;
  for (int i = 0; i < samples; ++i) out.push_back(float(std::sin(2 * 3.14159265358979323846 * hz * i / rate)));
  return out;
}
}  // namespace

TEST_CASE("a tone keeps its frequency, phase and height, up and down") {
  for (const auto& [from, to] : {std::pair(16000, 22050), std::pair(22050, 16000), std::pair(8000, 16000), std::pair(44100, 16000)}) {
    const auto out = resample(tone(440, from, from), from, to), expected = tone(440, to, to);
    REQUIRE(out.size() == expected.size());
    double worst = 0;
    for (std::size_t i = out.size() / 10; i < out.size() * 9 / 10; ++i)
      worst = std::max(worst, std::fabs(double(out[i]) - double(expected[i])));
    CHECK(!(worst > 1e-4));
  }
}

TEST_CASE("what the lower rate cannot hold is removed") {
  const auto out = resample(tone(10000, 44100, 44100), 44100, 16000);
  float worst = 0;
  for (std::size_t i = 1000; i < 15000; ++i) worst = std::max(worst, std::fabs(out[i]));
  CHECK(!(worst > 1e-4f));
}

TEST_CASE("the same rate changes nothing; lengths round up; a rate of 0 is refused") {
  const auto in = tone(100, 1000, 77);
  CHECK(resample(in, 1000, 1000) == in);
  CHECK(resample(in, 1000, 999).size() == 77);
  CHECK(resample(in, 1000, 500).size() == 39);
  CHECK(resample({}, 1000, 500).empty());
  CHECK(test::has(test::message_of<ogm::value_error>([&] { resample(in, 0, 500); }), "from 0 to 500"));
}
