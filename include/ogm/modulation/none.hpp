#pragma once
// No modulation.

#include <ogm/modulation/needs.hpp>

namespace ogm::modulation {

/// Trains on the fused loss alone. A trainer with it compiles to what it would be without policies.
struct none {
  static constexpr needs requirements{};
};

}  // namespace ogm::modulation
