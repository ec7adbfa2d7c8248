#pragma once
// What the kernels of attention share: the rows of a head, masks.

#include <ogm/cuda/attention/attention.hpp>
#include <ogm/cuda/kept.cuh>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/softmax/softmax_kernel.cuh>

namespace ogm::cuda::detail {

/// Over groups of so many neighbouring lanes, a power of two; all lanes of the warp take part.
template <class Combine> __device__ inline float reduce_lane_groups(float value, const Combine& combine, int lanes) {
  for (int apart = lanes / 2; apart > 0; apart /= 2) value = combine(value, cuda::shuffle_xor(value, apart));
  return value;
}

/// The rows of one head, a token each.
template <class T> struct head_rows {
  T* first;
  long stride;
  __device__ T* row(long token) const { return first + token * stride; }
};
/// x (batch, tokens, heads, head_width), its tokens `stride` elements apart.
template <class T>
__device__ inline head_rows<T> rows_of_head(T* x, const attention_shape& s, long tokens, long stride, long batch, long head) {
  return {x + batch * tokens * stride + head * s.head_width, stride};
}

/// How a head's rows are read: aligned, 16 bytes at once; otherwise by elements.
struct head_columns {
  int count;
  bool aligned;

  template <int Width> __device__ int vectors() const { return (count + Width - 1) / Width; }
  /// Elements from column `first` on, 0 where there is none.
  template <class T, int Width> __device__ void load(const T* row, int first, float (&to)[Width]) const {
    const row_vectors<Width> vectors{count, 0};
    if (aligned) return load_row(row, vectors, first, 0, to);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) to[i] = vectors.holds(first + i) ? to_float(row[first + i]) : 0;
  }
  template <class T, int Width> __device__ void store(T* row, int first, const float (&from)[Width]) const {
    const row_vectors<Width> vectors{count, 0};
    if (aligned) return store_row(row, vectors, first, from);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i)
      if (vectors.holds(first + i)) row[first + i] = from_float<T>(from[i]);
  }
};

/// What a scaled product is raised by; -inf where the key is left out.
template <class T>
__device__ inline float attention_addend(const attention_masks<T>& masks, const attention_shape& s, long batch, long query, long key) {
  const float plus = masks.additive ? to_float(masks.additive[query * s.keys + key]) : 0;  // by all lanes, masked or not: whole sectors
  return masks.key && masks.key[batch * s.keys + key] ? maximum::identity : plus;
}
__device__ inline float attention_score(float product, float scale, float raised) {
  return raised == maximum::identity ? raised : product * scale + raised;
}
__device__ inline float attention_scale(const attention_shape& s) { return 1 / sqrtf(float(s.head_width)); }

/// Of weights, by their place in (batch, heads, queries, keys).
__device__ inline kept_elements kept_weights(const attention_dropout& d) { return {d.probability, d.key}; }

}  // namespace ogm::cuda::detail
