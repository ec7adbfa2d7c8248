// What each hook can do, and that it does no more.
#include <ogm/modulation/combinators.hpp>
#include <ogm/train/trainer.hpp>

#include "support.hpp"

#include <support/compare.hpp>

using namespace ogm;
using modulation::needs;
using test::gradients_of;

namespace {

/// A batch of some of the twelve samples, its raw gradients under no policy.
std::vector<std::vector<double>> gradients_without(std::initializer_list<int> left_out) {
  const test::small_batch all;
  const auto n = size_type(12 - left_out.size());
  tensor<double, dyn, 5> a(n);
  tensor<double, dyn, 4> v(n);
  tensor<std::int32_t, dyn> y(n);
  for (int i = 0, k = 0; i < 12; ++i) {
    if (std::find(left_out.begin(), left_out.end(), i) != left_out.end()) continue;
    std::copy_n(all.audio.data() + i * 5, 5, a.data() + k * 5);
    std::copy_n(all.visual.data() + i * 4, 4, v.data() + k * 4);
    y(k++) = all.labels(i);
  }
  training_step<test::small_model<>, modulation::none, optim::sgd> step({}, {}, {});
  nn::initialise(step.modules(), 5);
  step.begin();
  step.accumulate(std::tie(a, v), as_view(y), {}, 1);
  std::vector<std::vector<double>> out;
  for (const auto& s : step.slots()) out.emplace_back(s.gradient, s.gradient + s.count);
  return out;
}
void check_equal(const test::look& seen, const std::vector<std::vector<double>>& expected) {
  REQUIRE(seen.slots.size() == expected.size());
  for (std::size_t s = 0; s < expected.size(); ++s)
    for (std::size_t i = 0; i < expected[s].size(); ++i) CHECK(!test::apart(seen.slots[s].raw[i], expected[s][i], 1e-12));
}
double size_of(const test::seen_slot& s) {
  double sum = 0;
  for (const double g : s.raw) sum += std::abs(g);
  return sum;
}

struct drops {
  static constexpr needs requirements{.probe = probe::split};
  std::vector<std::pair<int, int>> what;  // modality, sample
  void on_batch(auto& c) const {
    for (const auto& [u, i] : what) {
      c.drop(u, i);
      CHECK(c.dropped(u, i));
    }
  }
};
struct removes {
  static constexpr needs requirements{.probe = probe::split};
  std::vector<int> samples;
  void on_features(auto& c) const {
    for (const int i : samples) c.remove(i);
  }
};
struct factors {
  static constexpr needs requirements{};
  bool forward;
  double audio;
  void on_features(auto& c) const {
    auto f = forward ? c.row_factors(0) : c.gradient_factors(0);
    std::fill(f.begin(), f.end(), audio);
  }
};
struct taps {
  static constexpr needs requirements{};
  void on_feature_gradient(auto& c) const {
    CHECK((c.gradient.size(0) == 12 && c.features.size(1) == 6));
    if (c.modality == 1) c.scale(0.25);
  }
};
}  // namespace

TEST_CASE("on_batch: a sample without any modality is as if it were not in the batch") {
  const auto seen = gradients_of(drops{{{0, 3}, {1, 3}, {0, 7}, {1, 7}}}, {}, 0);
  check_equal(seen, gradients_without({3, 7}));
  CHECK(seen.result.samples == 10);
  CHECK(seen.result.scores.present[0] == 10);
}

TEST_CASE("on_batch: a dropped modality is zero for that sample and leaves the scores of that modality alone") {
  const auto seen = gradients_of(drops{{{1, 2}}}, {}, 0), none = gradients_of(drops{}, {}, 0);
  CHECK((seen.result.scores.present[0] == 12 && seen.result.scores.present[1] == 11));
  CHECK(seen.result.samples == 12);
  CHECK(seen.result.scores.sums[0] == none.result.scores.sums[0]);
  CHECK(seen.result.scores.sums[1] < none.result.scores.sums[1]);
  check_equal(none, gradients_without({}));
  std::vector<std::pair<int, int>> all;
  for (int i = 0; i < 12; ++i) all.emplace_back(1, i);
  const auto silent = gradients_of(drops{all}, {}, 0);
  CHECK(silent.result.scores.present[1] == 0);
  CHECK(size_of(silent.slots[4]) == 0);  // visual.first.weight: its input is 0
}

TEST_CASE("on_features: a removed sample leaves loss, scores and gradients") {
  const auto seen = gradients_of(removes{{0, 11}}, {}, 0);
  check_equal(seen, gradients_without({0, 11}));
  CHECK((seen.result.samples == 10 && seen.result.scores.present[1] == 10));
  std::vector<int> all(12);
  for (int i = 0; i < 12; ++i) all[std::size_t(i)] = i;
  const auto nothing = gradients_of(removes{all}, {}, 0);
  CHECK(nothing.result.samples == 0);
  CHECK(nothing.result.loss == 0);
  for (const auto& s : nothing.slots) CHECK(size_of(s) == 0);
}

TEST_CASE("row factors act forward and backward, gradient factors backward alone") {
  const auto plain = gradients_of(factors{true, 1}), dropped = gradients_of(factors{true, 0}), back = gradients_of(factors{false, 0.5});
  for (std::size_t s = 0; s < plain.slots.size(); ++s) {
    const auto& p = plain.slots[s];
    if (p.tag.modality == 0) {
      CHECK(size_of(dropped.slots[s]) == 0);
      for (std::size_t i = 0; i < p.raw.size(); ++i) CHECK(!test::apart(back.slots[s].raw[i], 0.5 * p.raw[i], 1e-14));
    } else
      CHECK(back.slots[s].raw == p.raw);
  }
  CHECK(back.result.loss == plain.result.loss);
  CHECK(dropped.result.loss != plain.result.loss);
  CHECK(plain.result.loss == gradients_of(modulation::none{}).result.loss);
}

TEST_CASE("on_feature_gradient scales what reaches one encoder") {
  const auto plain = gradients_of(modulation::none{}), scaled = gradients_of(taps{});
  for (std::size_t s = 0; s < plain.slots.size(); ++s)
    for (std::size_t i = 0; i < plain.slots[s].raw.size(); ++i) {
      const double factor = plain.slots[s].tag.modality == 1 ? 0.25 : 1;
      CHECK(!test::apart(scaled.slots[s].raw[i], factor * plain.slots[s].raw[i], 1e-14));
    }
}

namespace {
struct slower {
  static constexpr needs requirements{};
  double factor = 1;
  void scale_update(auto& step) const {
    for_each_modality(step, [&](auto& m) {
      if (m.index() == 0) m.template gradients<modulation::select::all_encoder>().scale_update(factor);
    });
  }
};
struct planned {
  static constexpr needs requirements{};
  modulation::phase first;
  void plan(auto& c) const { c.add(first); }
};
struct reversed {
  static constexpr needs requirements{.sampler_control = true};
  std::vector<std::int32_t>* seen;
  void sample(auto& c) const {
    c.items.clear();
    for (int i = 11; i >= 0; i -= 2) c.items.push_back({i, i == 5 ? 1u : 0u});
  }
  void on_batch(auto& c) const {
    for (const auto id : c.ids()) seen->push_back(id);
    for (size_type i = 0; i < c.size(); ++i) CHECK(c.dropped(0, i) == (c.ids()[std::size_t(i)] == 5));
  }
};
struct trusts_audio {
  static constexpr needs requirements{.probe = probe::split};
  void predict(auto& c) const {
    const long n = long(c.scores.count());
    c.run(op::copy_block<double>{c.probes[0].data(), c.scores.data(), 1, n, n, n});
  }
};

template <class Policy, class Optimiser = optim::sgd>
std::vector<std::vector<double>> change_of(const Policy& policy, const Optimiser& optimiser = {.lr = 0.1}) {
  const test::small_batch b;
  const std::vector<std::int32_t> labels(b.labels.flat().begin(), b.labels.flat().end());
  const auto data = data::in_memory(labels, b.audio, b.visual);
  trainer run{test::small_model<>{}, policy, optimiser, {.seed = 3}};
  std::vector<std::vector<double>> out;
  for_each_parameter_quietly(run.model(), [&](auto, auto& p) { out.emplace_back(p.value.flat().begin(), p.value.flat().end()); });
  run.fit(data, {.epochs = 1, .batch = 12});
  std::size_t k = 0;
  for_each_parameter_quietly(run.model(), [&](auto, auto& p) {
    for (std::size_t i = 0; i < out[k].size(); ++i) out[k][i] = p.value.data()[i] - out[k][i];
    ++k;
  });
  return out;
}
bool moved(const std::vector<double>& change) {
  return std::any_of(change.begin(), change.end(), [](double x) { return x != 0; });
}
}  // namespace

TEST_CASE("scale_update multiplies the step of one modality, under Adam too") {
  const auto check = [](const auto& optimiser) {
    const auto plain = change_of(modulation::none{}, optimiser), slow = change_of(slower{0.25}, optimiser);
    for (std::size_t s = 0; s < plain.size(); ++s)
      for (std::size_t i = 0; i < plain[s].size(); ++i) CHECK(!test::apart(slow[s][i], plain[s][i] * (s < 4 ? 0.25 : 1), 1e-7));
  };
  check(optim::sgd{.lr = 0.1, .momentum = 0.9});
  check(optim::adam{.lr = 0.01});
}

TEST_CASE("plan: only what a phase trains changes") {
  const auto seen = [](const modulation::phase& p) {
    const auto c = change_of(planned{p});
    return std::array{moved(c[0]), moved(c[4]), moved(c[8])};  // audio, visual, head
  };
  CHECK(seen({}) == std::array{true, true, true});
  CHECK(seen({.trainable = 1}) == std::array{true, false, true});
  CHECK(seen({.trainable = 2, .head = false}) == std::array{false, true, false});
  CHECK(seen({.only = 1}) == std::array{false, true, true});
}

TEST_CASE("sample: the epoch's items in the policy's order, and what it drops of them") {
  std::vector<std::int32_t> seen;
  change_of(reversed{&seen});
  CHECK(seen == std::vector<std::int32_t>{11, 9, 7, 5, 3, 1});
}

TEST_CASE("predict: an evaluation takes the policy's scores") {
  const test::small_batch b;
  const std::vector<std::int32_t> labels(b.labels.flat().begin(), b.labels.flat().end());
  const auto data = data::in_memory(labels, b.audio, b.visual);
  trainer run{test::small_model<>{}, trusts_audio{}, optim::sgd{.lr = 0.1}, {.seed = 3}};
  const auto e = run.evaluate(data);
  CHECK(e.fused.loss == e.modalities[0].loss);
  CHECK(e.fused.loss != e.modalities[1].loss);
}
