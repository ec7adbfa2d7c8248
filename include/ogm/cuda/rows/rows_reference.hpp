#pragma once
// What elementary work on matrices on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/rows/rows.hpp>

#include <cmath>
#include <vector>

namespace ogm::cuda {

/// Pointers to host memory; what is added to is as it was before. Each reference gives what is written, in double, in the order of memory,
/// without what lies between the rows.
template <class T> std::vector<double> fill_reference(const fill_params<T>& p) {
  return std::vector<double>(std::size_t(p.count), double(to_float(from_float<T>(p.value))));
}

/// Likewise.
template <class T> std::vector<double> copy_block_reference(const copy_block_params<T>& p) {
  std::vector<double> to;
  for (long r = 0; r < p.rows; ++r)
    for (long c = 0; c < p.columns; ++c)
      to.push_back((p.add ? double(to_float(p.to[r * p.to_stride + c])) : 0) +
                   double(p.scale) * double(to_float(p.from[r * p.from_stride + c])));
  return to;
}

/// Likewise.
template <class T> std::vector<double> broadcast_row_reference(const broadcast_row_params<T>& p) {
  return copy_block_reference(copy_block_params<T>{p.row, nullptr, p.rows, p.columns, 0, 0, false, p.scale});
}

/// Likewise.
template <class T> std::vector<double> scale_rows_reference(const scale_rows_params<T>& p) {
  std::vector<double> y;
  for (long i = 0; i < p.rows * p.columns; ++i)
    y.push_back((p.add ? double(to_float(p.y[i])) : 0) + double(to_float(p.x[i])) * double(to_float(p.factor[i / p.columns])));
  return y;
}

/// Likewise.
template <class T> std::vector<double> swap_axes_reference(const swap_axes_params<T>& p) {
  std::vector<double> y;
  for (long o = 0; o < p.outer; ++o)
    for (long b = 0; b < p.second; ++b)
      for (long a = 0; a < p.first; ++a)
        for (long i = 0; i < p.inner; ++i) {
          const double before = p.add ? double(to_float(p.y[y.size()])) : 0;
          y.push_back(before + double(to_float(p.x[((o * p.first + a) * p.second + b) * p.inner + i])));
        }
  return y;
}

/// Likewise.
template <class T> std::vector<double> mean_middle_forward_reference(const mean_middle_forward_params<T>& p) {
  std::vector<double> y;
  for (long o = 0; o < p.outer; ++o)
    for (long i = 0; i < p.inner; ++i) {
      double sum = 0;
      for (long m = 0; m < p.middle; ++m) sum += double(to_float(p.x[(o * p.middle + m) * p.inner + i]));
      y.push_back(sum / double(p.middle));
    }
  return y;
}

/// Likewise.
template <class T> std::vector<double> mean_middle_backward_reference(const mean_middle_backward_params<T>& p) {
  std::vector<double> dx;
  for (long r = 0; r < p.outer * p.middle; ++r)
    for (long i = 0; i < p.inner; ++i) {
      const double before = p.add ? double(to_float(p.dx[dx.size()])) : 0;
      dx.push_back(before + double(to_float(p.dy[r / p.middle * p.inner + i])) / double(p.middle));
    }
  return dx;
}

/// Likewise.
template <class T> std::vector<double> sum_rows_reference(const sum_rows_params<T>& p) {
  std::vector<double> total;
  for (long c = 0; c < p.columns; ++c) {
    double sum = 0;
    for (long r = 0; r < p.rows; ++r) sum += double(to_float(p.x[r * p.columns + c]));
    total.push_back((p.add ? double(to_float(p.total[c])) : 0) + double(p.scale) * sum);
  }
  return total;
}

/// The sums, then the squares.
inline std::vector<double> add_moments_reference(const add_moments_params& p) {
  std::vector<double> all;
  for (long i = 0; i < p.count; ++i) all.push_back(double(p.sum[i]) + double(p.gradient[i]));
  for (long i = 0; i < p.count; ++i) all.push_back(double(p.squares[i]) + double(p.gradient[i]) * double(p.gradient[i]));
  return all;
}

/// Likewise.
inline std::vector<double> deviation_of_mean_reference(const deviation_of_mean_params& p) {
  std::vector<double> deviation;
  for (long i = 0; i < p.count; ++i) {
    const double n = double(p.samples), mean = double(p.sum[i]) / n, variance = double(p.squares[i]) / n - mean * mean;
    deviation.push_back(std::sqrt((variance < 0 ? 0 : variance) / n));
  }
  return deviation;
}

}  // namespace ogm::cuda
