#include <avqa/question/encoder.hpp>
#include <avqa/question/op/prefix_tree.hpp>

#include <ogm/core/parallel.hpp>
#include <support/golden.hpp>
#include <support/gradient_check.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using namespace ogm::test;

namespace {
using doubles_backend = backend::eigen<double>;
using questions = tensor<std::int32_t, dyn, dyn>;

/// Questions of which many begin alike and some are the same.
questions draw(long batch, long time, int words, std::uint64_t key) {
  questions out(batch, time);
  for (long r = 0; r < batch; ++r) {
    const long own = long(random::below({key, 1, 1}, std::uint64_t(r), std::uint64_t(time + 1)));  // from this token on
    for (long k = 0; k < time; ++k)
      out(r, k) = std::int32_t(random::below({key, 2, k < own ? 1u : 2u}, std::uint64_t(k < own ? k : r * time + k), std::uint64_t(words)));
  }
  return out;
}

/// The definition: every token on its own.
template <class Model, class Tape> auto by_definition(const Model& m, Tape& tape, const questions& q) {
  const auto read = m.lstm(tape, tanh(m.word2vec(tape, q)));
  return m.fc(tape, tanh(nn::concatenate(tape, read.h, read.c)));
}

struct outcome {
  doubles output, gradients;
};
template <class Model, class F> outcome run(Model& model, const F& forward) {
  using backend = typename Model::backend_type;
  gradient_store<backend> store(model);
  for (auto& g : store.values().flat()) g = NAN;
  tape<backend> tape;
  tape.bind(store);
  forward(tape);                          // takes the memory
  ogm::test::detail::poison(tape, 0xff);  // of what is read before it is written, a NaN shows
  const auto y = forward(tape);
  const auto seed = numbers(std::size_t(y.count()), 5);
  seed_gradient(y, seed);
  tape.run_backward();
  outcome out{doubles(y.data(), y.data() + y.count()), {}};
  for_each_parameter_quietly(model, [&](auto, const auto& p) {
    const auto* g = store.data(p);
    out.gradients.insert(out.gradients.end(), g, g + p.value.count());
  });
  return out;
}

bool near(const doubles& a, const doubles& b, double tolerance = 1e-12) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [=](double x, double y) { return !apart(x, y, tolerance); });
}

template <int Words, int Width> void agrees_with_definition(long batch, long time) {
  CAPTURE(Words, Width, batch, time);
  avqa::question_encoder<Words, Width, doubles_backend> model;
  randomise(model, 7);
  const questions q = draw(batch, time, Words, std::uint64_t(batch * 100 + time));
  const outcome expected = run(model, [&](auto& t) { return by_definition(model, t, q); });
  const outcome got = run(model, [&](auto& t) { return model(t, q); });
  REQUIRE(got.output.size() == std::size_t(batch * Width));
  CHECK(near(got.output, expected.output));
  CHECK(near(got.gradients, expected.gradients));
  inference<doubles_backend> plain;
  const auto y = model(plain, q);
  CHECK(doubles(y.data(), y.data() + y.count()) == got.output);
}
}  // namespace

TEST_CASE("question encoder: sharing prefixes changes nothing") {
  for (const long time : {1, 2, 7, 14})
    for (const long batch : {1, 2, 3, 16, 33}) {
      agrees_with_definition<93, 5>(batch, time);  // more words than tokens where few are asked
      agrees_with_definition<3, 4>(batch, time);
    }
}

TEST_CASE("question encoder: gradients") {
  avqa::question_encoder<6, 3, doubles_backend> model;
  randomise(model, 3);
  for (const auto& [batch, time] : {std::pair<long, long>{1, 3}, {5, 4}}) {
    const questions q = draw(batch, time, 6, 9);
    const auto forward = [&q = q](auto& t, const auto& m) { return m(t, q); };
    CHECK(gradient_problem(model, forward, {}) == "");
  }
}

TEST_CASE("question encoder: floats are the doubles, rounded") {
  const auto agrees = [](auto words, auto width) {
    avqa::question_encoder<words, width> model;  // on the backend that models use
    avqa::question_encoder<words, width, doubles_backend> exact;
    randomise(model, 7), randomise(exact, 7);
    for (const long batch : {1, 5, 33})
      for (const long time : {1, 7, 14}) {
        CAPTURE(words(), width(), batch, time);
        const questions q = draw(batch, time, words, std::uint64_t(batch * 100 + time));
        const outcome expected = run(exact, [&](auto& t) { return exact(t, q); });
        const outcome got = run(model, [&](auto& t) { return model(t, q); });
        CHECK(near(got.output, expected.output, 1e-5));
        CHECK(near(got.gradients, expected.gradients, 1e-5));
        CHECK(got.output != expected.output);
      }
  };
  agrees(std::integral_constant<int, 93>{}, std::integral_constant<int, 20>{});
  agrees(std::integral_constant<int, 3>{}, std::integral_constant<int, 7>{});  // words by number, of single questions too
}

TEST_CASE("question encoder: without questions the gradients are 0, whatever their memory held") {
  const auto empty = [](auto model) {
    randomise(model, 1);
    const outcome none = run(model, [&](auto& t) { return model(t, questions(0, 4)); });
    CHECK(none.output.empty());
    CHECK(none.gradients == doubles(none.gradients.size(), 0.0));
    CHECK(!none.gradients.empty());
  };
  empty(avqa::question_encoder<6, 3>{});
  empty(avqa::question_encoder<6, 3, doubles_backend>{});
}

TEST_CASE("question encoder: the same bits on any number of threads", "[threads]") {
  avqa::question_encoder<20, 64, doubles_backend> model;
  randomise(model, 4);
  const questions q = draw(40, 14, 20, 2);
  const auto with = [&](int threads) {
    const use_threads scope(threads);
    return run(model, [&](auto& t) { return model(t, q); });
  };
  const outcome one = with(1);
  for (const int threads : {2, 4}) {
    const outcome many = with(threads);
    CHECK(many.output == one.output);
    CHECK(many.gradients == one.gradients);
  }
}

TEST_CASE("question encoder: what is no word, in words") {
  const avqa::question_encoder<5, 2, doubles_backend> model;
  inference<doubles_backend> tape;
  for (const long batch : {2, 1}) {  // as many tokens as words, and fewer
    questions q(batch, 3);
    q(batch - 1, 1) = 5;
    CHECK_THROWS_WITH(model(tape, q), "ogm: embedding<5, 2> was given the index 5 at position " + std::to_string(batch * 3 - 2) +
                                          ": its entries are 0 to 4.");
  }
  CHECK_THROWS_WITH(
      model(tape, questions(2, 0)),
      "avqa: an LSTM over prefixes was given vectors of shape (0, 2) for tokens of shape (2, 0); a step at least, and vectors "
      "of 2 numbers expected, one a token.");
}

TEST_CASE("lstm over prefixes: either last state alone, and no sequence at all") {
  nn::lstm<3, 4, false, doubles_backend> layer;
  randomise(layer, 8);
  const auto x = numbers_like(extents<dyn, 3>(6), 2);
  const questions q = draw(9, 5, 6, 1);
  const auto of = [&](auto which) {
    return [&, which](auto& t, const auto& m) { return which(avqa::lstm_over_prefixes(t, m, x.view(), q, true)); };
  };
  CHECK(gradient_problem(layer, of([](const auto& s) { return s.h; }), {}) == "");
  CHECK(gradient_problem(layer, of([](const auto& s) { return s.c; }), {}) == "");
  inference<doubles_backend> tape;
  CHECK(avqa::lstm_over_prefixes(tape, layer, x.view(), questions(0, 5), true).h.count() == 0);
  CHECK_THROWS_WITH(
      avqa::lstm_over_prefixes(tape, layer, x.view(), q, false),
      "avqa: an LSTM over prefixes was given vectors of shape (6, 3) for tokens of shape (9, 5); a step at least, and vectors "
      "of 3 numbers expected, one a token.");
}

TEST_CASE("prefix tree: nodes, parents and leaves") {
  questions q(5, 3);
  const std::int32_t rows[5][3] = {{4, 1, 2}, {0, 1, 2}, {4, 1, 3}, {0, 1, 2}, {4, 2, 2}};
  for (long r = 0; r < 5; ++r) std::copy_n(rows[r], 3, q.data() + 3 * r);
  std::vector<std::int32_t> begin(4), position(15), parent(15), leaf(5), room(15);
  avqa::op::prefix_tree{q.data(), 5, 3, begin.data(), position.data(), parent.data(), leaf.data(), room.data()}();
  CHECK(begin == std::vector<std::int32_t>{0, 2, 5, 9});  // 0, 4; 01, 41, 42; 012, 412, 413, 422
  parent.resize(9);
  CHECK(parent == std::vector<std::int32_t>{0, 0, 0, 1, 1, 0, 1, 1, 2});
  CHECK(leaf == std::vector<std::int32_t>{1, 0, 2, 0, 3});
  std::vector<std::int32_t> tokens;
  for (int n = 0; n < 9; ++n) tokens.push_back(q.data()[position[std::size_t(n)]]);
  CHECK(tokens == std::vector<std::int32_t>{0, 4, 1, 1, 2, 2, 2, 3, 2});
}
