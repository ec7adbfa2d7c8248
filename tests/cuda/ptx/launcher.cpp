// Runs the launches of a test on the PTX that nvcc made of the same kernels, and counts what they do: $CUDA_PTX is the file.
#include "../model/machine.hpp"
#include "executor.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

namespace cuda_ptx {

namespace {

counts* counting = nullptr;

const program& the_program() {
  static const program made = [] {
    const char* const path = std::getenv("CUDA_PTX");
    if (!path) throw error("CUDA_PTX does not say which PTX is to be run");
    program p = parse_file(path);
    if (const char* const name = std::getenv("CUDA_PTX_WITHOUT")) {  // does a test notice when these are gone?
      for (auto& [unused, k] : p.kernels)
        for (instruction& i : k.code)
          if (i.name == name) i.does = action::nothing;
    }
    return p;
  }();
  return made;
}

std::size_t most_shared(unsigned target) {
  switch (target) {
    case 80:
      return 163 * 1024;
    case 90:
      return 227 * 1024;
    default:
      throw error("sm_" + std::to_string(target) + ": how much shared memory a block can have is not known");
  }
}

void run_launch(const cuda_model::launch_request& launch) {
  const program& p = the_program();
  Dl_info symbol{};
  if (!dladdr(const_cast<void*>(launch.kernel), &symbol) || !symbol.dli_sname || symbol.dli_saddr != launch.kernel)
    throw error("a kernel without a name that others see");
  const auto place = p.kernels.find(symbol.dli_sname);
  if (place == p.kernels.end()) throw error(p.file + " has no kernel " + symbol.dli_sname);
  const kernel& k = place->second;
  if (k.static_shared + launch.dynamic_shared > most_shared(p.target))
    throw error(k.name + " was launched with " + std::to_string(k.static_shared + launch.dynamic_shared) + " bytes of shared memory; sm_" +
                std::to_string(p.target) + " has " + std::to_string(most_shared(p.target)));

  if (k.parameters.size() != launch.parameters.size())
    throw error(k.name + " was given another number of arguments than it has parameters");
  std::vector<char> arguments;
  for (std::size_t i = 0; i < launch.parameters.size(); ++i) {
    const cuda_model::argument& a = launch.parameters[i];
    const parameter& to = k.parameters[i];
    if (a.size != to.size || to.offset % a.alignment)
      throw error(k.name + ": argument " + std::to_string(i) + " is laid out otherwise in PTX");
    arguments.resize(to.offset + to.size);
    std::memcpy(arguments.data() + to.offset, a.value, a.size);
  }
  std::vector<cuda_model::range> memory;
  cuda_model::for_each_allocation([&](cuda_model::range r) { memory.push_back(r); });

  counts own;
  run(p, k, {launch.grid, launch.block, launch.dynamic_shared}, arguments, memory, counting ? *counting : own);
  if (!own.races.empty()) throw error(*own.races.begin());
}

[[maybe_unused]] const bool registered = [] {
  cuda_model::run_instead(&run_launch);
  try {
    cuda_model::settings().max_dynamic_shared = most_shared(the_program().target);
  } catch (const std::exception&) {  // which the first launch will say
  }
  return true;
}();

}  // namespace

}  // namespace cuda_ptx

namespace cuda_model {
trace traced(const std::function<void()>& run) {
  cuda_ptx::counts c;
  struct scope {
    explicit scope(cuda_ptx::counts& counts) { cuda_ptx::counting = &counts; }
    ~scope() { cuda_ptx::counting = nullptr; }
  } const watching(c);
  run();
  return c.trace();
}
}  // namespace cuda_model
