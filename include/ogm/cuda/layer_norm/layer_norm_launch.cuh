#pragma once
// The launchers of layer normalisation: the only host code that knows its kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/layer_norm/layer_norm_kernel.cuh>
#include <ogm/cuda/rows.cuh>

#include <algorithm>

namespace ogm::cuda {

template <storage T, class Tuning> status launch_layer_norm_forward(const layer_norm_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "layer_norm_forward";
  if (status s = check_rows(who, p.rows, p.columns); !s.ok()) return s;
  if (!(p.epsilon >= 0)) return wrong_argument(who, "epsilon", p.epsilon, "0 or more");
  if (p.columns == 0) return {};
  constexpr int width = vector_width<T>;
  const long blocks = std::min(p.rows, Tuning::blocks);
  if (!aligned_alike(p.x, p.y)) return launch(who, {blocks, Tuning::threads}, stream, layer_norm_forward_of_blocks<T, Tuning, 1>, p);
  if (row_vectors<width>::most(p.columns) <= warp_size * Tuning::forward_vectors)
    return launch(who, {blocks_of_warps<Tuning>(p.rows), Tuning::threads}, stream, layer_norm_forward_of_warps<T, Tuning, width>, p);
  return launch(who, {blocks, Tuning::threads}, stream, layer_norm_forward_of_blocks<T, Tuning, width>, p);
}

namespace detail {
/// Whether rows can be walked by vectors that all begin alike, and how.
template <class T, class Tuning> chunk_sums layout_of(const layer_norm_backward_params<T>& p) {
  constexpr int width = vector_width<T>;
  const long chunks = layer_norm_chunks<Tuning>(p.rows), rows = layer_norm_rows_a_chunk<Tuning>(p.rows);
  if (p.columns % width != 0 || !aligned_alike(p.x, p.dy) || (p.dx && !aligned_alike(p.x, p.dx)))
    return {chunks, rows, 1, int(p.columns), 0};
  const int before = int(reinterpret_cast<std::uintptr_t>(p.x) / sizeof(T) % width);
  return {chunks, rows, width, int((p.columns + before + width - 1) / width), before};
}
template <class T, class Tuning> status launch_chunks(const char* who, const norm_chunks<T>& p, cudaStream_t stream) {
  constexpr int width = vector_width<T>;
  constexpr int threads = Tuning::threads, held = Tuning::backward_vectors;
  const launch_shape blocks{p.layout.chunks, threads}, warps{blocks_of_warps<Tuning>(p.layout.chunks), threads};
  if (p.layout.width == 1) return launch(who, blocks, stream, layer_norm_backward_of_blocks<T, Tuning, 1>, p);
  if (p.layout.vectors <= warp_size * held) return launch(who, warps, stream, layer_norm_backward_held<T, Tuning, width, warp_size>, p);
  if (p.layout.vectors <= threads * held) return launch(who, blocks, stream, layer_norm_backward_held<T, Tuning, width, threads>, p);
  return launch(who, blocks, stream, layer_norm_backward_of_blocks<T, Tuning, width>, p);
}
}  // namespace detail

template <storage T, class Tuning> status launch_layer_norm_backward(const layer_norm_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "layer_norm_backward";
  if (status s = check_rows(who, p.rows, p.columns); !s.ok() || p.columns == 0) return s;
  if (p.rows > 0 && !p.partial) return status(std::string("ogm: ") + who + " was given no workspace.");
  if (reinterpret_cast<std::uintptr_t>(p.partial) % 16 != 0)
    return status(std::string("ogm: ") + who + " was given a workspace that does not begin at a multiple of 16 bytes.");
  const detail::norm_chunks<T> chunks{p, detail::layout_of<T, Tuning>(p)};
  if (status s = detail::launch_chunks<T, Tuning>(who, chunks, stream); !s.ok()) return s;
  const long blocks = (p.columns + warp_size - 1) / warp_size;
  return launch(who, {blocks, Tuning::threads_of_sum}, stream, layer_norm_sum_of_chunks<T, Tuning>, chunks);
}

}  // namespace ogm::cuda
