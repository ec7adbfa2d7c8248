#include <ogm/core/interop/xtensor.hpp>

#include <catch2/catch.hpp>

using namespace ogm;

TEST_CASE("xtensor and a tensor see the same memory") {
  tensor<float, dyn, 2, 3> x(2);
  auto a = as_xtensor(x);
  a(1, 0, 2) = 7;
  CHECK(x(1, 0, 2) == 7);
  CHECK(a.dimension() == 3);
  CHECK(a.data() == x.data());

  xt::xtensor<double, 2> own = xt::zeros<double>({3, 4});
  const auto v = view_of(own);
  v(2, 3) = 5;
  CHECK(own(2, 3) == 5);
  CHECK(v.shape() == extents<dyn, dyn>(3, 4));
  const auto& still = own;
  CHECK(view_of(still)(2, 3) == 5);
}

TEST_CASE("an xarray is seen where its rank is the one that was named and it is row-major") {
  xt::xarray<float> x = xt::zeros<float>({2, 3, 4});
  const auto v = view_of<3>(x);
  v(1, 2, 3) = 9;
  CHECK(x(1, 2, 3) == 9);
  CHECK(v.data() == x.data());
  const auto& still = x;
  CHECK(view_of<3>(still)(1, 2, 3) == 9);
  CHECK_THROWS_WITH(view_of<2>(x), Catch::Contains("2 axes") && Catch::Contains("(2, 3, 4)"));
  xt::xarray<float, xt::layout_type::dynamic> turned(std::vector<std::size_t>{2, 3}, xt::layout_type::column_major);
  CHECK_THROWS_WITH(view_of<2>(turned), Catch::Contains("not row-major") && Catch::Contains("(2, 3)"));
}

TEST_CASE("a tensor of one axis, and one that is not to be written") {
  tensor<double, dyn> x(4);
  as_xtensor(x) += 2.0;
  CHECK(x(3) == 2);
  const auto& still = x;
  CHECK(as_xtensor(still)(3) == 2);
  static_assert(!std::is_assignable_v<decltype(as_xtensor(still)(0)), double>);
}
