#pragma once
// On-the-fly prediction modulation, far enough to show that the concept holds it: features are edited before fusion.

#include <ogm/modulation/stages.hpp>

#include <algorithm>
#include <cmath>

namespace ogm::sketches {

/// The modality that is ahead loses whole feature rows; what is left is rescaled; a sample that loses everything leaves the batch.
///
/// Needs      scores of the clean features, before those that are fused
/// Source     Wei, Hu, Du, Wen: On-the-fly Modulation for Balanced Multimodal Learning, TPAMI 2024
struct opm {
  static constexpr modulation::needs requirements{.probe = probe::split, .second_pass = true, .min_modalities = 2};
  double q_base = 0.5, lambda = 0.5, p_execute = 0.7;

  static double drop_probability(double q_base, double lambda, double ratio) {
    const double r = std::tanh(std::max(0.0, ratio - 1));
    return r > 0 ? std::clamp(q_base * (1 + lambda * r), 0.0, 1.0) : 0;
  }
  void on_features(auto& c) const {
    constexpr int M = std::remove_cvref_t<decltype(c)>::modalities;
    auto draw = c.generator();
    if (double(draw.uniform()) >= p_execute) return;
    double q[M], dropped = 0, width = 0;
    for (int u = 0; u < M; ++u) {
      q[u] = drop_probability(q_base, lambda, c.ratio(u));
      dropped += q[u] * c.width(u);
      width += c.width(u);
      c.report_value("drop", c.name(u), q[u]);
    }
    edit(c, draw, q, 1 - dropped / width);
  }

  /// Drops the rows of modality u with probability q[u], divides the others by `kept`.
  template <class Context> static void edit(Context& c, random::generator& draw, const double* q, double kept) {
    constexpr int M = Context::modalities;
    for (size_type i = 0; i < c.size(); ++i) {
      bool any = false;
      for (int u = 0; u < M; ++u) {
        const bool keep = double(draw.uniform()) >= q[u];
        any |= keep;
        c.row_factors(u)[std::size_t(i)] = keep ? typename Context::T(1 / kept) : typename Context::T(0);
      }
      if (!any) c.remove(i);
    }
  }
};

}  // namespace ogm::sketches
