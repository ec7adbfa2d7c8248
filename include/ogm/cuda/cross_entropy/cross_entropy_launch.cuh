#pragma once
// The launcher of cross-entropy: the only host code that knows its kernels.

#include <ogm/cuda/cross_entropy/cross_entropy_kernel.cuh>
#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>

#include <algorithm>

namespace ogm::cuda {

namespace detail {
template <class T> status check_cross_entropy(const char* who, const cross_entropy_params<T>& p) {
  if (status s = check_rows(who, p.rows, p.columns); !s.ok()) return s;
  if (p.columns == 0) return wrong_argument(who, "columns", p.columns, "1 to 2147481599");
  if (!(p.label_smoothing >= 0 && p.label_smoothing <= 1))
    return wrong_argument(who, "label_smoothing", p.label_smoothing, "a number from 0 to 1");
  if (p.probes < 0 || p.probes > most_probes) return wrong_argument(who, "probes", p.probes, "0 to 8");
  if (p.rows > 0 && p.probes > 0 && !p.workspace) return status(std::string("ogm: ") + who + " was given no workspace.");
  for (int u = 0; u < p.probes && p.rows > 0; ++u)
    if (!p.probe[u].logits || !p.probe[u].labels || !p.scores)
      return status(std::string("ogm: ") + who + " was given no logits, labels or scores of probe " + std::to_string(u) + ".");
  if (reinterpret_cast<std::uintptr_t>(p.workspace) % 16 != 0)
    return status(std::string("ogm: ") + who + " was given a workspace that does not begin at a multiple of 16 bytes.");
  if (!p.logits && p.probes == 0) return status(std::string("ogm: ") + who + " was given no logits, and no probe.");
  return {};
}
template <class T, class Tuning> status launch_cross_entropy_rows(const char* who, const cross_entropy_params<T>& p, cudaStream_t stream) {
  constexpr int width = vector_width<T>;
  const long sets = p.probes + (p.logits ? 1 : 0), rows = p.rows * sets;
  const launch_shape blocks{std::min(rows, Tuning::blocks), Tuning::threads};
  if (p.dlogits && !aligned_alike(p.logits, p.dlogits)) return launch(who, blocks, stream, cross_entropy_of_blocks<T, Tuning, 1>, p);
  if (row_vectors<width>::most(p.columns) <= warp_size * Tuning::vectors_a_lane)
    return launch(who, {blocks_of_warps<Tuning>(p.rows) * sets, Tuning::threads}, stream, cross_entropy_of_warps<T, Tuning, width>, p);
  return launch(who, blocks, stream, cross_entropy_of_blocks<T, Tuning, width>, p);
}
}  // namespace detail

template <storage T, class Tuning> status launch_cross_entropy(const cross_entropy_params<T>& p, cudaStream_t stream) {
  const char* const who = "cross_entropy";
  if (status s = detail::check_cross_entropy(who, p); !s.ok()) return s;
  if (p.logits)
    if (status s = launch(who, {1, Tuning::threads_of_sum}, stream, cross_entropy_of_labels<T, Tuning>, p); !s.ok()) return s;
  if (status s = detail::launch_cross_entropy_rows<T, Tuning>(who, p, stream); !s.ok()) return s;
  return launch(who, {p.probes + (p.logits ? 1 : 0), Tuning::threads_of_sum}, stream, cross_entropy_sum_of_rows<T, Tuning>, p);
}

}  // namespace ogm::cuda
