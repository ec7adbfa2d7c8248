#pragma once
// The kernels of temporal grounding's attention that are tested: as they are tuned, and so small that small shapes reach every branch.

#include <avqa/cuda/temporal_grounding/temporal_grounding.hpp>

namespace ogm::test {

/// Two warps: more than two keys or heads make a second round.
struct small_temporal_tuning {
  static constexpr int threads = 64;
  static constexpr int loads_at_once = 2;
  static constexpr int heads_at_once = 2;
  static constexpr int keys_at_once = 2;
  static constexpr int rows_at_once = 2;
  static constexpr int blocks_a_multiprocessor = 2;
};

}  // namespace ogm::test
