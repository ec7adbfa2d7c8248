#pragma once
// The attention kernels that are tested: as they are tuned, and so small that a few tokens reach every kernel and every branch.

#include <ogm/cuda/attention/attention.hpp>

namespace ogm::test {

/// Two warps. One query: up to 40 keys, two at once. Many: tiles of 8 queries and 16 keys. Heads of 64 floats are two vectors a lane.
struct small_attention_tuning {
  static constexpr int most_head_width = 72;
  static constexpr int threads = 64;
  static constexpr long most_keys = 40;
  static constexpr int keys_at_once = 2;
  static constexpr int rows_a_thread = 2, columns_a_thread = 1;
  static constexpr int blocks_a_multiprocessor = 6;
};

}  // namespace ogm::test
