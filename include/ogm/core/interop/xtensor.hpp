#pragma once
// xtensor and the library's tensors see the same memory, both ways. The one place that includes xtensor beside data/xtensor_io.hpp.

#include <ogm/core/tensor.hpp>

#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#endif

namespace ogm {

/// A tensor or view as an xtensor adaptor of the same rank. No copy.
template <class T, int... E> auto as_xtensor(const view<T, E...>& x) {
  std::array<std::size_t, sizeof...(E)> shape{};
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = std::size_t(x.size(int(i)));
  return xt::adapt(x.data(), std::size_t(x.count()), xt::no_ownership(), shape);
}
/// The same of a tensor.
template <class T, int... E> auto as_xtensor(tensor<T, E...>& x) { return as_xtensor(x.view()); }
/// The same of a tensor that is not to be written.
template <class T, int... E> auto as_xtensor(const tensor<T, E...>& x) { return as_xtensor(x.view()); }
template <class T, int... E> void as_xtensor(tensor<T, E...>&&) = delete;  // the adaptor would outlive it

namespace detail {
template <class T, class X, std::size_t... I> auto view_of_xtensor(T* data, const X& x, std::index_sequence<I...>) {
  if (x.dimension() != sizeof...(I))
    throw shape_error("ogm: a view of " + std::to_string(sizeof...(I)) + " axes of an xarray of shape " + shape_text(x.shape()) + ".");
  if (x.layout() != xt::layout_type::row_major)
    throw shape_error("ogm: a view of an xarray of shape " + shape_text(x.shape()) + " that is not row-major. Copy it to one that is.");
  return view<T, ((void)I, dyn)...>(data, extents<((void)I, dyn)...>(std::array<size_type, sizeof...(I)>{size_type(x.shape(I))...}));
}
template <xt::layout_type Layout> constexpr void fail_unless_row_major() {
  static_assert(Layout == xt::layout_type::row_major || Layout == xt::layout_type::dynamic,
                "ogm: a view of an xtensor that is column-major. Declare it with xt::layout_type::row_major.");
}
}  // namespace detail

/// A row-major xt::xtensor as a view of the same rank, all extents dyn; it must outlive the view. No copy.
///
/// Errors     shape_error where a layout chosen at run time is not row-major
template <class T, std::size_t N, xt::layout_type L> auto view_of(xt::xtensor<T, N, L>& x) {
  detail::fail_unless_row_major<L>();
  return detail::view_of_xtensor(x.data(), x, std::make_index_sequence<N>{});
}
/// The same, for reading.
template <class T, std::size_t N, xt::layout_type L> auto view_of(const xt::xtensor<T, N, L>& x) {
  detail::fail_unless_row_major<L>();
  return detail::view_of_xtensor(x.data(), x, std::make_index_sequence<N>{});
}
/// An xt::xarray, whose rank is known at run time only, as a view of the rank that the caller names: view_of<3>(x).
///
/// Errors     shape_error where x has another rank, or is not row-major
template <std::size_t N, class T, xt::layout_type L> auto view_of(xt::xarray<T, L>& x) {
  detail::fail_unless_row_major<L>();
  return detail::view_of_xtensor(x.data(), x, std::make_index_sequence<N>{});
}
/// The same, for reading.
template <std::size_t N, class T, xt::layout_type L> auto view_of(const xt::xarray<T, L>& x) {
  detail::fail_unless_row_major<L>();
  return detail::view_of_xtensor(x.data(), x, std::make_index_sequence<N>{});
}

}  // namespace ogm
