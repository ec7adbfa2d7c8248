#pragma once
// What the scheduler shows to whoever watches the memory of a run.

#include "device_memory.hpp"
#include "scheduling.hpp"

namespace cuda_model {

struct thread_state {
  unsigned thread = 0, warp = 0, lane = 0;  // in the block
  std::uint32_t block_serial = 0;           // which block, counted over all launches
  std::uint32_t barriers = 0;               // block barriers passed
  std::uint32_t warp_syncs = 0;             // __syncwarp passed: they order memory within the warp
  std::uint32_t collectives = 0;            // barriers and all warp collectives passed: where the lanes of a warp meet again
  range stack;
};

struct memory_watcher {
  virtual ~memory_watcher() = default;
  virtual void launch_begins(const launch_request&, range dynamic_shared) = 0;
  virtual void block_begins() = 0;
  virtual void block_ends() = 0;
  virtual void static_shared(range) = 0;
  virtual void atomic_access(const void* address, std::size_t bytes, const void* code) = 0;
};

void watch(memory_watcher*);           // null: nobody
const thread_state* running_thread();  // null outside of a kernel

/// From now on, launches are run by this and not by the model.
void run_instead(void (*)(const launch_request&));

}  // namespace cuda_model
