#pragma once
// Memory spaces. A space is a type with static functions; `memory::host` is the one that the processor reads directly.

#include <concepts>
#include <cstddef>
#include <cstring>
#include <new>

namespace ogm::memory {

/// What a space must offer. Pointers into a space that is not the host's are never dereferenced by the library: they are
/// passed to the backend that owns the space, and to these functions.
template <class S>
concept space = requires(void* p, const void* q, std::size_t n) {
  { S::allocate(n) } -> std::same_as<void*>;  // 64-byte aligned; std::bad_alloc when there is no more
  S::release(p, n);
  S::zero(p, n);
  S::copy(p, q, n);  // within the space
  S::copy_from_host(p, q, n);
  S::copy_to_host(p, q, n);
};

inline constexpr std::size_t alignment = 64;

/// Memory that the processor reads directly.
struct host {
  static void* allocate(std::size_t bytes) { return ::operator new (bytes, std::align_val_t{alignment}); }
  static void release(void* p, std::size_t) noexcept { ::operator delete (p, std::align_val_t{alignment}); }
  static void zero(void* p, std::size_t bytes) {
    if (bytes) std::memset(p, 0, bytes);
  }
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, from, bytes);
  }
  static void copy_from_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void copy_to_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
};

}  // namespace ogm::memory
