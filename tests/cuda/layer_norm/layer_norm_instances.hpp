#pragma once
// The layer normalisation kernels that are tested: as they are tuned, and so small that short rows reach every kernel.

#include <ogm/cuda/layer_norm/layer_norm.hpp>

namespace ogm::test {

/// Two warps, one vector a lane, two blocks, three chunks: rows of more than 32 vectors are long, of more than 64 not held.
struct small_layer_norm_tuning {
  static constexpr int threads = 64;
  static constexpr int forward_vectors = 1;
  static constexpr int backward_vectors = 1;
  static constexpr int blocks_a_multiprocessor = 2;
  static constexpr long blocks = 2;
  static constexpr long chunks = 3;
  static constexpr long rows_a_chunk = 1;
  static constexpr int threads_of_sum = 64;
};

}  // namespace ogm::test
