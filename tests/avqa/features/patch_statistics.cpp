#include <avqa/features/patch_statistics.hpp>

#include <catch2/catch.hpp>

#include <cstring>

namespace patch_statistics_test {

using namespace avqa;

namespace {
using pictures = ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>;
constexpr int side = patch_statistics::side, places = patch_statistics::places;

template <class Colour> pictures painted(const Colour& colour) {
  pictures out(1, side, side);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const std::array<int, 3> c = colour(y, x);
      for (int k = 0; k < 3; ++k) out(0, y, x, k) = std::uint8_t(c[std::size_t(k)]);
    }
  return out;
}
constexpr int first_hue = 6, first_direction = first_hue + 12, strength = first_direction + 8, around = 21;
}  // namespace

TEST_CASE("a picture of one colour has its mean, its hue and no edges") {
  const auto x = patch_statistics{}(painted([](int, int) { return std::array{255, 0, 0}; }));
  for (int at = 0; at < places * places; ++at) {
    const auto value = [&](int channel) { return x.data()[channel * places * places + at]; };
    CHECK(value(0) == 1);
    CHECK(value(1) == 0);
    CHECK(value(3) == 0);  // deviation
    CHECK(value(first_hue) == 1);
    CHECK(value(first_hue + 1) == 0);
    CHECK(value(strength) == 0);
    CHECK(value(first_hue + around) == Approx(1));
  }
  const auto violet = patch_statistics{}(painted([](int, int) { return std::array{255, 0, 1}; }));  // just below a whole turn
  CHECK(violet(0, first_hue, 3, 3) == Approx(1).margin(5e-3));
  CHECK(violet(0, first_hue + 11, 3, 3) == Approx(std::sqrt(2 / 255.)).margin(1e-3));
}

TEST_CASE("edges count in their direction, in their place, and in the places around it") {
  const auto x = patch_statistics{}(painted([](int, int column) {
    return std::array{column < 104 ? 0 : 255, column < 104 ? 0 : 255, column < 104 ? 0 : 255};
  }));
  // The step between columns 103 and 104 is in the middle of place 6: two columns of 16 pixels have the whole slope.
  CHECK(x(0, first_direction, 5, 6) == Approx(std::sqrt(2 / 16.)));
  CHECK(x(0, strength, 5, 6) == Approx(std::sqrt(2 / 16.)));
  CHECK(x(0, first_direction + 4, 5, 6) == 0);
  CHECK(x(0, strength, 5, 5) == 0);
  CHECK(x(0, strength + around, 5, 5) == Approx(std::sqrt(2 / 16. / 3)));
  CHECK(x(0, strength + around, 5, 4) == 0);
  const auto across = patch_statistics{}(painted([](int row, int) { return std::array{row < 104 ? 0 : 200, 0, 0}; }));
  CHECK(across(0, first_direction + 4, 6, 2) > 0);
  CHECK(across(0, first_direction, 6, 2) == 0);
}

TEST_CASE("a picture's features are its own, on any number of threads", "[threads]") {
  pictures many(5, side, side);
  for (long i = 0; i < long(many.bytes()); ++i) many.data()[i] = std::uint8_t((i * 2654435761u) >> 13);
  const auto once = patch_statistics{}(many);
  const ogm::use_threads pool(4);
  const auto again = patch_statistics{}(many);
  CHECK(std::memcmp(once.data(), again.data(), once.bytes()) == 0);
  pictures last(1, side, side);
  std::memcpy(last.data(), many.data() + 4 * side * side * 3, last.bytes());
  const auto alone = patch_statistics{}(last);
  CHECK(std::memcmp(alone.data(), once.data() + 4 * 48 * places * places, alone.bytes()) == 0);
  for (const float v : once.flat()) REQUIRE((v >= 0 && v <= 2));
}

TEST_CASE("pictures of another size are refused, and no pictures give none") {
  CHECK_THROWS_WITH(patch_statistics{}(pictures(1, 224, 223)), Catch::Contains("(1, 224, 223, 3)"));
  CHECK(patch_statistics{}(pictures(0, 224, 224)).size(0) == 0);
}

}  // namespace patch_statistics_test
