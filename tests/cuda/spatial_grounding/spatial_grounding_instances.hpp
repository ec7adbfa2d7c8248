#pragma once
// The kernels of spatial grounding that are tested: as they are tuned, and so small that small maps reach every branch.

#include <avqa/cuda/spatial_grounding/spatial_grounding.hpp>

namespace ogm::test {

/// Two warps, two loads at once: rows of more than 64 vectors are walked in tiles, more than two rows make a second round.
struct small_grounding_tuning {
  static constexpr int threads = 64;
  static constexpr int loads_at_once = 2;
  static constexpr int blocks_a_multiprocessor = 2;
};

}  // namespace ogm::test
