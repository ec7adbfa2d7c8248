#pragma once
// .npy and .npz as xtensor arrays. The bytes are read by npy.hpp and npz.hpp and only then handed to xtensor: its own loader allocates
// what the header claims before it looks at the file, and evaluates the header with a regular expression; neither survives a hostile file.

#include <ogm/data/npy.hpp>
#include <ogm/data/npz.hpp>

#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>

namespace ogm::data {

/// The elements move; nothing is copied.
template <class T> auto to_xtensor(array<T>&& from) {
  std::vector<std::size_t> shape(from.shape.begin(), from.shape.end());
  return xt::adapt(std::move(from.values), std::move(shape));
}

/// A view of elements that `from` keeps.
template <class T> auto to_xtensor(const array<T>& from) {
  const std::vector<std::size_t> shape(from.shape.begin(), from.shape.end());
  return xt::adapt(from.values.data(), from.values.size(), xt::no_ownership(), shape);
}

namespace npy {

/// Errors     data_error, as read()
template <stored_type T> xt::xarray<T> load(const std::string& path) { return to_xtensor(read<T>(path)); }

/// Any row-major xtensor container or adaptor; an expression is written as xt::xarray<T>(expression).
template <class E> void save(const std::string& path, const E& container) {
  using value = typename E::value_type;
  const std::vector<size_type> shape(container.shape().begin(), container.shape().end());
  write<value>(path, std::span<const value>(container.data(), container.size()), shape);
}

}  // namespace npy

namespace npz {

template <stored_type T> xt::xarray<T> load(const archive& from, const std::string& array_name) {
  return to_xtensor(from.read<T>(array_name));
}

}  // namespace npz
}  // namespace ogm::data
