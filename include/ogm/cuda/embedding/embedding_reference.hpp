#pragma once
// What rows by index on the device have to be: plain loops over host memory, sums in double.

#include <ogm/cuda/embedding/embedding.hpp>

#include <vector>

namespace ogm::cuda {

/// Pointers to host memory; y.
template <class T> std::vector<T> gather_rows_reference(const gather_rows_params<T>& p) {
  std::vector<T> y;
  for (long r = 0; r < p.rows; ++r)
    for (long c = 0; c < p.columns; ++c) y.push_back(p.table[p.index[r] * p.columns + c]);
  return y;
}

/// Pointers to host memory, dtable as it was before; dtable in double.
template <class T> std::vector<double> scatter_rows_reference(const scatter_rows_params<T>& p) {
  std::vector<double> dtable;
  for (long i = 0; i < p.entries * p.columns; ++i) dtable.push_back(p.add ? double(to_float(p.dtable[i])) : 0);
  for (long r = 0; r < p.rows; ++r)
    for (long c = 0; c < p.columns && p.index[r] != p.skip; ++c)
      dtable[std::size_t(p.index[r] * p.columns + c)] += double(to_float(p.dy[r * p.columns + c]));
  return dtable;
}

}  // namespace ogm::cuda
