#pragma once
// What differs between a host compiler and nvcc: one macro, nothing else.

#ifdef __CUDACC__
#define OGM_HD __host__ __device__
#else
#define OGM_HD
#endif
