#pragma once
// The logits of one modality alone, for every kind of probe that needs no state of a policy's own.

#include <ogm/backend/op/update.hpp>
#include <ogm/fusion/head.hpp>
#include <ogm/fusion/late_fusion.hpp>

namespace ogm::detail {

/// From the features: split, self_head, zero_feature, aux_head. On a tape that records, gradients flow.
template <probe K, int U, class Modules, class Head, class Tape, class... Z>
auto recorded_probe(const Modules& m, const Head& head, Tape& tape, const Z&... z) {
  if constexpr (K == probe::aux_head)
    return std::get<U>(m.aux.heads)(tape, std::get<U>(std::tie(z...)));
  else
    return fusion::probe_of<K, U>(head, tape, z...);
}

/// The fused logits with only the modalities of a subset (bit u: modality u is there); the inputs of the others are 0, and inputs of no
/// modality are as they are. In evaluation mode, so running statistics stay as they are.
template <class Model, class Tape, class... X>
auto masked_logits(const Model& model, Tape& tape, unsigned subset, const std::tuple<X...>& inputs) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto one = [&]<std::size_t U>(std::integral_constant<std::size_t, U>) {
      if constexpr (U >= std::size_t(Model::modalities))
        return std::get<U>(inputs);
      else {
        const auto x = as_view(std::get<U>(inputs));
        using T = typename decltype(x)::value_type;
        auto copy = tape.template make<T>(x.shape());
        if (subset >> U & 1)
          tape.run(op::copy_block<T>{x.data(), copy.data(), 1, long(x.count()), long(x.count()), long(x.count())});
        else
          tape.run(op::fill<T>{copy.data(), long(x.count()), T(0)});
        return copy;
      }
    };
    const std::tuple masked{one(std::integral_constant<std::size_t, I>{})...};
    return logits_of(tape, encode_all(model, tape, masked));
  }
  (std::make_index_sequence<sizeof...(X)>{});
}

/// zero_input: only modality U is there. shapley: its value over all subsets, the empty one giving 0.
template <probe K, int U, class Model, class Tape, class Inputs> auto masked_probe(const Model& model, Tape& tape, const Inputs& inputs) {
  constexpr unsigned M = unsigned(Model::modalities), own = 1u << U;
  if constexpr (K == probe::zero_input)
    return masked_logits(model, tape, own, inputs);
  else {
    auto total = masked_logits(model, tape, own, inputs);
    using T = typename decltype(total)::value_type;
    const long n = long(total.count());
    const auto factorial = [](unsigned k) {
      double f = 1;
      for (unsigned i = 2; i <= k; ++i) f *= i;
      return f;
    };
    tape.run(op::copy_block<T>{total.data(), total.data(), 1, n, n, n, false, T(factorial(M - 1) / factorial(M))});
    for (unsigned subset = 1; subset < 1u << M; ++subset) {
      if (subset & own) continue;
      const auto size = unsigned(__builtin_popcount(subset));
      const T weight = T(factorial(size) * factorial(M - size - 1) / factorial(M));
      const auto with = masked_logits(model, tape, subset | own, inputs), without = masked_logits(model, tape, subset, inputs);
      tape.run(op::copy_block<T>{with.data(), total.data(), 1, n, n, n, true, weight});
      tape.run(op::copy_block<T>{without.data(), total.data(), 1, n, n, n, true, -weight});
    }
    return total;
  }
}

}  // namespace ogm::detail
