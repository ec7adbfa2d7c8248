#pragma once
// What losses that are a sum over elements have to give on the device: plain loops over host memory, in double.

#include <ogm/cuda/pointwise_loss/pointwise_loss.hpp>

#include <vector>

namespace ogm::cuda {

/// The loss. Pointers to host memory.
template <class F, class T> double pointwise_loss_forward_reference(const pointwise_loss_forward_params<T>& p) {
  double sum = 0;
  for (long i = 0; i < p.count; ++i) sum += F::value(double(to_float(p.x[i])), double(to_float(p.target[i])));
  return sum * p.scale;
}

/// What becomes of d (count). Pointers to host memory, d as it was before.
template <class F, class T> std::vector<double> pointwise_loss_backward_reference(const pointwise_loss_backward_params<T>& p) {
  std::vector<double> d;
  for (long i = 0; i < p.count; ++i) {
    const double x = double(to_float(p.x[i])), target = double(to_float(p.target[i]));
    const double slope = p.of_target ? F::target_slope(x, target) : F::slope(x, target);
    d.push_back((p.add ? double(to_float(p.d[i])) : 0) + double(to_float(*p.dloss)) * p.scale * slope);
  }
  return d;
}

}  // namespace ogm::cuda
