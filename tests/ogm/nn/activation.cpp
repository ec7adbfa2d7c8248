#include <ogm/autograd/expression.hpp>

#include <support/golden.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

namespace {
template <class T, class F> void check_activation(const std::string& name, const F& f) {
  INFO(name);
  const auto& c = golden_case(name);
  tape<backend::eigen<T>> tape;
  tensor<T, 3, 4> data;
  assign<memory::host>(data.data(), golden_input(c));
  const auto x = tape.variable(data);
  const auto y = evaluate(tape, f(x));
  check_golden(y, c.at("outputs").at("output"));
  seed_gradient(y, golden_cotangent(c));
  tape.run_backward();
  check_golden_gradient(x, c.at("input_gradients").at("x"));
}
}  // namespace

TEMPLATE_TEST_CASE("activations: PyTorch's values", "", float, double) {
  using T = TestType;
  check_activation<T>("relu", [](const auto& x) { return relu(x); });
  check_activation<T>("elu", [](const auto& x) { return elu(x); });
  check_activation<T>("gelu_exact", [](const auto& x) { return gelu(x); });
  check_activation<T>("tanh", [](const auto& x) { return tanh(x); });
  check_activation<T>("sigmoid", [](const auto& x) { return sigmoid(x); });
  check_activation<T>("leaky_relu_0.01", [](const auto& x) { return leaky_relu(x, 0.01); });
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
