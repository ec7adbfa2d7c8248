#pragma once
// The one way in which kernels are launched, on the device and in the CPU model.

#include <ogm/cuda/status.hpp>

#include <cstddef>
#include <utility>

namespace ogm::cuda {

/// How many threads a kernel gets, and how much of the memory that they share.
struct launch_shape {
  long blocks;
  int threads;
  std::size_t dynamic_shared = 0;  // bytes
};

/// Of dynamic shared memory, without a kernel's permission: 48 KiB, less the 8 KiB of static shared memory that a kernel here has at most.
inline constexpr std::size_t shared_without_permission = 40 * 1024;

/// Of shared memory, that a block of a kernel with permission may have on the current device; without one, what every block may.
inline long most_shared_bytes() {
  int device = 0, bytes = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return 48 * 1024;
  return cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) == cudaSuccess ? bytes : 48 * 1024;
}

/// Launches `kernel` on `stream`. No blocks is success.
template <class... Parameters, class... Arguments>
status launch(const char* who, const launch_shape& shape, cudaStream_t stream, void (*kernel)(Parameters...), Arguments&&... arguments) {
  if (shape.blocks == 0) return {};
  if (shape.blocks < 0 || shape.blocks > 0x7fffffff)
    return status(std::string("ogm: ") + who + " needs " + std::to_string(shape.blocks) + " blocks; a grid has 1 to 2147483647.");
  if (shape.dynamic_shared > shared_without_permission) {
    const auto given = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shape.dynamic_shared));
    if (given != cudaSuccess) return {who, given};
  }
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(unsigned(shape.blocks));
  config.blockDim = dim3(unsigned(shape.threads));
  config.dynamicSmemBytes = shape.dynamic_shared;
  config.stream = stream;
  return {who, cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...)};
}

}  // namespace ogm::cuda
