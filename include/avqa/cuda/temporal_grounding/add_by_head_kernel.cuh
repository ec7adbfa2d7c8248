#pragma once
// The kernels of a bias that is added in proportion to a number a head.

#include <avqa/cuda/temporal_grounding/temporal_grounding.hpp>
#include <ogm/cuda/reduce.cuh>

namespace avqa::cuda {

namespace detail {

/// Lanes that have neighbouring vectors of the bias in the backward pass; the others of a warp have other samples. Eight vectors of 16
/// bytes are whole sectors.
inline constexpr int lanes_across = 8;

/// dtotal = bias . dy of the row of (batch, heads) that is this warp's.
template <class Tuning, int Width, class T> __device__ inline void gradient_of_total(const add_by_head_backward_params<T>& p, long block) {
  const int lane = int(threadIdx.x) % ogm::cuda::warp_size;
  const long row = block * (Tuning::threads / ogm::cuda::warp_size) + int(threadIdx.x) / ogm::cuda::warp_size;
  if (!OGM_BOUND(warp_has_row, row < p.batch * p.heads)) return;
  const T *const bias = p.bias + row % p.heads * p.width, *const dy = p.dy + row * p.width;
  float sum = 0;
  for (long c = lane * Width; c < p.width; c += ogm::cuda::warp_size * Width) {
    float b[Width], d[Width];
    ogm::cuda::load_vector(bias + c, b);
    ogm::cuda::load_vector(dy + c, d);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) sum += b[i] * d[i];
  }
  sum = ogm::cuda::reduce_warp(sum, ogm::cuda::addition{});
  if (lane == 0) p.dtotal[row] = ogm::cuda::from_float<T>(sum);
}

/// dbias of lanes_across vectors, of all samples. `partial` has room for the block's warps.
template <class Tuning, int Width, class T>
__device__ inline void gradient_of_bias(const add_by_head_backward_params<T>& p, long block, float* partial) {
  constexpr int groups = Tuning::threads / lanes_across, warps = Tuning::threads / ogm::cuda::warp_size, across = lanes_across * Width;
  const int lane = int(threadIdx.x) % lanes_across, group = int(threadIdx.x) / lanes_across;
  const long columns = p.heads * p.width, first = block * across, c = first + lane * Width;
  float sum[Width] = {};
  if (OGM_BOUND(column_is_there, c < columns)) {
    const long head = c / p.width;
    for (long b = group; b < p.batch; b += groups) {
      float d[Width];
      ogm::cuda::load_vector(p.dy + b * columns + c, d);
      const float total = ogm::cuda::to_float(p.total[b * p.heads + head]);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) sum[i] += total * d[i];
    }
  }
  OGM_UNROLL
  for (int i = 0; i < Width; ++i)
    for (int apart = lanes_across; apart < ogm::cuda::warp_size; apart *= 2) sum[i] += ogm::cuda::shuffle_xor(sum[i], apart);
  const int warp = int(threadIdx.x) / ogm::cuda::warp_size;
  if (int(threadIdx.x) % ogm::cuda::warp_size < lanes_across) ogm::cuda::store_shared(partial + warp * across + lane * Width, sum);
  OGM_BARRIER(partial_is_full);
  for (int i = int(threadIdx.x); i < across && first + i < columns; i += Tuning::threads) {
    float total = p.add ? ogm::cuda::to_float(p.dbias[first + i]) : 0;
    for (int w = 0; w < warps; ++w) total += partial[w * across + i];
    p.dbias[first + i] = ogm::cuda::from_float<T>(total);
  }
}

}  // namespace detail

/// A thread has one vector of the bias and Tuning::rows_at_once samples.
template <class T, class Tuning, int Width> __global__ void __launch_bounds__(Tuning::threads) add_by_head(add_by_head_params<T> p) {
  constexpr int rows = Tuning::rows_at_once;
  const long item = long(blockIdx.x) * Tuning::threads + int(threadIdx.x), columns = p.heads * p.width, vectors = columns / Width;
  const long first = item / vectors * rows, c = item % vectors * Width, head = c / p.width;
  float bias[Width], y[rows][Width] = {}, total[rows] = {};
  ogm::cuda::load_vector(p.bias + c, bias);
  OGM_UNROLL
  for (int r = 0; r < rows; ++r)
    if (OGM_BOUND(sample_is_there, first + r < p.batch)) {
      total[r] = ogm::cuda::to_float(p.total[(first + r) * p.heads + head]);
      ogm::cuda::load_vector(p.y + (first + r) * columns + c, y[r]);
    }
  OGM_UNROLL
  for (int r = 0; r < rows; ++r) {
    if (first + r >= p.batch) break;
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) y[r][i] += total[r] * bias[i];
    ogm::cuda::store_vector(p.y + (first + r) * columns + c, y[r]);
  }
}

/// The first `blocks_of_bias` blocks have vectors of dbias, the others rows of dtotal.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) add_by_head_backward(add_by_head_backward_params<T> p, long blocks_of_bias) {
  OGM_SHARED(float, partial, Tuning::threads / ogm::cuda::warp_size * detail::lanes_across * Width);
  if (blockIdx.x < blocks_of_bias)
    detail::gradient_of_bias<Tuning, Width>(p, blockIdx.x, partial);
  else
    detail::gradient_of_total<Tuning, Width>(p, blockIdx.x - blocks_of_bias);
}

}  // namespace avqa::cuda
