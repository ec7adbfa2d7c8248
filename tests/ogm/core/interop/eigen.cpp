#include <ogm/core/interop/eigen.hpp>

#include <catch2/catch.hpp>

using namespace ogm;

TEST_CASE("Eigen sees a tensor's memory, rows by width") {
  tensor<float, dyn, 2, 3> x(2);
  auto m = as_eigen(x);
  CHECK(m.data() == x.data());
  CHECK((m.rows() == 4 && m.cols() == 3));
  m(3, 1) = 7;
  CHECK(x(1, 1, 1) == 7);
  const auto& still = x;
  CHECK(as_eigen(still)(3, 1) == 7);
  static_assert(!std::is_assignable_v<decltype(as_eigen(still)(0, 0)), float>);
  CHECK(as_eigen(x.view()).data() == x.data());

  tensor<double, dyn> line(5);
  auto row = as_eigen(line);
  CHECK((row.rows() == 1 && row.cols() == 5));
  row *= 2;
  row(0, 4) = 3;
  CHECK(line(4) == 3);
}

TEST_CASE("a view sees an Eigen matrix's memory") {
  eigen_matrix<double> own(2, 5);
  own.setZero();
  const auto v = view_of(own);
  v(1, 4) = 3;
  CHECK(own(1, 4) == 3);
  CHECK(v.shape() == extents<dyn, dyn>(2, 5));
  const auto& still = own;
  const view<const double, dyn, dyn> read = view_of(still);
  own(0, 1) = 4;
  CHECK(read(0, 1) == 4);

  Eigen::Matrix<float, Eigen::Dynamic, 3, Eigen::RowMajor> narrow(4, 3);
  static_assert(std::is_same_v<decltype(view_of(narrow)), view<float, dyn, 3>>);
  CHECK(view_of(narrow).data() == narrow.data());
  Eigen::VectorXf column(6);
  static_assert(std::is_same_v<decltype(view_of(column)), view<float, dyn>>);
  view_of(column)(5) = 2;
  CHECK(column(5) == 2);
  Eigen::Matrix<float, 1, 4> fixed;
  static_assert(std::is_same_v<decltype(view_of(fixed)), view<float, 4>>);
  view_of(fixed)(3) = 1;
  CHECK(fixed(0, 3) == 1);
}
