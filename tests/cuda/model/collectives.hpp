#pragma once
// Barriers, warp collectives, atomics.

#include "scheduling.hpp"

inline void __syncthreads(cuda_model::where w = cuda_model::where::current()) { cuda_model::block_barrier(w); }
inline int __syncthreads_count(int predicate, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::block_barrier_count(predicate != 0, w);
}
inline int __syncthreads_or(int predicate, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::block_barrier_count(predicate != 0, w) != 0;
}
inline int __syncthreads_and(int predicate, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::block_barrier_count(predicate == 0, w) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu, cuda_model::where w = cuda_model::where::current()) {
  cuda_model::warp_collective(cuda_model::collective::sync, mask, 0, 0, 32, w);
}

namespace cuda_model {
template <class T> T shuffle(collective kind, unsigned mask, T value, int argument, int width, where w) {
  static_assert(std::is_arithmetic_v<T>, "nvcc shuffles numbers, not structs: shuffle the fields.");
  return from_bits<T>(warp_collective(kind, mask, to_bits(value), argument, width, w));
}
}  // namespace cuda_model

template <class T> T __shfl_sync(unsigned mask, T value, int lane, int width = 32, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::shuffle(cuda_model::collective::shuffle, mask, value, lane, width, w);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::shuffle(cuda_model::collective::shuffle_xor, mask, value, lanes, width, w);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::shuffle(cuda_model::collective::shuffle_up, mask, value, int(by), width, w);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, cuda_model::where w = cuda_model::where::current()) {
  return cuda_model::shuffle(cuda_model::collective::shuffle_down, mask, value, int(by), width, w);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, cuda_model::where w = cuda_model::where::current()) {
  return unsigned(cuda_model::warp_collective(cuda_model::collective::ballot, mask, predicate != 0, 0, 32, w));
}
inline int __any_sync(unsigned mask, int predicate, cuda_model::where w = cuda_model::where::current()) {
  return __ballot_sync(mask, predicate, w) != 0;
}
inline int __all_sync(unsigned mask, int predicate, cuda_model::where w = cuda_model::where::current()) {
  return __ballot_sync(mask, !predicate, w) == 0;
}
inline void __threadfence() {}
inline void __threadfence_block() {}

namespace cuda_model {
/// One thread runs at a time and changes over at collectives only, so that any update is atomic here; the trace is told that it is one.
template <class T, class Update>
__attribute__((noinline, no_sanitize("thread"))) T atomic_update(T* address, T operand, const Update& update) {
  atomic_access(address, sizeof(T), __builtin_return_address(0));
  const T old = *address;
  *address = update(old, operand);
  return old;
}
}  // namespace cuda_model

template <class T> T atomicAdd(T* address, std::type_identity_t<T> value) {
  return cuda_model::atomic_update(
      address, value, [](T a, T b) __attribute__((no_sanitize("thread"))) { return T(a + b); });
}
template <class T> T atomicMax(T* address, std::type_identity_t<T> value) {
  return cuda_model::atomic_update(
      address, value, [](T a, T b) __attribute__((no_sanitize("thread"))) { return a > b ? a : b; });
}
template <class T> T atomicMin(T* address, std::type_identity_t<T> value) {
  return cuda_model::atomic_update(
      address, value, [](T a, T b) __attribute__((no_sanitize("thread"))) { return a < b ? a : b; });
}
template <class T> T atomicExch(T* address, std::type_identity_t<T> value) {
  return cuda_model::atomic_update(
      address, value, [](T, T b) __attribute__((no_sanitize("thread"))) { return b; });
}
template <class T> T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  return cuda_model::atomic_update(
      address, value, [expected](T a, T b) __attribute__((no_sanitize("thread"))) { return a == expected ? b : a; });
}
