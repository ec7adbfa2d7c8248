#pragma once
// The kernels of rows by index that are tested: as they are tuned, and so small that a few entries reach every kernel.

#include <ogm/cuda/embedding/embedding.hpp>

namespace ogm::test {

/// Two warps; two vectors a lane; four rows of one vector at once, two of two; entries of two vectors from ten warps on.
struct small_embedding_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_a_lane = 2;
  static constexpr int loads_a_lane = 4;
  static constexpr long warps_of_one_vector = 10;
};

}  // namespace ogm::test
