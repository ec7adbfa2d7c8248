#include <avqa/grounding/temporal.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

namespace {
constexpr int width = 12, heads = 3;

/// One step of either attention on the same weights: the output and all gradients.
struct outcome {
  test::doubles output, dquery, dmemory, dweight, dbias;
};
template <class Attention, class Shape> outcome step(const Shape& query_shape, long time) {
  Attention attention;
  nn::initialise(attention, 1);
  test::randomise(attention, 2);
  gradient_store<D> store(attention);
  tape<D> t;
  t.bind(store);
  const auto q = t.variable(test::numbers_like(query_shape, 3));
  const auto m = t.variable(test::numbers_like(extents<dyn, dyn, width>(5, time), 4));
  const auto y = attention(t, q, m);
  const auto seed = test::numbers(std::size_t(y.count()), 5);
  std::copy(seed.begin(), seed.end(), y.accumulate().data);
  t.run_backward();
  const auto all = [](const double* p, long n) { return test::doubles(p, p + n); };
  return {all(y.data(), y.count()), all(q.gradient(), q.count()), all(m.gradient(), m.count()),
          all(store.data(attention.in_proj_weight), 3 * width * width), all(store.data(attention.in_proj_bias), 3 * width)};
}
bool equal(const test::doubles& a, const test::doubles& b) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i) all = !test::apart(a[i], b[i], 1e-12);
  return all;
}
}  // namespace

TEST_CASE("attention of one query is multi-head attention, and so are its gradients", "[avqa]") {
  for (const long time : {1, 2, 10, 17}) {
    INFO(time);
    const auto one = step<avqa::single_query_attention<width, heads, D>>(extents<dyn, width>(5), time);
    const auto many = step<nn::multi_head_attention<width, heads, D>>(extents<dyn, dyn, width>(5, 1), time);
    CHECK(equal(one.output, many.output));
    CHECK(equal(one.dquery, many.dquery));
    CHECK(equal(one.dmemory, many.dmemory));
    CHECK(equal(one.dweight, many.dweight));
    CHECK(equal(one.dbias, many.dbias));
  }
}

TEST_CASE("temporal grounding has the gradients of its definition, with dropout and without", "[avqa]") {
  for (const double p : {0.0, 0.4}) {
    avqa::temporal_grounding<width, heads, D> block;
    block.set_dropout(p);
    nn::initialise(block, 1);
    test::randomise(block, 2, 0.5);
    auto q = test::numbers_like(extents<dyn, width>(4), 3);
    auto m = test::numbers_like(extents<dyn, dyn, width>(4, 7), 4);
    test::check_layer(block, {.accumulates = p == 0, .elements = 60}, q, m);
  }
}

TEST_CASE("temporal grounding: the weights of a head sum to 1, and a moment that is like the question counts most", "[avqa]") {
  avqa::single_query_attention<8, 2, D> attention;
  nn::initialise(attention, 1);
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) attention.in_proj_weight.value(i, j) = attention.in_proj_weight.value(8 + i, j) = i == j;
  tensor<double, dyn, 8> q(1);
  tensor<double, dyn, dyn, 8> m(1, 5);
  for (int c = 0; c < 8; ++c) q(0, c) = m(0, 3, c) = 2;
  inference<D> t;
  const auto a = attention.with_weights(t, q, m);
  for (int h = 0; h < 2; ++h) {
    double sum = 0;
    for (int k = 0; k < 5; ++k) sum += a.weights(0, h, k);
    CHECK(!test::apart(sum, 1, 1e-12));
    CHECK(a.weights(0, h, 3) > 0.9);
  }
}

TEST_CASE("temporal grounding names the shapes that do not fit", "[avqa]") {
  avqa::single_query_attention<8, 2, D> attention;
  inference<D> t;
  tensor<double, dyn, 8> q(2);
  tensor<double, dyn, dyn, 8> m(3, 5);
  CHECK_THROWS_WITH(attention(t, q, m),
                    "avqa: single_query_attention<8, 2> was given a query of shape (2, 8) and a sequence of shape (3, 5, 8).");
}
