#pragma once
// A non-owning view and an owning, 64-byte aligned tensor, both contiguous and row-major.

#include <ogm/core/extents.hpp>
#include <ogm/core/memory.hpp>

#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace ogm {

namespace detail {
struct no_view {};
}  // namespace detail

/// A handle to elements that live elsewhere: a pointer into Space and a shape. T may be const.
template <memory::space Space, class T, int... E> class basic_view {
 public:
  using space = Space;
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  using shape_type = extents<E...>;
  static constexpr int rank = sizeof...(E);
  static constexpr int width = shape_type::width;
  /// Of the same elements, to be read only. A view of constant elements has none, rather than a conversion to itself.
  using constant_view = std::conditional_t<std::is_const_v<T>, detail::no_view, basic_view<Space, const T, E...>>;

  basic_view() = default;
  basic_view(T* data, const shape_type& shape) : data_(data), shape_(shape) {}
  operator constant_view() const requires(!std::is_const_v<T>) { return {data_, shape_}; }

  T* data() const { return data_; }
  const shape_type& shape() const { return shape_; }
  size_type size(int axis) const { return shape_[axis]; }
  size_type count() const { return shape_.count(); }
  size_type rows() const { return shape_.rows(); }
  std::span<T> flat() const requires std::same_as<Space, memory::host> { return {data_, std::size_t(count())}; }
  /// The element at (i, j, ...), one index an axis. No bounds check.
  template <std::integral... Index>
  requires(sizeof...(Index) == sizeof...(E) && std::same_as<Space, memory::host>) T& operator()(Index... index) const {
    const size_type at[]{size_type(index)..., 0};
    size_type offset = 0;
    for (int axis = 0; axis < rank; ++axis) offset = offset * shape_[axis] + at[axis];
    return data_[offset];
  }

 private:
  T* data_ = nullptr;
  shape_type shape_;
};

/// Owns its elements; zero when made.
///
/// Shapes     tensor<float, dyn, 512> x(64) is (64, 512); tensor<float, 3, 4> has no argument
/// Errors     shape_error where sizes do not fit the static extents; std::bad_alloc
template <memory::space Space, class T, int... E> class basic_tensor {
  static_assert(std::is_trivially_copyable_v<T>, "ogm: a tensor holds numbers. Keep other objects in a std::vector.");

 public:
  using space = Space;
  using element_type = T;
  using value_type = T;
  using shape_type = extents<E...>;
  static constexpr int rank = sizeof...(E);
  static constexpr int width = shape_type::width;

  basic_tensor() : basic_tensor(shape_type{}) {}
  explicit basic_tensor(const shape_type& shape) : shape_(shape), data_(allocate(shape.count())) {}
  explicit basic_tensor(const std::array<size_type, sizeof...(E)>& sizes) requires(sizeof...(E) > 0) : basic_tensor(shape_type(sizes)) {}
  template <std::integral... Size>
  requires(sizeof...(Size) == shape_type::dynamic_rank && shape_type::dynamic_rank > 0) explicit basic_tensor(Size... dynamic)
      : basic_tensor(shape_type(dynamic...)) {}

  basic_tensor(const basic_tensor& other) : basic_tensor(other.shape_) { Space::copy(data(), other.data(), bytes()); }
  basic_tensor(basic_tensor&& other) noexcept : shape_(std::exchange(other.shape_, shape_type{})), data_(std::move(other.data_)) {}
  basic_tensor& operator=(basic_tensor other) noexcept {
    std::swap(shape_, other.shape_);
    data_.swap(other.data_);
    return *this;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  const shape_type& shape() const { return shape_; }
  size_type size(int axis) const { return shape_[axis]; }
  size_type count() const { return shape_.count(); }
  size_type rows() const { return shape_.rows(); }
  std::size_t bytes() const { return std::size_t(count()) * sizeof(T); }

  std::span<T> flat() requires std::same_as<Space, memory::host> { return {data(), std::size_t(count())}; }
  std::span<const T> flat() const requires std::same_as<Space, memory::host> { return {data(), std::size_t(count())}; }
  template <std::integral... Index> T& operator()(Index... index) requires requires(basic_view<Space, T, E...> v) { v(index...); }
  { return view()(index...); }
  template <std::integral... Index> const T& operator()(Index... index) const requires requires(basic_view<Space, const T, E...> v) {
    v(index...);
  }
  { return view()(index...); }

  basic_view<Space, T, E...> view() { return {data(), shape_}; }
  basic_view<Space, const T, E...> view() const { return {data(), shape_}; }
  operator basic_view<Space, T, E...>() { return view(); }
  operator basic_view<Space, const T, E...>() const { return view(); }

 private:
  struct releaser {
    std::size_t bytes = 0;
    void operator()(T* p) const { Space::release(p, bytes); }
  };
  static std::unique_ptr<T[], releaser> allocate(size_type n) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(std::size_t(n), sizeof(T), &bytes)) throw std::bad_alloc();
    auto* p = static_cast<T*>(Space::allocate(bytes));
    Space::zero(p, bytes);
    return std::unique_ptr<T[], releaser>(p, releaser{bytes});
  }
  shape_type shape_;
  std::unique_ptr<T[], releaser> data_;
};

template <class T, int... E> using view = basic_view<memory::host, T, E...>;
template <class T, int... E> using tensor = basic_tensor<memory::host, T, E...>;

/// A handle of a tensor or of a view, never of a temporary tensor.
template <class S, class T, int... E> basic_view<S, const T, E...> as_view(const basic_tensor<S, T, E...>& t) { return t; }
/// A handle of the same elements.
template <class S, class T, int... E> basic_view<S, T, E...> as_view(const basic_view<S, T, E...>& v) { return v; }

/// The same elements under another shape of the same count.
///
/// Errors     shape_error where the counts differ
template <int... F, class S, class T, int... E>
basic_view<S, T, F...> reshape(const basic_view<S, T, E...>& v, const extents<F...>& shape) {
  if (v.count() != shape.count()) throw shape_error("ogm: reshape of " + v.shape().text() + " to " + shape.text() + ": the counts differ.");
  return {v.data(), shape};
}

/// A copy in another memory space.
template <memory::space To, class S, class T, int... E>
basic_tensor<To, std::remove_const_t<T>, E...> copy_to(const basic_view<S, T, E...>& from) {
  basic_tensor<To, std::remove_const_t<T>, E...> to(from.shape());
  const auto bytes = std::size_t(from.count()) * sizeof(T);
  if constexpr (std::same_as<S, To>)
    S::copy(to.data(), from.data(), bytes);
  else if constexpr (std::same_as<S, memory::host>)
    To::copy_from_host(to.data(), from.data(), bytes);
  else {
    static_assert(std::same_as<To, memory::host>, "ogm: a copy between two spaces goes through memory::host. Copy twice.");
    S::copy_to_host(to.data(), from.data(), bytes);
  }
  return to;
}
/// A copy in another memory space.
template <memory::space To, class S, class T, int... E> auto copy_to(const basic_tensor<S, T, E...>& from) {
  return copy_to<To>(from.view());
}

}  // namespace ogm
