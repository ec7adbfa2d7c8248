// error: ogm: a view of an xtensor that is column-major. Declare it with xt::layout_type::row_major.
#include <ogm/core/interop/xtensor.hpp>
int main() {
  xt::xtensor<float, 2, xt::layout_type::column_major> m({2, 3});
  ogm::view_of(m);
}
