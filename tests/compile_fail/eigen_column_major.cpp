// error: ogm: a view of an Eigen matrix that is column-major. Declare it with Eigen::RowMajor.
#include <ogm/core/interop/eigen.hpp>
int main() {
  Eigen::MatrixXf m(2, 3);
  ogm::view_of(m);
}
