#pragma once
// What a fusion head offers, and how a modality's own logits are read off it: its probes.

#include <ogm/autograd/expression.hpp>
#include <ogm/autograd/probe.hpp>
#include <ogm/backend/op/rows.hpp>

namespace ogm {

namespace fusion {

/// A head: a call on the features of every modality gives logits (batch, classes). A user's own head needs no more than this and
/// OGM_FIELDS; then probe::zero_feature, zero_input, aux_head and shapley are there. With `probe<U>(tape, z...)` it is separable.
template <class H>
concept any_head = requires {
  { H::classes } -> std::convertible_to<int>;
  { H::modalities } -> std::convertible_to<int>;
};

template <class H>
concept separable = requires {
  requires H::separable;
};
template <class H>
concept self_probing = requires {
  requires H::self_probing;
};

/// Whether probe kind K can be read off head H without help.
template <class H, probe K> constexpr bool probe_available() {
  if constexpr (K == probe::split)
    return separable<H>;
  else if constexpr (K == probe::self_head)
    return self_probing<H>;
  else
    return true;
}

namespace detail {
/// Zeros of the shape of z, on the tape.
template <class Tape, class Z> auto zeros_like(Tape& tape, const Z& z) {
  using T = typename Z::value_type;
  auto zero = tape.inference<typename Tape::backend_type>::template make<T>(z.shape());
  tape.run(op::fill<T>{zero.data(), z.count(), T(0)});
  return zero;
}
template <int U, int I, class Tape, class Z> auto kept_or_zero(Tape& tape, const Z& z) {
  if constexpr (U == I)
    return z;
  else
    return zeros_like(tape, z);
}
}  // namespace detail

/// The logits (batch, classes) that modality U alone would give. On a tape that records, gradients flow to the head and to z_U.
template <probe K, int U, class Head, class Tape, class... Z> auto probe_of(const Head& head, Tape& tape, const Z&... z) {
  if constexpr (K == probe::split) {
    static_assert(separable<Head>,
                  "ogm: probe::split needs a separable head. Write with_probe<policy, probe::zero_feature>, or a head with probe<U>().");
    return head.template probe<U>(tape, z...);
  } else if constexpr (K == probe::self_head) {
    static_assert(self_probing<Head>,
                  "ogm: probe::self_head needs a head that conditions one modality on another, of equal widths. Write with_probe<policy, "
                  "probe::zero_feature>.");
    return head.template self_probe<U>(tape, z...);
  } else {
    static_assert(K == probe::zero_feature, "ogm: this kind of probe is computed by the trainer, not by the head.");
    return [&]<int... I>(std::integer_sequence<int, I...>) { return head(tape, detail::kept_or_zero<U, I>(tape, z)...); }
    (std::make_integer_sequence<int, int(sizeof...(Z))>{});
  }
}

}  // namespace fusion
}  // namespace ogm
