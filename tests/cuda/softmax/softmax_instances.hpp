#pragma once
// The softmax kernels that are tested: as they are tuned, and so small that short rows reach every kernel.

#include <ogm/cuda/softmax/softmax.hpp>

namespace ogm::test {

/// Two warps, one vector a lane, 2 KiB held, two blocks: rows of more than 32 vectors are long, of more than 63 to 127 not held.
struct small_softmax_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_a_lane = 1;
  static constexpr long held_bytes = 2048;
  static constexpr int blocks_a_multiprocessor = 5;
  static constexpr long blocks = 2;
};

}  // namespace ogm::test
