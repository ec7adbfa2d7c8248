#include <ogm/nn/linear.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

namespace {
using D = backend::eigen<double>;

template <int In, int Out, bool Bias> void check_width() {
  nn::linear<In, Out, D, Bias> layer;
  randomise(layer, 3);
  const auto forward = [](auto& t, const auto& model, const auto& x) { return model(t, x); };
  for (const long rows : {1, 3, 17}) CHECK(gradient_problem(layer, forward, {}, numbers_like(extents<dyn, In>(rows), 5)) == "");
  CHECK(gradient_problem(layer, forward, {}, numbers_like(extents<dyn, dyn, In>(2, 3), 6)) == "");
  CHECK(gradient_problem(layer, forward, {}, numbers_like(extents<In>(), 7)) == "");
}
}  // namespace

TEST_CASE("linear: gradients, with and without a bias, of vectors, rows and sequences") {
  check_width<1, 1, true>();
  check_width<3, 5, true>();
  check_width<7, 65, true>();
  check_width<64, 4, true>();
  check_width<7, 3, false>();
}

TEST_CASE("linear: each row is W x + b, by itself") {
  nn::linear<5, 3, D> layer;
  randomise(layer, 1);
  const auto x = numbers_like(extents<dyn, dyn, 5>(2, 4), 2);
  inference<D> tape;
  const auto y = layer(tape, x);
  REQUIRE(y.size(0) == 2);
  REQUIRE(y.size(1) == 4);
  for (int row = 0; row < 8; ++row)
    for (int o = 0; o < 3; ++o) {
      double sum = layer.bias.value(o);
      for (int i = 0; i < 5; ++i) sum += layer.weight.value(o, i) * x.data()[row * 5 + i];
      CHECK_FALSE(apart(y.data()[row * 3 + o], sum, 1e-14));
    }
  CHECK(layer(tape, tensor<double, dyn, 5>(0)).count() == 0);
}

TEST_CASE("linear: without a bias there is no parameter of that name") {
  nn::linear<5, 3, D, false> layer;
  std::string names;
  for_each_parameter(layer, [&](auto, const std::string& name, auto&) { names += name + ' '; });
  CHECK(names == "weight ");
  randomise(layer, 1);
  inference<D> tape;
  for (const double v : layer(tape, tensor<double, dyn, 5>(2)).flat()) CHECK(v == 0);
}

TEST_CASE("linear: values begin within 1 / sqrt(In), and reach for it") {
  nn::linear<400, 30, D> layer;
  nn::initialise(layer, 1);
  const auto largest = [](const auto& p) {
    double most = 0;
    for (const double v : p.value.flat()) most = std::max(most, std::abs(v));
    return most;
  };
  CHECK(largest(layer.weight) <= 0.05);
  CHECK(largest(layer.weight) > 0.0495);
  CHECK(largest(layer.bias) <= 0.05);
  CHECK(largest(layer.bias) > 0.03);
}

TEST_CASE("linear: a width that is known only when it runs is checked then") {
  const nn::linear<5, 3, D> layer;
  inference<D> tape;
  CHECK_THROWS_AS(layer(tape, tensor<double, dyn, dyn>(2, 4)), shape_error);
  CHECK_THROWS_WITH(layer(tape, tensor<double, dyn, dyn>(2, 4)), "ogm: linear<5, 3> was given a tensor of shape (2, 4).");
  CHECK(layer(tape, tensor<double, dyn, dyn>(2, 5)).size(1) == 3);
}
