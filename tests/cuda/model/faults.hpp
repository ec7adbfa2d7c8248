#pragma once
// Kernels with one known fault, or with none, by name.

#include <ogm/cuda/platform.hpp>

#include <string>

namespace ogm::test {

struct fault_launch {
  dim3 blocks = 1, threads = 64;
  std::size_t dynamic_shared = 0;
  bool permitted = false;  // to use more than 48 KiB of it
};

/// x has at least a float for each thread, those of a block in turn.
cudaError_t launch_fault(const std::string& name, const fault_launch&, float* x);

}  // namespace ogm::test
