#pragma once
// The methods that are compared, and one run of one of them.

#include "data.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace digits {

/// A policy of this example's own: continuous at a ratio of 1, and never below a floor.
struct gentle {
  static constexpr modulation::needs requirements{.probe = probe::split, .min_modalities = 2};
  float alpha = 0.3f, floor = 0.5f;
  void on_gradients(auto& step) const {
    for_each_modality(step, [&](auto& m) {
      const float r = m.ratio(), k = r > 1 ? std::max(floor, 1 - std::tanh(alpha * (r - 1))) : 1.f;
      if (k != 1) m.gradients() *= k;
      m.report("ratio", r);
      m.report("coefficient", k);
    });
  }
};

using unimodal_losses = modulation::uniform;
using unimodal_and_gentle = modulation::chain<modulation::uniform, gentle>;
/// One type for all joint runs, so that the program compiles one trainer for them.
using any_method =
    modulation::any_policy<modulation::none, modulation::ogm, modulation::ogm_ge, unimodal_losses, gentle, unimodal_and_gentle>;

inline std::vector<std::string> method_names() {
  return {"audio_alone", "image_alone", "joint", "ogm", "ogm_ge", "unimodal_losses", "gentle", "unimodal_losses_gentle"};
}
inline any_method policy_of(const std::string& method) {
  if (method == "ogm") return {modulation::ogm{.alpha = 0.3f}};
  if (method == "ogm_ge") return {modulation::ogm_ge{.alpha = 0.1f}};
  if (method == "unimodal_losses") return {unimodal_losses{}};
  if (method == "gentle") return {gentle{}};
  if (method == "unimodal_losses_gentle") return {unimodal_and_gentle{unimodal_losses{}, gentle{}}};
  return {modulation::none{}};
}

struct schedule {
  int epochs = 10;
  size_type batch = 64;
  double lr = 0.1, momentum = 0.9, weight_decay = 0;
};
inline schedule schedule_of(bool hard, bool augmented, bool quick, int epochs) {
  schedule s{.epochs = augmented ? (hard ? 30 : 12) : (hard ? 10 : 8)};
  if (quick) s.epochs = 3;
  if (epochs > 0) s.epochs = epochs;
  return s;
}

struct run_setup {
  std::string method, variant;
  bool augmented = false;
  std::uint64_t seed = 0;
  schedule how;
  std::string plots;  // folder; empty: none
};
struct run_result {
  run_setup setup;
  double accuracy = 0, seconds = 0, train_accuracy = 0;
  std::map<std::string, double> by_modality{}, linear_probe{}, shapley{};
};

template <class Model, class Policy, class Data>
run_result train_one(const run_setup& setup, Policy policy, const Data& train, const Data& test) {
  trainer run{Model{},
              std::move(policy),
              optim::sgd{.lr = setup.how.lr, .momentum = setup.how.momentum, .weight_decay = setup.how.weight_decay},
              {.seed = setup.seed, .title = setup.variant + (setup.augmented ? " augmented, " : ", ") + setup.method}};
  if (!setup.plots.empty()) run.observe(observers::plots{setup.plots}, observers::csv{setup.plots});
  fit_options<Data> options{
      .epochs = setup.how.epochs, .batch = setup.how.batch, .validate_on = test, .schedule = optim::cosine{setup.how.epochs}};
  options.validate_every = setup.how.epochs;  // the test set is looked at once, after the last epoch
  if (setup.augmented) options.augment = augmentation{};
  const fit_result fitted = run.fit(train, options);

  run_result r{.setup = setup, .accuracy = fitted.last.fused.accuracy, .seconds = fitted.seconds, .train_accuracy = fitted.train_accuracy};
  const auto shapley = Model::modalities > 1 ? shapley_of_accuracy(run.model(), test) : std::vector<double>{};
  [&]<int... U>(std::integer_sequence<int, U...>) {
    (
        [&] {
          const std::string name(Model::modality_names[std::size_t(U)]);
          r.by_modality[name] = fitted.last.modalities[std::size_t(U)].accuracy;
          r.linear_probe[name] = linear_probe<U>(run.model(), train, test, {.seed = setup.seed});
          if (!shapley.empty()) r.shapley[name] = shapley[std::size_t(U)];
        }(),
        ...);
  }
  (std::make_integer_sequence<int, Model::modalities>{});
  return r;
}

inline run_result run_method(const run_setup& setup, const split& data) {
  if (setup.method == "audio_alone")
    return train_one<alone_model<audio>>(setup, modulation::none{}, only<0>(data.train), only<0>(data.test));
  if (setup.method == "image_alone")
    return train_one<alone_model<image>>(setup, modulation::none{}, only<1>(data.train), only<1>(data.test));
  return train_one<joint_model>(setup, policy_of(setup.method), data.train, data.test);
}

}  // namespace digits
