#pragma once
// Shapes as types: every extent is a number or `dyn`, known at run time only.

#include <ogm/core/error.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ogm {

using size_type = std::ptrdiff_t;

/// An extent that is known at run time only. An int: it prints as -1 in every diagnostic, where size_t prints 20 digits.
inline constexpr int dyn = -1;

/// "(64, 10, 512)"; dyn prints as "dyn".
inline std::string shape_text(std::span<const size_type> sizes) {
  std::string out = "(";
  for (const size_type s : sizes) {
    if (out.size() > 1) out += ", ";
    out += s == dyn ? std::string("dyn") : std::to_string(s);
  }
  return out + ")";
}
/// The same of sizes of another type.
template <class Sizes>
requires(!std::convertible_to<const Sizes&, std::span<const size_type>>) std::string shape_text(const Sizes& sizes) {
  return shape_text(std::span<const size_type>(std::vector<size_type>(std::begin(sizes), std::end(sizes))));
}

namespace detail {
// Errors of shapes are told here, and not in each place that makes a shape: their text would be compiled once for every type of it.
[[noreturn, gnu::noinline, gnu::cold]] inline void throw_other_shape(std::span<const size_type> expected,
                                                                     std::span<const size_type> given) {
  throw shape_error("ogm: a tensor of shape " + shape_text(expected) + " expected, " + shape_text(given) + " given.");
}
[[noreturn, gnu::noinline, gnu::cold]] inline void throw_too_large(std::span<const size_type> given) {
  throw shape_error("ogm: the shape " + shape_text(given) + " has more elements than memory.");
}
}  // namespace detail

/// Row-major extents.
///
/// Errors     shape_error where a size is negative, differs from a static extent, or the count overflows
template <int... E> struct extents {
  static constexpr int rank = sizeof...(E);
  static constexpr int dynamic_rank = (0 + ... + int(E == dyn));
  static constexpr std::array<int, sizeof...(E)> statics{E...};
  static constexpr int width = [] {  // the feature axis
    int last = 1;
    ((last = E), ...);
    return last;
  }();

  std::array<size_type, sizeof...(E)> sizes{(E == dyn ? 0 : E)...};

  constexpr extents() = default;
  constexpr extents(const std::array<size_type, sizeof...(E)>& s) : sizes(s) { check(); }

  /// The sizes of the `dyn` extents, in order: extents<dyn, 3, dyn>(8, 5) is (8, 3, 5).
  template <std::integral... Size>
  requires(sizeof...(Size) == dynamic_rank && dynamic_rank > 0) constexpr explicit extents(Size... dynamic) {
    const std::array<size_type, dynamic_rank> given{size_type(dynamic)...};
    for (int i = 0, k = 0; i < rank; ++i)
      if (statics[i] == dyn) sizes[i] = given[k++];
    check();
  }

  constexpr size_type operator[](int axis) const { return sizes[axis]; }
  constexpr size_type count() const {
    size_type n = 1;
    for (const size_type s : sizes) n *= s;
    return n;
  }
  /// The product of all extents but the last.
  constexpr size_type rows() const {
    size_type n = 1;
    for (int i = 0; i + 1 < rank; ++i) n *= sizes[i];
    return n;
  }
  std::string text() const { return shape_text(sizes); }
  static std::string static_text() { return shape_text(std::array<size_type, sizeof...(E)>{E...}); }
  friend constexpr bool operator==(const extents&, const extents&) = default;

 private:
  constexpr void check() const {
    size_type n = 1;
    for (int i = 0; i < rank; ++i) {
      if (sizes[i] < 0 || (statics[i] != dyn && statics[i] != sizes[i]))
        detail::throw_other_shape(std::array<size_type, sizeof...(E)>{E...}, sizes);
      if (__builtin_mul_overflow(n, sizes[i], &n)) detail::throw_too_large(sizes);
    }
  }
};

/// The same extents but for the last one, which becomes the static Last.
template <int Last, int... E> constexpr auto with_last(const extents<E...>& e) {
  constexpr int rank = sizeof...(E);
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    std::array<size_type, sizeof...(E)> sizes = e.sizes;
    sizes[rank - 1] = Last;
    return extents<extents<E...>::statics[I]..., Last>(sizes);
  }
  (std::make_integer_sequence<int, rank - 1>{});
}
/// All extents but the last, or those before Axis.
template <int Axes, int... E> constexpr auto first_axes(const extents<E...>& e) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return extents<extents<E...>::statics[I]...>(std::array<size_type, std::size_t(Axes)>{e.sizes[I]...});
  }
  (std::make_integer_sequence<int, Axes>{});
}

/// The words of a compile error: both compilers print the name with its numbers next to the static_assert's sentence.
template <int Expected> struct a_layer_of_input_width {
  template <int Given> static constexpr bool was_given_a_tensor_of_width = Expected == Given || Given == dyn;
};

}  // namespace ogm
