#pragma once
// The batch normalisation kernels that are tested: as they are tuned, and so small that small maps have several chunks.

#include <ogm/cuda/batch_norm/batch_norm.hpp>

namespace ogm::test {

/// Two warps, two vectors in flight, chunks of 64 vectors, forty a channel at most.
struct small_batch_norm_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_at_once = 2;
  static constexpr int vectors_a_thread = 1;
  static constexpr long chunks = 40;
};

}  // namespace ogm::test
