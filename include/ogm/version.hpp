#pragma once
// The version of this library, for the preprocessor and for programs. CMake checks that it equals the project's.

#define OGM_VERSION_MAJOR 0
#define OGM_VERSION_MINOR 1
#define OGM_VERSION_PATCH 0

namespace ogm {

/// The version of the library as text, "major.minor.patch".
inline constexpr char version[] = "0.1.0";

}  // namespace ogm
