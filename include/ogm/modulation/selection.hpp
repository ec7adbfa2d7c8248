#pragma once
// Which parameters a policy touches: predicates over tags, never over names.

#include <ogm/autograd/module.hpp>

namespace ogm::modulation {

/// What a selection sees of a parameter.
struct parameter_tag {
  int modality;  // -1: shared
  ::ogm::role role;
  ::ogm::kind kind;
  int rank;  // axes of the parameter's shape
};

/// Selections: a type with `static constexpr bool holds(const parameter_tag&)`, true or false of parameters that belong to a modality.
template <class S>
concept selection = requires(const parameter_tag& t) {
  { S::holds(t) } -> std::convertible_to<bool>;
};

namespace select {
/// Convolution weights of the encoders: what the published OGM-GE code modulates (its gradients with four axes).
struct conv_weights {
  static constexpr bool holds(const parameter_tag& t) { return t.role == role::encoder && t.kind == kind::conv; }
};
/// Encoder weights that are no bias and no norm: also dense, recurrent and embedding weights.
struct weights {
  static constexpr bool holds(const parameter_tag& t) { return t.role == role::encoder && t.kind != kind::bias && t.kind != kind::norm; }
};
/// Everything in the encoders, as the paper writes it.
struct all_encoder {
  static constexpr bool holds(const parameter_tag& t) { return t.role == role::encoder; }
};
/// Everything that belongs to a modality: its encoder, its auxiliary head, and what a model of one's own puts under it by belongs_to. The
/// library's fusion heads belong to none.
struct all_of_modality {
  static constexpr bool holds(const parameter_tag&) { return true; }
};
}  // namespace select

namespace detail {
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
/// An object of a model that is never made: its members have types, and walking them is a constant expression.
template <class M> extern M phantom;

template <class Model, class Selection> constexpr int selected_count() {
  int n = 0;
  for_each_parameter_quietly(phantom<Model>, [&]<class Tag>(Tag, auto& p) {
    constexpr int rank = std::remove_cvref_t<decltype(p.value)>::rank;
    if (Tag::modality >= 0 && Selection::holds(parameter_tag{Tag::modality, Tag::role, Tag::kind, rank})) ++n;
  });
  return n;
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
}  // namespace detail

}  // namespace ogm::modulation
