#pragma once
// The part of the runtime's interface that launchers and tests use. Errors that the device reports are status codes here too; what the
// device would leave undefined throws cuda_model::error.

#include "device_memory.hpp"
#include "scheduling.hpp"
#include "streams.hpp"

#include <cstdlib>
#include <tuple>
#include <utility>

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorUnknown = 999,
};
inline const char* cudaGetErrorString(cudaError_t e) {
  switch (e) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    default:
      return "unknown error";
  }
}

struct cudaLaunchAttribute {};
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  cudaLaunchAttribute* attrs = nullptr;
  unsigned numAttrs = 0;
};
enum cudaDeviceAttr { cudaDevAttrMaxSharedMemoryPerBlockOptin = 97 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
inline constexpr cudaStream_t cudaStreamLegacy = nullptr;
struct CUevent_st;
using cudaEvent_t = CUevent_st*;
inline constexpr unsigned cudaEventDisableTiming = 2;
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };

namespace cuda_model {
template <class... Parameters> struct kernel_call {
  void (*kernel)(Parameters...);
  std::tuple<Parameters...> arguments;
  static void one_thread(void* call) {
    auto* const self = static_cast<kernel_call*>(call);
    std::apply(self->kernel, self->arguments);
  }
  std::vector<argument> parameters() const {
    return std::apply(
        [](const Parameters&... each) {
          return std::vector<argument>{{&each, sizeof each, alignof(Parameters)}...};
        },
        arguments);
  }
};
}  // namespace cuda_model

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), Arguments&&... arguments) {
  const dim3 grid = config->gridDim, block = config->blockDim;
  const auto threads = std::uint64_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.z > 64 || grid.x == 0 || grid.x > 0x7fffffffu || grid.y == 0 || grid.y > 65535 ||
      grid.z == 0 || grid.z > 65535)
    return cudaErrorInvalidConfiguration;
  cuda_model::require_stream("a launch", config->stream);
  if (config->dynamicSmemBytes > cuda_model::allowed_dynamic_shared(reinterpret_cast<const void*>(kernel))) return cudaErrorInvalidValue;
  using call = cuda_model::kernel_call<Parameters...>;
  call made{kernel, {static_cast<Parameters>(std::forward<Arguments>(arguments))...}};
  cuda_model::run({grid, block, config->dynamicSmemBytes, &call::one_thread, &made, sizeof made, reinterpret_cast<const void*>(kernel),
                   made.parameters()});
  return cudaSuccess;
}

template <class... Parameters> cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute, int bytes) {
  if (bytes < 0 || std::size_t(bytes) > cuda_model::settings().max_dynamic_shared) return cudaErrorInvalidValue;
  cuda_model::allow_dynamic_shared(reinterpret_cast<const void*>(kernel), std::size_t(bytes));
  return cudaSuccess;
}
inline cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = int(cuda_model::settings().max_dynamic_shared);
  return cudaSuccess;
}
template <class T> cudaError_t cudaMalloc(T** p, std::size_t bytes) {
  *p = static_cast<T*>(cuda_model::device_allocate(bytes));
  return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFree(void* p) {
  cuda_model::device_release(p);
  return cudaSuccess;
}
inline cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t stream) {
  cuda_model::require_stream("cudaMallocAsync", stream);
  return cudaMalloc(p, bytes);
}
inline cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  cuda_model::require_stream("cudaFreeAsync", stream);
  return cudaFree(p);
}
inline cudaError_t cudaMallocHost(void** p, std::size_t bytes) {
  *p = std::malloc(bytes);
  return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFreeHost(void* p) {
  std::free(p);
  return cudaSuccess;
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream = nullptr) {
  cuda_model::require_stream("cudaMemcpyAsync", stream);
  if (kind != cudaMemcpyDeviceToHost) cuda_model::require_device_memory("cudaMemcpyAsync to the device", to, bytes);
  if (kind != cudaMemcpyHostToDevice) cuda_model::require_device_memory("cudaMemcpyAsync from the device", from, bytes);
  if (bytes) std::memmove(to, from, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream = nullptr) {
  cuda_model::require_stream("cudaMemsetAsync", stream);
  cuda_model::require_device_memory("cudaMemsetAsync", to, bytes);
  if (bytes) std::memset(to, value, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaMemset2DAsync(void* to, std::size_t pitch, int value, std::size_t width, std::size_t height,
                                     cudaStream_t stream = nullptr) {
  cuda_model::require_stream("cudaMemset2DAsync", stream);
  if (width > pitch) return cudaErrorInvalidValue;
  if (width && height) cuda_model::require_device_memory("cudaMemset2DAsync", to, (height - 1) * pitch + width);
  for (std::size_t row = 0; width && row < height; ++row) std::memset(static_cast<char*>(to) + row * pitch, value, width);
  return cudaSuccess;
}
inline cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = cuda_model::make_stream();
  return cudaSuccess;
}
inline constexpr unsigned cudaStreamNonBlocking = 1;
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return cudaStreamCreate(stream); }
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  cuda_model::end_stream(stream);
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  cuda_model::require_stream("cudaStreamSynchronize", stream);
  return cudaSuccess;
}
/// Everything is done when a call returns, so an event has nothing to say.
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = nullptr;
  return cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t) { return cudaSuccess; }
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t stream) { return cudaStreamSynchronize(stream); }
inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
