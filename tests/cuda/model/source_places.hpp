#pragma once
// Addresses of code to lines of the source.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cuda_model {

/// file:line of each return address, and of those asked for before: that of the innermost inlined function which is not the
/// model's own, and, where that is another file, "in" the one that it is inlined into.
/// Asks addr2line, once an address.
std::map<std::uintptr_t, std::string> source_places(const std::vector<std::uintptr_t>& return_addresses);

}  // namespace cuda_model
