#pragma once
// Gated fusion: the features of the last modality pass through sigmoid gates of the others.

#include <ogm/fusion/head.hpp>
#include <ogm/nn/linear.hpp>

namespace ogm::fusion {

/// h_u = F_u z_u;  f = Wo( sigmoid(h_0) .* ... .* sigmoid(h_{M-2}) .* h_{M-1} ) + b.
///
/// Shapes     z_u (batch, width_u) -> h_u (batch, Hidden) -> (batch, Classes)
/// Probe      not separable. self_head: Wo h_u + b / M
/// Source     Kiela et al., AAAI 2018; as in Peng et al., CVPR 2022, where audio gates vision. Differs: the published code crashes on it
/// when
///            modulating. More than two modalities: our own extension
template <int Classes, int Hidden = 512> struct gated {
  template <class Backend, int... Widths> struct over {
    static_assert(sizeof...(Widths) >= 2, "ogm: fusion::gated needs two modalities: one that gates and one that is gated.");
    static constexpr ogm::role role_of = ogm::role::head;
    static constexpr int modalities = sizeof...(Widths), classes = Classes;
    static constexpr bool separable = false, self_probing = true;

    std::tuple<nn::linear<Widths, Hidden, Backend>...> in;
    nn::linear<Hidden, Classes, Backend> out;
    OGM_FIELDS(in, out)

    template <class Tape, class... Z> auto operator()(Tape& tape, const Z&... z) const {
      static_assert(sizeof...(Z) == sizeof...(Widths), "ogm: a head was given another number of modalities than it has.");
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return out(tape, (gate<int(I)>(std::get<I>(in)(tape, z)) * ...)); }
      (std::index_sequence_for<Z...>{});  // (batch, Classes)
    }
    template <int U, class Tape, class... Z> auto self_probe(Tape& tape, const Z&... z) const {
      const auto own = std::get<U>(in)(tape, std::get<U>(std::tie(z...)));
      return evaluate(tape, out(tape, own) - out.bias * (1.0 - 1.0 / modalities));
    }

   private:
    template <int I, class H> static auto gate(const H& h) {
      if constexpr (I + 1 < modalities)
        return sigmoid(h);
      else
        return h;
    }
  };
};

}  // namespace ogm::fusion
