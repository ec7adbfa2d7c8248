#include "device_memory.hpp"

#include "scheduling.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace cuda_model {
namespace {

// On either side of an allocation lies a border that nobody writes. It takes in what a kernel with a wrong bound does to its surroundings,
// so that the run ends with a message and not with a broken heap.
constexpr std::size_t border = 4096;
constexpr std::size_t most = std::size_t(1) << 38;  // more than a device has
constexpr char poison = '\xff';                     // as a float, half or bfloat16: NaN

std::map<char*, std::size_t>& allocations() {
  static std::map<char*, std::size_t> all;
  return all;
}
std::size_t rounded(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

void set_borders(char* p, std::size_t bytes, [[maybe_unused]] bool forbidden) {
#if defined(__SANITIZE_ADDRESS__)
  const auto set = forbidden ? __asan_poison_memory_region : __asan_unpoison_memory_region;
  set(p - border, border);
  set(p + bytes, rounded(bytes) - bytes + border);
#else
  static_cast<void>(p), static_cast<void>(bytes);
#endif
}

}  // namespace

void* device_allocate(std::size_t bytes) {
  if (bytes > most) return nullptr;
  const std::size_t all = rounded(bytes) + 2 * border;
  char* const low = static_cast<char*>(std::aligned_alloc(256, all));
  if (!low) return nullptr;
  std::fill_n(low, all, poison);
  allocations()[low + border] = bytes;
  set_borders(low + border, bytes, true);
  return low + border;
}

void device_release(void* p) {
  if (!p) return;
  const auto place = allocations().find(static_cast<char*>(p));
  if (place == allocations().end()) throw error("cudaFree of a pointer that cudaMalloc did not give");
  require_intact_borders();
  set_borders(place->first, place->second, false);
  allocations().erase(place);
  std::free(static_cast<char*>(p) - border);
}

void for_each_allocation(const std::function<void(range)>& f) {
  for (const auto& [p, bytes] : allocations()) f({p, p + bytes});
}

bool in_device_memory(const void* p, std::size_t bytes) {
  const char* const at = static_cast<const char*>(p);
  const auto after = allocations().upper_bound(const_cast<char*>(at));
  if (after == allocations().begin()) return false;
  const auto& [low, size] = *std::prev(after);
  const auto begin = std::size_t(at - low);
  return begin <= size && bytes <= size - begin;
}

void require_device_memory(const char* who, const void* p, std::size_t bytes) {
  if (!in_device_memory(p, bytes)) throw error(std::string(who) + " of " + std::to_string(bytes) + " bytes leaves device memory");
}

void require_intact_borders() {
#if !defined(__SANITIZE_ADDRESS__)
  std::string sizes;  // of all at once: whoever frees another one afterwards must not hear of it again, in a destructor
  for (const auto& [p, bytes] : allocations()) {
    char* const end = p + bytes;
    const std::size_t after = rounded(bytes) - bytes + border;
    const auto written = [](char c) { return c != poison; };
    if (!std::any_of(p - border, p, written) && !std::any_of(end, end + after, written)) continue;
    std::fill_n(p - border, border, poison);
    std::fill_n(end, after, poison);
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(bytes);
  }
  if (!sizes.empty()) throw error("a kernel wrote beside an allocation of " + sizes + " bytes: outside device memory");
#endif
}

}  // namespace cuda_model
