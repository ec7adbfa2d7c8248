#pragma once
// Everything of avqa. For programs; headers of the library never include it.

#include <avqa/version.hpp>  // IWYU pragma: export
