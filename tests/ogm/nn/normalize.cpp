#include <ogm/nn/normalize.hpp>

#include <support/golden.hpp>
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
  const auto& c = golden_case("l2_normalize_last");
  tape<backend::eigen<TestType>> tape;
  tensor<TestType, 3, 4> data;
  assign<memory::host>(data.data(), golden_input(c));
  const auto x = tape.variable(data);
  const auto y = nn::l2_normalize(tape, x);
  check_golden(y, c.at("outputs").at("output"));
  seed_gradient(y, golden_cotangent(c));
  tape.run_backward();
  check_golden_gradient(x, c.at("input_gradients").at("x"));
}
