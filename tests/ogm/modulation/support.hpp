#pragma once
// A small model of two modalities, a batch for it, and a look at the gradients that a policy makes.

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

#include <catch2/catch.hpp>

namespace ogm::test {

using B = backend::eigen<double>;
template <class Head = fusion::concat<4>>
using small_model = late_fusion<Head, modality<"audio", nn::mlp<5, 7, 6, B>>, modality<"visual", nn::mlp<4, 8, 6, B>>>;

struct small_batch {
  tensor<double, dyn, 5> audio{12};
  tensor<double, dyn, 4> visual{12};
  tensor<std::int32_t, dyn> labels{12};
  small_batch() {
    for (int i = 0; i < 12; ++i) {
      labels(i) = i % 4;
      for (int c = 0; c < 5; ++c) audio(i, c) = std::sin(1.3 * i + c) + 2 * (c == i % 4);
      for (int c = 0; c < 4; ++c) visual(i, c) = std::cos(0.7 * i + 2 * c) + 0.2 * (c == i % 4);
    }
  }
};

struct seen_slot {
  modulation::parameter_tag tag;
  std::vector<double> raw, modulated;
};
struct look {
  step_result<2> result;
  std::vector<seen_slot> slots;
  std::vector<std::pair<std::string, double>> report;
  double reported(const std::string& name) const {
    for (const auto& [n, v] : report)
      if (n == name) return v;
    return NAN;
  }
};

/// The gradients before and after a policy, in the step `at` of a model with the seed's weights, trained for `warm` steps without
/// modulation.
template <class Policy, class Model = small_model<>>
look gradients_of(const Policy& policy, const modulation::progress& at = {}, int warm = 20) {
  const small_batch batch;
  training_step<Model, modulation::none, optim::sgd> plain(Model{}, {}, optim::sgd{});
  nn::initialise(plain.modules(), 5);
  modulation::progress p;
  p.learning_rate = 0.1;
  for (int i = 0; i < warm; ++i) plain.step(std::tie(batch.audio, batch.visual), as_view(batch.labels), p);
  training_step<Model, Policy, optim::sgd> step(plain.model(), policy, optim::sgd{});
  if constexpr (Policy::requirements.probe == probe::aux_head) nn::initialise(step.modules().aux, 6);
  look out;
  step.begin();
  out.result = step.accumulate(std::tie(batch.audio, batch.visual), as_view(batch.labels), at, 1);
  for (const auto& s : step.slots()) out.slots.push_back({s.tag, std::vector<double>(s.gradient, s.gradient + s.count), {}});
  step.observe_gradients([&](auto slots) {
    for (const auto& s : slots) out.slots[s.id].modulated.assign(s.gradient, s.gradient + s.count);
  });
  step.finish(out.result, at, {});
  for (const auto& e : step.report().entries()) out.report.emplace_back(e.name, e.value);
  return out;
}

}  // namespace ogm::test
