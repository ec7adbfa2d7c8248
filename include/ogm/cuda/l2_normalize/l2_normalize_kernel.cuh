#pragma once
// The kernels of rows of length one: a warp a row, held in registers, for short rows; a block a row, read twice, for long ones.

#include <ogm/cuda/l2_normalize/l2_normalize.hpp>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/rows.cuh>

namespace ogm::cuda {

namespace detail {

/// 1 / max(norm, epsilon); NaN where the norm is.
__device__ inline float inverse_norm(float norm, float epsilon) { return 1 / (norm <= epsilon ? epsilon : norm); }

template <int Width> __device__ inline float inner_product(const float (&a)[Width], const float (&b)[Width]) {
  float sum = 0;
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) sum += a[i] * b[i];
  return sum;
}

/// dx from column `first` on (=, +=) (dy - y inner) * inverse; y is left out where the norm was clamped.
template <class T, int Width>
__device__ inline void store_gradient(const l2_normalize_backward_params<T>& p, T* dx, row_vectors<Width> vectors, int first,
                                      const float (&y)[Width], const float (&dy)[Width], float inner, bool clamped, float inverse) {
  float value[Width] = {};
  if (p.add) load_row(dx, vectors, first, 0, value);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) value[i] += (clamped ? dy[i] : dy[i] - y[i] * inner) * inverse;
  store_row(dx, vectors, first, value);
}

}  // namespace detail

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors. Width: elements an access.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) l2_normalize_forward_of_warps(l2_normalize_forward_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const T* const x = p.x + row * p.columns;
  const auto vectors = row_vectors<Width>::of(x, int(p.columns));

  float held[Tuning::vectors_a_lane][Width];
  float squares = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    load_row(x, vectors, vectors.first(k * warp_size + lane), 0, held[k]);
    squares += detail::inner_product(held[k], held[k]);
  }
  const float norm = sqrtf(reduce_warp(squares, addition{})), inverse = detail::inverse_norm(norm, p.epsilon);
  if (lane == 0) p.norm[row] = norm;

  T* const y = p.y + row * p.columns;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) held[k][i] *= inverse;
    store_row(y, vectors, vectors.first(k * warp_size + lane), held[k]);
  }
}

/// Rows of any length.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) l2_normalize_forward_of_blocks(l2_normalize_forward_params<T> p) {
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const T* const x = p.x + row * p.columns;
    const auto vectors = row_vectors<Width>::of(x, int(p.columns));
    float squares = 0;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(x, vectors, vectors.first(v), 0, value);
      squares += detail::inner_product(value, value);
    }
    const float norm = sqrtf(reduce_block<Tuning::threads>(squares, addition{}, scratch));
    const float inverse = detail::inverse_norm(norm, p.epsilon);
    if (threadIdx.x == 0) p.norm[row] = norm;

    T* const y = p.y + row * p.columns;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(x, vectors, vectors.first(v), 0, value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) value[i] *= inverse;
      store_row(y, vectors, vectors.first(v), value);
    }
  }
}

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) l2_normalize_backward_of_warps(l2_normalize_backward_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const T *const y = p.y + row * p.columns, *const dy = p.dy + row * p.columns;
  const auto vectors = row_vectors<Width>::of(y, int(p.columns));

  float direction[Tuning::vectors_a_lane][Width], gradient[Tuning::vectors_a_lane][Width];
  float inner = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    const int first = vectors.first(k * warp_size + lane);
    load_row(y, vectors, first, 0, direction[k]);
    load_row(dy, vectors, first, 0, gradient[k]);
    inner += detail::inner_product(direction[k], gradient[k]);
  }
  inner = reduce_warp(inner, addition{});
  const float norm = p.norm[row], inverse = detail::inverse_norm(norm, p.epsilon);

  T* const dx = p.dx + row * p.columns;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k)
    detail::store_gradient(p, dx, vectors, vectors.first(k * warp_size + lane), direction[k], gradient[k], inner, norm <= p.epsilon,
                           inverse);
}

/// Rows of any length.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) l2_normalize_backward_of_blocks(l2_normalize_backward_params<T> p) {
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const T *const y = p.y + row * p.columns, *const dy = p.dy + row * p.columns;
    const auto vectors = row_vectors<Width>::of(y, int(p.columns));
    float inner = 0;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float direction[Width], gradient[Width];
      load_row(y, vectors, vectors.first(v), 0, direction);
      load_row(dy, vectors, vectors.first(v), 0, gradient);
      inner += detail::inner_product(direction, gradient);
    }
    inner = reduce_block<Tuning::threads>(inner, addition{}, scratch);
    const float norm = p.norm[row], inverse = detail::inverse_norm(norm, p.epsilon);

    T* const dx = p.dx + row * p.columns;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float direction[Width], gradient[Width];
      load_row(y, vectors, vectors.first(v), 0, direction);
      load_row(dy, vectors, vectors.first(v), 0, gradient);
      detail::store_gradient(p, dx, vectors, vectors.first(v), direction, gradient, inner, norm <= p.epsilon, inverse);
    }
  }
}

}  // namespace ogm::cuda
