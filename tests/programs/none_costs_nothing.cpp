// A training step without a policy is the training loop that one would write by hand: nothing of probes and hooks is compiled, the same
// operations are run in the same order, and the weights have the same bits. tests/none_costs_nothing looks at the compiled code.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

#include <cstdio>
#include <cstring>
#include <typeindex>

using namespace ogm;

namespace {

std::vector<std::type_index> operations;

/// Writes down what is run.
struct tracing : backend::eigen<float> {
  template <class Operation> void run(const Operation& operation) {
    operations.push_back(typeid(Operation));
    backend::eigen<float>::run(operation);
  }
};

/// A head whose probes do not compile: that this program compiles says that `none` asks for none.
struct poisoned : fusion::concat<4>::over<tracing, 6, 6> {
  static constexpr bool separable = true, self_probing = true;
  template <int U> auto probe(auto&, const auto&...) const { static_assert(U < 0, "a probe was compiled"); }
  template <int U> auto self_probe(auto&, const auto&...) const { static_assert(U < 0, "a probe was compiled"); }
};
static_assert(fusion::separable<poisoned> && fusion::self_probing<poisoned>);
template <class Head>
using model_of = late_fusion<Head, modality<"audio", nn::mlp<5, 7, 6, tracing>>, modality<"visual", nn::mlp<4, 8, 6, tracing>>>;
using model = model_of<poisoned>;
using plain = training_step<model, modulation::none, optim::sgd>;

static_assert(!plain::probing && !plain::edits_gradients && !plain::edits_features && !plain::taps_features && !plain::adds_losses &&
              !plain::edits_batches && !plain::masks_samples);
static_assert(sizeof(trained_modules<model, modulation::none>) == sizeof(model));

/// As large as a step with hooks but no needs, and smaller than one that keeps gradients of samples.
struct hooks_only {
  static constexpr modulation::needs requirements{};
  void on_gradients(auto&) const {}
};
static_assert(sizeof(plain) == sizeof(training_step<model, hooks_only, optim::sgd>));
static_assert(sizeof(plain) < sizeof(training_step<model, decltype(modulation::ogm_ge_as_in_paper()), optim::sgd>));

struct batch {
  tensor<float, dyn, 5> audio{12};
  tensor<float, dyn, 4> visual{12};
  tensor<std::int32_t, dyn> labels{12};
  batch() {
    for (size_type i = 0; i < audio.count(); ++i) audio.data()[i] = std::sin(1.3f * float(i));
    for (size_type i = 0; i < visual.count(); ++i) visual.data()[i] = std::cos(0.7f * float(i));
    for (int i = 0; i < 12; ++i) labels(i) = i % 4;
  }
};
constexpr int steps = 5;

template <class M> std::vector<float> weights(M& m) {
  std::vector<float> out;
  for_each_parameter_quietly(m, [&](auto, auto& p) { out.insert(out.end(), p.value.flat().begin(), p.value.flat().end()); });
  return out;
}

struct outcome {
  std::vector<std::type_index> operations;  // of the last step
  std::vector<float> weights;
};

/// The loop by hand.
outcome by_hand(const batch& b) {
  model m;
  nn::initialise(m, 3);
  gradient_store<tracing> gradients(m);
  optim::update_pass<tracing, optim::sgd> update({.momentum = 0.9}, gradients.values().count());
  tape<tracing> t;
  t.bind(gradients);
  for (int i = 0; i < steps; ++i) {
    operations.clear();
    t.rewind();
    gradients.clear();
    const auto logits = m(t, std::tie(b.audio, b.visual)).logits;
    const auto loss = nn::cross_entropy(t, logits, as_view(b.labels), {.absent_labels = true});
    nn::softmax_scores(static_cast<inference<tracing>&>(t), view<const float, dyn, 4>(logits), as_view(b.labels));  // the right answers
    t.backward(loss);
    update.begin();
    for_each_parameter_quietly(
        m, [&](auto, auto& p) { update.add(p.value.data(), gradients.data(p), long(p.value.count()), long(p.offset), 0); });
    update.finish(t, 0.1, {}, 1, {});
  }
  return {operations, weights(m)};
}
template <class Model, class Policy> outcome by_the_engine(const batch& b, const Policy& policy) {
  training_step<Model, Policy, optim::sgd> step(Model{}, policy, {.momentum = 0.9});
  nn::initialise(step.modules().model, 3);
  for (int i = 0; i < steps; ++i) {
    operations.clear();
    step.step(std::tie(b.audio, b.visual), as_view(b.labels), {.step = i, .learning_rate = 0.1});
  }
  return {operations, weights(step.model())};
}
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

int main() {
  const batch b;
  const auto expected = by_hand(b), seen = by_the_engine<model>(b, modulation::none{});
  const auto modulated = by_the_engine<model_of<fusion::concat<4>>>(b, modulation::ogm_ge{.alpha = 0.5});
  const bool same = seen.operations == expected.operations && same_bits(seen.weights, expected.weights);
  const bool can_differ = modulated.operations.size() > expected.operations.size() && !same_bits(modulated.weights, expected.weights);
  std::printf("operations a step: %zu by hand, %zu in the engine, %zu with ogm_ge; the first two %s\n", expected.operations.size(),
              seen.operations.size(), modulated.operations.size(), same ? "agree, and so do the weights" : "differ");
  return !(same && can_differ && expected.operations.size() > 10);
}
