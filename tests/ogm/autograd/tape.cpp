#include <ogm/autograd/expression.hpp>
#include <ogm/autograd/tape.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/linear.hpp>

#include <support/gradient_check.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {
struct net {
  nn::linear<3, 5, B> first;
  nn::batch_norm<5, B> norm;
  nn::linear<5, 2, B> second;
  OGM_FIELDS(first, norm, second)
  auto operator()(auto& tape, const auto& x) const { return second(tape, gelu(norm(tape, first(tape, x)))); }
};
}  // namespace

TEST_CASE("an inference gives the bits of a recorded forward in evaluation mode, and keeps nothing") {
  net n;
  nn::initialise(n, 1);
  const auto x = test::numbers_like(extents<dyn, 3>(6), 2);
  tape<B> t;
  t.set_training(false);
  inference<B> q;
  const auto a = n(t, x);
  const auto b = n(q, x);
  static_assert(is_var<std::remove_const_t<decltype(a)>>);
  static_assert(!is_var<std::remove_const_t<decltype(b)>>);
  CHECK(test::same_bits(a.data(), b.data(), 12));
}

TEST_CASE("frozen statistics: the batch is used, the running statistics stay; scopes nest") {
  net n;
  nn::initialise(n, 1);
  const auto x = test::numbers_like(extents<dyn, 3>(6), 2);
  const auto statistics = [&] {
    std::vector<double> all;
    for_each_buffer(n, [&](const std::string&, const auto& b) {
      for (const auto v : b.value.flat()) all.push_back(double(v));
    });
    return all;
  };
  const auto before = statistics();
  tape<B> t;
  std::vector<double> frozen_output;
  {
    const frozen_statistics outer(t);
    {
      const frozen_statistics inner(t);
      const auto y = n(t, x);
      frozen_output.assign(y.data(), y.data() + 12);
    }
    CHECK(t.statistics_frozen());
    CHECK(statistics() == before);
  }
  CHECK(!t.statistics_frozen());
  const auto y = n(t, x);
  CHECK(test::same_bits(y.data(), frozen_output.data(), 12));  // the same batch statistics
  CHECK(statistics() != before);
}

TEST_CASE("backward twice over one forward gives the same gradients twice; gradients of two backwards without clear add up") {
  net n;
  nn::initialise(n, 3);
  const auto x = test::numbers_like(extents<dyn, 3>(6), 2);
  gradient_store<B> store(n);
  tape<B> t;
  t.bind(store);
  const auto v = t.variable(x);
  const auto y = n(t, v);
  std::vector<std::vector<double>> seen;
  for (int i = 0; i < 3; ++i) {
    t.forget_gradients();
    if (i < 2) store.clear();
    std::fill_n(y.accumulate().data, 12, 1.0);
    t.run_backward();
    seen.emplace_back(store.values().flat().begin(), store.values().flat().end());
    seen.back().insert(seen.back().end(), v.gradient(), v.gradient() + 18);
  }
  CHECK(seen[0] == seen[1]);
  const auto parameters = std::size_t(store.values().count());
  for (std::size_t i = 0; i < parameters; ++i) CHECK(!test::apart(seen[2][i], 2 * seen[0][i], 1e-14));
  for (std::size_t i = parameters; i < seen[0].size(); ++i) CHECK(seen[2][i] == seen[0][i]);
}

TEST_CASE("backward from a scalar multiplies by the seed; what a loss does not depend on is not reached") {
  tape<B> t;
  const tensor<double> one;
  const auto v = t.variable(one);
  const auto other = t.variable(one);
  v.data()[0] = 3;
  const auto y = evaluate(t, v * v);
  t.backward(y, 0.5);
  CHECK(v.gradient()[0] == 3);
  CHECK(!other.reached());
}

TEST_CASE("a var of another shape shares value and gradient") {
  tape<B> t;
  const auto v = t.variable(test::numbers_like(extents<dyn, 6>(2), 2));
  const auto w = reshape(v, extents<dyn, 3>(4));
  CHECK(w.data() == v.data());
  const auto y = evaluate(t, w + w);
  std::fill_n(y.accumulate().data, 12, 1.0);
  t.run_backward();
  CHECK(v.reached());
  for (int i = 0; i < 12; ++i) CHECK(v.gradient()[i] == 2);
  CHECK_THROWS_WITH(reshape(v, extents<dyn, 5>(2)), Catch::Contains("(2, 6)") && Catch::Contains("(2, 5)"));
}

TEST_CASE("random keys count up within a step and begin anew after a rewind") {
  tape<B> t;
  t.set_random(9, 4);
  const auto a = t.next_key(), b = t.next_key();
  CHECK((a.seed == 9 && a.step == 4));
  CHECK(a.stream != b.stream);
  t.rewind();
  CHECK(t.next_key().stream == a.stream);
}

TEST_CASE("a backward without a store is told") {
  const nn::linear<3, 2, B> layer;
  const tensor<double, dyn, 3> x(4);
  tape<B> t;
  const auto y = layer(t, x);
  std::fill_n(y.accumulate().data, 8, 1.0);
  CHECK_THROWS_WITH(t.run_backward(), Catch::Contains("tape.bind(store)"));
}
