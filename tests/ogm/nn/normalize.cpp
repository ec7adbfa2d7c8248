#include <ogm/nn/normalize.hpp>

#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

TEST_CASE("l2_normalize: gradients") {
  for (const long rows : {1, 19})
    for (const long columns : {1, 2, 7, 8, 9, 33}) {
      auto x = numbers_like(extents<dyn, dyn>(rows, columns), 1, 2);
      // one column: y is the sign, whose slope is 0
      check_function([](auto& t, const auto& v) { return nn::l2_normalize(t, v); }, {}, x);
    }
}

TEST_CASE("l2_normalize: below epsilon it is a division by epsilon") {
  auto x = numbers_like(extents<dyn, dyn>(3, 5), 1);
  check_function([](auto& t, const auto& v) { return nn::l2_normalize(t, v, 10); }, {}, x);
  inference<backend::eigen<double>> tape;
  const auto y = nn::l2_normalize(tape, x, 10);
  CHECK(!apart(y(1, 2), x(1, 2) / 10, 1e-12));
  const tensor<double, 2, 3> zero;
  for (const double v : nn::l2_normalize(tape, zero).flat()) CHECK(v == 0);
}

TEMPLATE_TEST_CASE("l2_normalize: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_function<backend::eigen<TestType>>, {"l2_normalize_last"});
}
