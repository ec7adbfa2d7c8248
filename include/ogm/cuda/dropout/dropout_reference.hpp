#pragma once
// What random zeros on the device have to be: a plain loop over host memory, in double.

#include <ogm/cuda/dropout/dropout.hpp>

#include <vector>

namespace ogm::cuda {

/// Pointers to host memory, y as it was before; y in double.
template <class T> std::vector<double> dropout_reference(const op::dropout<T>& p) {
  std::vector<double> y;
  for (long i = 0; i < p.count; ++i) {
    const bool kept = double(random::uniform(p.key, std::uint64_t(i))) >= p.probability;
    y.push_back((p.add ? double(to_float(p.y[i])) : 0) + (kept ? double(to_float(p.x[i])) / (1 - p.probability) : 0));
  }
  return y;
}

}  // namespace ogm::cuda
