#pragma once
// What a policy says it needs, so that what nobody needs is not compiled, and what is missing is a sentence and no run-time surprise.

#include <ogm/autograd/probe.hpp>

#include <concepts>

namespace ogm::modulation {

/// Compile-time declarations of a policy: static constexpr needs requirements{.probe = probe::split};
struct needs {
  ::ogm::probe probe = ::ogm::probe::none;
  bool per_loss_gradients = false;                   // a backward pass for each group of losses, kept apart (MMPareto)
  bool per_sample_gradients = false;                 // the variance of the gradient over samples: one backward pass a sample
  bool masked_forwards = false;                      // the model on subsets of modalities, in evaluation mode (AGM, valuation)
  bool second_pass = false;                          // score clean features, then fuse edited ones (OPM)
  bool weight_snapshot = false;                      // a copy of the initial or of the epoch's first weights (relearning, InfoReg)
  bool train_scan = false, validation_scan = false;  // features over data between epochs (PMR, relearning)
  bool sampler_control = false;                      // decides which samples an epoch sees (valuation)
  bool own_step = false;                             // the optimiser once for each modality in a step (MLA)
  bool pretrained_unimodal = false;                  // networks trained alone (UMT, ReconBoost)
  int min_modalities = 1, max_modalities = 64;
};

/// The needs of two policies that run together.
constexpr needs operator|(const needs& a, const needs& b) {
  const auto larger = [](int x, int y) { return x > y ? x : y; };
  const auto smaller = [](int x, int y) { return x < y ? x : y; };
  return {.probe = a.probe == probe::none ? b.probe : a.probe,
          .per_loss_gradients = a.per_loss_gradients || b.per_loss_gradients,
          .per_sample_gradients = a.per_sample_gradients || b.per_sample_gradients,
          .masked_forwards = a.masked_forwards || b.masked_forwards,
          .second_pass = a.second_pass || b.second_pass,
          .weight_snapshot = a.weight_snapshot || b.weight_snapshot,
          .train_scan = a.train_scan || b.train_scan,
          .validation_scan = a.validation_scan || b.validation_scan,
          .sampler_control = a.sampler_control || b.sampler_control,
          .own_step = a.own_step || b.own_step,
          .pretrained_unimodal = a.pretrained_unimodal || b.pretrained_unimodal,
          .min_modalities = larger(a.min_modalities, b.min_modalities),
          .max_modalities = smaller(a.max_modalities, b.max_modalities)};
}

/// A policy is a copyable value that states its needs. It has no base class and is registered nowhere.
template <class P>
concept policy = std::copyable<P> && requires {
  { P::requirements } -> std::convertible_to<needs>;
};

/// What a policy needs; nothing, of what is no policy, so that check() is all that is said of it.
template <class P> constexpr needs requirements_of() {
  if constexpr (policy<P>)
    return P::requirements;
  else
    return {};
}

}  // namespace ogm::modulation
