#pragma once
// Learning-rate schedules: a factor for each epoch (counted from 0), multiplied with the optimiser's lr.

#include <cmath>
#include <concepts>
#include <string>

#include <ogm/core/error.hpp>

namespace ogm::optim {

template <class S>
concept schedule = requires(const S& s) {
  { s.factor(1.0) } -> std::convertible_to<double>;
};

/// No schedule: the factor is 1.
struct constant {
  double factor(double) const { return 1; }
};

/// Times `gamma` every `every` epochs (PyTorch's StepLR).
struct step_lr {
  int every = 30;
  double gamma = 0.1;
  double factor(double epoch) const { return std::pow(gamma, std::floor(epoch / double(every))); }
};

/// From 1 to `floor` along half a cosine over `epochs` (PyTorch's CosineAnnealingLR; beyond `epochs` it rises again, as there).
struct cosine {
  int epochs = 100;
  double floor = 0;
  double factor(double epoch) const { return floor + (1 - floor) * 0.5 * (1 + std::cos(3.14159265358979323846 * epoch / double(epochs))); }
};

/// From `start` to 1 in a straight line over `epochs` (PyTorch's LinearLR), then what `Then` says, counted from its own 0 where `restart`.
template <class Then = constant> struct warmup {
  int epochs = 5;
  double start = 0.1;
  Then then{};
  bool restart = false;
  double factor(double epoch) const {
    const double ramp = epoch >= epochs ? 1 : start + (1 - start) * epoch / double(epochs);
    return ramp * then.factor(restart ? std::fmax(0, epoch - epochs) : epoch);
  }
};

}  // namespace ogm::optim
