#pragma once
// Whether a policy and a model go together: one misuse, one sentence.

#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/none.hpp>

namespace ogm::modulation {

/// A model that a trainer can take apart: encode<U>(tape, x) and a head. late_fusion is one.
template <class Model>
concept fusion_model = requires {
  { Model::modalities } -> std::convertible_to<int>;
  { Model::classes } -> std::convertible_to<int>;
  typename Model::head_type;
};

/// Fails to compile, with one sentence, where policy and model do not go together.
template <class P, class Model> constexpr void check() {
  static_assert(fusion_model<Model>,
                "ogm: a trainer needs a model with modalities, classes and a head. Write late_fusion<head, modality<...>...>.");
  static_assert(policy<P>, "ogm: a policy does not state its needs. Write static constexpr modulation::needs requirements{}; in it.");
  if constexpr (fusion_model<Model> && policy<P>) {
    constexpr needs n = P::requirements;
    static_assert(n.min_modalities <= Model::modalities && Model::modalities <= n.max_modalities,
                  "ogm: the policy does not support this number of modalities. Choose another policy or another model.");
    if constexpr (n.probe == probe::split)
      static_assert(
          requires { requires Model::head_type::separable; },
          "ogm: the policy needs probe::split and the head is not separable. Write with_probe<policy, probe::zero_feature>.");
    if constexpr (n.probe == probe::self_head)
      static_assert(
          requires { requires Model::head_type::self_probing; },
          "ogm: the policy needs probe::self_head and the head does not condition one modality on another. Write with_probe<policy, "
          "probe::zero_feature>.");
    static_assert(!selection_is_empty<P, Model>(),
                  "ogm: the policy's selection holds no parameter of the model. Write with_selection<policy, select::weights>.");
    static_assert(
        std::same_as<P, none> || has_any_hook<P>,
        "ogm: the policy has no hook that the trainer knows. Check its spelling: void on_gradients(auto& step), void loss(auto& losses).");
    static_assert(!has_a_typo<P>(),
                  "ogm: the policy has a function that looks like a misspelt hook and is never called. Check its spelling: on_gradients, "
                  "on_features, on_epoch_begin, after_step, loss.");
  }
}

}  // namespace ogm::modulation
