// What an evaluation says of a model, against the same by hand from its logits.
#include <ogm/train/evaluation.hpp>

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/film.hpp>
#include <ogm/modulation/none.hpp>
#include <ogm/nn/mlp.hpp>

#include <support/gradient_check.hpp>

namespace evaluation_test {

using namespace ogm;
using modulation::needs;

namespace {
using B = backend::eigen<float>;
constexpr int classes = 3;
template <class Head> using model_of = late_fusion<Head, modality<"a", nn::mlp<5, 7, 6, B>>, modality<"b", nn::mlp<4, 7, 6, B>>>;
using model = model_of<fusion::concat<classes>>;

struct by_aux_heads {
  static constexpr needs requirements{.probe = probe::aux_head};
};
struct by_zero_input {
  static constexpr needs requirements{.probe = probe::zero_input};
};

struct items {
  tensor<float, dyn, 5> a;
  tensor<float, dyn, 4> b;
  std::vector<std::int32_t> labels;
  explicit items(size_type n, std::uint64_t key = 1)
      : a(test::numbers_like<B>(extents<dyn, 5>(n), key)), b(test::numbers_like<B>(extents<dyn, 4>(n), key + 1)) {
    for (size_type i = 0; i < n; ++i) labels.push_back(std::int32_t(i * i % classes));
  }
  auto set() const { return data::in_memory(labels, a, b); }
};
/// Accuracy and mean cross entropy of logits (sample, class).
template <class Logits> std::pair<double, double> by_hand(const Logits& logits, const std::vector<std::int32_t>& labels) {
  double right = 0, loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const float* row = logits.data() + i * classes;
    double total = 0;
    for (int c = 0; c < classes; ++c) total += std::exp(double(row[c]));
    loss += std::log(total) - row[labels[i]];
    right += std::max_element(row, row + classes) - row == labels[i];
  }
  return {right / double(labels.size()), loss / double(labels.size())};
}
}  // namespace

TEST_CASE("accuracy, loss and recall are those of the logits, however the data is cut into batches") {
  const items given(23);
  trained_modules<model, modulation::none> modules;
  test::randomise(modules, 3, 2);
  modulation::none policy;
  inference<B> tape;
  const auto a = modules.model.template encode<0>(tape, given.a), b = modules.model.template encode<1>(tape, given.b);
  const auto& head = modules.model.head;
  const auto [accuracy, loss] = by_hand(head(tape, a, b), given.labels);
  const std::array probes{by_hand(head.template probe<0>(tape, a, b), given.labels),
                          by_hand(head.template probe<1>(tape, a, b), given.labels)};
  REQUIRE((accuracy > 0 && accuracy < 1));
  for (const size_type batch : {1, 7, 23, 100}) {
    const evaluation e = evaluate(modules, policy, given.set(), batch);
    CHECK(e.samples == 23);
    CHECK(e.fused.accuracy == Approx(accuracy));
    CHECK(e.fused.loss == Approx(loss).epsilon(1e-5));
    REQUIRE(e.modalities.size() == 2);
    for (std::size_t u = 0; u < 2; ++u) {
      CHECK(e.modalities[u].accuracy == Approx(probes[u].first));
      CHECK(e.modalities[u].loss == Approx(probes[u].second).epsilon(1e-5));
    }
    // i * i mod 3 is 0 for 8 of the 23, 1 for the others, and never 2.
    REQUIRE(e.fused.recall.size() == 3);
    CHECK(e.fused.recall[0] * 8 / 23 + e.fused.recall[1] * 15 / 23 == Approx(accuracy));
  }
}

TEST_CASE("a modality is read by the policy's probe where it is one of the features, else by the best that the head offers") {
  using ogm::detail::evaluation_probe;
  using film = model_of<fusion::film<classes>>;
  static_assert(evaluation_probe<model, by_aux_heads>() == probe::aux_head);
  static_assert(evaluation_probe<model, by_zero_input>() == probe::split);
  static_assert(evaluation_probe<model, modulation::none>() == probe::split);
  static_assert(evaluation_probe<film, modulation::none>() == probe::zero_feature);
  const items given(9);
  trained_modules<model, by_aux_heads> modules;
  test::randomise(modules, 3, 2);
  by_aux_heads policy;
  inference<B> tape;
  const auto of = std::get<1>(modules.aux.heads)(tape, modules.model.template encode<1>(tape, given.b));
  const auto e = evaluate(modules, policy, given.set());
  CHECK(e.modalities[1].loss == Approx(by_hand(of, given.labels).second).epsilon(1e-5));
}

TEST_CASE("Shapley values of accuracy: of two modalities half of what each adds alone and last, all together the fused accuracy's gain") {
  items given(23);
  trained_modules<model, modulation::none> modules;
  test::randomise(modules, 3, 2);
  {  // what modality a alone predicts is right
    inference<B> tape;
    for (float& x : given.a.flat()) x *= 8;
    const tensor<float, dyn, 4> silent(23);
    const auto without_b = modules.model(tape, std::tuple(as_view(given.a), as_view(silent))).logits;
    for (size_type i = 0; i < 23; ++i) {
      const float* row = without_b.data() + i * classes;
      given.labels[std::size_t(i)] = std::int32_t(std::max_element(row, row + classes) - row);
    }
  }
  const auto accuracy_of = [&](bool with_a, bool with_b) {
    items some = given;
    if (!with_a) std::fill_n(some.a.data(), some.a.count(), 0.f);
    if (!with_b) std::fill_n(some.b.data(), some.b.count(), 0.f);
    inference<B> tape;
    return by_hand(modules.model(tape, std::tie(some.a, some.b)).logits, given.labels).first;
  };
  const double none = accuracy_of(false, false), a = accuracy_of(true, false), b = accuracy_of(false, true), both = accuracy_of(true, true);
  REQUIRE(a == 1);
  REQUIRE(b < 1);
  for (const size_type batch : {5, 256}) {
    const auto values = shapley_of_accuracy(modules.model, given.set(), batch);
    REQUIRE(values.size() == 2);
    CHECK(values[0] == Approx((a - none + both - b) / 2).margin(1e-12));
    CHECK(values[1] == Approx((b - none + both - a) / 2).margin(1e-12));
  }
}

TEST_CASE("a linear probe finds the classes where the features tell them, and chance where they do not") {
  items train(240, 1), test_items(120, 5);
  for (items* one : {&train, &test_items})
    for (size_type i = 0; i < one->a.size(0); ++i) one->a(i, one->labels[std::size_t(i)]) += 6;
  model m;
  nn::initialise(m, 2);
  const auto before = std::vector(m.head.weight.value.flat().begin(), m.head.weight.value.flat().end());
  CHECK(linear_probe<0>(m, train.set(), test_items.set()) > 0.95);
  const double blind = linear_probe<1>(m, train.set(), test_items.set());
  CHECK(blind < 0.8);                                                 // two thirds are of class 1
  CHECK(blind == linear_probe<1>(m, train.set(), test_items.set()));  // its seed says every bit
  CHECK(std::equal(before.begin(), before.end(), m.head.weight.value.flat().begin()));
  // Without an epoch nothing is learned, wherever the features point.
  CHECK(linear_probe<0>(m, train.set(), test_items.set(), {.epochs = 0}) < 0.95);
}

}  // namespace evaluation_test
