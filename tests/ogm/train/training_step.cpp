// The engine by itself: inputs of indices, absent modalities, steps of its own for each modality, misuse.
#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/train/trainer.hpp>

#include <support/gradient_check.hpp>

namespace training_step_test {

using namespace ogm;
using modulation::needs;

namespace {
using B = backend::eigen<double>;

/// Bag of words: token indices (batch, 3) to the sum of their vectors.
struct words {
  using backend_type = B;
  static constexpr int width = 12;
  nn::embedding<7, 4, B> table;
  OGM_FIELDS(table)
  auto operator()(auto& tape, const auto& tokens) const {
    const auto e = table(tape, tokens);  // (batch, 3, 4)
    return reshape(e, extents<dyn, 12>(e.size(0)));
  }
};
struct normed {
  using backend_type = B;
  static constexpr int width = 6;
  nn::linear<5, 6, B> fc;
  nn::batch_norm<6, B> norm;
  OGM_FIELDS(fc, norm)
  auto operator()(auto& tape, const auto& x) const { return norm(tape, fc(tape, x)); }
};
using text_model = late_fusion<fusion::concat<3>, modality<"text", words>, modality<"sound", nn::mlp<5, 7, 6, B>>>;
using normed_model = late_fusion<fusion::concat<3>, modality<"a", normed>, modality<"b", normed>>;

struct batch {
  tensor<std::int32_t, dyn, 3> tokens{9};
  tensor<double, dyn, 5> sound{9}, other{9};
  tensor<std::int32_t, dyn> labels{9};
  batch() {
    for (int i = 0; i < 27; ++i) tokens.data()[i] = i % 7;
    for (int i = 0; i < 45; ++i) sound.data()[i] = std::sin(1.7 * i), other.data()[i] = std::cos(0.9 * i);
    for (int i = 0; i < 9; ++i) labels(i) = i % 3;
  }
};
struct drops_second {
  static constexpr needs requirements{.probe = probe::split};
  void on_batch(auto& c) const {
    for (size_type i = 0; i < c.size(); ++i) c.drop(1, i);
  }
};
/// Asks for masks of samples, as a policy with sample() does, and leaves setting them to the test.
struct masks {
  static constexpr needs requirements{};
  void sample(auto&) const {}
};
struct alternates {
  static constexpr needs requirements{.probe = probe::split, .own_step = true};
  std::vector<int>* active = nullptr;
  void on_gradients(auto& step) const {
    if (active) active->push_back(step.active());
    for (const auto& s : step.slots())
      if (s.reached) CHECK((s.tag.modality == step.active() || s.tag.role == role::head));
  }
};
struct by_loss {
  static constexpr needs requirements{.probe = probe::split, .per_loss_gradients = true};
  void loss(auto& losses) const {
    losses.for_each_probe([&](int u, const auto& o) { losses.add(losses.name(u), losses.cross_entropy(o), 1, u + 1); });
  }
  void on_gradients(auto& step) const {
    using T = typename std::remove_cvref_t<decltype(step)>::T;
    for (const auto& s : step.slots()) {
      const auto parts = step.loss_gradients(s);
      REQUIRE(parts.size() == 3);
      for (size_type i = 0; i < s.count; ++i) {
        T sum = 0;
        for (const T* p : parts)
          if (p) sum += p[i];
        CHECK(!test::apart(sum, s.gradient[i], 1e-13));
      }
      if (s.tag.modality == 0) CHECK((parts[0] && parts[1] && !parts[2]));  // the other's own loss does not reach it
      if (s.tag.role == role::head) CHECK((parts[0] && parts[1] && parts[2]));
    }
  }
};
template <class Model, class Policy = modulation::none> auto make(const Policy& policy = {}) {
  auto step = std::make_unique<training_step<Model, Policy, optim::sgd>>(Model{}, policy, optim::sgd{});
  nn::initialise(step->modules(), 2);
  return step;
}
std::vector<double> statistics(auto& model, int u) {
  std::vector<double> out;
  for_each_buffer(model, [&](const std::string& name, const auto& b) {
    if (name.starts_with(u == 0 ? "a." : "b.") && name.ends_with("running_mean"))
      for (const auto v : b.value.flat()) out.push_back(double(v));
  });
  return out;
}
}  // namespace

TEST_CASE("token indices are inputs like others, also where a policy drops them") {
  const batch b;
  const auto step = make<text_model>(modulation::ogm_ge{.alpha = 0.3});
  double first = 0, last = 0;
  for (int i = 0; i < 40; ++i) {
    last = step->step(std::tie(b.tokens, b.sound), as_view(b.labels), {.step = i, .learning_rate = 0.3}).loss;
    if (i == 0) first = last;
  }
  CHECK(last < 0.5 * first);
  const auto masked = make<text_model>(masks{});
  std::vector<std::uint32_t> without(9);
  without[4] = 1;
  masked->set_sample_masks(without);
  const double with_mask = masked->step(std::tie(b.tokens, b.sound), as_view(b.labels), {}).loss;
  batch zeroed;
  for (int k = 0; k < 3; ++k) zeroed.tokens(4, k) = 0;  // a dropped row is of index 0
  CHECK(with_mask == make<text_model>()->step(std::tie(zeroed.tokens, zeroed.sound), as_view(zeroed.labels), {}).loss);
}

TEST_CASE("a modality that is nowhere in the batch slows no other") {
  const batch b;
  const auto step = make<normed_model>(modulation::chain{drops_second{}, modulation::ogm{.alpha = 0.8}});
  step->step(std::tie(b.sound, b.other), as_view(b.labels), {});
  double k = 0;
  for (const auto& e : step->report().entries())
    if (e.name == "coefficient/a") k = e.value;
  CHECK(k == 1);
}

TEST_CASE("own_step: each modality in turn, its encoder and the head alone, running statistics once") {
  const batch b;
  std::vector<int> active;
  const auto step = make<normed_model>(alternates{&active});
  const auto plain = make<normed_model>();
  const modulation::progress still{};  // learning rate 0
  step->step(std::tie(b.sound, b.other), as_view(b.labels), still);
  plain->step(std::tie(b.sound, b.other), as_view(b.labels), still);
  CHECK(active == std::vector<int>{0, 1});
  for (const int u : {0, 1}) CHECK(statistics(step->model(), u) == statistics(plain->model(), u));
}

TEST_CASE("own_step clips each of its updates") {
  const batch b;
  const auto moved = [&](double norm) {
    const auto step = make<normed_model>(alternates{});
    std::vector<double> before;
    for (const auto& s : step->slots()) before.insert(before.end(), s.value, s.value + s.count);
    step->step(std::tie(b.sound, b.other), as_view(b.labels), {.learning_rate = 1}, {norm});
    double squares = 0;
    std::size_t k = 0;
    for (const auto& s : step->slots())
      for (size_type i = 0; i < s.count; ++i) squares += std::pow(s.value[i] - before[k++], 2);
    return std::sqrt(squares);
  };
  CHECK(moved(INFINITY) > 0.1);
  CHECK(moved(1e-3) <= 2.001e-3);  // two updates of norm 1e-3
  CHECK(moved(1e-3) > 1e-4);
}

TEST_CASE("per_loss_gradients: each loss's own, which add up to the whole") {
  const batch b;
  const auto step = make<normed_model>(by_loss{});
  step->step(std::tie(b.sound, b.other), as_view(b.labels), {.learning_rate = 0.1});
  step->step(std::tie(b.sound, b.other), as_view(b.labels), {.step = 1, .learning_rate = 0.1});
}

TEST_CASE("misuse of the engine is a sentence") {
  const batch b;
  const auto step = make<normed_model>(masks{});
  const tensor<std::int32_t, dyn> few(4);
  CHECK_THROWS_WITH(step->step(std::tie(b.sound, b.other), as_view(few), {}),
                    Catch::Contains("'a' has a batch of 9") && Catch::Contains("4 labels"));
  const std::vector<std::uint32_t> five(5);
  step->set_sample_masks(five);
  CHECK_THROWS_WITH(step->step(std::tie(b.sound, b.other), as_view(b.labels), {}),
                    Catch::Contains("5 samples") && Catch::Contains("has 9"));
  step->set_sample_masks({});
  CHECK_NOTHROW(step->step(std::tie(b.sound, b.other), as_view(b.labels), {}));
  const std::vector<std::int32_t> labels(b.labels.flat().begin(), b.labels.flat().end());
  const auto data = data::in_memory(labels, b.sound, b.other);
  trainer alternating{normed_model{}, alternates{}, optim::sgd{}};
  CHECK_THROWS_WITH(alternating.fit(data, {.epochs = 1, .batch = 3, .accumulate = 2}), Catch::Contains("accumulate = 2"));
  trainer losses{normed_model{}, by_loss{}, optim::sgd{}};
  CHECK_THROWS_WITH(losses.fit(data, {.epochs = 1, .batch = 3, .accumulate = 2}), Catch::Contains("accumulate = 2"));
}

}  // namespace training_step_test
