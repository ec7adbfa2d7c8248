#pragma once
// What a traced run saw: data races, accesses that leave their array, and how well accesses fit 32-byte sectors and shared memory's banks.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cuda_model {

/// One load or store of the kernel's text, over all warps of all blocks.
struct access_site {
  std::string place;  // file:line
  bool write = false, shared = false, atomic = false;
  unsigned bytes = 0;             // a lane
  std::uint64_t requests = 0;     // instructions of a warp
  std::uint64_t lanes = 0;        // accesses of a lane
  std::uint64_t units = 0;        // global: sectors of 32 bytes; shared: passes over the banks, one and one more for each conflict
  std::uint64_t ideal_units = 0;  // the fewest that could carry what was asked for

  double ratio() const { return ideal_units ? double(units) / double(ideal_units) : 1.0; }
};

/// How memory was touched.
struct traffic {
  std::vector<access_site> sites;
  std::uint64_t distinct_load_sectors = 0, distinct_store_sectors = 0;  // of global memory, a launch: what a perfect cache would move

  std::uint64_t load_bytes() const { return 32 * sectors(false); }  // of global memory, whole sectors, without any cache
  std::uint64_t store_bytes() const { return 32 * sectors(true); }
  /// The worst site's ratio of units to ideal units.
  double worst_ratio(bool shared) const;

 private:
  std::uint64_t sectors(bool write) const;
};

/// What all launches of one kernel did.
struct kernel_traffic : traffic {
  std::string kernel;              // its mangled name; "?": it has none that others see
  unsigned threads = 0;            // a block, of the largest launch
  std::size_t dynamic_shared = 0;  // bytes, likewise
};

struct trace : traffic {
  bool recorded = false;            // false: this program has kernels that are not traced, and everything else here is empty
  std::vector<std::string> races;   // one a pair of sites
  std::vector<std::string> strays;  // accesses outside of every array that the kernel may touch
  std::vector<kernel_traffic> kernels;

  /// All sites in a table.
  std::string table() const;
  /// Adds a line a kernel to the file that $CUDA_TABLE names, where it names one: what tools/cuda_table reads.
  void note(const char* kind) const;
};

/// Runs it and says what its kernels did. Kernels are traced where they are compiled with -fsanitize=thread and linked with trace.cpp,
/// which takes the place of ThreadSanitizer's own library.
trace traced(const std::function<void()>&);

}  // namespace cuda_model
