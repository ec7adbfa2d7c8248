#pragma once
// Everything of avqa. For programs; headers of the library never include it.

#include <avqa/models/avst.hpp>                   // IWYU pragma: export
#include <avqa/models/grounding_pretraining.hpp>  // IWYU pragma: export
#include <avqa/version.hpp>                       // IWYU pragma: export
