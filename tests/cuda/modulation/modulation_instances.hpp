#pragma once
// The modulation kernels that are tested: as they are tuned, and so small that a few thousand elements reach every branch.

#include <ogm/cuda/modulation/modulation.hpp>
#include <ogm/optim/rules.hpp>

namespace ogm::test {

/// Two warps; two vectors a thread; three moments a segment, so that segments of more than 1536 elements have parts of several chunks.
struct small_modulation_tuning {
  static constexpr int threads = 64;
  static constexpr int chunk = 512;
  static constexpr int parts = 3;
  static constexpr int blocks_a_multiprocessor = 20;
  static constexpr int blocks_of_update = 16;
};

/// A rule that keeps nothing.
struct subtract_gradient {
  static constexpr int states = 0;
  template <class V> OGM_HD void step(V& value, const V& gradient, const V& rate) const { value -= rate * gradient; }
};

/// words = those of `key`'s counters 0 to 32 * warps - 1; normals = those of elements 0 to 128 * warps - 1, as the update draws them.
cuda::status launch_draws(const random::key& key, std::uint32_t* words, float* normals, long warps, cudaStream_t stream);

}  // namespace ogm::test
