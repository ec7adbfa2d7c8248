#pragma once
// The launchers of rows of length one: the only host code that knows its kernels.

#include <ogm/cuda/l2_normalize/l2_normalize_kernel.cuh>
#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>

#include <algorithm>

namespace ogm::cuda {

namespace detail {
template <class Params> status check_l2_normalize(const char* who, const Params& p) {
  if (status s = check_rows(who, p.rows, p.columns); !s.ok()) return s;
  if (!(p.epsilon > 0)) return wrong_argument(who, "epsilon", p.epsilon, "more than 0");
  return {};
}
}  // namespace detail

template <storage T, class Tuning> status launch_l2_normalize_forward(const l2_normalize_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "l2_normalize_forward";
  if (status s = detail::check_l2_normalize(who, p); !s.ok() || p.columns == 0) return s;
  constexpr int width = vector_width<T>;
  const launch_shape blocks{std::min(p.rows, Tuning::blocks), Tuning::threads};
  if (!aligned_alike(p.x, p.y)) return launch(who, blocks, stream, l2_normalize_forward_of_blocks<T, Tuning, 1>, p);
  if (row_vectors<width>::most(p.columns) > warp_size * Tuning::vectors_a_lane)
    return launch(who, blocks, stream, l2_normalize_forward_of_blocks<T, Tuning, width>, p);
  return launch(who, {blocks_of_warps<Tuning>(p.rows), Tuning::threads}, stream, l2_normalize_forward_of_warps<T, Tuning, width>, p);
}

template <storage T, class Tuning> status launch_l2_normalize_backward(const l2_normalize_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "l2_normalize_backward";
  if (status s = detail::check_l2_normalize(who, p); !s.ok() || p.columns == 0) return s;
  constexpr int width = vector_width<T>;
  const launch_shape blocks{std::min(p.rows, Tuning::blocks), Tuning::threads};
  if (!aligned_alike(p.y, p.dy) || !aligned_alike(p.y, p.dx))
    return launch(who, blocks, stream, l2_normalize_backward_of_blocks<T, Tuning, 1>, p);
  if (row_vectors<width>::most(p.columns) > warp_size * Tuning::vectors_a_lane)
    return launch(who, blocks, stream, l2_normalize_backward_of_blocks<T, Tuning, width>, p);
  return launch(who, {blocks_of_warps<Tuning>(p.rows), Tuning::threads}, stream, l2_normalize_backward_of_warps<T, Tuning, width>, p);
}

}  // namespace ogm::cuda
