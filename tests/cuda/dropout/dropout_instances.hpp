#pragma once
// The kernels of random zeros that are tested: as they are tuned, and with blocks so small that a few hundred elements fill several.

#include <ogm/cuda/dropout/dropout.hpp>

namespace ogm::test {

struct small_dropout_tuning {
  static constexpr int threads = 64;
};

}  // namespace ogm::test
