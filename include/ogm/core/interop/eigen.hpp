#pragma once
// Eigen and the library's tensors see the same memory, both ways.

#include <ogm/core/tensor.hpp>

#include <Eigen/Core>

namespace ogm {

template <class T> using eigen_matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A tensor or view as a matrix of its rows: (all axes but the last, the last); with one axis it is one row. No copy.
template <class T, int... E>
requires(sizeof...(E) > 0) auto as_eigen(const view<T, E...>& x) {
  using M = eigen_matrix<std::remove_const_t<T>>;
  return Eigen::Map<std::conditional_t<std::is_const_v<T>, const M, M>>(x.data(), x.rows(), x.size(int(sizeof...(E)) - 1));
}
/// The same of a tensor.
template <class T, int... E> auto as_eigen(tensor<T, E...>& x) { return as_eigen(x.view()); }
/// The same of a tensor that is not to be written.
template <class T, int... E> auto as_eigen(const tensor<T, E...>& x) { return as_eigen(x.view()); }
template <class T, int... E> void as_eigen(tensor<T, E...>&&) = delete;  // the map would outlive it

namespace detail {
template <class T, class M> auto view_of_eigen(T* data, const M& m) {
  constexpr int rows = M::RowsAtCompileTime, columns = M::ColsAtCompileTime;
  static_assert(Eigen::Dynamic == dyn);
  if constexpr (M::IsVectorAtCompileTime) {
    using shape = extents<M::SizeAtCompileTime>;
    return view<T, M::SizeAtCompileTime>(data, shape(std::array<size_type, 1>{m.size()}));
  } else {
    static_assert(M::IsRowMajor, "ogm: a view of an Eigen matrix that is column-major. Declare it with Eigen::RowMajor.");
    return view<T, rows, columns>(data, extents<rows, columns>(std::array<size_type, 2>{m.rows(), m.cols()}));
  }
}
}  // namespace detail

/// A row-major matrix that owns its elements, as a view (rows, columns), or a vector as a view (size); sizes that Eigen knows at compile
/// time stay static. It must outlive the view. No copy.
template <class M> auto view_of(Eigen::PlainObjectBase<M>& m) { return detail::view_of_eigen(m.data(), m.derived()); }
/// The same, for reading.
template <class M> auto view_of(const Eigen::PlainObjectBase<M>& m) { return detail::view_of_eigen(m.data(), m.derived()); }
template <class M> void view_of(Eigen::PlainObjectBase<M>&&) = delete;  // the view would outlive it

}  // namespace ogm
