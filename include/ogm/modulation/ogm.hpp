#pragma once
// On-the-fly gradient modulation: the modality that is ahead is slowed.

#include <ogm/modulation/context.hpp>

namespace ogm::modulation {

/// What becomes of a modality that is exactly level, rho = 1.
enum class tie {
  none,   // nothing: the paper's strict inequality
  first,  // the first modality is modulated: the `else` of the published code
};
/// What the coefficient multiplies.
enum class apply_to {
  gradient,  // before momentum and weight decay, as published
  update,    // the optimiser's step: Adam cancels a constant factor of the gradient, not this one
};

/// OGM: g_u <- k_u g_u with k_u = 1 - tanh(alpha rho_u) where rho_u > 1, else 1.
///
/// Needs      a probe; split by default
/// Reports    score, ratio, coefficient of every modality
/// Source     Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient Modulation, CVPR 2022, Eq. (8)-(11)
template <class Shape = shape::paper, class Selection = select::weights, class Ratio = ratio::mean_pairwise> struct basic_ogm {
  static constexpr needs requirements{.probe = probe::split, .min_modalities = 2};
  using selection = Selection;
  double alpha = 0.8;
  modulation::tie tie = modulation::tie::none;
  modulation::apply_to apply_to = modulation::apply_to::gradient;

  /// k_u of a ratio; `first` tells the modality that a tie may fall on.
  double coefficient(double rho, bool first) const {
    const bool ahead = rho > 1 || (rho == 1 && first && tie == modulation::tie::first);
    return ahead ? Shape::coefficient(alpha, rho) : 1;
  }
  void on_gradients(auto& step) const {
    for_each_modality(step, [&](auto& m) {
      const double rho = m.template ratio<Ratio>(), k = coefficient(rho, m.index() == 0);
      if (k != 1) {
        if (apply_to == modulation::apply_to::gradient)
          m.template gradients<Selection>() *= k;
        else
          m.template gradients<Selection>().scale_update(k);
      }
      m.report("score", m.score());
      m.report("ratio", rho);
      m.report("coefficient", k);
    });
  }
};
using ogm = basic_ogm<>;

}  // namespace ogm::modulation
