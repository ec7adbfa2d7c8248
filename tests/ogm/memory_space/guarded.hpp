#pragma once
// A second memory space, unreadable outside its backend's own functions: whatever touches an element by itself crashes.

#include <ogm/backend/eigen.hpp>

#include <sys/mman.h>

namespace ogm::test {

/// One reserved range; pieces of it are handed out and never given back.
struct vault {
  static constexpr std::size_t size = std::size_t(512) << 20;
  static char* base() {
    static char* p = static_cast<char*>(::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    return p;
  }
  struct open {
    open() { ::mprotect(base(), size, PROT_READ | PROT_WRITE); }
    ~open() { ::mprotect(base(), size, PROT_NONE); }
  };
};

struct guarded_memory {
  static void* allocate(std::size_t bytes) {
    static std::size_t used = 0;
    const std::size_t at = used;
    used += (bytes + 63) / 64 * 64;
    if (used > vault::size) throw std::bad_alloc();
    return vault::base() + at;
  }
  static void release(void*, std::size_t) noexcept {}
  static void zero(void* p, std::size_t n) {
    const vault::open now;
    memory::host::zero(p, n);
  }
  static void copy(void* p, const void* q, std::size_t n) {
    const vault::open now;
    memory::host::copy(p, q, n);
  }
  static void copy_from_host(void* p, const void* q, std::size_t n) { copy(p, q, n); }
  static void copy_to_host(void* p, const void* q, std::size_t n) { copy(p, q, n); }
};

/// eigen<float> on that memory: run() and the copy functions alone can touch it.
class guarded {
 public:
  using value_type = float;
  using space = guarded_memory;
  template <class Operation> void run(const Operation& operation) {
    const vault::open now;
    inner_.run(operation);
  }

 private:
  backend::eigen<float> inner_;
};

}  // namespace ogm::test
