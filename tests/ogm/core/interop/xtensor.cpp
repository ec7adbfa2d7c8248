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
