#include <ogm/data/transforms.hpp>

#include <ogm/core/random.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "files.hpp"

using namespace ogm::data;
namespace test = ogm::test;
using image_tensor = ogm::tensor<float, ogm::dyn, ogm::dyn, ogm::dyn>;

namespace {
image_tensor ramp(int channels, int height, int width) {
  image_tensor t(channels, height, width);
  std::iota(t.flat().begin(), t.flat().end(), 0.f);
  return t;
}
ogm::random::generator numbers(std::uint32_t step = 0) { return ogm::random::generator({7, 1, step}); }
double difference(const image_tensor& a, const image_tensor& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.flat().size(); ++i) worst = std::max(worst, std::fabs(double(a.flat()[i]) - double(b.flat()[i])));
  return worst;
}
}  // namespace

TEST_CASE("pixels become planes of 0 to 1") {
  const auto t = to_float({1, 2, 3, {0, 51, 255, 102, 153, 204}});
  CHECK(t(0, 0, 1) == 102.f / 255);
  CHECK(t(2, 0, 0) == 1.f);
  CHECK(t(1, 0, 0) == 51.f / 255);
}

TEST_CASE("resizing: the same size is the same image, constants and straight lines stay, halves are triangle means") {
  const auto in = ramp(2, 5, 7);
  image_tensor same(2, 5, 7);
  resize(in.view(), same.view());
  CHECK(!(difference(in, same) > 1e-5));
  for (const auto& [height, width] : {std::pair(3, 20), std::pair(40, 2), std::pair(1, 1), std::pair(13, 11)}) {
    image_tensor constant(1, 9, 10), out(1, height, width);
    std::fill(constant.flat().begin(), constant.flat().end(), 0.25f);
    resize(constant.view(), out.view());
    for (const float v : out.flat()) REQUIRE(!(std::fabs(v - 0.25f) > 1e-6f));
  }
  image_tensor line(1, 1, 8), half(1, 1, 4), twice(1, 1, 16);
  std::iota(line.flat().begin(), line.flat().end(), 0.f);
  resize(line.view(), half.view());
  CHECK(!(std::fabs(half(0, 0, 1) - 2.5f) > 1e-6f));  // (1 * 1 + 3 * 2 + 3 * 3 + 1 * 4) / 8
  CHECK(!(std::fabs(half(0, 0, 0) - (0 * 3 + 1 * 3 + 2 * 1) / 7.f) > 1e-6f));
  resize(line.view(), twice.view());
  CHECK(!(std::fabs(twice(0, 0, 5) - 2.25f) > 1e-6f));
  CHECK(twice(0, 0, 0) == 0.f);
}

TEST_CASE("a part is resized as if it had been cropped first") {
  const auto in = ramp(2, 12, 15);
  image_tensor cut(2, 6, 7), a(2, 4, 9), b(2, 4, 9);
  crop(in.view(), cut.view(), 3, 5);
  CHECK(cut(1, 2, 3) == in(1, 5, 8));
  resize(cut.view(), a.view());
  resize(in.view(), b.view(), {3, 5, 6, 7});
  CHECK(!(difference(a, b) > 1e-5));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { crop(in.view(), cut.view(), 7, 0); }), "lies outside an image of (2, 12, 15)"));
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { resize(in.view(), b.view(), {0, 9, 6, 7}); }), "lies outside"));
  image_tensor other(3, 4, 9);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { resize(in.view(), other.view()); }), "cannot become one of (3, 4, 9)"));
  centre_crop(in.view(), cut.view());
  CHECK(cut(0, 0, 0) == in(0, 3, 4));
}

TEST_CASE("random crops take every place") {
  const auto in = ramp(1, 4, 5);
  image_tensor out(1, 3, 3);
  auto random = numbers();
  std::vector<int> seen(20, 0);
  for (int i = 0; i < 600; ++i) {
    random_crop(in.view(), out.view(), random);
    ++seen[std::size_t(out(0, 0, 0))];
  }
  int places = 0;
  for (const int s : seen) places += s > 50;
  CHECK(places == 2 * 3);
  image_tensor large(1, 9, 9);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { random_crop(in.view(), large.view(), random); }), "lies outside"));
}

TEST_CASE("random parts keep to their limits of area and aspect") {
  auto random = numbers();
  double smallest = 1, largest = 0;
  for (int i = 0; i < 2000; ++i) {
    const rectangle r = random_part(300, 400, random);
    REQUIRE((r.top >= 0 && r.left >= 0 && r.top + r.height <= 300 && r.left + r.width <= 400));
    const double area = double(r.height * r.width) / (300.0 * 400), ratio = double(r.width) / double(r.height);
    REQUIRE((ratio > 0.74 && ratio < 1.35));
    smallest = std::min(smallest, area), largest = std::max(largest, area);
  }
  CHECK(smallest < 0.1);
  CHECK(smallest > 0.078);
  CHECK(largest > 0.9);
  const rectangle narrow = random_part(1000, 10, random, {.smallest_area = 1});  // nothing fits: the middle with the nearest ratio
  CHECK(narrow.width == 10);
  CHECK(narrow.height == 13);
  CHECK(narrow.top == 493);
}

TEST_CASE("the same source gives the same augmentation") {
  const auto in = ramp(3, 20, 30);
  image_tensor a(3, 8, 8), b(3, 8, 8), c(3, 8, 8);
  auto first = numbers(1), second = numbers(1), third = numbers(2);
  random_resized_crop(in.view(), a.view(), first);
  random_resized_crop(in.view(), b.view(), second);
  random_resized_crop(in.view(), c.view(), third);
  CHECK(difference(a, b) == 0);
  CHECK(difference(a, c) > 0);
}

TEST_CASE("flips turn rows around, half of the time") {
  auto t = ramp(2, 2, 3);
  flip_horizontally(t.view());
  CHECK(t(1, 1, 0) == 11.f);
  CHECK(t(0, 0, 2) == 0.f);
  auto random = numbers();
  int flips = 0;
  for (int i = 0; i < 1000; ++i) {
    auto u = ramp(1, 1, 2);
    random_horizontal_flip(u.view(), random);
    flips += u(0, 0, 0) == 1.f;
  }
  CHECK(std::abs(flips - 500) < 80);  // five deviations
}

TEST_CASE("normalising takes each channel by its own numbers") {
  auto t = ramp(3, 1, 2);
  normalise(t.view());
  CHECK(!(std::fabs(t(1, 0, 1) - (3 - 0.456f) / 0.224f) > 1e-5f));
  auto two = ramp(2, 1, 2);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { normalise(two.view()); }), "3 means for an image of (2, 1, 2)"));
}

TEST_CASE("shifts fill with zeros, in all directions") {
  const auto before = ramp(2, 4, 5);
  for (int down = -5; down <= 5; ++down)
    for (int right = -6; right <= 6; ++right) {
      auto t = before;
      shift(t.view(), down, right, -1.f);
      for (int c = 0; c < 2; ++c)
        for (int y = 0; y < 4; ++y)
          for (int x = 0; x < 5; ++x) {
            const bool inside = y - down >= 0 && y - down < 4 && x - right >= 0 && x - right < 5;
            REQUIRE(t(c, y, x) == (inside ? before(c, y - down, x - right) : -1.f));
          }
    }
  auto random = numbers();
  std::vector<int> seen(5, 0);
  for (int i = 0; i < 500; ++i) {
    image_tensor t(1, 1, 5);
    t(0, 0, 2) = 1;
    random_shift(t.view(), 0, 2, random);
    for (int x = 0; x < 5; ++x) seen[std::size_t(x)] += t(0, 0, x) == 1.f;
  }
  for (const int s : seen) CHECK(s > 60);
}
