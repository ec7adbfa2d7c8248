#include <ogm/autograd/expression.hpp>

#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

TEMPLATE_TEST_CASE("activations: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_function<backend::eigen<TestType>>,
                               {"relu", "elu", "gelu_exact", "tanh", "sigmoid", "leaky_relu_0.01"});
}

TEST_CASE("activations: gradients") {
  for (const long n : {1, 7, 8, 9, 33}) {
    auto x = numbers_like(extents<dyn, dyn>(2, n), 1, 4);
    const auto check = [&](const auto& f) { check_function([&](auto& t, const auto& v) { return evaluate(t, f(v)); }, {}, x); };
    check([](const auto& v) { return relu(v); });
    check([](const auto& v) { return elu(v, 0.7); });
    check([](const auto& v) { return gelu(v); });
    check([](const auto& v) { return tanh(v); });
    check([](const auto& v) { return sigmoid(v); });
    check([](const auto& v) { return leaky_relu(v, 0.2); });
  }
}

TEST_CASE("activations: float agrees with double") {
  tape<backend::eigen<float>> tape;
  inference<backend::eigen<double>> exact;
  tensor<float, dyn> data(801);
  tensor<double, dyn> same(801);
  for (long i = 0; i < 801; ++i) {
    data(i) = float((double(i) - 400) * 0.05);
    same(i) = double(data(i));
  }
  const auto check = [&](const char* name, const auto& f) {
    INFO(name);
    const auto a = evaluate(tape, f(data));
    const auto e = evaluate(exact, f(same));
    double worst = 0;
    for (long i = 0; i < 801; ++i) worst = std::max(worst, std::abs(double(a(i)) - e(i)) / std::max(1.0, std::abs(e(i))));
    CHECK(worst < 3e-7);
  };
  check("elu", [](const auto& v) { return elu(v); });
  check("gelu", [](const auto& v) { return gelu(v); });
  check("tanh", [](const auto& v) { return tanh(v); });
  check("sigmoid", [](const auto& v) { return sigmoid(v); });
}
