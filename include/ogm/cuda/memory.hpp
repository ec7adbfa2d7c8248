#pragma once
// The device's memory as a space of tensors.

#include <ogm/core/memory.hpp>
#include <ogm/cuda/status.hpp>

#include <new>

namespace ogm::memory {

/// Memory of the current device, taken from and given back to CUDA's pool. Everything here is ordered on the legacy stream (also where a
/// program is compiled with a default stream a thread), with which the stream of a context takes turns: what a kernel still reads is not
/// given to another tensor, and a copy sees what was launched before it. Copies between host and device return when they are done.
///
/// Errors     std::bad_alloc where the device has no more memory; ogm::error that says what the runtime said: no device, no driver
struct cuda {
  static void* allocate(std::size_t bytes) {
    void* p = nullptr;
    const cudaError_t answer = cudaMallocAsync(&p, bytes ? bytes : 1, cudaStreamLegacy);
    if (answer == cudaErrorMemoryAllocation) throw std::bad_alloc();
    check("memory on the device", answer);
    return p;
  }
  static void release(void* p, std::size_t) noexcept { cudaFreeAsync(p, cudaStreamLegacy); }
  static void zero(void* p, std::size_t bytes) {
    if (bytes) check("zeros on the device", cudaMemsetAsync(p, 0, bytes, cudaStreamLegacy));
  }
  static void copy(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes, cudaMemcpyDeviceToDevice); }
  static void copy_from_host(void* to, const void* from, std::size_t bytes) {
    copy(to, from, bytes, cudaMemcpyHostToDevice);
    check("a copy to the device", cudaStreamSynchronize(cudaStreamLegacy));
  }
  static void copy_to_host(void* to, const void* from, std::size_t bytes) {
    copy(to, from, bytes, cudaMemcpyDeviceToHost);
    check("a copy from the device", cudaStreamSynchronize(cudaStreamLegacy));
  }

 private:
  static void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (bytes) check("a copy of memory", cudaMemcpyAsync(to, from, bytes, kind, cudaStreamLegacy));
  }
  static void check(const char* who, cudaError_t answer) { ogm::cuda::status(who, answer).throw_if_failed(); }
};

}  // namespace ogm::memory
