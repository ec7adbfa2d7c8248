#pragma once
// The one place that knows who reads a kernel header: nvcc, a C++ compiler with the CPU execution model of the tests (OGM_CUDA_ON_CPU), or
// a C++ compiler that wants the runtime's types only. Host code of the library does not include it unless it asks for this backend.

#include <cstddef>

#ifdef OGM_CUDA_ON_CPU
#include <cuda_model.hpp>
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#endif

/// OGM_SHARED(type, name, count): an array in the block's shared memory, its size known to the compiler. In a kernel or a function of one.
/// OGM_DYNAMIC_SHARED(type, name): the memory whose size the launch says, 16-byte aligned.
#ifdef OGM_CUDA_ON_CPU
#define OGM_SHARED(type, name, count)  \
  alignas(16) static type name[count]; \
  ::cuda_model::static_shared(name, sizeof name)
#define OGM_DYNAMIC_SHARED(type, name) type* const name = reinterpret_cast<type*>(::cuda_model::dynamic_shared())
#else
#define OGM_SHARED(type, name, count) __shared__ __align__(16) type name[count]
#define OGM_DYNAMIC_SHARED(type, name)                                \
  extern __shared__ __align__(16) unsigned char ogm_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(ogm_dynamic_shared)
#endif

/// Before a function template for the host and the device that calls what it is given, which may be for one of them only.
#ifdef __CUDACC__
#define OGM_EITHER_SIDE _Pragma("nv_exec_check_disable")
#else
#define OGM_EITHER_SIDE
#endif

/// Guards: barriers and bounds that a kernel cannot do without. Each has a name, and each has a test that runs the kernel without it and
/// must see a race or an access that leaves its array (docs/cuda.md).
/// OGM_BARRIER(name): all threads of the block meet. OGM_WARP_BARRIER(name): all lanes of the warp do. OGM_BOUND(name, condition): the
/// condition.
#ifdef OGM_CUDA_MUTATION
#define OGM_BARRIER(name) (::cuda_model::removed(#name) ? void() : __syncthreads())
#define OGM_WARP_BARRIER(name) (::cuda_model::removed(#name) ? void() : __syncwarp())
#define OGM_BOUND(name, ...) (::cuda_model::removed(#name) || (__VA_ARGS__))
#else
#define OGM_BARRIER(name) __syncthreads()
#define OGM_WARP_BARRIER(name) __syncwarp()
#define OGM_BOUND(name, ...) (__VA_ARGS__)
#endif

namespace ogm::cuda {

inline constexpr int warp_size = 32;
inline constexpr unsigned whole_warp = 0xffffffffu;

/// store_whole: a vector of 8 or 16 bytes, or a number, with one store. An assignment is not that: nvcc takes a vector apart whose elements
/// and address it can follow, and stores them one by one (docs/cuda.md). So it is not shown where they are from, but only, where
/// that is known, the memory that they are for.
namespace detail {
enum class memory { any, global, shared };
#ifdef __CUDACC__
__device__ inline void hide(uint2& v) { asm("" : "+r"(v.x), "+r"(v.y)); }
__device__ inline void hide(uint4& v) { asm("" : "+r"(v.x), "+r"(v.y), "+r"(v.z), "+r"(v.w)); }
template <memory Where, class Whole> __device__ inline void store_whole(Whole* to, Whole from) {
  if constexpr (sizeof(Whole) < 8) {
    *to = from;
  } else if constexpr (Where == memory::any) {
    asm("" : "+l"(to));
    hide(from);
    *to = from;
  } else {
    std::size_t address = Where == memory::global ? __cvta_generic_to_global(to) : __cvta_generic_to_shared(to);
    asm("" : "+l"(address));
    hide(from);
    *static_cast<Whole*>(Where == memory::global ? __cvta_global_to_generic(address) : __cvta_shared_to_generic(address)) = from;
  }
}
#else
template <memory Where, class Whole> inline void store_whole(Whole* to, Whole from) { *to = from; }
#endif
}  // namespace detail

}  // namespace ogm::cuda
