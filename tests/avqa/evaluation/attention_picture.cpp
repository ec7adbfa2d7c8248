#include <avqa/evaluation/attention_picture.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace avqa;
using ogm::data::image::picture;

namespace {
picture grey(int height, int width, std::uint8_t value = 100) {
  return {.height = height, .width = width, .channels = 3, .pixels = std::vector<std::uint8_t>(std::size_t(height * width * 3), value)};
}
const std::uint8_t* at(const picture& p, int y, int x) { return p.pixels.data() + (y * p.width + x) * 3; }
}  // namespace

TEST_CASE("heat runs from blue over green to red") {
  using rgb = std::array<std::uint8_t, 3>;
  CHECK(heat_colour(0) == rgb{0, 0, 128});
  CHECK(heat_colour(0.25) == rgb{0, 128, 255});
  CHECK(heat_colour(0.5) == rgb{128, 255, 128});
  CHECK(heat_colour(1) == rgb{128, 0, 0});
  CHECK(heat_colour(-3) == heat_colour(0));
  CHECK(heat_colour(7) == heat_colour(1));
  CHECK(heat_colour(std::numeric_limits<double>::quiet_NaN()) == heat_colour(0));
}

TEST_CASE("a map lies over its frame, place by place, scaled to its own range") {
  const std::vector<float> map{0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.9f};  // 2 x 3: the hottest place is at the bottom right
  const picture out = attention_over(grey(20, 30), map, 2, 3);
  CHECK(out.height == 20);
  CHECK(out.width == 30);
  CHECK(int(at(out, 19, 29)[0]) == std::lround(0.4 * 128 + 60));  // beyond the last centre: red, unmixed
  CHECK(int(at(out, 19, 29)[2]) == 60);
  CHECK(int(at(out, 0, 0)[0]) == 60);
  CHECK(int(at(out, 0, 0)[2]) == std::lround(0.4 * 128 + 60));
  // Half way between the two centres of the lower row: half the heat.
  const picture row = attention_over(grey(1, 3, 0), std::vector<float>{0, 1}, 1, 2);
  const auto half = heat_colour(0.5);
  for (int k = 0; k < 3; ++k) CHECK(int(at(row, 0, 1)[k]) == std::lround(0.4 * half[std::size_t(k)]));
  const picture scaled = attention_over(grey(20, 30), std::vector<float>{1, 1, 1, 1, 1, 9}, 2, 3);
  CHECK(scaled.pixels == out.pixels);
  const picture flat = attention_over(grey(2, 2), std::vector<float>(4, 0.25f), 2, 2);
  for (int i = 0; i < 4; ++i) CHECK(int(flat.pixels[std::size_t(3 * i + 2)]) == std::lround(0.4 * 128 + 60));
}

TEST_CASE("a strip has frames side by side, and a bar a moment for picture and sound") {
  const std::vector<picture> frames(3, grey(40, 40));
  const attention_record a{.rows = 0, .columns = 0, .where = {}, .seen = {0.2f, 0.4f, 0.f}, .heard = {1, 0, 0}};
  const picture strip = attention_strip(frames, a);
  CHECK(strip.width == 3 * 40 + 2 * 2);
  CHECK(strip.height == 40 + 2 * (8 + 2));
  CHECK(int(at(strip, 0, 0)[0]) == 100);
  CHECK(int(at(strip, 0, 41)[0]) == 255);  // the gap
  const auto blue = [&](int frame, int row) { return at(strip, 42 + row, frame * 42)[2] == 178; };
  CHECK((!blue(0, 3) && blue(0, 4) && blue(0, 7)));  // half of the largest: the lower half of the bar
  CHECK(blue(1, 0));
  CHECK(!blue(2, 7));
  CHECK(at(strip, 52, 0)[0] == 230);
  CHECK(at(strip, 59, 42)[0] == 255);
}

TEST_CASE("maps, frames and weights of other sizes are refused") {
  CHECK_THROWS_WITH(attention_over(grey(4, 4), std::vector<float>(5), 2, 3), Catch::Contains("5 values for 2 x 3 places"));
  CHECK_THROWS_AS(attention_over(grey(4, 4), std::vector<float>(), 0, 0), ogm::shape_error);
  picture one = grey(4, 4);
  one.channels = 1;
  CHECK_THROWS_AS(attention_over(one, std::vector<float>(6), 2, 3), ogm::shape_error);
  std::vector<picture> frames(2, grey(4, 4));
  CHECK_THROWS_WITH(attention_strip(frames, {.rows = 2, .columns = 2, .where = std::vector<float>(7), .seen = {}, .heard = {}}),
                    Catch::Contains("7 weights of places beside 2 frames of 2 x 2"));
  CHECK_THROWS_WITH(attention_strip(frames, {.rows = 0, .columns = 0, .where = {}, .seen = {1}, .heard = {}}),
                    Catch::Contains("1 weights of the picture beside 2 frames"));
  frames[1] = grey(4, 5);
  CHECK_THROWS_WITH(attention_strip(frames, {}), Catch::Contains("frame 1 is 4 x 5, the first one 4 x 4"));
  CHECK_THROWS_AS(attention_strip({}, {}), ogm::value_error);
}
