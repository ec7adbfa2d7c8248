#include <ogm/core/interop/eigen.hpp>

#include <catch2/catch.hpp>

using namespace ogm;

TEST_CASE("Eigen and a tensor see the same memory") {
  tensor<float, dyn, 2, 3> x(2);
  auto m = as_eigen(x);
  CHECK(m.data() == x.data());
  CHECK((m.rows() == 4 && m.cols() == 3));
  m(3, 1) = 7;
  CHECK(x(1, 1, 1) == 7);
  const auto& still = x;
  CHECK(as_eigen(still)(3, 1) == 7);

  eigen_matrix<double> own(2, 5);
  own.setZero();
  const auto v = view_of(own);
  v(1, 4) = 3;
  CHECK(own(1, 4) == 3);
  CHECK(v.shape() == extents<dyn, dyn>(2, 5));
}
