#pragma once
// What the kernels of attention share: the rows of a head, masks, dropout.

#include <ogm/cuda/attention/attention.hpp>
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

/// What dropout makes of a weight: each is multiplied by at(its place in (batch, heads, queries, keys)).
struct kept_weights {
  random::key key;
  std::uint32_t least;  // of 24 random bits, to be kept
  float share;

  __device__ explicit kept_weights(const attention_dropout& d)
      : key(d.key), least(std::uint32_t(ceil(d.probability * 0x1p24))), share(d.probability < 1 ? float(1 / (1 - d.probability)) : 0) {}
  __device__ float at(long i) const {
    if (least == 0) return 1;
    const random::block four = random::block_of(key, std::uint64_t(i) >> 2);
    const std::uint32_t low = i & 1 ? four.x[1] : four.x[0], high = i & 1 ? four.x[3] : four.x[2];  // indexed, they would be in memory
    return (i & 2 ? high : low) >> 8 >= least ? share : 0;
  }
};

}  // namespace ogm::cuda::detail
