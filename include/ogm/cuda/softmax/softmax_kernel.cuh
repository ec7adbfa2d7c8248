#pragma once
// The kernels of softmax: a warp a row, held in registers, for short rows; a block a row for long ones, held in shared memory or read
// twice.

#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/rows.cuh>
#include <ogm/cuda/softmax/softmax.hpp>

namespace ogm::cuda {

namespace detail {

/// What a thread knows of its part of a row: the largest element and the sum of exp(element - largest).
struct softmax_part {
  float largest, sum;

  __device__ void add(float x) {
    if (x == maximum::identity) return;  // masked, or -inf: exp is 0 whatever the largest is
    if (x > largest) {
      sum = sum * expf(largest - x) + (1 + (x - x));  // x - x: infinity makes NaN of the row, as infinity - infinity does
      largest = x;
    } else {
      sum += expf(x - largest);  // NaN comes here, and stays in the sum
    }
  }
  /// What each exp(element - largest) is multiplied by. Where nothing is left, 0, or NaN if there was one.
  __device__ float scale() const { return largest == maximum::identity ? sum : 1 / sum; }
};
__device__ inline softmax_part shuffle_xor(softmax_part p, int lanes) {
  return {cuda::shuffle_xor(p.largest, lanes), cuda::shuffle_xor(p.sum, lanes)};
}
struct join_parts {
  static constexpr softmax_part identity{maximum::identity, 0};
  __device__ softmax_part operator()(softmax_part a, softmax_part b) const {
    const float top = maximum{}(a.largest, b.largest);
    const auto scaled = [top](softmax_part p) { return p.largest == top ? p.sum : p.sum * expf(p.largest - top); };
    return {top, scaled(a) + scaled(b)};
  }
};

__device__ inline float shifted_exp(float x, float largest) { return x == maximum::identity ? 0 : expf(x - largest); }

template <class T> __device__ const std::uint8_t* mask_of(const softmax_forward_params<T>& p, long row) {
  return p.mask ? p.mask + row / p.rows_a_mask % p.mask_rows * p.columns : nullptr;
}

/// Elements of x from column `first` on, -inf where there is none or where it is masked.
template <class T, int Width>
__device__ inline void load_masked(const T* x, const std::uint8_t* mask, row_vectors<Width> vectors, int first, float (&to)[Width]) {
  load_row(x, vectors, first, maximum::identity, to);
  if (mask) mask_row(mask, vectors, first, maximum::identity, to);
}

/// dx from column `first` on (=, +=) scale * y (dy - inner).
template <class T, int Width>
__device__ inline void store_gradient(const softmax_backward_params<T>& p, T* dx, row_vectors<Width> vectors, int first,
                                      const float (&y)[Width], const float (&dy)[Width], float inner) {
  float before[Width] = {};
  if (p.add) load_row(dx, vectors, first, 0, before);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) before[i] += p.scale * y[i] * (dy[i] - inner);
  store_row(dx, vectors, first, before);
}

}  // namespace detail

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors. Width: elements an access.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) softmax_forward_of_warps(softmax_forward_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const T* const x = p.x + row * p.columns;
  const std::uint8_t* const mask = detail::mask_of(p, row);
  const auto vectors = row_vectors<Width>::of(x, int(p.columns));

  float held[Tuning::vectors_a_lane][Width];
  float top = maximum::identity;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    detail::load_masked(x, mask, vectors, vectors.first(k * warp_size + lane), held[k]);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) top = maximum{}(top, held[k][i]);
  }
  top = reduce_warp(top, maximum{});

  float sum = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) sum += held[k][i] = detail::shifted_exp(held[k][i], top);
  }
  const float scale = detail::softmax_part{top, reduce_warp(sum, addition{})}.scale();

  T* const y = p.y + row * p.columns;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) held[k][i] *= scale;
    store_row(y, vectors, vectors.first(k * warp_size + lane), held[k]);
  }
}

/// Rows of any length. Held: a row is kept in dynamic shared memory, at most columns + 2 * Width elements, and read once; each thread reads
/// there only what it wrote itself.
template <class T, class Tuning, int Width, bool Held>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor) softmax_forward_of_blocks(softmax_forward_params<T> p) {
  OGM_DYNAMIC_SHARED(T, held);
  OGM_SHARED(detail::softmax_part, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const T* const x = p.x + row * p.columns;
    const std::uint8_t* const mask = detail::mask_of(p, row);
    const auto vectors = row_vectors<Width>::of(x, int(p.columns));

    detail::softmax_part part = detail::join_parts::identity;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float value[Width];
      detail::load_masked(x, mask, vectors, vectors.first(v), value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) part.add(value[i]);
      if constexpr (Held) store_shared(held + v * Width, value);
    }
    const auto whole = reduce_block<Tuning::threads>(part, detail::join_parts{}, scratch);
    const float scale = whole.scale();

    T* const y = p.y + row * p.columns;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float value[Width];
      if constexpr (Held)
        load_vector(held + v * Width, value);
      else
        detail::load_masked(x, mask, vectors, vectors.first(v), value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) value[i] = detail::shifted_exp(value[i], whole.largest) * scale;
      store_row(y, vectors, vectors.first(v), value);
    }
  }
}

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) softmax_backward_of_warps(softmax_backward_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const T *const y = p.y + row * p.columns, *const dy = p.dy + row * p.columns;
  const auto vectors = row_vectors<Width>::of(y, int(p.columns));

  float probability[Tuning::vectors_a_lane][Width], gradient[Tuning::vectors_a_lane][Width];
  float inner = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    const int first = vectors.first(k * warp_size + lane);
    load_row(y, vectors, first, 0, probability[k]);
    load_row(dy, vectors, first, 0, gradient[k]);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) inner += probability[k][i] * gradient[k][i];
  }
  inner = reduce_warp(inner, addition{});

  T* const dx = p.dx + row * p.columns;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k)
    detail::store_gradient(p, dx, vectors, vectors.first(k * warp_size + lane), probability[k], gradient[k], inner);
}

/// Rows of any length. Held: both rows are kept in dynamic shared memory, at most 2 * (columns + 2 * Width) elements.
template <class T, class Tuning, int Width, bool Held>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    softmax_backward_of_blocks(softmax_backward_params<T> p) {
  OGM_DYNAMIC_SHARED(T, held);
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const T *const y = p.y + row * p.columns, *const dy = p.dy + row * p.columns;
    const auto vectors = row_vectors<Width>::of(y, int(p.columns));
    // A place must not depend on where a row begins: the next row may be written while another thread still reads this one.
    T* const held_gradient = held + row_vectors<Width>::most(p.columns) * Width;

    float inner = 0;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float probability[Width], gradient[Width];
      load_row(y, vectors, vectors.first(v), 0, probability);
      load_row(dy, vectors, vectors.first(v), 0, gradient);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) inner += probability[i] * gradient[i];
      if constexpr (Held) {
        store_shared(held + v * Width, probability);
        store_shared(held_gradient + v * Width, gradient);
      }
    }
    inner = reduce_block<Tuning::threads>(inner, addition{}, scratch);

    T* const dx = p.dx + row * p.columns;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float probability[Width], gradient[Width];
      if constexpr (Held) {
        load_vector(held + v * Width, probability);
        load_vector(held_gradient + v * Width, gradient);
      } else {
        load_row(y, vectors, vectors.first(v), 0, probability);
        load_row(dy, vectors, vectors.first(v), 0, gradient);
      }
      detail::store_gradient(p, dx, vectors, vectors.first(v), probability, gradient, inner);
    }
  }
}

}  // namespace ogm::cuda
