#include <ogm/backend/host.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ogm;

TEST_CASE("a workspace keeps its memory until more is asked for, and can be used again after it was moved from") {
  backend::workspace first;
  auto* const a = first.take<float>(1000);
  CHECK(first.take<float>(10) == a);
  std::fill_n(first.take<float>(5000), 5000, 1.f);
  auto* const b = first.take<float>(5000);
  backend::workspace second = std::move(first);
  CHECK(second.take<float>(5000) == b);
  auto* const c = first.take<float>(100);  // what is left is an empty workspace
  REQUIRE(c != nullptr);
  CHECK(c != b);
  std::fill_n(c, 100, 2.f);
  CHECK(std::all_of(b, b + 5000, [](float x) { return x == 1; }));
}
