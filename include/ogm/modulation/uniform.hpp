#pragma once
// Losses on each modality's own logits beside the fused one.

#include <ogm/modulation/context.hpp>

namespace ogm::modulation {

/// L = fused * CE(f) + sum_u unimodal * weights[u] * CE(o_u).
///
/// Needs      a probe; split by default, with_probe<uniform, ...> for another
/// Source     the "uniform" baseline of Wei and Hu, MMPareto, ICML 2024, repository; Wang et al., CVPR 2020 with equal weights
struct uniform {
  static constexpr needs requirements{.probe = probe::split};
  float fused = 1, unimodal = 1;
  std::array<float, 8> weights{1, 1, 1, 1, 1, 1, 1, 1};

  void loss(auto& losses) const {
    losses.fused(fused);
    losses.for_each_probe([&](int u, const auto& logits) {
      losses.add(losses.name(u), losses.cross_entropy(logits), unimodal * weights[std::size_t(u) % weights.size()]);
    });
  }
};

}  // namespace ogm::modulation
