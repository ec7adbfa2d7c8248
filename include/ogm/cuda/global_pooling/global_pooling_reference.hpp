#pragma once
// What the mean of planes on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/global_pooling/global_pooling.hpp>

#include <vector>

namespace ogm::cuda {

/// Pointers to host memory; y in double, (planes).
template <class T> std::vector<double> global_pooling_forward_reference(const global_pooling_forward_params<T>& p) {
  std::vector<double> y;
  for (long plane = 0; plane < p.planes; ++plane) {
    double sum = 0;
    for (long i = 0; i < p.places; ++i) sum += double(to_float(p.x[plane * p.places + i]));
    y.push_back(sum / double(p.places));
  }
  return y;
}

/// Pointers to host memory, dx as it was before; dx in double, (planes, places).
template <class T> std::vector<double> global_pooling_backward_reference(const global_pooling_backward_params<T>& p) {
  std::vector<double> dx;
  for (long plane = 0; plane < p.planes; ++plane)
    for (long i = 0; i < p.places; ++i)
      dx.push_back((p.add ? double(to_float(p.dx[plane * p.places + i])) : 0) + double(to_float(p.dy[plane])) / double(p.places));
  return dx;
}

}  // namespace ogm::cuda
