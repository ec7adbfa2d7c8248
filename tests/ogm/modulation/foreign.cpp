// Gradients of another training loop: modulated as the engine modulates its own, and what is said where spans do not fit.
#include <ogm/modulation/foreign.hpp>

#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/none.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using modulation::modulator;

namespace {
using B = backend::eigen<float>;
constexpr int classes = 3;
using model = late_fusion<fusion::concat<classes>, modality<"audio", nn::mlp<5, 7, 6, B>>, modality<"visual", nn::mlp<4, 7, 6, B>>>;

struct parameter_gradient {
  modulation::parameter_tag tag;
  std::vector<float> values;
};
const std::vector<std::int32_t> labels{0, 1, 2, 2, -1, 0};
const auto audio = test::numbers_like<B>(extents<dyn, 5>(6), 1, 2);
const auto visual = test::numbers_like<B>(extents<dyn, 4>(6), 2);

/// One step of the engine: the gradients that its optimiser would get, and the logits of each modality alone.
template <class Policy> auto step_of(const Policy& policy, const modulation::progress& at, std::array<std::vector<float>, 2>& alone) {
  training_step<model, Policy, optim::sgd> step(model{}, policy, optim::sgd{});
  nn::initialise(step.modules(), 2);
  std::vector<parameter_gradient> out;
  step.observe_gradients([&](auto slots) {
    for (const auto& s : slots) out.push_back({s.tag, {s.gradient, s.gradient + s.count}});
  });
  inference<B> quiet;
  const auto a = step.model().template encode<0>(quiet, audio), v = step.model().template encode<1>(quiet, visual);
  const auto of_a = step.model().head.template probe<0>(quiet, a, v), of_v = step.model().head.template probe<1>(quiet, a, v);
  alone = {std::vector(of_a.data(), of_a.data() + of_a.count()), std::vector(of_v.data(), of_v.data() + of_v.count())};
  step.step(std::tie(audio, visual), view<const std::int32_t, dyn>(labels.data(), extents<dyn>(size_type(labels.size()))), at);
  return out;
}
/// Logits (sample, 2 classes) by which the label 0 has these probabilities.
std::vector<float> logits_for(const std::vector<double>& probabilities) {
  std::vector<float> out;
  for (const double p : probabilities) out.push_back(float(std::log(p / (1 - p)))), out.push_back(0);
  return out;
}
}  // namespace

TEST_CASE("gradients of another loop are modulated as the engine modulates its own, noise and all") {
  const modulation::ogm_ge policy{.alpha = 0.5, .noise = 0.3f};
  const modulation::progress at{.step = 4, .seed = 7};
  std::array<std::vector<float>, 2> alone;
  auto plain = step_of(modulation::none{}, at, alone);
  const auto expected = step_of(policy, at, alone);
  modulator<2, modulation::ogm_ge> balance(policy, {"audio", "visual"}, {.seed = 7});
  balance.set_step(4);
  balance.observe(labels, {alone[0], alone[1]}, classes);
  bool changed = false;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    auto& [tag, gradient] = plain[i];
    const auto before = gradient;
    if (tag.modality >= 0 && tag.role == role::encoder) balance.apply(tag.modality, gradient, tag.kind, tag.rank);
    changed |= gradient != before;
    for (std::size_t k = 0; k < gradient.size(); ++k) CHECK_FALSE(test::apart(gradient[k], expected[i].values[k], 2e-6));
  }
  CHECK(changed);
}

TEST_CASE("a score is the sum of the probabilities of the right classes, without samples that have no label") {
  modulator<2, modulation::ogm> balance(modulation::ogm{.alpha = 0.5}, {"audio", "visual"});
  const std::vector<float> a = logits_for({0.9, 0.6, 0.99}), v = logits_for({0.3, 0.2, 0.5});
  balance.observe(std::vector<std::int32_t>{0, 0, -1}, {a, v}, 2);
  CHECK(balance.score(0) == Approx(1.5));
  CHECK(balance.score(1) == Approx(0.5));
  std::vector<float> of_audio{1, -2}, of_bias{4}, of_visual{3};
  balance.apply(0, of_audio);
  balance.apply(0, of_bias, kind::bias, 1);
  balance.apply(1, of_visual);
  const double k = 1 - std::tanh(0.5 * 3);
  CHECK(of_audio[0] == Approx(k));
  CHECK(of_audio[1] == Approx(-2 * k));
  CHECK(of_bias[0] == 4);  // none of the weights
  CHECK(of_visual[0] == 3);
  // Reported once a step, however many tensors there are.
  int said = 0;
  for (const auto& e : balance.report().entries()) {
    said += e.name == "coefficient/audio";
    if (e.name == "coefficient/audio") CHECK(e.value == Approx(k));
  }
  CHECK(said == 1);
}

TEST_CASE("noise is numbered by step and by tensor: a step that is done again has the same") {
  modulator<2, modulation::gaussian_enhance> balance(modulation::gaussian_enhance{}, {"audio", "visual"}, {.seed = 3});
  const std::vector<float> logits = logits_for({0.5});
  const std::vector<std::int32_t> zero{0};
  const std::vector<float> gradient{1, -1, 2, 0.5f};
  const auto two_tensors = [&] {
    balance.observe(zero, {logits, logits}, 2);
    std::array<std::vector<float>, 2> out{gradient, gradient};
    for (auto& g : out) balance.apply(0, g);
    return out;
  };
  const auto first = two_tensors();
  CHECK(first[0] != gradient);
  CHECK(first[0] != first[1]);
  CHECK(two_tensors() == first);  // the step was not ended
  balance.next_step();
  CHECK(balance.step() == 1);
  CHECK(two_tensors() != first);
  balance.set_step(0);
  CHECK(two_tensors() == first);
}

TEST_CASE("misuse of a modulator is a sentence") {
  modulator<2, modulation::ogm_ge> balance(modulation::ogm_ge{}, {"audio", "visual"});
  const std::vector<float> three{1, 2, 3}, two{1, 2};
  const std::vector<std::int32_t> one{0}, high{2}, low{-2};
  std::vector<float> gradient{1};
  CHECK_THROWS_AS(balance.apply(0, gradient), value_error);
  CHECK_THROWS_WITH(balance.apply(0, gradient), Catch::Contains("apply() before observe()"));
  CHECK_THROWS_AS(balance.observe(one, {two, three}, 2), shape_error);
  CHECK_THROWS_WITH(balance.observe(one, {two, three}, 2), "ogm: modality 'visual' was given 3 logits for 1 labels and 2 classes.");
  CHECK_THROWS_AS(balance.observe(one, {two, two}, 0), shape_error);
  CHECK_THROWS_AS(balance.observe(high, {two, two}, 2), value_error);
  CHECK_THROWS_WITH(balance.observe(high, {two, two}, 2), "ogm: label 2 of sample 0; 0 to 1 expected.");
  CHECK_THROWS_AS(balance.observe(low, {two, two}, 2), value_error);
  CHECK_THROWS_AS(balance.apply(0, gradient), value_error);  // what was refused is not observed
  balance.observe(one, {two, two}, 2);
  CHECK_THROWS_WITH(balance.apply(2, gradient), "ogm: modality 2 of 2.");
  CHECK_THROWS_AS(balance.apply(-1, gradient), value_error);
  balance.apply(1, gradient);
  balance.next_step();
  CHECK_THROWS_WITH(balance.apply(1, gradient), Catch::Contains("apply() before observe()"));
}
