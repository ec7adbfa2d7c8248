#pragma once
// The version of this library, for programs. It is the same as that of ogm: both are released together.

#include <ogm/version.hpp>

namespace avqa {

/// The version of the library as text, "major.minor.patch".
inline constexpr const char* version = ogm::version;

}  // namespace avqa
