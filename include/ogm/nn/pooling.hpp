#pragma once
// Pooling over images and videos: maxima, means over windows, means to a fixed size.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/pooling.hpp>
#include <ogm/nn/window.hpp>

namespace ogm::nn {

namespace detail {
/// The geometry of a pooling, checked. Without a stride the windows lie side by side.
template <class... Options> struct pool_window {
  static constexpr geometry value = [] {
    geometry g = geometry_of<Options...>();
    if (!g.strided) g.stride_height = g.kernel_height, g.stride_width = g.kernel_width;
    return g;
  }();
  static_assert(value.kernel_height > 0, "ogm: a pooling has no kernel. Write max_pool2d<kernel<3>, stride<2>>.");
  static_assert(2 * value.pad_height <= value.kernel_height && 2 * value.pad_width <= value.kernel_width,
                "ogm: the padding of a pooling is more than half its kernel. Make it smaller.");
  static_assert(value.dilation_height == 1 && value.dilation_width == 1 && value.groups == 1,
                "ogm: a pooling has no dilation and no groups. Leave them out.");
};
/// (batch, channel, out_height, out_width), static where the input is.
template <class Window, class X> auto pooled_shape(const X& x, const char* name) {
  constexpr geometry g = Window::value;
  constexpr auto in = X::shape_type::statics;
  const std::array<size_type, 4> sizes{x.size(0), x.size(1), op::convolved(x.size(2), g.kernel_height, g.stride_height, g.pad_height, 1),
                                       op::convolved(x.size(3), g.kernel_width, g.stride_width, g.pad_width, 1)};
  if (sizes[2] <= 0 || sizes[3] <= 0)
    throw shape_error("ogm: " + std::string(name) + " with kernel<" + std::to_string(g.kernel_height) + ", " +
                      std::to_string(g.kernel_width) + "> was given an image of shape " + x.shape().text() + ".");
  return extents<in[0], in[1], convolved(in[2], g.kernel_height, g.stride_height, g.pad_height, 1),
                 convolved(in[3], g.kernel_width, g.stride_width, g.pad_width, 1)>(sizes);
}
template <class Tape, class X, class Y> void mean_pool(Tape& tape, const X& x, const Y& y, const op::mean_pool_shape& shape) {
  using T = typename X::value_type;
  tape.run(op::mean_pool_forward<T>{shape, x.data(), y.data()});
  if constexpr (Tape::records && is_var<X>)
    tape.record([x, y, shape](auto& t) {
      if (!y.reached()) return;
      const auto dx = x.accumulate();
      t.run(op::mean_pool_backward<T>{shape, y.gradient(), dx.data, dx.add()});
    });
}
}  // namespace detail

/// The maximum of each window: max_pool2d<kernel<3>, stride<2>, padding<1>>.
///
/// Shapes     x (batch, channel, height, width) -> (batch, channel, (height + 2 padding - kernel) / stride + 1, ...)
/// Options    kernel, stride (default: the kernel), padding (at most half the kernel)
/// Numerics   NaN in a window -> NaN out. The gradient goes to the first of equal maxima, in row-major order
/// Errors     shape_error where no window fits
template <class... Options> struct max_pool2d {
  using window = detail::pool_window<Options...>;
  static constexpr detail::geometry geometry = window::value;
  OGM_NO_FIELDS

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4, "ogm: max_pool2d takes images (batch, channel, height, width). Reshape the tensor.");
    if constexpr (X::rank == 4) return run(tape, input(tape, argument));
  }

 private:
  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    using T = typename X::value_type;
    auto y = tape.template make<T>(detail::pooled_shape<window>(x, "max_pool2d"));
    const op::max_pool_shape shape{.planes = long(x.size(0) * x.size(1)),
                                   .in_height = long(x.size(2)),
                                   .in_width = long(x.size(3)),
                                   .out_height = long(y.size(2)),
                                   .out_width = long(y.size(3)),
                                   .kernel_height = geometry.kernel_height,
                                   .kernel_width = geometry.kernel_width,
                                   .stride_height = geometry.stride_height,
                                   .stride_width = geometry.stride_width,
                                   .pad_height = geometry.pad_height,
                                   .pad_width = geometry.pad_width};
    std::int32_t* index = nullptr;
    if constexpr (Tape::records && is_var<X>) index = tape.template scratch<std::int32_t>(y.count());
    tape.run(op::max_pool_forward<T>{shape, x.data(), y.data(), index});
    if constexpr (Tape::records && is_var<X>)
      tape.record([x, y, shape, index](auto& t) {
        if (!y.reached()) return;
        const auto dx = x.accumulate();
        t.run(op::max_pool_backward<T>{shape, y.gradient(), index, dx.data, dx.add()});
      });
    return y;  // (batch, channel, height, width)
  }
};

/// The mean of each window: avg_pool2d<kernel<2>>. The padding's zeros count, as in PyTorch.
///
/// Shapes     x (batch, channel, height, width) -> (batch, channel, (height + 2 padding - kernel) / stride + 1, ...)
/// Options    kernel, stride (default: the kernel), padding (at most half the kernel)
/// Errors     shape_error where no window fits
template <class... Options> struct avg_pool2d {
  using window = detail::pool_window<Options...>;
  static constexpr detail::geometry geometry = window::value;
  OGM_NO_FIELDS

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4, "ogm: avg_pool2d takes images (batch, channel, height, width). Reshape the tensor.");
    if constexpr (X::rank == 4) return run(tape, input(tape, argument));
  }

 private:
  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    auto y = tape.template make<typename X::value_type>(detail::pooled_shape<window>(x, "avg_pool2d"));
    detail::mean_pool(tape, x, y,
                      {.planes = long(x.size(0) * x.size(1)),
                       .depth = {1, 1},
                       .height = {x.size(2), y.size(2), geometry.kernel_height, geometry.stride_height, geometry.pad_height},
                       .width = {x.size(3), y.size(3), geometry.kernel_width, geometry.stride_width, geometry.pad_width}});
    return y;  // (batch, channel, height, width)
  }
};

/// Means to a fixed size: output o is the mean of the inputs from floor(o in / out) to ceil((o + 1) in / out).
///
/// Shapes     x (batch, channel, height, width) -> (batch, channel, Height, Width)
/// Empty      an image of 0 pixels -> NaN
template <int Height, int Width = Height> struct adaptive_avg_pool2d {
  static_assert(Height > 0 && Width > 0, "ogm: adaptive_avg_pool2d gives at least one pixel. Write adaptive_avg_pool2d<1>.");
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4, "ogm: adaptive_avg_pool2d takes images (batch, channel, height, width). Reshape the tensor.");
    if constexpr (X::rank == 4) {
      const auto x = input(tape, argument);
      constexpr auto in = X::shape_type::statics;
      auto y = tape.template make<typename X::value_type>(
          extents<in[0], in[1], Height, Width>(std::array<size_type, 4>{x.size(0), x.size(1), Height, Width}));
      detail::mean_pool(
          tape, x, y, {.planes = long(x.size(0) * x.size(1)), .depth = {1, 1}, .height = {x.size(2), Height}, .width = {x.size(3), Width}});
      return y;  // (batch, channel, height, width)
    }
  }
};

/// The same over time too.
///
/// Shapes     x (batch, channel, time, height, width) -> (batch, channel, Time, Height, Width)
/// Empty      a video of 0 pixels -> NaN
template <int Time, int Height = Time, int Width = Height> struct adaptive_avg_pool3d {
  static_assert(Time > 0 && Height > 0 && Width > 0, "ogm: adaptive_avg_pool3d gives at least one pixel. Write adaptive_avg_pool3d<1>.");
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 5, "ogm: adaptive_avg_pool3d takes videos (batch, channel, time, height, width). Reshape the tensor.");
    if constexpr (X::rank == 5) {
      const auto x = input(tape, argument);
      constexpr auto in = X::shape_type::statics;
      auto y = tape.template make<typename X::value_type>(
          extents<in[0], in[1], Time, Height, Width>(std::array<size_type, 5>{x.size(0), x.size(1), Time, Height, Width}));
      detail::mean_pool(
          tape, x, y,
          {.planes = long(x.size(0) * x.size(1)), .depth = {x.size(2), Time}, .height = {x.size(3), Height}, .width = {x.size(4), Width}});
      return y;  // (batch, channel, time, height, width)
    }
  }
};

/// The mean of each channel.
///
/// Shapes     x (batch, channel, ...) -> (batch, channel)
/// Empty      a channel without elements -> NaN
struct global_mean {
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank >= 3, "ogm: global_mean takes (batch, channel, ...) of three axes or more. Reshape the tensor.");
    if constexpr (X::rank >= 3) {
      const auto x = input(tape, argument);
      auto y = tape.template make<typename X::value_type>(first_axes<2>(x.shape()));
      long inner = 1;
      for (int axis = 2; axis < X::rank; ++axis) inner *= long(x.size(axis));
      detail::mean_pool(tape, x, y, {.planes = long(y.count()), .depth = {1, 1}, .height = {1, 1}, .width = {inner, 1}});
      return y;  // (batch, channel)
    }
  }
};

/// The mean over the second axis.
///
/// Shapes     x (batch, time, channel) -> (batch, channel)
/// Empty      no time -> NaN
struct mean_over_time {
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 3, "ogm: mean_over_time takes sequences (batch, time, channel). Reshape the tensor.");
    if constexpr (X::rank == 3) {
      using T = typename X::value_type;
      const auto x = input(tape, argument);
      constexpr auto in = X::shape_type::statics;
      auto y = tape.template make<T>(extents<in[0], in[2]>(std::array<size_type, 2>{x.size(0), x.size(2)}));
      const long outer = long(x.size(0)), middle = long(x.size(1)), inner = long(x.size(2));
      tape.run(op::mean_middle_forward<T>{x.data(), y.data(), outer, middle, inner});
      if constexpr (Tape::records && is_var<std::remove_const_t<decltype(x)>>)
        tape.record([x, y, outer, middle, inner](auto& t) {
          if (!y.reached()) return;
          const auto dx = x.accumulate();
          t.run(op::mean_middle_backward<T>{y.gradient(), dx.data, outer, middle, inner, dx.add()});
        });
      return y;  // (batch, channel)
    }
  }
};

}  // namespace ogm::nn
