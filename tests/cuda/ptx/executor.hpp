#pragma once
// Runs a kernel of a PTX program: warps in lockstep, blocks one after the other.

#include "../model/device_memory.hpp"
#include "../model/trace.hpp"
#include "program.hpp"

#include <set>

namespace cuda_ptx {

struct launch_shape {
  dim3 grid, block;
  std::size_t dynamic_shared = 0;
};

/// What all launches since it was made have done.
struct counts {
  std::map<const instruction*, cuda_model::access_site> sites;
  std::set<std::string> races;
  std::set<std::uint64_t> loaded, stored;  // sectors of the launch
  std::uint64_t distinct_loads = 0, distinct_stores = 0;

  cuda_model::trace trace() const;
};

/// Throws where the kernel does what no kernel may. `arguments` are its parameters' bytes, where the kernel has them; `memory` all that it
/// may touch besides the program's variables. Warps go on in the order that the model's settings say. Races are found in every order:
/// they are in what is counted.
void run(const program&, const kernel&, const launch_shape&, const std::vector<char>& arguments,
         const std::vector<cuda_model::range>& memory, counts&);

}  // namespace cuda_ptx
