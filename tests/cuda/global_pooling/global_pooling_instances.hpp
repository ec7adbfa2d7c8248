#pragma once
// The kernels of the mean of planes that are tested: as they are tuned, and so small that small planes reach every kernel.

#include <ogm/cuda/global_pooling/global_pooling.hpp>

namespace ogm::test {

/// Two warps, four planes a block, two vectors a thread, two blocks of large planes, which begin at 201 places.
struct small_global_pooling_tuning {
  static constexpr int threads = 64;
  static constexpr int planes_a_block = 4;
  static constexpr long places_a_warp = 200;
  static constexpr long blocks = 2;
  static constexpr int vectors_a_thread = 2;
};

}  // namespace ogm::test
