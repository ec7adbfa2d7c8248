#pragma once
// Sum fusion: every modality has a dense layer of its own, and their logits are added.

#include <ogm/fusion/head.hpp>
#include <ogm/nn/linear.hpp>

namespace ogm::fusion {

/// f = sum_u (W_u z_u + b_u).
///
/// Shapes     z_u (batch, width_u) -> (batch, Classes)
/// Probe      W_u z_u + b_u, with the whole bias of its own layer: the probes sum to the fused logits
/// Source     Peng et al., CVPR 2022; the published SumFusion (its evaluation halves the bias, which the training does not: not copied)
template <int Classes> struct sum {
  template <class Backend, int... Widths> struct over {
    static constexpr ogm::role role_of = ogm::role::head;
    static constexpr int modalities = sizeof...(Widths), classes = Classes;
    static constexpr bool separable = true;

    std::tuple<nn::linear<Widths, Classes, Backend>...> parts;
    OGM_FIELDS(parts)

    template <class Tape, class... Z> auto operator()(Tape& tape, const Z&... z) const {
      static_assert(sizeof...(Z) == sizeof...(Widths), "ogm: a head was given another number of modalities than it has.");
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        if constexpr (modalities == 1)
          return std::get<0>(parts)(tape, z...);
        else
          return evaluate(tape, (std::get<I>(parts)(tape, z) + ...));
      }
      (std::index_sequence_for<Z...>{});  // (batch, Classes)
    }
    template <int U, class Tape, class... Z> auto probe(Tape& tape, const Z&... z) const {
      return std::get<U>(parts)(tape, std::get<U>(std::tie(z...)));
    }
  };
};

}  // namespace ogm::fusion
