#pragma once
// Eigen and the library's tensors see the same memory, both ways.

#include <ogm/core/tensor.hpp>

#include <Eigen/Core>

namespace ogm {

template <class T> using eigen_matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A tensor or view as a matrix of its rows: (all axes but the last, the last). No copy.
template <class T, int... E>
requires(sizeof...(E) > 0) auto as_eigen(const view<T, E...>& x) {
  using M = eigen_matrix<std::remove_const_t<T>>;
  return Eigen::Map<std::conditional_t<std::is_const_v<T>, const M, M>>(x.data(), x.rows(), x.size(int(sizeof...(E)) - 1));
}
/// The same of a tensor.
template <class T, int... E> auto as_eigen(tensor<T, E...>& x) { return as_eigen(x.view()); }
/// The same of a tensor that is not to be written.
template <class T, int... E> auto as_eigen(const tensor<T, E...>& x) { return as_eigen(x.view()); }

/// A row-major matrix that owns its elements, as a view (rows, columns); it must outlive the view. No copy.
template <class T> view<T, dyn, dyn> view_of(eigen_matrix<T>& m) { return {m.data(), extents<dyn, dyn>(m.rows(), m.cols())}; }
/// The same, for reading.
template <class T> view<const T, dyn, dyn> view_of(const eigen_matrix<T>& m) { return {m.data(), extents<dyn, dyn>(m.rows(), m.cols())}; }

}  // namespace ogm
