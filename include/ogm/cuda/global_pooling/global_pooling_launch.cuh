#pragma once
// The launchers of the mean of planes: the only host code that knows its kernels.

#include <ogm/cuda/global_pooling/global_pooling_kernel.cuh>
#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>

#include <algorithm>

namespace ogm::cuda {

namespace detail {
inline status check_planes(const char* who, long planes, long places) {
  if (planes < 0) return wrong_argument(who, "planes", planes, "0 or more");
  if (places < 0 || places > most_columns) return wrong_argument(who, "places", places, "0 to 2147481599");
  return {};
}
}  // namespace detail

template <storage T, class Tuning> status launch_global_pooling_forward(const global_pooling_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "global_pooling_forward";
  if (status s = detail::check_planes(who, p.planes, p.places); !s.ok()) return s;
  constexpr int width = vector_width<T>;
  if (p.places > Tuning::places_a_warp)
    return launch(who, {std::min(p.planes, Tuning::blocks), Tuning::threads}, stream, global_pooling_forward_of_blocks<T, Tuning, width>,
                  p);
  const long blocks = (p.planes + Tuning::planes_a_block - 1) / Tuning::planes_a_block;
  return launch(who, {blocks, Tuning::threads}, stream, global_pooling_forward_of_warps<T, Tuning, width>, p);
}

template <storage T, class Tuning> status launch_global_pooling_backward(const global_pooling_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "global_pooling_backward";
  if (status s = detail::check_planes(who, p.planes, p.places); !s.ok()) return s;
  constexpr long piece = long(Tuning::threads) * Tuning::vectors_a_thread * vector_width<T>;
  const long blocks = (p.planes * p.places + piece - 1) / piece;
  return launch(who, {blocks, Tuning::threads}, stream, global_pooling_backward_of_pieces<T, Tuning, vector_width<T>>, p);
}

}  // namespace ogm::cuda
