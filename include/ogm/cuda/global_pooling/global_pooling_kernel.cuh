#pragma once
// The kernels of the mean of planes. Forward: a warp a small plane, a block a large one. Backward: the map as one row, whatever its planes.

#include <ogm/cuda/global_pooling/global_pooling.hpp>
#include <ogm/cuda/reduce.cuh>

namespace ogm::cuda {

namespace detail {

/// A thread's part of a plane's sum, where so many threads share it. A vector that reaches into another plane is read whole; only the ends
/// of the map are read element by element.
template <class T, int Width>
__device__ inline float sum_of_plane(const global_pooling_forward_params<T>& p, long plane, int thread, int threads) {
  const T* const x = p.x + plane * p.places;
  const auto vectors = row_vectors<Width>::of(x, int(p.places));
  float sum = 0;
  for (int v = thread; v < vectors.count(); v += threads) {
    const int first = vectors.first(v);
    const long at = plane * p.places + first;
    float value[Width];
    if (OGM_BOUND(vector_in_map, at >= 0 && at <= p.planes * p.places - Width))
      load_vector(x + first, value);
    else
      load_row(x, vectors, first, 0, value);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) sum += vectors.holds(first + i) ? value[i] : 0;
  }
  return sum;
}

}  // namespace detail

/// Tuning::planes_a_block planes a block, a warp one after another; their means are written together.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) global_pooling_forward_of_warps(global_pooling_forward_params<T> p) {
  static_assert(Tuning::planes_a_block <= Tuning::threads, "ogm: a thread writes one mean. Give a block no more planes than threads.");
  OGM_SHARED(float, means, Tuning::planes_a_block);
  const int thread = int(threadIdx.x), lane = thread % warp_size;
  const long first = long(blockIdx.x) * Tuning::planes_a_block;
  for (int k = thread / warp_size; k < Tuning::planes_a_block; k += Tuning::threads / warp_size) {
    if (!OGM_BOUND(warp_has_plane, first + k < p.planes)) break;
    const float sum = reduce_warp(detail::sum_of_plane<T, Width>(p, first + k, lane, warp_size), addition{});
    if (lane == 0) means[k] = sum / float(p.places);
  }
  OGM_BARRIER(means_are_there);
  if (thread < Tuning::planes_a_block && OGM_BOUND(thread_has_plane, first + thread < p.planes))
    p.y[first + thread] = from_float<T>(means[thread]);
}

/// Planes of any size.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) global_pooling_forward_of_blocks(global_pooling_forward_params<T> p) {
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  for (long plane = blockIdx.x; plane < p.planes; plane += gridDim.x) {
    const float part = detail::sum_of_plane<T, Width>(p, plane, int(threadIdx.x), Tuning::threads);
    const float sum = reduce_block<Tuning::threads>(part, addition{}, scratch);
    if (threadIdx.x == 0) p.y[plane] = from_float<T>(sum / float(p.places));
  }
}

/// A block a piece of the map, of Tuning::threads * Tuning::vectors_a_thread vectors.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) global_pooling_backward_of_pieces(global_pooling_backward_params<T> p) {
  constexpr int piece = Tuning::threads * Tuning::vectors_a_thread * Width;
  const long total = p.planes * p.places, begin = long(blockIdx.x) * piece;
  const auto vectors = row_vectors<Width>::of(p.dx + begin, int(total - begin < piece ? total - begin : piece));
  for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
    const int first = vectors.first(v);
    const long at = begin + first;
    long plane = at < 0 ? 0 : at / p.places, next = (plane + 1) * p.places;
    float gradient = to_float(p.dy[plane]) / float(p.places), value[Width] = {};
    if (p.add) load_row(p.dx + begin, vectors, first, 0, value);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      if (at + i == next && OGM_BOUND(plane_follows, plane + 1 < p.planes)) {
        gradient = to_float(p.dy[++plane]) / float(p.places);
        next += p.places;
      }
      value[i] += gradient;
    }
    store_row(p.dx + begin, vectors, first, value);
  }
}

}  // namespace ogm::cuda
