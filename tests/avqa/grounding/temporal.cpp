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
  const avqa::single_query_attention<8, 2, D> attention;
  inference<D> t;
  const auto says = [&](const auto& q, const auto& m, const std::string& shapes) {
    CHECK_THROWS_WITH(attention(t, q, m), "avqa: single_query_attention<8, 2> was given a query of shape " + shapes +
                                              "; the same batch, a width of 8 and a moment at least are needed.");
    CHECK_THROWS_AS(attention(t, q, m), shape_error);
  };
  const tensor<double, dyn, 8> q(2);
  const tensor<double, dyn, dyn, 8> m(2, 5);
  says(q, tensor<double, dyn, dyn, 8>(3, 5), "(2, 8) and a sequence of shape (3, 5, 8)");
  says(q, tensor<double, dyn, dyn, 8>(2, 0), "(2, 8) and a sequence of shape (2, 0, 8)");
  // Widths that only the program's run knows.
  says(tensor<double, dyn, dyn>(2, 7), m, "(2, 7) and a sequence of shape (2, 5, 8)");
  says(q, tensor<double, dyn, dyn, dyn>(2, 5, 9), "(2, 8) and a sequence of shape (2, 5, 9)");
  const tensor<double, dyn, dyn> free_q(2, 8);  // and that do fit
  const tensor<double, dyn, dyn, dyn> free_m(2, 5, 8);
  CHECK_NOTHROW(attention(t, free_q, free_m));
}

TEST_CASE("temporal grounding: a dropout that is no probability, in words", "[avqa]") {
  avqa::temporal_grounding<8, 2, D> block;
  inference<D> t;
  const tensor<double, dyn, 8> q(2);
  const tensor<double, dyn, dyn, 8> m(2, 5);
  for (const double p : {-0.1, 1.5, std::nan("")}) {
    block.set_dropout(p);
    CHECK_THROWS_WITH(block(t, q, m), "avqa: single_query_attention<8, 2> was given the weight_dropout " + std::to_string(p) +
                                          ": a number from 0 to 1 is needed.");
    CHECK_THROWS_AS(block(t, q, m), value_error);
  }
  for (const double p : {0.0, 1.0}) {
    block.set_dropout(p);
    CHECK_NOTHROW(block(t, q, m));
  }
}

// The attention of many queries has the parameters, but is another function: with masks, and three axes.
static_assert(!std::is_convertible_v<avqa::single_query_attention<8, 2>*, nn::multi_head_attention<8, 2>*>);

TEST_CASE("temporal grounding: what the bias of the values adds is its definition, and the same bits on any number of threads",
          "[avqa][threads]") {
  constexpr long batch = 90, heads = 3, columns = 131;  // several chunks of rows and of columns, with tails
  const auto draw = [](long n, std::uint32_t seed) {
    const auto v = test::numbers(std::size_t(n), seed);
    return std::vector<float>(v.begin(), v.end());
  };
  const auto bias = draw(heads * columns, 1), total = draw(batch * heads, 2), dy = draw(batch * heads * columns, 3);
  struct result {
    std::vector<float> y, dbias, dtotal;
    bool operator==(const result&) const = default;
  };
  const auto on = [&](int threads, bool add) {
    const use_threads pool(threads);
    result r{draw(batch * heads * columns, 4), draw(heads * columns, 5), std::vector<float>(batch * heads, 1e9f)};
    avqa::op::add_by_head<float>{bias.data(), total.data(), r.y.data(), batch, heads, columns}();
    avqa::op::add_by_head_backward<float>{bias.data(), total.data(), dy.data(), r.dbias.data(), r.dtotal.data(), batch,
                                          heads,       columns,      add}();
    return r;
  };
  for (const bool add : {false, true}) {
    const result one = on(1, add);
    CHECK(one == on(2, add));
    CHECK(one == on(4, add));
    const auto y = draw(batch * heads * columns, 4), before = draw(heads * columns, 5);
    bool right = true;
    for (long h = 0; h < heads; ++h)
      for (long c = 0; c < columns; ++c) {
        double sum = add ? double(before[std::size_t(h * columns + c)]) : 0;
        for (long b = 0; b < batch; ++b) {
          const auto row = std::size_t(b * heads + h), at = row * columns + std::size_t(c);
          sum += double(total[row]) * double(dy[at]);
          right &= !test::apart(one.y[at], double(y[at]) + double(total[row]) * double(bias[std::size_t(h * columns + c)]), 1e-5);
        }
        right &= !test::apart(one.dbias[std::size_t(h * columns + c)], sum, 1e-4);
      }
    for (long r = 0; r < batch * heads; ++r) {
      double sum = 0;
      for (long c = 0; c < columns; ++c)
        sum += double(bias[std::size_t(r % heads * columns + c)]) * double(dy[std::size_t(r * columns + c)]);
      right &= !test::apart(one.dtotal[std::size_t(r)], sum, 1e-4);
    }
    CHECK(right);
  }
}

TEST_CASE("temporal grounding: the same bits on any number of threads", "[avqa][threads]") {
  constexpr int wide = 136, of_heads = 2;
  constexpr long batch = 150, time = 5;
  const auto on = [&](int threads) {
    const use_threads pool(threads);
    avqa::temporal_grounding<wide, of_heads> block;
    nn::initialise(block, 1);
    test::randomise(block, 2);
    gradient_store<backend::standard> store(block);
    tape<> t;
    t.bind(store);
    tensor<float, dyn, wide> question(batch);
    tensor<float, dyn, dyn, wide> sequence(batch, time);
    random::generator draw({.seed = 5, .stream = 0, .step = 0});
    for (float& v : question.flat()) v = draw.normal();
    for (float& v : sequence.flat()) v = draw.normal();
    const auto q = t.variable(question);
    const auto m = t.variable(sequence);
    const auto y = block(t, q, m);
    for (long i = 0; i < y.count(); ++i) y.accumulate().data[i] = float(i % 7) - 3;
    t.run_backward();
    std::vector<float> all(y.data(), y.data() + y.count());
    const auto append = [&](const float* from, long n) { all.insert(all.end(), from, from + n); };
    append(q.gradient(), q.count()), append(m.gradient(), m.count());
    for_each_parameter_quietly(block, [&](auto, auto& p) { append(store.data(p), p.value.count()); });
    return all;
  };
  const auto one = on(1);
  CHECK(std::none_of(one.begin(), one.end(), [](float v) { return std::isnan(v); }));
  CHECK(test::same_bits(one.data(), on(2).data(), long(one.size())));
  CHECK(test::same_bits(one.data(), on(4).data(), long(one.size())));
}
