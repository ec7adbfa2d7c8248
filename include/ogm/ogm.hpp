#pragma once
// Everything of ogm. For programs; headers of the library never include it.

#include <ogm/version.hpp>  // IWYU pragma: export
