#pragma once
// Sums of columns whose parts are the lanes of several warps.

#include <ogm/cuda/platform.hpp>

namespace ogm::cuda {

/// What the lanes of one number in all warps have, combined in the order of the warps. Warp 0 gets it; the others keep what they have.
/// `scratch` has room for Threads values, and is used once.
template <int Threads, class Value, class Combine>
__device__ inline Value combine_warps(Value value, const Combine& combine, Value* scratch) {
  scratch[threadIdx.x] = value;
  OGM_BARRIER(warps_have_summed);
  if (threadIdx.x >= warp_size) return value;
  for (int w = 1; w < Threads / warp_size; ++w) value = combine(value, scratch[w * warp_size + int(threadIdx.x)]);
  return value;
}

}  // namespace ogm::cuda
