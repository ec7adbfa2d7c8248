#pragma once
// The kernels of rows of length one that are tested: as they are tuned, and so small that short rows reach every kernel.

#include <ogm/cuda/l2_normalize/l2_normalize.hpp>

namespace ogm::test {

/// Two warps, one vector a lane, two blocks: rows of more than 32 vectors are long.
struct small_l2_normalize_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_a_lane = 1;
  static constexpr long blocks = 2;
};

}  // namespace ogm::test
