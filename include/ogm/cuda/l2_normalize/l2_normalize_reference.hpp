#pragma once
// What rows of length one on the device have to be: plain loops over host memory, in double.

#include <ogm/cuda/l2_normalize/l2_normalize.hpp>

#include <cmath>
#include <vector>

namespace ogm::cuda {

/// In double: y (rows, columns), norm (rows).
struct l2_normalize_forward_result {
  std::vector<double> y, norm;
};
/// Pointers to host memory.
template <class T> l2_normalize_forward_result l2_normalize_forward_reference(const l2_normalize_forward_params<T>& p) {
  l2_normalize_forward_result result;
  for (long row = 0; row < p.rows; ++row) {
    const auto x = [&](long c) { return double(to_float(p.x[row * p.columns + c])); };
    double squares = 0;
    for (long c = 0; c < p.columns; ++c) squares += x(c) * x(c);
    const double norm = std::sqrt(squares);
    for (long c = 0; c < p.columns; ++c) result.y.push_back(x(c) / (norm <= double(p.epsilon) ? double(p.epsilon) : norm));
    result.norm.push_back(norm);
  }
  return result;
}

/// Pointers to host memory, dx as it was before; dx in double, (rows, columns).
template <class T> std::vector<double> l2_normalize_backward_reference(const l2_normalize_backward_params<T>& p) {
  std::vector<double> dx;
  for (long row = 0; row < p.rows; ++row) {
    const auto at = [&](const T* x, long c) { return double(to_float(x[row * p.columns + c])); };
    const bool clamped = p.norm[row] <= p.epsilon;
    double inner = 0;
    for (long c = 0; c < p.columns && !clamped; ++c) inner += at(p.y, c) * at(p.dy, c);
    for (long c = 0; c < p.columns; ++c) {
      const double d = (at(p.dy, c) - (clamped ? 0 : at(p.y, c) * inner)) / double(clamped ? p.epsilon : p.norm[row]);
      dx.push_back((p.add ? at(p.dx, c) : 0) + d);
    }
  }
  return dx;
}

}  // namespace ogm::cuda
