#pragma once
// The geometry of convolutions and poolings, written as types in any order: conv2d<3, 64, kernel<7>, stride<2>, padding<3>>.

#include <ogm/backend/op/convolution.hpp>
#include <ogm/backend/standard.hpp>
#include <ogm/core/extents.hpp>

#include <concepts>
#include <type_traits>

namespace ogm::nn {

namespace detail {
struct geometry {
  int kernel_height = 0, kernel_width = 0;
  int stride_height = 1, stride_width = 1;
  int pad_height = 0, pad_width = 0;
  int dilation_height = 1, dilation_width = 1;
  int groups = 1;
  bool strided = false, bias = true;
};
}  // namespace detail

/// The first number is of the height (of a sequence: of time), the second of the width.
template <int Height, int Width = Height> struct kernel {
  static_assert(Height > 0 && Width > 0, "ogm: a kernel is at least 1 wide. Write kernel<3> or kernel<3, 5>.");
  static constexpr void apply(detail::geometry& g) { g.kernel_height = Height, g.kernel_width = Width; }
};
/// Steps between outputs.
template <int Height, int Width = Height> struct stride {
  static_assert(Height > 0 && Width > 0, "ogm: a stride is at least 1. Write stride<2>.");
  static constexpr void apply(detail::geometry& g) { g.stride_height = Height, g.stride_width = Width, g.strided = true; }
};
/// Zeros on either side; a maximum sees nothing there.
template <int Height, int Width = Height> struct padding {
  static_assert(Height >= 0 && Width >= 0, "ogm: a padding is not negative. Write padding<1>.");
  static constexpr void apply(detail::geometry& g) { g.pad_height = Height, g.pad_width = Width; }
};
/// Gaps between the taps of a kernel.
template <int Height, int Width = Height> struct dilation {
  static_assert(Height > 0 && Width > 0, "ogm: a dilation is at least 1, which is none. Write dilation<2>.");
  static constexpr void apply(detail::geometry& g) { g.dilation_height = Height, g.dilation_width = Width; }
};
/// Every output channel sees only the input channels of its group.
template <int Count> struct groups {
  static_assert(Count > 0, "ogm: a convolution has at least one group. Write groups<1>.");
  static constexpr void apply(detail::geometry& g) { g.groups = Count; }
};
/// A layer without bias.
struct no_bias {
  static constexpr void apply(detail::geometry& g) { g.bias = false; }
};

namespace detail {
template <class O>
concept window_option = requires(geometry& g) {
  O::apply(g);
};
template <class... Options> constexpr geometry geometry_of() {
  static_assert(((window_option<Options> || backend::any_backend<Options>)&&...),
                "ogm: a convolution or a pooling was given an option that it does not know. "
                "Write kernel, stride, padding, dilation, groups, no_bias or a backend.");
  geometry g;
  const auto one = [&]<class O>(std::type_identity<O>) {
    if constexpr (window_option<O>) O::apply(g);
  };
  (one(std::type_identity<Options>{}), ...);
  return g;
}

/// The backend among the options, or the standard one.
template <class... Options> struct backend_among { using type = backend::standard; };
template <class First, class... Rest> struct backend_among<First, Rest...> {
  using type = typename std::conditional_t<backend::any_backend<First>, std::type_identity<First>, backend_among<Rest...>>::type;
};

/// The extent of an output axis, static where the input's is.
constexpr int convolved(int in, int kernel, int stride, int pad, int dilation) {
  return in == dyn ? dyn : int(op::convolved(in, kernel, stride, pad, dilation));
}
}  // namespace detail

}  // namespace ogm::nn
