#pragma once
// The kernels of losses that are a sum over elements: sums of blocks, the sum of these, and the derivatives.

#include <ogm/cuda/pointwise_loss/pointwise_loss.hpp>
#include <ogm/cuda/reduce.cuh>

namespace ogm::cuda {

namespace detail {
/// Calls f(first) for the columns at which this thread's vectors of a chunk begin.
template <class Tuning, int Width, class F> __device__ inline void for_each_vector(row_vectors<Width> vectors, const F& f) {
  for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) f(vectors.first(v));
}
/// Elements of the chunk that begins at `begin`, of so many in all.
template <class Tuning> __device__ inline int columns_from(long count, long begin) {
  return int(count - begin < Tuning::chunk ? count - begin : Tuning::chunk);
}
}  // namespace detail

/// A block the chunks blockIdx.x, blockIdx.x + gridDim.x, ...; one block has the loss, several their partial sums.
template <class F, class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    pointwise_loss_of_blocks(pointwise_loss_forward_params<T> p) {
  constexpr int width = vector_width<T>;
  static_assert(Tuning::chunk % width == 0);
  OGM_SHARED(double, scratch, Tuning::threads / warp_size);
  double sum = 0;
  for (long begin = long(blockIdx.x) * Tuning::chunk; begin < p.count; begin += long(gridDim.x) * Tuning::chunk) {
    const T *const x = p.x + begin, *const target = p.target + begin;
    const auto vectors = row_vectors<width>::of(x, detail::columns_from<Tuning>(p.count, begin));
    detail::for_each_vector<Tuning>(vectors, [&](int first) {
      float a[width], b[width];
      load_row(x, vectors, first, 0, a);
      load_beside(target, vectors, first, 0, b);
      OGM_UNROLL
      for (int i = 0; i < width; ++i)
        if (vectors.holds(first + i)) sum += F::value(double(a[i]), double(b[i]));
    });
  }
  sum = reduce_block<Tuning::threads>(sum, addition{}, scratch);
  if (threadIdx.x > 0) return;
  if (gridDim.x == 1)
    *p.loss = from_float<T>(float(sum * p.scale));
  else
    p.partial[blockIdx.x] = sum;
}

/// One block: the loss of so many partial sums.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) pointwise_loss_of_sums(pointwise_loss_forward_params<T> p, long sums) {
  OGM_SHARED(double, scratch, Tuning::threads / warp_size);
  double sum = 0;
  for (long k = threadIdx.x; k < sums; k += Tuning::threads) sum += p.partial[k];
  sum = reduce_block<Tuning::threads>(sum, addition{}, scratch);
  if (threadIdx.x == 0) *p.loss = from_float<T>(float(sum * p.scale));
}

/// A block a chunk.
template <class F, class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) pointwise_loss_slopes(pointwise_loss_backward_params<T> p) {
  constexpr int width = vector_width<T>;
  static_assert(Tuning::chunk % width == 0);
  const long begin = long(blockIdx.x) * Tuning::chunk;
  const T *const x = p.x + begin, *const target = p.target + begin;
  T* const d = p.d + begin;
  const auto vectors = row_vectors<width>::of(d, detail::columns_from<Tuning>(p.count, begin));
  const double outer = double(to_float(*p.dloss)) * p.scale;
  detail::for_each_vector<Tuning>(vectors, [&](int first) {
    float a[width], b[width], slope[width] = {};
    load_beside(x, vectors, first, 0, a);
    load_beside(target, vectors, first, 0, b);
    if (p.add) load_row(d, vectors, first, 0, slope);
    OGM_UNROLL
    for (int i = 0; i < width; ++i) {
      const double u = double(a[i]), v = double(b[i]);
      slope[i] += float(outer * (p.of_target ? F::target_slope(u, v) : F::slope(u, v)));
    }
    store_row(d, vectors, first, slope);
  });
}

}  // namespace ogm::cuda
