// Ends a program before its first test, with the status that ctest takes for skipped, where there is no GPU.
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>

#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>

namespace {
struct needs_device : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testRunStarting(const Catch::TestRunInfo&) override {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error == cudaSuccess && count > 0) return;
    std::printf("skipped: no CUDA device (%s)\n", error == cudaSuccess ? "none is there" : cudaGetErrorString(error));
    std::fflush(stdout);
    std::_Exit(77);
  }
};
CATCH_REGISTER_LISTENER(needs_device)
}  // namespace
