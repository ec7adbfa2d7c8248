#include "faults.hpp"

#include <ogm/core/error.hpp>
#include <ogm/cuda/reduce.cuh>

#include <map>

namespace ogm::test {
namespace {

constexpr int size = 64;  // threads of a block
__device__ int me() { return int(threadIdx.x); }

// ---- right ----

template <int N> __global__ void reversed(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = x[me()];
  OGM_BARRIER(all_have_written);
  if (OGM_BOUND(thread_has_place, me() < N)) x[me()] = s[N - 1 - me()];
}
template <int N> __global__ void swapped_in_warp(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = x[me()];
  OGM_WARP_BARRIER(lanes_have_written);
  x[me()] = s[me() ^ 1];
}
template <int N> __global__ void counted_by_atomics(float* x) { atomicAdd(x, 1.0f); }
template <int N> __global__ void order_of_arrival(float* x) {
  OGM_SHARED(int, arrived, 1);
  if (me() == 0) arrived[0] = 0;
  __syncthreads();
  x[me()] = float(atomicAdd(arrived, 1));
}
template <int N> __global__ void sums_in_turn(float* x) {
  OGM_SHARED(float, scratch, N / 32);
  const float sum = cuda::reduce_block<N>(x[me()], cuda::addition{}, scratch);
  x[me()] = sum + cuda::reduce_block<N>(x[me()], cuda::maximum{}, scratch);
}
template <int N> __global__ void halves_of_a_word(float* x) {
  auto* const halves = reinterpret_cast<unsigned short*>(x);
  halves[me()] = 7;
}
template <int N> __global__ void half_a_warp(float* x) {
  if (me() < 16) x[me()] = __shfl_xor_sync(0xffffu, x[me()], 1);
}
template <int N> __global__ void some_leave(float* x) {
  if (me() % 32 >= 24) return;
  x[me()] = float(__ballot_sync(0xffffffu, me() % 2));
}
template <int N> __global__ void votes(float* x) {
  const int odd = __syncthreads_count(me() % 2), any = __syncthreads_or(me() == 3), all = __syncthreads_and(me() < N - 1);
  x[me()] = float(1000 * odd + 100 * any + 10 * all + __all_sync(~0u, me() >= 0) + __any_sync(~0u, me() < 0));
}
template <int N> __global__ void shuffles(float* x) {
  const float up = __shfl_up_sync(~0u, x[me()], 1), down = __shfl_down_sync(~0u, x[me()], 2, 8), first = __shfl_sync(~0u, x[me()], 0, 16);
  x[me()] = 10000 * up + 100 * down + first;
}
__device__ constexpr float constants[4] = {1, 2, 4, 8};
template <int N> __global__ void reads_constants(float* x) { x[me()] = constants[int(x[me()]) % 4]; }
template <int N> __global__ void counts_dynamic_shared(float* x) {
  OGM_DYNAMIC_SHARED(float, s);
  s[me()] = x[me()];
  __syncthreads();
  x[me()] = s[N - 1 - me()];
}
template <int N> __global__ void coordinates(float* x) {
  const int thread = int(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
  const int block = int(blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z));
  x[block * N + thread] = float(block * N + thread);
}

// ---- races ----

template <int N> __global__ void no_barrier(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = x[me()];
  x[me()] = s[N - 1 - me()];
}
template <int N> __global__ void no_barrier_before_writing_again(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = x[me()];
  __syncthreads();
  x[me()] = s[N - 1 - me()];
  s[me()] = 0;
}
template <int N> __global__ void no_warp_sync(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = x[me()];
  static_cast<void>(__shfl_sync(~0u, 0, 0));  // a shuffle orders no memory
  x[me()] = s[me() ^ 1];
}
template <int N> __global__ void warp_sync_across_warps(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = x[me()];
  __syncwarp();
  x[me()] = s[me() ^ 32];
}
template <int N> __global__ void added_without_atomics(float* x) { x[0] += 1; }
template <int N> __global__ void blocks_write_one_place(float* x) {
  if (me() == 0) x[0] = float(blockIdx.x);
}
template <int N> __global__ void atomic_and_plain(float* x) {
  if (me() == 5)
    x[0] = 1;
  else
    atomicAdd(x, 1.0f);
}

// ---- threads that do not meet ----

template <int N> __global__ void barrier_of_half(float* x) {
  if (me() < N / 2) __syncthreads();
  x[me()] = 1;
}
template <int N> __global__ void two_barriers(float* x) {
  if (me() < N / 2)
    __syncthreads();
  else
    __syncthreads();
  x[me()] = 1;
}
template <int N> __global__ void not_in_own_mask(float* x) { x[me()] = __shfl_xor_sync(0xffffu, x[me()], 1); }
template <int N> __global__ void mask_of_others(float* x) {
  if (me() < 16)
    x[me()] = __shfl_xor_sync(~0u, x[me()], 1);
  else
    __syncthreads();
}
template <int N> __global__ void different_collectives(float* x) {
  if (me() % 2)
    x[me()] = __shfl_xor_sync(~0u, x[me()], 1);
  else
    x[me()] = float(__ballot_sync(~0u, 1));
}

// ---- memory ----

template <int N> __global__ void shared_not_written(float* x) {
  OGM_SHARED(float, s, N);
  if (me() > 0) s[me()] = 0;
  __syncthreads();
  x[me()] = s[me()];
}
template <int N> __global__ void lane_that_takes_no_part(float* x) {
  if (me() < 8) x[me()] = __shfl_sync(0xffu, x[me()], me() + 1);
}
template <int N> __global__ void reads_beyond_global(float* x) { x[me()] = x[me() + N / 2 + 1]; }
template <int N> __global__ void writes_beyond_global(float* x) { x[me() + 1] = 1; }
template <int N> __global__ void writes_before_global(float* x) { x[me() - 1] = 1; }
template <int N> __global__ void beyond_dynamic_shared(float* x) {
  OGM_DYNAMIC_SHARED(float, s);
  s[me()] = 1;
  __syncthreads();
  x[me()] = s[me() + 1];
}
template <int N> __global__ void beyond_static_shared(float* x) {
  OGM_SHARED(float, s, N);
  s[me()] = 1;
  __syncthreads();
  x[me()] = s[me() + 1];
}
template <int N> __global__ void misaligned(float* x) {
  const float4 four = *reinterpret_cast<const float4*>(x + 1);
  x[me()] = four.x;
}
template <int N> __global__ void overflows(float* x) {
  int i = 0x7fffffff;
  i += int(x[1]);
  x[me()] = float(i);
}

// ---- slow ----

template <int N> __global__ void bank_conflicts(float* x) {
  OGM_SHARED(float, s, N * 32);
  s[me() * 32] = x[me()];
  __syncthreads();
  x[me()] = s[me() * 32];
}
template <int N> __global__ void strided(float* x) { x[me() * 8] = 1; }
template <int N> __global__ void vectors_in_shared(float* x) {
  OGM_SHARED(float, s, N * 4);
  *reinterpret_cast<float4*>(s + 4 * me()) = make_float4(1, 2, 3, 4);
  __syncthreads();
  x[me()] = s[me()];
}

#define OGM_FAULT(name) \
  { #name, &name < size> }
const std::map<std::string, void (*)(float*)> kernels = {
    OGM_FAULT(reversed),
    OGM_FAULT(swapped_in_warp),
    OGM_FAULT(counted_by_atomics),
    OGM_FAULT(order_of_arrival),
    OGM_FAULT(sums_in_turn),
    OGM_FAULT(halves_of_a_word),
    OGM_FAULT(half_a_warp),
    OGM_FAULT(some_leave),
    OGM_FAULT(votes),
    OGM_FAULT(shuffles),
    OGM_FAULT(reads_constants),
    OGM_FAULT(counts_dynamic_shared),
    OGM_FAULT(coordinates),
    OGM_FAULT(no_barrier),
    OGM_FAULT(no_barrier_before_writing_again),
    OGM_FAULT(no_warp_sync),
    OGM_FAULT(warp_sync_across_warps),
    OGM_FAULT(added_without_atomics),
    OGM_FAULT(blocks_write_one_place),
    OGM_FAULT(atomic_and_plain),
    OGM_FAULT(barrier_of_half),
    OGM_FAULT(two_barriers),
    OGM_FAULT(not_in_own_mask),
    OGM_FAULT(mask_of_others),
    OGM_FAULT(different_collectives),
    OGM_FAULT(shared_not_written),
    OGM_FAULT(lane_that_takes_no_part),
    OGM_FAULT(reads_beyond_global),
    OGM_FAULT(writes_beyond_global),
    OGM_FAULT(writes_before_global),
    OGM_FAULT(beyond_dynamic_shared),
    OGM_FAULT(beyond_static_shared),
    OGM_FAULT(misaligned),
    OGM_FAULT(overflows),
    OGM_FAULT(bank_conflicts),
    OGM_FAULT(strided),
    OGM_FAULT(vectors_in_shared),
};
#undef OGM_FAULT

}  // namespace

cudaError_t launch_fault(const std::string& name, const fault_launch& how, float* x) {
  const auto place = kernels.find(name);
  if (place == kernels.end()) throw value_error("no kernel is called " + name);
  cudaLaunchConfig_t config{};
  config.gridDim = how.blocks;
  config.blockDim = how.threads;
  config.dynamicSmemBytes = how.dynamic_shared;
  if (how.permitted) {
    const cudaError_t given = cudaFuncSetAttribute(place->second, cudaFuncAttributeMaxDynamicSharedMemorySize, int(how.dynamic_shared));
    if (given != cudaSuccess) return given;
  }
  return cudaLaunchKernelEx(&config, place->second, x);
}

}  // namespace ogm::test
