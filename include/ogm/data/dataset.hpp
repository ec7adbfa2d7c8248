#pragma once
// What a data set is to the loader, and the one that lies in memory.

#include <ogm/core/random.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ogm::data {

/// Which draw an item is: everything random about it comes from here and from nothing else, so the item is the same in any thread
/// and after a resume.
struct item_key {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  size_type index = 0;  // in the data set

  random::generator generator() const {
    return random::generator({seed, random::stream_of(random::purpose::augment, std::uint64_t(index)), epoch});
  }
};

namespace detail {

template <class View> struct part_traits;
template <class T, int... E> struct part_traits<ogm::view<T, E...>> {
  using batch_tensor = ogm::tensor<T, dyn, E...>;
  using batch_view = ogm::view<const T, dyn, E...>;
  using shape = extents<E...>;

  static batch_tensor make(size_type batch, const shape& item) {
    std::array<size_type, sizeof...(E) + 1> sizes{batch};
    std::copy(item.sizes.begin(), item.sizes.end(), sizes.begin() + 1);
    return batch_tensor(sizes);
  }
  static ogm::view<T, E...> row(batch_tensor& t, size_type i, const shape& item) { return {t.data() + i * item.count(), item}; }
  static batch_view head(const batch_tensor& t, size_type count) {
    auto sizes = t.shape().sizes;
    sizes[0] = count;
    return {t.data(), extents<dyn, E...>(sizes)};
  }
};

template <class Item> struct item_traits;
template <class... Views> struct item_traits<std::tuple<Views...>> {
  using shapes = std::tuple<typename part_traits<Views>::shape...>;
  using tensors = std::tuple<typename part_traits<Views>::batch_tensor...>;
  static constexpr std::size_t modalities = sizeof...(Views);
  template <std::size_t I> using part = part_traits<std::tuple_element_t<I, std::tuple<Views...>>>;
};

}  // namespace detail

/// `item` is a std::tuple of views, one a modality; load() fills them and gives the label. const and safe from many threads.
template <class D>
concept dataset = requires(const D& d, const item_key& key, const typename D::item& into) {
  typename detail::item_traits<typename D::item>::shapes;
  { d.size() } -> std::convertible_to<size_type>;
  { d.item_shapes() } -> std::convertible_to<typename detail::item_traits<typename D::item>::shapes>;
  { d.load(key, into) } -> std::convertible_to<std::int32_t>;
};

namespace detail {
template <class Tensor> struct row_of;
template <class T, int First, int... Rest> struct row_of<basic_tensor<memory::host, T, First, Rest...>> {
  using view = ogm::view<T, Rest...>;
  static extents<Rest...> shape(const basic_tensor<memory::host, T, First, Rest...>& t) {
    std::array<size_type, sizeof...(Rest)> sizes{};
    std::copy(t.shape().sizes.begin() + 1, t.shape().sizes.end(), sizes.begin());
    return extents<Rest...>(sizes);
  }
};
}  // namespace detail

/// Arrays in memory, one a modality, and labels. Item i takes row rows[m][i] of array m: pairs of an image and a recording need no copies.
///
/// Shapes     tensors (row, ...), labels (item)
/// Errors     shape_error where the counts differ, value_error for a row that is not there
template <class... Tensors> class in_memory {
 public:
  using item = std::tuple<typename detail::row_of<Tensors>::view...>;
  using shapes = typename detail::item_traits<item>::shapes;
  static constexpr std::size_t modalities = sizeof...(Tensors);
  using row_table = std::array<std::vector<std::int32_t>, modalities>;

  explicit in_memory(std::vector<std::int32_t> labels, Tensors... tensors)
      : in_memory(std::move(labels), row_table{}, std::move(tensors)...) {}
  in_memory(std::vector<std::int32_t> labels, row_table rows, Tensors... tensors)
      : tensors_(std::move(tensors)...), rows_(std::move(rows)), labels_(std::move(labels)) {
    check(std::make_index_sequence<modalities>());
  }

  size_type size() const { return size_type(labels_.size()); }
  std::int32_t label(size_type i) const { return labels_[std::size_t(i)]; }
  const std::vector<std::int32_t>& labels() const { return labels_; }
  template <std::size_t I> const auto& array() const { return std::get<I>(tensors_); }
  shapes item_shapes() const {
    return std::apply([](const Tensors&... t) { return shapes(detail::row_of<Tensors>::shape(t)...); }, tensors_);
  }
  std::int32_t load(const item_key& key, const item& into) const {
    copy(key.index, into, std::make_index_sequence<modalities>());
    return label(key.index);
  }

 private:
  template <std::size_t... I> void check(std::index_sequence<I...>) const { (check_modality(I, std::get<I>(tensors_).size(0)), ...); }
  void check_modality(std::size_t m, size_type available) const {
    const auto& rows = rows_[m];
    const std::string which = "ogm: modality " + std::to_string(m) + " of a data set: ";
    if (rows.empty() ? available != size() : rows.size() != labels_.size())
      throw shape_error(which + std::to_string(rows.empty() ? available : size_type(rows.size())) + " rows for " + std::to_string(size()) +
                        " labels.");
    for (const std::int32_t r : rows)
      if (r < 0 || r >= available) throw value_error(which + "row " + std::to_string(r) + " of " + std::to_string(available) + ".");
  }
  template <std::size_t... I> void copy(size_type i, const item& into, std::index_sequence<I...>) const {
    (copy_part(std::get<I>(into), std::get<I>(tensors_), rows_[I].empty() ? i : size_type(rows_[I][std::size_t(i)])), ...);
  }
  template <class View, class Tensor> static void copy_part(const View& into, const Tensor& from, size_type row) {
    memory::host::copy(into.data(), from.data() + row * into.count(), std::size_t(into.count()) * sizeof(typename View::value_type));
  }

  std::tuple<Tensors...> tensors_;
  row_table rows_;
  std::vector<std::int32_t> labels_;
};

}  // namespace ogm::data
