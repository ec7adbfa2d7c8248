#pragma once
// Addresses of code to lines of the source.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cuda_model {

/// Of each return address, and of those asked for before, the file:line of the innermost inlined function that is not the model's own, "?"
/// where there is none. Where that function is inlined into another file's, "file:line in file:line". Asks addr2line, once an address.
std::map<std::uintptr_t, std::string> source_places(const std::vector<std::uintptr_t>& return_addresses);

}  // namespace cuda_model
