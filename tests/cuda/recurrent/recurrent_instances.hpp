#pragma once
// The kernels of recurrent steps that are tested: as they are tuned, and with blocks so small that a few units fill several.

#include <ogm/cuda/recurrent/recurrent.hpp>

namespace ogm::test {

struct small_recurrent_tuning {
  static constexpr int threads = 64;
  static constexpr int vectors_a_thread = 2;
};

}  // namespace ogm::test
