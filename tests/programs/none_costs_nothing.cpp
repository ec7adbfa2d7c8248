// A training step without a policy is the training loop that one would write by hand: nothing of probes and hooks is compiled, no
// operation more is run but the one that counts right answers, and the weights have the same bits.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

#include <cstdio>
#include <cstring>

using namespace ogm;

namespace {

long operations = 0;

/// Counts what is run.
struct counting : backend::eigen<float> {
  template <class Operation> void run(const Operation& operation) {
    ++operations;
    backend::eigen<float>::run(operation);
  }
};

/// A head whose probes do not compile: that this program compiles says that `none` asks for none.
struct poisoned : fusion::concat<4>::over<counting, 6, 6> {
  static constexpr bool separable = true, self_probing = true;
  template <int U> auto probe(auto&, const auto&...) const { static_assert(U < 0, "a probe was compiled"); }
  template <int U> auto self_probe(auto&, const auto&...) const { static_assert(U < 0, "a probe was compiled"); }
};
static_assert(fusion::separable<poisoned> && fusion::self_probing<poisoned>);
using model = late_fusion<poisoned, modality<"audio", nn::mlp<5, 7, 6, counting>>, modality<"visual", nn::mlp<4, 8, 6, counting>>>;
using plain = training_step<model, modulation::none, optim::sgd>;

static_assert(!plain::probing && !plain::edits_gradients && !plain::edits_features && !plain::taps_features && !plain::adds_losses &&
              !plain::edits_batches);
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

/// The loop by hand.
std::vector<float> by_hand(const batch& b, long& count) {
  model m;
  nn::initialise(m, 3);
  gradient_store<counting> gradients(m);
  optim::update_pass<counting, optim::sgd> update({.momentum = 0.9}, gradients.values().count());
  tape<counting> t;
  t.bind(gradients);
  for (int i = 0; i < steps; ++i) {
    operations = 0;
    t.rewind();
    gradients.clear();
    t.backward(nn::cross_entropy(t, m(t, std::tie(b.audio, b.visual)).logits, as_view(b.labels), {.absent_labels = true}));
    update.begin();
    for_each_parameter_quietly(
        m, [&](auto, auto& p) { update.add(p.value.data(), gradients.data(p), long(p.value.count()), long(p.offset), 0); });
    update.finish(t, 0.1, {}, 1, {});
    count = operations;
  }
  return weights(m);
}
std::vector<float> by_the_engine(const batch& b, long& count) {
  plain step(model{}, {}, {.momentum = 0.9});
  nn::initialise(step.modules().model, 3);
  for (int i = 0; i < steps; ++i) {
    operations = 0;
    step.step(std::tie(b.audio, b.visual), as_view(b.labels), {.step = i, .learning_rate = 0.1});
    count = operations;
  }
  return weights(step.model());
}

}  // namespace

int main() {
  const batch b;
  long hand = 0, engine = 0;
  const auto expected = by_hand(b, hand), seen = by_the_engine(b, engine);
  const bool same = expected.size() == seen.size() && std::memcmp(expected.data(), seen.data(), seen.size() * sizeof(float)) == 0;
  std::printf("operations a step: %ld by hand, %ld in the engine; weights after %d steps %s\n", hand, engine, steps,
              same ? "equal" : "differ");
  return !(same && hand > 10 && engine == hand + 1);
}
