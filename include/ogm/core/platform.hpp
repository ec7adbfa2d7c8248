#pragma once
// What differs between compilers: three macros, nothing else.

#ifdef __CUDACC__
#define OGM_HD __host__ __device__
#else
#define OGM_HD
#endif

/// Before a loop whose trip count is a constant: unroll it at -O2 too, so that an array that it indexes can live in registers.
#if defined(__clang__) || defined(__CUDA_ARCH__)
#define OGM_UNROLL _Pragma("unroll")
#elif defined(__CUDACC__)  // the host's part of a .cu: nvcc's front end knows the one and g++ the other
#define OGM_UNROLL
#else
#define OGM_UNROLL _Pragma("GCC unroll 36")
#endif

/// For a function whose arguments must stay in registers.
#if defined(__GNUC__)
#define OGM_ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define OGM_ALWAYS_INLINE inline
#endif
