#pragma once
// What a kernel and its launch ask of the machine (machine.cpp). Nothing here is CUDA's own interface.

#include "language.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#if __has_include(<source_location>)
#include <source_location>
#endif

namespace cuda_model {

#if defined(__cpp_lib_source_location)
using where = std::source_location;
#else  // clang before 16 with libstdc++
class where {
 public:
  static constexpr where current(const char* file = __builtin_FILE(), unsigned line = unsigned(__builtin_LINE()),
                                 unsigned column = unsigned(__builtin_COLUMN())) {
    where w;
    w.file_ = file, w.line_ = line, w.column_ = column;
    return w;
  }
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }
  constexpr unsigned column() const { return column_; }

 private:
  const char* file_ = "?";
  unsigned line_ = 0, column_ = 0;
};
#endif

/// A kernel did what no kernel may. The message says what, in which block, and names files and lines.
struct error : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Which of the threads that can go on does.
enum class order { forward, reverse, random };

struct options {
  order threads = order::forward;
  std::uint64_t seed = 1;                       // of order::random
  std::size_t max_dynamic_shared = 227 * 1024;  // bytes a block may opt in to: sm_90's; sm_80 has 163 KiB
  std::string removed_guard;                    // the guard (ogm/cuda/platform.hpp) that this run does without: $CUDA_MODEL_WITHOUT
};
options& settings();

/// Whether this run does without the guard of this name. Asked only where kernels are compiled with OGM_CUDA_MUTATION.
bool removed(const char* guard);

void block_barrier(where);
/// The number of threads of the block whose predicate holds.
int block_barrier_count(bool predicate, where);

enum class collective { sync, shuffle, shuffle_xor, shuffle_up, shuffle_down, ballot };
/// Waits for all lanes of `mask`; gives what the collective gives this lane.
std::uint64_t warp_collective(collective, unsigned mask, std::uint64_t value, int argument, int width, where);

void* dynamic_shared();
/// At the declaration of a static shared array: the first thread of a block to come there fills it with NaN.
void static_shared(void* array, std::size_t bytes);
/// Tells a traced run of an atomic access.
void atomic_access(const void* address, std::size_t bytes, const void* code);

struct argument {
  const void* value;
  std::size_t size, alignment;
};
struct launch_request {
  dim3 grid, block;
  std::size_t dynamic_shared = 0;
  void (*body)(void*) = nullptr;  // one thread of the kernel
  void* arguments = nullptr;
  std::size_t arguments_size = 0;
  const void* kernel = nullptr;
  std::vector<argument> parameters;  // the arguments, one by one
};
/// Runs all blocks, one after the other.
void run(const launch_request&);

/// Dynamic shared memory of more than 48 KiB needs the kernel's permission.
void allow_dynamic_shared(const void* kernel, std::size_t bytes);
std::size_t allowed_dynamic_shared(const void* kernel);

template <class T> std::uint64_t to_bits(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T> T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace cuda_model
