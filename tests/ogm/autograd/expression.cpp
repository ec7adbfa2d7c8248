#include <ogm/autograd/expression.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/nn/linear.hpp>

#include "support/gradient_check.hpp"

#include <catch2/catch.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {
/// The derivative of f at x against central differences, element by element, for every length that finds a tail.
template <class F> void check_slope(const F& f, double from, double to) {
  for (const size_type n : {1, 3, 7, 15, 16, 17, 33}) {
    tensor<double, dyn> x(n);
    for (size_type i = 0; i < n; ++i) x(i) = from + (to - from) * (double(i) + 0.37) / double(n);
    tape<B> t;
    const auto v = t.variable(x);
    const auto y = evaluate(t, f(v));
    const auto g = y.accumulate();
    for (size_type i = 0; i < n; ++i) g.data[i] = 1 + double(i);
    t.run_backward();
    for (size_type i = 0; i < n; ++i) {
      const auto at = [&](double d) {
        tensor<double, dyn> one(1);
        one(0) = x(i) + d;
        inference<B> q;
        return *evaluate(q, f(as_view(one))).data();
      };
      const double slope = (at(1e-6) - at(-1e-6)) / 2e-6 * (1 + double(i));
      CHECK(std::abs(v.gradient()[i] - slope) <= 1e-6 * (1 + std::abs(slope)));
    }
  }
}
}  // namespace

TEST_CASE("every function's derivative is its difference quotient") {
  check_slope([](const auto& x) { return relu(x); }, 0.1, 2);
  check_slope([](const auto& x) { return tanh(x); }, -2, 2);
  check_slope([](const auto& x) { return sigmoid(x); }, -3, 3);
  check_slope([](const auto& x) { return exp(x); }, -1, 1);
  check_slope([](const auto& x) { return log(x); }, 0.5, 3);
  check_slope([](const auto& x) { return sqrt(x); }, 0.5, 3);
  check_slope([](const auto& x) { return square(x); }, -2, 2);
  check_slope([](const auto& x) { return abs(x); }, 0.3, 2);
  check_slope([](const auto& x) { return gelu(x); }, -2, 2);
  check_slope([](const auto& x) { return leaky_relu(x, 0.2); }, -2, -0.1);
  check_slope([](const auto& x) { return elu(x, 1.3); }, -2, -0.1);
  check_slope([](const auto& x) { return -x * x + 2.0 / (x + 5) - 1; }, -2, 2);
  check_slope([](const auto& x) { return maximum(x, x * x) + minimum(x, 0.5 * x); }, 1.1, 3);
}

TEST_CASE("rows are used for every row, and their gradients are summed") {
  tensor<double, dyn, 3> x(5);
  tensor<double, 3> row;
  for (size_type i = 0; i < 15; ++i) x.data()[i] = double(i);
  for (size_type i = 0; i < 3; ++i) row(i) = 1 + double(i);
  tape<B> t;
  const auto v = t.variable(x);
  const auto r = t.variable(row);
  const auto y = evaluate(t, v * r + r);
  CHECK(y(4, 2) == 14 * 3 + 3);
  std::fill_n(y.accumulate().data, 15, 1.0);
  t.run_backward();
  for (int c = 0; c < 3; ++c) {
    double sum = 5;
    for (int i = 0; i < 5; ++i) sum += x(i, c);
    CHECK(r.gradient()[c] == sum);
    CHECK(v.gradient()[3 + c] == 1 + c);
  }
}

TEST_CASE("a second loss of the same forward has its own gradients") {
  tensor<double, dyn> x(4);
  for (int i = 0; i < 4; ++i) x(i) = i;
  tape<B> t;
  const auto v = t.variable(x);
  const auto y = evaluate(t, v * v);
  for (const double seed : {1.0, 3.0}) {
    t.forget_gradients();
    std::fill_n(y.accumulate().data, 4, seed);
    t.run_backward();
    for (int i = 0; i < 4; ++i) CHECK(v.gradient()[i] == seed * 2 * i);
  }
}

TEST_CASE("the same bits on any number of threads, for lengths around a chunk", "[threads]") {
  for (const size_type n : {16383, 16384, 16385, 100001}) {
    tensor<float, dyn> x(n);
    for (size_type i = 0; i < n; ++i) x(i) = float(i % 77) * 0.05f - 1;
    std::vector<float> first;
    for (const int threads : {1, 2, 4}) {
      const use_threads pool(threads);
      tape<backend::eigen<float>> t;
      const auto v = t.variable(x);
      const auto y = evaluate(t, tanh(v) * sigmoid(v * 0.5) + v);
      std::fill_n(y.accumulate().data, n, 1.f);
      t.run_backward();
      std::vector<float> all(y.flat().begin(), y.flat().end());
      all.insert(all.end(), v.gradient(), v.gradient() + n);
      if (first.empty()) first = all;
      CHECK(std::memcmp(first.data(), all.data(), all.size() * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("shapes that do not fit, and parameters that no one named, are told") {
  inference<B> q;
  const tensor<double, dyn, 3> x(5);
  const tensor<double, dyn, 3> other(4);
  CHECK_THROWS_WITH(evaluate(q, x + other), Catch::Contains("(5, 3)") && Catch::Contains("(4, 3)"));
  const tensor<double, 4> row;
  CHECK_THROWS_AS(evaluate(q, x + row), shape_error);
  nn::linear<3, 2, B> named, forgotten;
  gradient_store<B> store(named);
  tape<B> t;
  t.bind(store);
  const auto y = forgotten(t, x);
  std::fill_n(y.accumulate().data, 10, 1.0);
  CHECK_THROWS_WITH(t.run_backward(), Catch::Contains("OGM_FIELDS"));
}
