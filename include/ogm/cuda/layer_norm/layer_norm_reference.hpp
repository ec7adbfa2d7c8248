#pragma once
// What layer normalisation on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/layer_norm/layer_norm.hpp>

#include <cmath>
#include <vector>

namespace ogm::cuda {

/// In double: y (rows, columns), mean and inverse_deviation (rows).
struct layer_norm_forward_result {
  std::vector<double> y, mean, inverse_deviation;
};
/// Pointers to host memory.
template <class T> layer_norm_forward_result layer_norm_forward_reference(const layer_norm_forward_params<T>& p) {
  layer_norm_forward_result result;
  for (long row = 0; row < p.rows; ++row) {
    const auto x = [&](long c) { return double(to_float(p.x[row * p.columns + c])); };
    double mean = 0, variance = 0;
    for (long c = 0; c < p.columns; ++c) mean += x(c) / double(p.columns);
    for (long c = 0; c < p.columns; ++c) variance += (x(c) - mean) * (x(c) - mean) / double(p.columns);
    const double inverse = 1 / std::sqrt(variance + double(p.epsilon));
    for (long c = 0; c < p.columns; ++c)
      result.y.push_back((x(c) - mean) * inverse * double(to_float(p.weight[c])) + double(to_float(p.bias[c])));
    result.mean.push_back(mean);
    result.inverse_deviation.push_back(inverse);
  }
  return result;
}

/// In double: dx (rows, columns), none where it is not wanted; dweight and dbias (columns).
struct layer_norm_backward_result {
  std::vector<double> dx, dweight, dbias;
};
/// Pointers to host memory, dx, dweight and dbias as they were before.
template <class T> layer_norm_backward_result layer_norm_backward_reference(const layer_norm_backward_params<T>& p) {
  layer_norm_backward_result result;
  for (long c = 0; c < p.columns; ++c) {
    result.dweight.push_back(p.add_weight ? double(to_float(p.dweight[c])) : 0);
    result.dbias.push_back(p.add_bias ? double(to_float(p.dbias[c])) : 0);
  }
  for (long row = 0; row < p.rows; ++row) {
    const auto at = [&](const T* x, long c) { return double(to_float(x[row * p.columns + c])); };
    const double inverse = double(p.inverse_deviation[row]);
    const auto z = [&](long c) { return (at(p.x, c) - double(p.mean[row])) * inverse; };
    const auto slope = [&](long c) { return at(p.dy, c) * double(to_float(p.weight[c])); };
    double center = 0, along = 0;
    for (long c = 0; c < p.columns; ++c) {
      center += slope(c) / double(p.columns);
      along += slope(c) * z(c) / double(p.columns);
      result.dweight[std::size_t(c)] += at(p.dy, c) * z(c);
      result.dbias[std::size_t(c)] += at(p.dy, c);
    }
    for (long c = 0; p.dx && c < p.columns; ++c)
      result.dx.push_back((p.add_x ? at(p.dx, c) : 0) + (slope(c) - center - z(c) * along) * inverse);
  }
  return result;
}

}  // namespace ogm::cuda
