#pragma once
// The kernels of softmax and its logarithm: a warp a row, held in registers, for short rows; a block a row for long ones, held in shared
// memory or read twice.

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

template <class Params> __device__ const std::uint8_t* mask_of(const Params& p, long row) {
  return p.mask ? p.mask + row / p.rows_a_mask % p.mask_rows * p.columns : nullptr;
}

/// A row of logits.
template <class T, int Width> struct logit_row {
  const T* x;
  const T* additive;
  const std::uint8_t* mask;
  float scale;
  row_vectors<Width> vectors;

  __device__ static logit_row of(const softmax_forward_params<T>& p, long row) {
    const T* const x = p.x + row * p.columns;
    const T* const additive = p.additive ? p.additive + row % p.additive_rows * p.columns : nullptr;
    return {x, additive, mask_of(p, row), p.scale, row_vectors<Width>::of(x, int(p.columns))};
  }
  /// From column `first` on, -inf where there is none or where it is masked.
  __device__ void load(int first, float (&to)[Width]) const {
    load_row(x, vectors, first, maximum::identity, to);
    if (scale != 1 || additive) {
      float plus[Width] = {};
      if (additive) load_beside(additive, vectors, first, 0, plus);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) to[i] = vectors.holds(first + i) ? to[i] * scale + plus[i] : maximum::identity;
    }
    if (mask) mask_row(mask, vectors, first, maximum::identity, to);
  }
};

/// What becomes of a row's exponentials: exp(x - largest) / sum.
struct softmax_result {
  static constexpr bool of_exponentials = true;             // of exp(x - largest), not of x
  static constexpr int threads_a_multiprocessor = 5 * 256;  // at least: what that leaves of registers, ptxas takes
  float scale;

  __device__ explicit softmax_result(softmax_part whole) : scale(whole.scale()) {}
  template <class T, int Width> __device__ void store(T* y, const logit_row<T, Width>& x, int first, float (&value)[Width]) const {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) value[i] *= scale;
    store_row(y, x.vectors, first, value);
  }
};
/// x - largest - log(sum), or 0 where masked.
struct log_softmax_result {
  static constexpr bool of_exponentials = false;
  static constexpr int threads_a_multiprocessor = 2 * 256;
  float largest, log_sum;

  __device__ explicit log_softmax_result(softmax_part whole) : largest(whole.largest), log_sum(logf(whole.sum)) {}
  template <class T, int Width> __device__ void store(T* y, const logit_row<T, Width>& x, int first, float (&value)[Width]) const {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) value[i] = value[i] - largest - log_sum;
    if (x.mask) mask_row(x.mask, x.vectors, first, 0, value);
    store_row(y, x.vectors, first, value);
  }
};

/// The derivative of softmax: y and dy of a row, what is summed of them, and dx from that sum.
template <class T> struct softmax_slope : softmax_backward_params<T> {
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&y)[Width], float (&dy)[Width]) const {
    load_row(this->y + row * this->columns, vectors, first, 0, y);
    load_row(this->dy + row * this->columns, vectors, first, 0, dy);
  }
  __device__ float part(float y, float dy) const { return y * dy; }
  template <int Width>
  __device__ void apply(long, row_vectors<Width>, int, const float (&y)[Width], const float (&dy)[Width], float sum,
                        float (&slope)[Width]) const {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) slope[i] = this->scale * y[i] * (dy[i] - sum);
  }
};
/// Of its logarithm.
template <class T> struct log_softmax_slope : log_softmax_backward_params<T> {
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&y)[Width], float (&dy)[Width]) const {
    load_row(this->y + row * this->columns, vectors, first, 0, y);
    load_row(this->dy + row * this->columns, vectors, first, 0, dy);
    if (const std::uint8_t* const mask = mask_of(*this, row)) mask_row(mask, vectors, first, 0, dy);
  }
  __device__ float part(float, float dy) const { return dy; }
  template <int Width>
  __device__ void apply(long row, row_vectors<Width> vectors, int first, const float (&y)[Width], const float (&dy)[Width], float sum,
                        float (&slope)[Width]) const {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) slope[i] = dy[i] - expf(y[i]) * sum;
    if (const std::uint8_t* const mask = mask_of(*this, row)) mask_row(mask, vectors, first, 0, slope);
  }
};
/// dx from column `first` on (=, +=) the slope.
template <class Slope, int Width>
__device__ inline void store_slope(const Slope& p, long row, row_vectors<Width> vectors, int first, const float (&y)[Width],
                                   const float (&dy)[Width], float sum) {
  auto* const dx = p.dx + row * p.columns;
  float slope[Width];
  p.apply(row, vectors, first, y, dy, sum, slope);
  if (p.add) {
    float before[Width];
    load_row(dx, vectors, first, 0, before);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) slope[i] += before[i];
  }
  store_row(dx, vectors, first, slope);
}

}  // namespace detail

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors. Width: elements an access. Result: of detail, what is made of a row.
template <class T, class Tuning, int Width, class Result>
__global__ void __launch_bounds__(Tuning::threads, Result::threads_a_multiprocessor / Tuning::threads)
    softmax_forward_of_warps(softmax_forward_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const auto x = detail::logit_row<T, Width>::of(p, row);

  float held[Tuning::vectors_a_lane][Width];
  float top = maximum::identity;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    x.load(x.vectors.first(k * warp_size + lane), held[k]);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) top = maximum{}(top, held[k][i]);
  }
  top = reduce_warp(top, maximum{});

  float sum = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      const float e = detail::shifted_exp(held[k][i], top);
      sum += e;
      if constexpr (Result::of_exponentials) held[k][i] = e;
    }
  }
  const Result result({top, reduce_warp(sum, addition{})});
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) result.store(p.y + row * p.columns, x, x.vectors.first(k * warp_size + lane), held[k]);
}

/// Rows of any length. Held: a row is kept in dynamic shared memory, at most columns + 2 * Width elements, and read once; each thread reads
/// there only what it wrote itself.
template <class T, class Tuning, int Width, bool Held, class Result>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor) softmax_forward_of_blocks(softmax_forward_params<T> p) {
  OGM_DYNAMIC_SHARED(T, held);
  OGM_SHARED(detail::softmax_part, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const auto x = detail::logit_row<T, Width>::of(p, row);
    detail::softmax_part part = detail::join_parts::identity;
    for (int v = int(threadIdx.x); v < x.vectors.count(); v += Tuning::threads) {
      float value[Width];
      x.load(x.vectors.first(v), value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) part.add(value[i]);
      if constexpr (Held) store_shared(held + v * Width, value);
    }
    const auto whole = reduce_block<Tuning::threads>(part, detail::join_parts{}, scratch);
    const Result result(whole);

    for (int v = int(threadIdx.x); v < x.vectors.count(); v += Tuning::threads) {
      float value[Width];
      if constexpr (Held)
        load_vector(held + v * Width, value);
      else
        x.load(x.vectors.first(v), value);
      if constexpr (Result::of_exponentials) {
        OGM_UNROLL
        for (int i = 0; i < Width; ++i) value[i] = detail::shifted_exp(value[i], whole.largest);
      }
      result.store(p.y + row * p.columns, x, x.vectors.first(v), value);
    }
  }
}

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors. Slope: of detail, whose derivative it is. A thread is left
/// 64 registers: left to itself, ptxas takes 48 for one of halves and spills.
template <class T, class Tuning, int Width, class Slope>
__global__ void __launch_bounds__(Tuning::threads, 1024 / Tuning::threads) softmax_backward_of_warps(Slope p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const auto vectors = row_vectors<Width>::of(p.y + row * p.columns, int(p.columns));

  float y[Tuning::vectors_a_lane][Width], dy[Tuning::vectors_a_lane][Width];
  float sum = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    p.load(row, vectors, vectors.first(k * warp_size + lane), y[k], dy[k]);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) sum += p.part(y[k][i], dy[k][i]);
  }
  sum = reduce_warp(sum, addition{});
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k)
    detail::store_slope(p, row, vectors, vectors.first(k * warp_size + lane), y[k], dy[k], sum);
}

/// Rows of any length. Held: both rows are kept in dynamic shared memory, at most 2 * (columns + 2 * Width) elements.
template <class T, class Tuning, int Width, bool Held, class Slope>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor) softmax_backward_of_blocks(Slope p) {
  OGM_DYNAMIC_SHARED(T, held);
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const auto vectors = row_vectors<Width>::of(p.y + row * p.columns, int(p.columns));
    // A place must not depend on where a row begins: the next row may be written while another thread still reads this one.
    T* const held_gradient = held + row_vectors<Width>::most(p.columns) * Width;

    float sum = 0;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float y[Width], dy[Width];
      p.load(row, vectors, vectors.first(v), y, dy);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) sum += p.part(y[i], dy[i]);
      if constexpr (Held) {
        store_shared(held + v * Width, y);
        store_shared(held_gradient + v * Width, dy);
      }
    }
    sum = reduce_block<Tuning::threads>(sum, addition{}, scratch);

    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float y[Width], dy[Width];
      if constexpr (Held) {
        load_vector(held + v * Width, y);
        load_vector(held_gradient + v * Width, dy);
      } else {
        p.load(row, vectors, vectors.first(v), y, dy);
      }
      detail::store_slope(p, row, vectors, vectors.first(v), y, dy, sum);
    }
  }
}

}  // namespace ogm::cuda
