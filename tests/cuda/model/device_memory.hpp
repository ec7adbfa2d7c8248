#pragma once
// Global memory: allocations of which the model knows where they begin and end.

#include <cstddef>
#include <functional>

namespace cuda_model {

struct range {
  char* low = nullptr;
  char* high = nullptr;
  std::size_t size() const { return std::size_t(high - low); }
};

/// 256-byte aligned, filled with NaN. Null when there is no more.
void* device_allocate(std::size_t bytes);
void device_release(void*);
void for_each_allocation(const std::function<void(range)>&);

/// Whether `bytes` from `p` on are inside one allocation.
bool in_device_memory(const void* p, std::size_t bytes);

/// Throws where they are not: a copy by the host that leaves it.
void require_device_memory(const char* who, const void* p, std::size_t bytes);

/// Throws where something was written beside an allocation. Asked after each launch; AddressSanitizer sees it at once instead.
void require_intact_borders();

}  // namespace cuda_model
