#pragma once
// The cross-entropy kernels that are tested: as they are tuned, and so small that short rows reach every kernel.

#include <ogm/cuda/cross_entropy/cross_entropy.hpp>

namespace ogm::test {

/// Two warps, one vector a lane, two blocks: rows of more than 32 vectors are long.
struct small_cross_entropy_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_a_lane = 1;
  static constexpr int blocks_a_multiprocessor = 4;
  static constexpr long blocks = 2;
  static constexpr int threads_of_sum = 64;
};

}  // namespace ogm::test
