// Three unlike policies run in the engine, and do what their papers say: conformance of the sketches, and of the concept that hosts them.

#include "mla.hpp"
#include "mmpareto.hpp"
#include "opm.hpp"

#include "../support.hpp"

#include <support/compare.hpp>

#include <ogm/data/dataset.hpp>
#include <ogm/train/evaluation.hpp>

using namespace ogm;
using namespace ogm::sketches;

namespace {

template <class Policy> std::pair<double, double> losses_of_training(const Policy& policy) {
  const test::small_batch batch;
  training_step<test::small_model<>, Policy, optim::sgd> step(test::small_model<>{}, policy, optim::sgd{});
  nn::initialise(step.modules(), 5);
  double first = 0, last = 0;
  for (int i = 0; i < 60; ++i) {
    last = step.step(std::tie(batch.audio, batch.visual), as_view(batch.labels), {.step = i, .learning_rate = 0.1}).loss;
    if (i == 0) first = last;
  }
  return {first, last};
}

/// Drops with given probabilities and counts what is left.
struct counting_opm {
  static constexpr modulation::needs requirements{.probe = probe::split, .second_pass = true};
  double q[2];
  long* removed;
  long* all;
  void on_features(auto& c) const {
    auto draw = c.generator();
    opm::edit(c, draw, q, 1);
    for (const char gone : c.removed()) *removed += gone;
    *all += c.size();
  }
};
}  // namespace

TEST_CASE("OPM: never executed it is no modulation, bit for bit") {
  const auto plain = test::gradients_of(modulation::none{}), never = test::gradients_of(opm{.p_execute = 0});
  for (std::size_t s = 0; s < plain.slots.size(); ++s) CHECK(plain.slots[s].raw == never.slots[s].raw);
  CHECK(never.result.loss == plain.result.loss);
}

TEST_CASE("OPM: the probability grows with the ratio; a modality that is dropped altogether gets no gradient; it trains") {
  CHECK(opm::drop_probability(0.5, 0.5, 0.9) == 0);
  CHECK(opm::drop_probability(0.5, 0.5, 1) == 0);
  CHECK(!test::apart(opm::drop_probability(0.5, 0.5, 2), 0.5 * (1 + 0.5 * std::tanh(1)), 1e-12));
  CHECK(opm::drop_probability(0.9, 0.5, 9) == 1);
  const auto always = test::gradients_of(opm{.q_base = 1, .lambda = 0, .p_execute = 1});
  CHECK(always.reported("drop/audio") == 1);
  CHECK(always.reported("drop/visual") == 0);
  for (const double g : always.slots[0].raw) CHECK(g == 0);
  CHECK(std::any_of(always.slots[4].raw.begin(), always.slots[4].raw.end(), [](double g) { return g != 0; }));
  const auto [first, last] = losses_of_training(opm{});
  CHECK(last < first);
}

TEST_CASE("OPM: the share of samples that leave is the product of the probabilities, and their labels leave with them") {
  long removed = 0, all = 0;
  const test::small_batch batch;
  training_step<test::small_model<>, counting_opm, optim::sgd> step({}, counting_opm{{0.6, 0.5}, &removed, &all}, {});
  nn::initialise(step.modules(), 5);
  double left = 0;
  for (int i = 0; i < 400; ++i)
    left += step.step(std::tie(batch.audio, batch.visual), as_view(batch.labels), {.step = i, .learning_rate = 0}).samples;
  CHECK(all == 4800);
  CHECK(std::abs(double(removed) / 4800 - 0.3) <= 4 * std::sqrt(0.3 * 0.7 / 4800));
  CHECK(left == double(all - removed));
}

TEST_CASE("MMPareto: the weight is the point of least norm between two gradients") {
  CHECK(mmpareto::weight(4, 4, 4) == 0.5);                          // parallel
  CHECK(!test::apart(mmpareto::weight(4, 9, 0), 9.0 / 13, 1e-12));  // orthogonal, of norms 2 and 3: b^2 / (a^2 + b^2)
  CHECK(mmpareto::weight(4, 4, -4) == 0.5);                         // opposite, of equal norms
  CHECK(!test::apart(mmpareto::weight(1, 9, -3), 0.75, 1e-12));     // opposite, of norms 1 and 3: they cancel
  for (const double ab : {-0.1, -1.0, -2.9}) {                      // and no other point is nearer to 0
    const double w = mmpareto::weight(1, 9, ab);
    const auto norm = [&](double v) { return v * v + 9 * (1 - v) * (1 - v) + 2 * v * (1 - v) * ab; };
    CHECK(norm(w) <= norm(w + 1e-3));
    CHECK(norm(w) <= norm(w - 1e-3));
  }
}

TEST_CASE("MMPareto: opposite gradients cancel to 0 and to no NaN; parallel ones keep the sum") {
  const double a[]{1, 2}, opposite[]{-1, -2}, sum[]{3, 0};
  double g[]{9, 9};
  pareto_combination<double>{a, opposite, sum, g, 2, 0.5, 1.5}();
  CHECK((g[0] == 0 && g[1] == 0));
  const double whole[]{2, 4};
  pareto_combination<double>{a, a, whole, g, 2, 0.5, 1}();
  CHECK((g[0] == 2 && g[1] == 4));
  pareto_combination<double>{a, a, sum, g, 2, 0.5, 1}();  // longer than the sum: left as it is
  CHECK(!test::apart(std::hypot(g[0], g[1]), 2 * std::sqrt(5.0), 1e-12));
}

TEST_CASE("MMPareto: encoders get at least the sum's norm, heads are left alone, and it trains") {
  const auto seen = test::gradients_of(mmpareto{});
  CHECK(std::isfinite(seen.reported("weight/audio")));
  for (const auto& s : seen.slots) {
    if (s.tag.role != role::encoder) {
      CHECK(s.raw == s.modulated);
      continue;
    }
    double before = 0, after = 0;
    for (std::size_t i = 0; i < s.raw.size(); ++i) before += s.raw[i] * s.raw[i], after += s.modulated[i] * s.modulated[i];
    CHECK(std::sqrt(after) >= std::sqrt(before) * (1 - 1e-9));
  }
  const auto [first, last] = losses_of_training(mmpareto{});
  CHECK(last < first);
}

TEST_CASE("MLA: the projector stays symmetric and positive, loses one direction at a time, and damps what it has seen") {
  constexpr int n = 3;
  double P[n * n], g[n]{1, 1, 1}, scratch[2 * n];
  identity_matrix<double>{P, n}();
  const double z[]{1, 0, 0, 1, 0, 0};
  project<double>{z, 2, n, 1, n, 0.1, P, g, scratch}();
  CHECK(std::abs(g[0]) < 0.2 * std::abs(g[1]));
  CHECK(g[1] == g[2]);
  const double norm = std::sqrt(2 + std::pow(1 - 1 / 1.1, 2));  // I - e e^T / 1.1 before it is normalised: rank one away from I
  CHECK(!test::apart(P[0], (1 - 1 / 1.1) / norm, 1e-14));
  CHECK(!test::apart(P[4], 1 / norm, 1e-14));
  CHECK(P[1] == 0);
  for (int step = 0; step < 20; ++step) {
    double rows[2 * n];
    for (int i = 0; i < 2 * n; ++i) rows[i] = std::sin(1.7 * i + 3 * step);
    project<double>{rows, 2, n, 1, n, 0.1, P, g, scratch}();
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) CHECK(!test::apart(P[i * n + j], P[j * n + i], 1e-15));
    for (int direction = 0; direction < 30; ++direction) {
      double x[n], form = 0;
      for (int i = 0; i < n; ++i) x[i] = std::cos(direction * 2.1 + 1.3 * i * direction);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) form += x[i] * P[i * n + j] * x[j];
      CHECK(form >= -1e-14);
    }
  }
}

TEST_CASE("MLA: it trains, one modality after the other") {
  const auto [first, last] = losses_of_training(mla<test::B, 6>{});
  CHECK(last < first);
}

TEST_CASE("MLA: predictions are the probes' probabilities, the certain one counting more") {
  const double certain[]{9, 0, 0}, unsure[]{0, 0.1, 0};
  double scores[3];
  entropy_weighted<double, 2>{{certain, unsure}, scores, 1, 3}();
  CHECK(!test::apart(scores[0] + scores[1] + scores[2], 1, 1e-14));
  CHECK(scores[0] > 0.8);  // the plain mean would give about 0.66
  const double level[]{0, 0, 0};
  entropy_weighted<double, 2>{{level, level}, scores, 1, 3}();
  for (const double s : scores) CHECK(!test::apart(s, 1.0 / 3, 1e-14));

  const test::small_batch b;
  const std::vector<std::int32_t> labels(b.labels.flat().begin(), b.labels.flat().end());
  training_step<test::small_model<>, mla<test::B, 6>, optim::sgd> step({}, {}, {});
  nn::initialise(step.modules(), 5);
  const auto plain = evaluate(step.modules(), step.policy(), data::in_memory(labels, b.audio, b.visual));
  CHECK(plain.fused.loss != plain.modalities[0].loss);
  CHECK(std::isfinite(plain.fused.loss));
}
