#pragma once
// xtensor and the library's tensors see the same memory, both ways. The one place that includes xtensor beside data/xtensor_io.hpp.

#include <ogm/core/tensor.hpp>

#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xadapt.hpp>
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

namespace detail {
template <class T, class X, std::size_t... I> auto view_of_xtensor(T* data, const X& x, std::index_sequence<I...>) {
  return view<T, ((void)I, dyn)...>(data, extents<((void)I, dyn)...>(std::array<size_type, sizeof...(I)>{size_type(x.shape(I))...}));
}
}  // namespace detail

/// A row-major xt::xtensor as a view of the same rank, all extents dyn; it must outlive the view. No copy.
template <class T, std::size_t N> auto view_of(xt::xtensor<T, N, xt::layout_type::row_major>& x) {
  return detail::view_of_xtensor(x.data(), x, std::make_index_sequence<N>{});
}
/// The same, for reading.
template <class T, std::size_t N> auto view_of(const xt::xtensor<T, N, xt::layout_type::row_major>& x) {
  return detail::view_of_xtensor(x.data(), x, std::make_index_sequence<N>{});
}

}  // namespace ogm
