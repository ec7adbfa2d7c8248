#include <ogm/core/extents.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace ogm;

TEST_CASE("extents know what is static and count what is not") {
  using shape = extents<dyn, 3, dyn, 5>;
  static_assert(shape::rank == 4 && shape::dynamic_rank == 2 && shape::width == 5);
  const shape e(8, 2);
  CHECK(e.sizes == std::array<size_type, 4>{8, 3, 2, 5});
  CHECK(e.count() == 240);
  CHECK(e.rows() == 48);
  CHECK(e[2] == 2);
  CHECK(e.text() == "(8, 3, 2, 5)");
  CHECK(shape::static_text() == "(dyn, 3, dyn, 5)");
  CHECK(e == shape(8, 2));
  CHECK(!(e == shape(8, 3)));
  constexpr extents<2, 3> fixed;
  static_assert(fixed.count() == 6 && fixed.rows() == 2);
}

TEST_CASE("a scalar has no axes, one element and one row; an empty axis has no elements") {
  constexpr extents<> scalar;
  static_assert(scalar.count() == 1 && scalar.rows() == 1 && extents<>::rank == 0 && extents<>::width == 1);
  CHECK(scalar.text() == "()");
  CHECK(extents<dyn, 3>(0).count() == 0);
  CHECK(extents<dyn>().count() == 0);
  CHECK(extents<dyn>(7).rows() == 1);
}

TEST_CASE("sizes that no tensor can have are refused with both shapes") {
  using shape = extents<dyn, 3>;
  CHECK_THROWS_WITH((shape(std::array<size_type, 2>{2, 4})), "ogm: a tensor of shape (dyn, 3) expected, (2, 4) given.");
  CHECK_THROWS_WITH((shape(-2)), Catch::Contains("(dyn, 3)") && Catch::Contains("(-2, 3)"));
  CHECK_THROWS_AS((extents<dyn, dyn, dyn>(1L << 31, 1L << 31, 4)), shape_error);
  CHECK((extents<dyn, dyn>(1L << 31, 1L << 31).count()) == 1L << 62);
}

TEST_CASE("axes are replaced and taken from the front, static ones staying static") {
  const extents<dyn, 3, 5> e(4);
  const auto wider = with_last<7>(e);
  static_assert(std::is_same_v<decltype(wider), const extents<dyn, 3, 7>>);
  CHECK(wider.sizes == std::array<size_type, 3>{4, 3, 7});
  const auto front = first_axes<2>(e);
  static_assert(std::is_same_v<decltype(front), const extents<dyn, 3>>);
  CHECK(front.sizes == std::array<size_type, 2>{4, 3});
  CHECK(shape_text(std::vector<long>{1, dyn, 3}) == "(1, dyn, 3)");
}
