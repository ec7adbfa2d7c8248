#pragma once
// What softmax on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/softmax/softmax.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace ogm::cuda {

namespace detail {
template <class Params> bool is_masked(const Params& p, long row, long column) {
  return p.mask && p.mask[row / p.rows_a_mask % p.mask_rows * p.columns + column];
}
/// A row of logits in double, with -inf where the mask leaves an element out.
template <class T> std::vector<double> masked_row(const softmax_forward_params<T>& p, long row) {
  std::vector<double> x(std::size_t(p.columns));
  for (long c = 0; c < p.columns; ++c) {
    const double plus = p.additive ? double(to_float(p.additive[row % p.additive_rows * p.columns + c])) : 0;
    x[std::size_t(c)] = is_masked(p, row, c) ? -std::numeric_limits<double>::infinity()
                                             : double(p.scale) * double(to_float(p.x[row * p.columns + c])) + plus;
  }
  return x;
}
}  // namespace detail

/// Pointers to host memory; y in double, (rows, columns).
template <class T> std::vector<double> softmax_forward_reference(const softmax_forward_params<T>& p) {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  std::vector<double> y;
  for (long row = 0; row < p.rows; ++row) {
    const std::vector<double> x = detail::masked_row(p, row);
    double top = nothing, sum = 0;
    bool nan = false;
    for (const double v : x) {
      if (v > top) top = v;
      nan = nan || v != v;
    }
    for (const double v : x) sum += top == nothing ? 0 : std::exp(v - top);
    for (const double v : x) y.push_back(nan ? std::numeric_limits<double>::quiet_NaN() : top == nothing ? 0 : std::exp(v - top) / sum);
  }
  return y;
}

/// Pointers to host memory; y in double, (rows, columns).
template <class T> std::vector<double> log_softmax_forward_reference(const softmax_forward_params<T>& p) {
  std::vector<double> y;
  for (long row = 0; row < p.rows; ++row) {
    const std::vector<double> x = detail::masked_row(p, row);
    double top = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const double v : x)
      if (v > top) top = v;
    for (long c = 0; c < p.columns; ++c) sum += detail::is_masked(p, row, c) ? 0 : std::exp(x[std::size_t(c)] - top);
    for (long c = 0; c < p.columns; ++c) y.push_back(detail::is_masked(p, row, c) ? 0 : x[std::size_t(c)] - top - std::log(sum));
  }
  return y;
}

/// Pointers to host memory, dx as it was before; dx in double, (rows, columns).
template <class T> std::vector<double> softmax_backward_reference(const softmax_backward_params<T>& p) {
  std::vector<double> dx;
  for (long row = 0; row < p.rows; ++row) {
    const auto at = [&](const T* x, long c) { return double(to_float(x[row * p.columns + c])); };
    double inner = 0;
    for (long c = 0; c < p.columns; ++c) inner += at(p.y, c) * at(p.dy, c);
    for (long c = 0; c < p.columns; ++c) dx.push_back((p.add ? at(p.dx, c) : 0) + double(p.scale) * at(p.y, c) * (at(p.dy, c) - inner));
  }
  return dx;
}

/// Likewise.
template <class T> std::vector<double> log_softmax_backward_reference(const log_softmax_backward_params<T>& p) {
  std::vector<double> dx;
  for (long row = 0; row < p.rows; ++row) {
    const auto at = [&](const T* x, long c) { return double(to_float(x[row * p.columns + c])); };
    double sum = 0;
    for (long c = 0; c < p.columns; ++c) sum += detail::is_masked(p, row, c) ? 0 : at(p.dy, c);
    for (long c = 0; c < p.columns; ++c)
      dx.push_back((p.add ? at(p.dx, c) : 0) + (detail::is_masked(p, row, c) ? 0 : at(p.dy, c) - std::exp(at(p.y, c)) * sum));
  }
  return dx;
}

}  // namespace ogm::cuda
