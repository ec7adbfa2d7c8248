#pragma once
// How far a modality is ahead of the others, and what that makes of its gradient.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace ogm::modulation {

/// Discrepancy ratios: how the mean scores s_u of a batch become rho_u. For two modalities all three are s_u / s_w.
namespace ratio {
namespace detail {
inline double over(double a, double b) { return a / (b > 1e-30 ? b : 1e-30); }
}  // namespace detail

/// rho_u = mean over the others w of s_u / s_w. Source: advice of the authors of OGM-GE for more than two modalities.
struct mean_pairwise {
  template <std::size_t M> static double of(const std::array<double, M>& s, std::size_t u) {
    double sum = 0;
    for (std::size_t w = 0; w < M; ++w)
      if (w != u) sum += detail::over(s[u], s[w]);
    return M > 1 ? sum / double(M - 1) : 1;
  }
};
/// rho_u = s_u / min over all w of s_w, itself included. Source: BalanceMM, OGM_GE for three modalities.
struct vs_min {
  template <std::size_t M> static double of(const std::array<double, M>& s, std::size_t u) {
    if constexpr (M == 2) return detail::over(s[u], s[1 - u]);
    double least = s[0];
    for (const double x : s) least = x < least ? x : least;
    return detail::over(s[u], least);
  }
};
/// rho_u = s_u / sum over the others of s_w. Source: the OGM baseline of MLA's repository; OPM for three modalities.
struct vs_rest {
  template <std::size_t M> static double of(const std::array<double, M>& s, std::size_t u) {
    double sum = 0;
    for (std::size_t w = 0; w < M; ++w)
      if (w != u) sum += s[w];
    return M > 1 ? detail::over(s[u], sum) : 1;
  }
};

/// The same over the modalities that are there; 1 where `u` is not there or nothing is left to compare it with.
template <class Ratio, std::size_t M>
double of_present(const std::array<double, M>& scores, const std::array<double, M>& present, std::size_t u) {
  std::array<double, M> kept{};
  std::size_t count = 0, at = M;
  for (std::size_t w = 0; w < M; ++w)
    if (present[w] > 0) {
      if (w == u) at = count;
      kept[count++] = scores[w];
    }
  if (at == M || count < 2) return 1;
  double rho = 1;
  [&]<std::size_t... N>(std::index_sequence<N...>) {
    const auto try_count = [&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
      if (K != count) return;
      std::array<double, K> s{};
      std::copy_n(kept.begin(), K, s.begin());
      rho = Ratio::template of<K>(s, at);
    };
    (try_count(std::integral_constant<std::size_t, N + 1>{}), ...);
  }
  (std::make_index_sequence<M>{});
  return rho;
}
}  // namespace ratio

/// Coefficient shapes: k of rho > 1; for rho <= 1 the coefficient is 1.
namespace shape {
/// k = 1 - tanh(alpha rho): the paper's. It jumps at rho = 1, from 1 to 1 - tanh(alpha). Source: Peng et al., CVPR 2022, Eq. (10).
struct paper {
  static double coefficient(double alpha, double rho) { return 1 - std::tanh(alpha * rho); }
};
/// k = 1 - tanh(alpha (rho - 1)): continuous at rho = 1. Differs from the paper in that alone.
struct shifted {
  static double coefficient(double alpha, double rho) { return 1 - std::tanh(alpha * (rho - 1)); }
};
}  // namespace shape

}  // namespace ogm::modulation
