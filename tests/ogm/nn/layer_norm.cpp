#include <ogm/nn/layer_norm.hpp>
#include <support/backends.hpp>
#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

namespace {
template <int Width> void is_right(long rows) {
  INFO(rows << " x " << Width);
  nn::layer_norm<Width, D> norm;
  test::randomise(norm, 2);
  test::check_layer(norm, {.elements = 60}, test::numbers_like(extents<dyn, Width>(rows), 3));
}
}  // namespace

TEST_CASE("layer_norm has the gradients of its definition", "[nn]") {
  for (const long rows : {0, 1, 3, 17}) {
    is_right<1>(rows);
    is_right<3>(rows);
    is_right<7>(rows);
    is_right<15>(rows);
    is_right<16>(rows);
    is_right<17>(rows);
    is_right<33>(rows);
  }
  is_right<700>(30);  // several chunks of rows, several blocks of a sum
}

TEMPLATE_TEST_CASE("layer_norm standardises every row, whatever its mean", "[nn]", OGM_TEST_BACKENDS) {
  using T = typename TestType::value_type;
  nn::layer_norm<65, TestType> norm;
  nn::initialise(norm, 1);
  auto x = test::numbers_like<TestType>(extents<dyn, dyn, 65>(3, 5), 5);
  for (T& v : x.flat().subspan(65, 65)) v += T(1000);
  inference<TestType> plain;
  const auto y = norm(plain, x);
  for (long r = 0; r < 15; ++r) {
    double sum = 0, squares = 0;
    for (long c = 0; c < 65; ++c)
      sum += double(y.data()[r * 65 + c]), squares += double(y.data()[r * 65 + c]) * double(y.data()[r * 65 + c]);
    CHECK_FALSE(test::apart(sum / 65, 0, sizeof(T) == 4 ? 5e-4 : 1e-9));
    CHECK_FALSE(test::apart(squares / 65, 1, 5e-4));  // epsilon makes it a little less
  }
}

TEST_CASE("layer_norm says what does not fit", "[nn]") {
  nn::layer_norm<3, D> norm;
  inference<D> plain;
  CHECK_THROWS_WITH(norm(plain, tensor<double, dyn, dyn>(2, 4)), "ogm: layer_norm<3> was given a tensor of shape (2, 4).");
}

TEMPLATE_TEST_CASE("layer_norm and linear give PyTorch's numbers", "[nn][golden]", OGM_TEST_BACKENDS) {
  test::check_golden_cases<typename TestType::value_type>(test::run_golden_dense<TestType>, {"layer_norm", "linear"});
}
