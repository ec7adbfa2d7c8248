#pragma once
// A fiber's stack, with a page below it that nobody may touch.

#include "device_memory.hpp"
#include "scheduling.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <boost/context/fiber.hpp>

#include <cstdlib>

namespace cuda_model {

class fiber_stack {
 public:
  static constexpr std::size_t size = 256 * 1024;

  fiber_stack() {
    void* const all = ::mmap(nullptr, size + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) throw error("no memory for the stack of a CUDA thread");
    ::mprotect(all, page_, PROT_NONE);
    low_ = static_cast<char*>(all) + page_;
  }
  ~fiber_stack() { ::munmap(low_ - page_, size + page_); }
  fiber_stack(const fiber_stack&) = delete;
  fiber_stack& operator=(const fiber_stack&) = delete;

  range bounds() const { return {low_, low_ + size}; }
  boost::context::preallocated for_boost() const {
    boost::context::stack_context context;
    context.size = size;
    context.sp = low_ + size;
    return {context.sp, context.size, context};
  }

  /// For Boost, which wants to free what it runs on: the stack outlives the fiber.
  struct keeps {
    boost::context::stack_context allocate() { std::abort(); }
    void deallocate(boost::context::stack_context&) noexcept {}
  };

 private:
  std::size_t page_ = std::size_t(::sysconf(_SC_PAGESIZE));
  char* low_ = nullptr;
};

}  // namespace cuda_model
