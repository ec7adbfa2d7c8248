#pragma once
// The kernels of elementary work on matrices that are tested: as they are tuned, and so small that small matrices reach every kernel.

#include <ogm/cuda/rows/rows.hpp>

namespace ogm::test {

/// Two warps, two vectors a thread, 1000 elements a launch, eight joined rows a chunk, at most six blocks of sums.
struct small_rows_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_a_thread = 2;
  static constexpr int threads_of_mean = 64;
  static constexpr long longest = 1000;
  static constexpr int threads_of_sum = 64;
  static constexpr int rows_at_once = 2;
  static constexpr long rows_a_chunk = 8;
  static constexpr long blocks_of_sum = 6;
  static constexpr int threads_of_chunks = 64;
};

}  // namespace ogm::test
