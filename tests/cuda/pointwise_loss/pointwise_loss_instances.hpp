#pragma once
// The kernels of losses over elements that are tested: as they are tuned, and so small that a few elements reach every kernel.

#include <ogm/cuda/pointwise_loss/pointwise_loss.hpp>

namespace ogm::test {

/// Two warps, 384 elements, three blocks: from 385 elements on there are two launches, from 1153 on several chunks a block.
struct small_pointwise_loss_tuning {
  static constexpr int threads = 64;
  static constexpr int blocks_a_multiprocessor = 16;
  static constexpr int chunk = 384;
  static constexpr long blocks = 3;
};

}  // namespace ogm::test
