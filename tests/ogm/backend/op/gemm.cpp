// Products of every backend against three loops in double: how they are cut, their strides, and sums of nothing.
#include <ogm/nn/linear.hpp>
#include <support/backends.hpp>
#include <support/compare.hpp>
#include <support/gradient_check.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace ogm;

namespace {

struct product {
  long rows, columns, inner;
  bool a_transposed = false, b_transposed = false, add = false;
  long gap = 0;  // elements between the rows of each matrix, another number for each
};

/// A matrix whose rows are `stride` apart, with NaN between them: what is read there shows in the product, what is written there is no NaN.
template <class T> struct matrix {
  long rows, columns, stride;
  std::vector<T> elements;

  matrix(long rows_, long columns_, long gap, std::uint64_t key)
      : rows(rows_), columns(columns_), stride(columns_ + gap), elements(std::size_t(rows_ * stride), std::numeric_limits<T>::quiet_NaN()) {
    const auto values = test::numbers(std::size_t(rows * columns), key);
    for (long r = 0; r < rows; ++r)
      for (long k = 0; k < columns; ++k) elements[at(r, k)] = T(values[std::size_t(r * columns + k)]);
  }
  std::size_t at(long r, long k) const { return std::size_t(r * stride + k); }
  T operator()(long r, long k) const { return elements[at(r, k)]; }
  bool gaps_untouched() const {
    for (long r = 0; r < rows; ++r)
      for (long k = columns; k < stride; ++k)
        if (!std::isnan((*this)(r, k))) return false;
    return true;
  }
};

/// Nothing, or in words what is wrong with a product.
template <class Backend> std::string problem(const product& p) {
  using T = typename Backend::value_type;
  const matrix<T> a(p.a_transposed ? p.inner : p.rows, p.a_transposed ? p.rows : p.inner, p.gap, 1);
  const matrix<T> b(p.b_transposed ? p.columns : p.inner, p.b_transposed ? p.inner : p.columns, 2 * p.gap, 2);
  const matrix<T> before(p.rows, p.columns, 3 * p.gap, 3);
  matrix<T> c = before;
  Backend().run(op::gemm<T>{.a = a.elements.data(),
                            .b = b.elements.data(),
                            .c = c.elements.data(),
                            .rows = p.rows,
                            .columns = p.columns,
                            .inner = p.inner,
                            .a_stride = a.stride,
                            .b_stride = b.stride,
                            .c_stride = c.stride,
                            .a_transposed = p.a_transposed,
                            .b_transposed = p.b_transposed,
                            .add = p.add});
  if (!c.gaps_untouched()) return "what lies between the rows was written";
  const double tolerance = p.inner == 0 ? 0 : std::same_as<T, float> ? 3e-6 : 1e-13;
  for (long r = 0; r < p.rows; ++r)
    for (long k = 0; k < p.columns; ++k) {
      double sum = p.add ? double(before(r, k)) : 0;
      for (long i = 0; i < p.inner; ++i) sum += double(p.a_transposed ? a(i, r) : a(r, i)) * double(p.b_transposed ? b(k, i) : b(i, k));
      if (test::apart(double(c(r, k)), sum, tolerance))
        return "(" + std::to_string(r) + ", " + std::to_string(k) + ") is " + std::to_string(c(r, k)) + ", not " + std::to_string(sum);
    }
  return {};
}

template <class Backend> void is_right(product p) {
  for (const bool add : {false, true}) {
    p.add = add;
    CAPTURE(p.rows, p.columns, p.inner, p.a_transposed, p.b_transposed, add, p.gap);
    CHECK(problem<Backend>(p) == "");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("products are sums of products, however they are cut and stored", "[backend]", OGM_TEST_BACKENDS) {
  // Whole; cut by rows; cut by columns.
  for (product p : {product{1, 1, 1}, {7, 10, 17}, {131, 48, 33}, {200, 3, 128}, {48, 131, 33}, {5, 330, 77}})
    for (p.gap = 0; p.gap < 6; p.gap += 3)
      for (const bool a_transposed : {false, true})
        for (const bool b_transposed : {false, true}) {
          p.a_transposed = a_transposed, p.b_transposed = b_transposed;
          is_right<TestType>(p);
        }
}

TEMPLATE_TEST_CASE("large products of a transposed factor, cut by rows and by columns", "[backend]", OGM_TEST_BACKENDS) {
  for (const bool b_transposed : {false, true}) {
    is_right<TestType>({.rows = 2053, .columns = 517, .inner = 3, .a_transposed = true, .b_transposed = b_transposed, .gap = 1});
    is_right<TestType>({.rows = 517, .columns = 2053, .inner = 3, .a_transposed = true, .b_transposed = b_transposed, .gap = 1});
  }
}

TEMPLATE_TEST_CASE("products without rows or columns touch nothing, and sums of nothing are 0", "[backend]", OGM_TEST_BACKENDS) {
  for (const long rows : {0L, 4L, 20L})
    for (const long columns : {0L, 3L, 300L})
      for (const long inner : {0L, 5L})
        for (const bool transposed : {false, true})
          if (rows == 0 || columns == 0 || inner == 0)
            is_right<TestType>(
                {.rows = rows, .columns = columns, .inner = inner, .a_transposed = transposed, .b_transposed = !transposed, .gap = inner});

  using T = typename TestType::value_type;
  for (const bool add : {false, true}) {  // several products, each of nothing
    std::vector<T> c(24, T(7));
    TestType().run(op::batched_gemm<T>{.first = {.a = c.data(),
                                                 .b = c.data(),
                                                 .c = c.data(),
                                                 .rows = 2,
                                                 .columns = 3,
                                                 .inner = 0,
                                                 .a_stride = 1,
                                                 .b_stride = 3,
                                                 .c_stride = 4,
                                                 .add = add},
                                       .count = 3,
                                       .a_step = 0,
                                       .b_step = 0,
                                       .c_step = 8});
    for (int i = 0; i < 24; ++i) CHECK(c[std::size_t(i)] == (add || i % 4 == 3 ? 7 : 0));
  }
}

TEMPLATE_TEST_CASE("a linear layer has gradients of 0 where the batch is empty, whatever their memory held", "[backend]",
                   OGM_TEST_BACKENDS) {
  using T = typename TestType::value_type;
  nn::linear<5, 3, TestType> layer;
  nn::initialise(layer, 1);
  gradient_store<TestType> store(layer);
  tape<TestType> t;
  t.bind(store);
  for (T& g : store.values().flat()) g = 7;
  const auto x = t.variable(tensor<T, dyn, 5>(0));
  const auto y = layer(t, x);
  CHECK(y.count() == 0);
  y.accumulate();
  t.run_backward();
  for_each_parameter_quietly(layer, [&](auto, const auto& p) {
    REQUIRE(store.reached(p));
    CHECK(std::all_of(store.data(p), store.data(p) + p.value.count(), [](T g) { return g == 0; }));
  });
}
