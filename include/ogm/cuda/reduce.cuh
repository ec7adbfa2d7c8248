#pragma once
// Reductions whose result every thread gets.

#include <ogm/core/platform.hpp>
#include <ogm/cuda/platform.hpp>

namespace ogm::cuda {

/// The value of another lane. Overloads for structs shuffle their fields.
__device__ inline float shuffle_xor(float value, int lanes) { return __shfl_xor_sync(whole_warp, value, lanes); }
/// Likewise.
__device__ inline double shuffle_xor(double value, int lanes) { return __shfl_xor_sync(whole_warp, value, lanes); }

/// What a reduction combines with: the operation, and the value that leaves the other as it is.
struct addition {
  static constexpr float identity = 0;
  __device__ float operator()(float a, float b) const { return a + b; }
  __device__ double operator()(double a, double b) const { return a + b; }
};
/// The larger; NaN is left out.
struct maximum {
  static constexpr float identity = -__builtin_huge_valf();
  __device__ float operator()(float a, float b) const { return b > a ? b : a; }
};

/// All lanes of the warp take part.
template <class Value, class Combine> __device__ inline Value reduce_warp(Value value, const Combine& combine) {
  OGM_UNROLL
  for (int lanes = warp_size / 2; lanes > 0; lanes /= 2) value = combine(value, shuffle_xor(value, lanes));
  return value;
}

/// All threads of the block take part; there are Threads of them. `scratch` has room for Threads / warp_size values, and may be used again
/// by the next reduction.
template <int Threads, class Value, class Combine>
__device__ inline Value reduce_block(Value value, const Combine& combine, Value* scratch) {
  constexpr int warps = Threads / warp_size;
  static_assert(Threads % warp_size == 0 && warps <= warp_size, "ogm: a block reduction needs whole warps, 32 of them at most.");
  const int lane = int(threadIdx.x) % warp_size;
  value = reduce_warp(value, combine);
  if constexpr (warps == 1) return value;
  OGM_BARRIER(scratch_is_free);  // of the reduction before
  if (lane == 0) scratch[int(threadIdx.x) / warp_size] = value;
  OGM_BARRIER(scratch_is_full);
  value = OGM_BOUND(lane_has_warp, lane < warps) ? scratch[lane] : Combine::identity;
  return reduce_warp(value, combine);
}

}  // namespace ogm::cuda
