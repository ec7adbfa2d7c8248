#pragma once
// Feature-wise linear modulation: the first modality scales and shifts the features of the others.

#include <ogm/fusion/concat.hpp>
#include <ogm/nn/linear.hpp>

namespace ogm::fusion {

/// f = Wo [ gamma_1(z_0) .* z_1 + beta_1(z_0) ; ... ] + b, over all modalities but the first.
///
/// Shapes     z_u (batch, width_u) -> (batch, Classes); gamma_u and beta_u: width_0 -> width_u
/// Probe      not separable. self_head, where all widths are equal and there are two modalities: Wo(gamma(z_u) .* z_u + beta(z_u)) with b /
/// 2 Source     Perez et al., AAAI 2018; as in Peng et al., CVPR 2022. Differs: the published code crashes on it when modulating; gamma and
///            beta are two layers here, one of twice the width there, which is the same function. More than two modalities: our own
///            extension
template <int Classes> struct film {
  template <class Backend, int First, int... Others> struct over {
    static constexpr ogm::role role_of = ogm::role::head;
    static constexpr int modalities = 1 + sizeof...(Others), classes = Classes;
    static constexpr bool separable = false;
    static constexpr bool self_probing = sizeof...(Others) == 1 && ((Others == First) && ...);

    std::tuple<nn::linear<First, Others, Backend>...> gamma, beta;
    typename concat<Classes>::template over<Backend, Others...> out;
    OGM_FIELDS(gamma, beta, out)

    template <class Tape, class Z0, class... Z> auto operator()(Tape& tape, const Z0& first, const Z&... z) const {
      static_assert(sizeof...(Z) == sizeof...(Others), "ogm: a head was given another number of modalities than it has.");
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return out(tape, evaluate(tape, std::get<I>(gamma)(tape, first) * z + std::get<I>(beta)(tape, first))...);
      }
      (std::index_sequence_for<Z...>{});  // (batch, Classes)
    }
    template <int U, class Tape, class... Z>
    requires self_probing auto self_probe(Tape& tape, const Z&... z) const {
      const auto& own = std::get<U>(std::tie(z...));
      const auto conditioned = evaluate(tape, std::get<0>(gamma)(tape, own) * own + std::get<0>(beta)(tape, own));
      return evaluate(tape, out(tape, conditioned) - out.bias * 0.5);
    }
  };
};

}  // namespace ogm::fusion
