#pragma once
// What the tests of the libraries share, on a device and on the CPU model.

#include <ogm/cuda/library.hpp>

#include <cuda/support/device.hpp>

#ifdef OGM_CUDA_ON_CPU
#include "stand_in.hpp"
#endif

namespace ogm::test {

/// A workspace of 1 MiB.
class library_memory {
 public:
  cuda::library_workspace workspace() const { return {memory_.data(), size}; }

 private:
  static constexpr std::size_t size = 1 << 20;
  mutable device_array<char> memory_{size};
};

/// The stand-ins had nothing to refuse; a device says nothing.
inline void require_no_refusals() {
#ifdef OGM_CUDA_ON_CPU
  for (const std::string& refusal : stand_in::take_refusals()) FAIL_CHECK(refusal);
#endif
}

/// What was done last was done on this stream; a device does not say.
inline void require_done_on([[maybe_unused]] cudaStream_t stream) {
#ifdef OGM_CUDA_ON_CPU
  CHECK(stand_in::last_stream() == stream);
#endif
}

}  // namespace ogm::test
