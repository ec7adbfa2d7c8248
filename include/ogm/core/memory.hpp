#pragma once
// Memory spaces. A space is a type with static functions; `memory::host` is the one that the processor reads directly.

#include <concepts>
#include <cstddef>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ogm::memory {

/// What a space must offer. Pointers into a space that is not the host's are never dereferenced by the library: they are
/// passed to the backend that owns the space, and to these functions.
template <class S>
concept space = requires(void* p, const void* q, std::size_t n) {
  { S::allocate(n) } -> std::same_as<void*>;  // 64-byte aligned; std::bad_alloc when there is no more
  S::release(p, n);                           // n as allocated
  S::zero(p, n);
  S::copy(p, q, n);  // within the space
  S::copy_from_host(p, q, n);
  S::copy_to_host(p, q, n);
};

inline constexpr std::size_t alignment = 64;

/// Memory that the processor reads directly. Linux is asked for large pages where they pay: with 4 KiB ones a step of a few MB misses the
/// address cache again and again.
struct host {
  static void* allocate(std::size_t bytes) {
    void* const p = ::operator new(bytes, alignment_of(bytes));
#if defined(__linux__)
    if (bytes >= large_page) ::madvise(p, bytes, MADV_HUGEPAGE);  // advice: without it everything works, only slower
#endif
    return p;
  }
  static void release(void* p, std::size_t bytes) noexcept { ::operator delete(p, alignment_of(bytes)); }
  static void zero(void* p, std::size_t bytes) {
    if (bytes) std::memset(p, 0, bytes);
  }
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, from, bytes);
  }
  static void copy_from_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void copy_to_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }

 private:
  static constexpr std::size_t large_page = std::size_t(2) << 20;
  static std::align_val_t alignment_of(std::size_t bytes) { return std::align_val_t{bytes >= large_page ? large_page : alignment}; }
};

}  // namespace ogm::memory
