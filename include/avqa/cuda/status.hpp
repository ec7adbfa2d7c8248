#pragma once
// What avqa's launchers answer.

#include <ogm/cuda/status.hpp>

#include <string>

namespace avqa::cuda {

using ogm::cuda::status;

/// What `who` was given and cannot work with.
inline status refused(const char* who, const std::string& what) { return status(std::string("avqa: ") + who + " was given " + what); }
/// Likewise, an argument with its value.
inline status wrong_argument(const char* who, const char* what, long value, const char* expected) {
  return refused(who, what + (" = " + std::to_string(value)) + "; " + expected + " is needed.");
}

namespace detail {
inline constexpr long most_of_a_size = 1 << 20;  // of what has to lie in shared memory: more than that holds
}

}  // namespace avqa::cuda
