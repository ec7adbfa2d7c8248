#include <ogm/nn/linear.hpp>
#include <ogm/nn/residual.hpp>
#include <ogm/nn/sequential.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

TEST_CASE("residual adds its input to what its layer gives", "[nn]") {
  nn::residual<nn::sequential<nn::linear<7, 9, D>, nn::tanh_layer, nn::linear<9, 7, D>>> block;
  nn::initialise(block, 1);
  std::string names;
  for_each_parameter(block, [&](auto, const std::string& name, auto&) { names += name + " "; });
  CHECK(names == "f.0.weight f.0.bias f.2.weight f.2.bias ");
  for (const long rows : {0, 1, 3, 17}) test::check_layer(block, {.elements = 40}, test::numbers_like(extents<dyn, 7>(rows), 2));
  const auto x = test::numbers_like(extents<dyn, 7>(5), 2);
  inference<D> plain;
  const auto y = block(plain, x), z = block.f(plain, x);
  for (long i = 0; i < y.count(); ++i) CHECK(y.data()[i] == z.data()[i] + x.data()[i]);
}

TEST_CASE("residual says that its layer changed the shape", "[nn]") {
  nn::residual<nn::linear<7, 9, D>> block;
  nn::initialise(block, 1);
  inference<D> plain;
  CHECK_THROWS_WITH(block(plain, tensor<double, dyn, 7>(2)), "ogm: an expression of shapes (2, 9) and (2, 7).");
}
