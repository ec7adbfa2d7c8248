#include <ogm/autograd/expression.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/nn/linear.hpp>

#include <support/gradient_check.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {
/// The derivative of f at x against central differences, element by element, for every length that finds a tail.
template <class F> void check_slope(const F& f, double from, double to) {
  for (const size_type n : {1, 3, 7, 15, 16, 17, 33, 16383, 16385, 40000}) {
    tensor<double, dyn> x(n);
    for (size_type i = 0; i < n; ++i) x(i) = from + (to - from) * (double(i) + 0.37) / double(n);
    tape<B> t;
    const auto v = t.variable(x);
    const auto y = evaluate(t, f(v));
    const auto g = y.accumulate();
    for (size_type i = 0; i < n; ++i) g.data[i] = 1 + double(i);
    t.run_backward();
    for (size_type i = 0; i < n; i += std::max<size_type>(1, n / 50)) {
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
/// Two rows: of one axis and of two.
struct scaled {
  parameter<B, kind::norm, 3> weight;
  parameter<B, kind::norm, 2, 3> plane;
  OGM_FIELDS(weight, plane)
};
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

TEST_CASE("a leaf that is used twice gets both gradients, and so does a value with two consumers") {
  const auto x = test::numbers_like(extents<dyn, 3>(5), 1);
  const auto row = test::numbers_like(extents<3>(), 2);
  tape<B> t;
  const auto v = t.variable(x);
  const auto r = t.variable(row);
  const auto inner = evaluate(t, v * v + v * r);
  const auto first = evaluate(t, 3 * inner);
  const auto second = evaluate(t, inner * inner);
  for (const auto& y : {first, second}) std::fill_n(y.accumulate().data, 15, 1.0);
  t.run_backward();
  double of_row[3]{};
  for (int i = 0; i < 5; ++i)
    for (int c = 0; c < 3; ++c) {
      const double a = x(i, c), value = a * a + a * row(c), upstream = 3 + 2 * value;
      CHECK(!test::apart(v.gradient()[i * 3 + c], upstream * (2 * a + row(c)), 1e-14));
      of_row[c] += upstream * a;
    }
  for (int c = 0; c < 3; ++c) CHECK(!test::apart(r.gradient()[c], of_row[c], 1e-14));
}

TEST_CASE("an expression that two consumers take is computed for each, to the same bits and gradients") {
  const auto x = test::numbers_like(extents<dyn>(33), 1);
  tape<B> t;
  const auto v = t.variable(x);
  const auto lazy = tanh(v) * 2.0;
  const auto a = evaluate(t, lazy), b = evaluate(t, lazy);
  CHECK(test::same_bits(a.data(), b.data(), 33));
  std::fill_n(a.accumulate().data, 33, 1.0);
  std::fill_n(b.accumulate().data, 33, 1.0);
  t.run_backward();
  for (int i = 0; i < 33; ++i) CHECK(!test::apart(v.gradient()[i], 4 * (1 - std::pow(std::tanh(x(i)), 2)), 1e-14));
}

TEST_CASE("parameters and views of fewer axes are rows; numbers stand on either side") {
  scaled m;
  test::randomise(m, 3);
  const auto x = test::numbers_like(extents<dyn, 2, 3>(4), 1);
  gradient_store<B> store(m);
  tape<B> t;
  t.bind(store);
  const auto y = evaluate(t, 1 - x * m.plane / 2);  // one row of 6 elements
  const auto z = evaluate(t, x * m.weight + 1.5);   // one row of 3
  for (size_type i = 0; i < 24; ++i) {
    CHECK(!test::apart(y.data()[i], 1 - x.data()[i] * m.plane.value.data()[i % 6] / 2, 1e-15));
    CHECK(!test::apart(z.data()[i], x.data()[i] * m.weight.value(i % 3) + 1.5, 1e-15));
  }
  std::fill_n(y.accumulate().data, 24, 1.0);
  std::fill_n(z.accumulate().data, 24, 1.0);
  t.run_backward();
  for (size_type k = 0; k < 6; ++k) {
    double sum = 0;
    for (size_type i = k; i < 24; i += 6) sum -= x.data()[i] / 2;
    CHECK(!test::apart(store.data(m.plane)[k], sum, 1e-14));
  }
  for (size_type k = 0; k < 3; ++k) {
    double sum = 0;
    for (size_type i = k; i < 24; i += 3) sum += x.data()[i];
    CHECK(!test::apart(store.data(m.weight)[k], sum, 1e-14));
  }
}

TEST_CASE("a temporary operand lives in the expression") {
  inference<B> q;
  const auto make = [] { return test::numbers_like(extents<dyn>(50), 4); };
  const auto held = make() * 2.0 + make();
  std::vector<tensor<double, dyn>> others;
  for (int i = 0; i < 8; ++i) others.emplace_back(50);  // what a dangling operand would read
  const auto y = evaluate(q, held);
  const auto x = make();
  for (int i = 0; i < 50; ++i) CHECK(y(i) == 2 * x(i) + x(i));
}

TEST_CASE("rows' gradients have the same bits on any number of threads", "[threads]") {
  const auto x = test::numbers_like<backend::eigen<float>>(extents<dyn, 17>(5000), 1);
  const auto row = test::numbers_like<backend::eigen<float>>(extents<17>(), 2);
  std::vector<float> first;
  for (const int threads : {1, 2, 4}) {
    const use_threads pool(threads);
    tape<backend::eigen<float>> t;
    const auto r = t.variable(row);
    const auto y = evaluate(t, sigmoid(as_view(x) * r) + r);
    std::fill_n(y.accumulate().data, x.count(), 1.f);
    t.run_backward();
    const std::vector<float> g(r.gradient(), r.gradient() + 17);
    if (first.empty()) first = g;
    CHECK(test::same_bits(g.data(), first.data(), 17));
  }
}

TEST_CASE("equal counts are not equal shapes, and a row is the last axes of what it is used for") {
  inference<B> q;
  const tensor<double, dyn, dyn> x(4, 6), turned(6, 4);
  CHECK_THROWS_WITH(evaluate(q, x + turned), Catch::Contains("(4, 6)") && Catch::Contains("(6, 4)"));
  const tensor<double, dyn> eight(8), six(6), twelve(12);
  CHECK_THROWS_WITH(evaluate(q, x + eight), Catch::Contains("(4, 6)") && Catch::Contains("(8)"));  // 8 divides 24
  CHECK_THROWS_AS(evaluate(q, x + twelve), shape_error);
  CHECK_NOTHROW(evaluate(q, x + six));
  CHECK_NOTHROW(evaluate(q, six + x));
  const tensor<double, dyn, 2, 6> cube(3);
  const tensor<double, 2, 6> plane;
  CHECK_NOTHROW(evaluate(q, cube * plane));
  CHECK_THROWS_WITH(evaluate(q, cube * plane + six), Catch::Contains("12 and of 6") || Catch::Contains("6 and of 12"));
  CHECK_THROWS_WITH(evaluate(q, cube + x), Catch::Contains("(3, 2, 6)") && Catch::Contains("(4, 6)"));
  const nn::linear<3, 8, B> layer;
  CHECK_THROWS_WITH(evaluate(q, x * layer.bias), Catch::Contains("(4, 6)") && Catch::Contains("(8)"));
  CHECK_THROWS_AS(evaluate(q, six * layer.weight), shape_error);
  CHECK_NOTHROW(evaluate(q, tensor<double, dyn, 6>(0) + six));
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

TEST_CASE("a var that an expression holds as a row and as a whole gets both gradients, in either order") {
  for (const bool row_first : {true, false}) {
    tape<backend::eigen<double>> t;
    tensor<double, dyn, 5> values(1);
    const auto x = t.variable(values);
    const auto row = reshape(x, extents<5>());
    std::fill_n(x.gradient(), 5, 7.0);  // stale
    const auto y = row_first ? evaluate(t, row + x) : evaluate(t, x + row);
    std::fill_n(y.accumulate().data, 5, 1.0);
    t.run_backward();
    for (int i = 0; i < 5; ++i) CHECK(x.gradient()[i] == 2);
  }
}
