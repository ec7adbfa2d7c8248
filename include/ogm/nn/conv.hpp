#pragma once
// Convolutions over images and over sequences.

#include <ogm/autograd/expression.hpp>
#include <ogm/nn/initialise.hpp>
#include <ogm/nn/window.hpp>

namespace ogm::nn {

namespace detail {

inline op::convolution_shape convolution_of(const geometry& g, int in, int out, long batch, long height, long width) {
  return {.batch = batch,
          .in_channels = in,
          .in_height = height,
          .in_width = width,
          .out_channels = out,
          .out_height = op::convolved(height, g.kernel_height, g.stride_height, g.pad_height, g.dilation_height),
          .out_width = op::convolved(width, g.kernel_width, g.stride_width, g.pad_width, g.dilation_width),
          .kernel_height = g.kernel_height,
          .kernel_width = g.kernel_width,
          .stride_height = g.stride_height,
          .stride_width = g.stride_width,
          .pad_height = g.pad_height,
          .pad_width = g.pad_width,
          .dilation_height = g.dilation_height,
          .dilation_width = g.dilation_width,
          .groups = g.groups};
}

/// Records y = conv(x); `layer` holds the weight and, where Bias, the bias.
template <bool Bias, class Layer, class Tape, class X, class Y>
void convolve(const Layer& layer, Tape& tape, const X& x, const Y& y, const op::convolution_shape& shape) {
  using T = typename Layer::value_type;
  const T* bias = nullptr;
  if constexpr (Bias) bias = layer.bias.value.data();
  tape.run(op::convolution_forward<T>{shape, x.data(), layer.weight.value.data(), bias, y.data()});
  if constexpr (Tape::records)
    tape.record([&layer, x, y, shape](auto& t) {
      if (!y.reached()) return;
      const T* dy = y.gradient();
      const auto dw = t.gradient(layer.weight);
      T* dbias = nullptr;
      bool add_bias = false;
      if constexpr (Bias) {
        const auto db = t.gradient(layer.bias);
        dbias = db.data;
        add_bias = db.add();
      }
      t.run(op::convolution_backward_weight<T>{shape, x.data(), dy, dw.data, dbias, dw.add(), add_bias});
      if constexpr (is_var<X>) {  // data needs no gradient, and its product is never compiled
        const auto dx = x.accumulate();
        t.run(op::convolution_backward_input<T>{shape, dy, layer.weight.value.data(), dx.data, dx.add()});
      }
    });
}

/// The words of a compile error, with both numbers.
template <int Expected> struct a_convolution_of_input_channels {
  template <int Given> static constexpr bool was_given_a_tensor_of_channels = Expected == Given || Given == dyn;
};

}  // namespace detail

/// Two-dimensional convolution (cross-correlation): y[o, h, w] = bias[o] + sum over i, kh, kw of
/// weight[o, i, kh, kw] x[i, h * stride - padding + kh * dilation, ...].
///
///     conv2d<3, 64, kernel<7>, stride<2>, padding<3>, no_bias>
///
/// Shapes     x (batch, In, height, width) -> (batch, Out, (height + 2 padding - dilation (kernel - 1) - 1) / stride + 1, ...);
///            weight (Out, In / groups, kernel_height, kernel_width); bias (Out)
/// Options    kernel, stride, padding, dilation, groups, no_bias and a backend, as types, in any order; kernel<3, 5> is rectangular
/// Numerics   the same bits on any number of threads
/// Errors     a compile error names both channels; shape_error where the kernel does not fit into the image
/// Initial    weight and bias uniform in +-1/sqrt(fan in), as PyTorch's
template <int In, int Out, class... Options> struct conv2d {
  using backend_type = typename detail::backend_among<Options...>::type;
  using value_type = typename backend_type::value_type;
  static constexpr detail::geometry geometry = detail::geometry_of<Options...>();
  static_assert(geometry.kernel_height > 0, "ogm: a convolution has no kernel. Write conv2d<In, Out, kernel<3>>.");
  static_assert(In % geometry.groups == 0 && Out % geometry.groups == 0,
                "ogm: the groups of a convolution do not divide its channels. Make both multiples of the groups.");

  parameter<backend_type, kind::conv, Out, In / geometry.groups, geometry.kernel_height, geometry.kernel_width> weight;
  parameter<backend_type, kind::bias, geometry.bias ? Out : 0> bias;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("weight", self.weight);
    if constexpr (geometry.bias) visit("bias", self.bias);
  }
  template <class Initialiser> void initialise(Initialiser& init) {
    const double bound = bound_of_fan_in(long(In / geometry.groups) * geometry.kernel_height * geometry.kernel_width);
    init.uniform(weight, bound);
    if constexpr (geometry.bias) init.uniform(bias, bound);
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4, "ogm: conv2d takes images (batch, channel, height, width). Reshape the tensor, or use conv1d.");
    if constexpr (X::rank == 4) {
      constexpr bool fits = detail::a_convolution_of_input_channels<In>::template was_given_a_tensor_of_channels<X::shape_type::statics[1]>;
      static_assert(detail::a_convolution_of_input_channels<In>::template was_given_a_tensor_of_channels<X::shape_type::statics[1]>,
                    "ogm: the channels of the image are not the input channels of the convolution. Make them equal.");
      if constexpr (fits) return run(tape, input(tape, argument));
    }
  }

 private:
  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    constexpr auto g = geometry;
    constexpr auto in = X::shape_type::statics;
    const auto shape = detail::convolution_of(g, In, Out, long(x.size(0)), long(x.size(2)), long(x.size(3)));
    if (x.size(1) != In || shape.out_height <= 0 || shape.out_width <= 0)
      throw shape_error("ogm: conv2d<" + std::to_string(In) + ", " + std::to_string(Out) + ", kernel<" + std::to_string(g.kernel_height) +
                        ", " + std::to_string(g.kernel_width) + ">> was given an image of shape " + x.shape().text() + ".");
    const auto y = tape.template make<value_type>(
        extents<in[0], Out, detail::convolved(in[2], g.kernel_height, g.stride_height, g.pad_height, g.dilation_height),
                detail::convolved(in[3], g.kernel_width, g.stride_width, g.pad_width, g.dilation_width)>(
            std::array<size_type, 4>{x.size(0), Out, shape.out_height, shape.out_width}));
    detail::convolve<geometry.bias>(*this, tape, x, y, shape);
    return y;  // (batch, channel, height, width)
  }
};

/// Convolution over time: conv1d<64, 128, kernel<3>, padding<1>>. Options, numerics and initial values as conv2d's; the first number of an
/// option counts.
///
/// Shapes     x (batch, In, time) -> (batch, Out, (time + 2 padding - dilation (kernel - 1) - 1) / stride + 1);
///            weight (Out, In / groups, kernel); bias (Out)
/// Errors     a compile error names both channels; shape_error where the kernel does not fit into the sequence
template <int In, int Out, class... Options> struct conv1d {
  using backend_type = typename detail::backend_among<Options...>::type;
  using value_type = typename backend_type::value_type;
  static constexpr detail::geometry geometry = detail::geometry_of<Options...>();
  static_assert(geometry.kernel_height > 0, "ogm: a convolution has no kernel. Write conv1d<In, Out, kernel<3>>.");
  static_assert(In % geometry.groups == 0 && Out % geometry.groups == 0,
                "ogm: the groups of a convolution do not divide its channels. Make both multiples of the groups.");

  parameter<backend_type, kind::conv, Out, In / geometry.groups, geometry.kernel_height> weight;
  parameter<backend_type, kind::bias, geometry.bias ? Out : 0> bias;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("weight", self.weight);
    if constexpr (geometry.bias) visit("bias", self.bias);
  }
  template <class Initialiser> void initialise(Initialiser& init) {
    const double bound = bound_of_fan_in(long(In / geometry.groups) * geometry.kernel_height);
    init.uniform(weight, bound);
    if constexpr (geometry.bias) init.uniform(bias, bound);
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 3, "ogm: conv1d takes sequences (batch, channel, time). Reshape the tensor, or use conv2d.");
    if constexpr (X::rank == 3) {
      constexpr bool fits = detail::a_convolution_of_input_channels<In>::template was_given_a_tensor_of_channels<X::shape_type::statics[1]>;
      static_assert(detail::a_convolution_of_input_channels<In>::template was_given_a_tensor_of_channels<X::shape_type::statics[1]>,
                    "ogm: the channels of the sequence are not the input channels of the convolution. Make them equal.");
      if constexpr (fits) return run(tape, input(tape, argument));
    }
  }

 private:
  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    constexpr auto in = X::shape_type::statics;
    constexpr detail::geometry g = [] {  // an image of height 1
      detail::geometry w = geometry;
      w.kernel_width = w.kernel_height, w.stride_width = w.stride_height, w.pad_width = w.pad_height;
      w.dilation_width = w.dilation_height;
      w.kernel_height = w.stride_height = w.dilation_height = 1, w.pad_height = 0;
      return w;
    }();
    const auto shape = detail::convolution_of(g, In, Out, long(x.size(0)), 1, long(x.size(2)));
    if (x.size(1) != In || shape.out_width <= 0)
      throw shape_error("ogm: conv1d<" + std::to_string(In) + ", " + std::to_string(Out) + ", kernel<" + std::to_string(g.kernel_width) +
                        ">> was given a sequence of shape " + x.shape().text() + ".");
    const auto y = tape.template make<value_type>(
        extents<in[0], Out, detail::convolved(in[2], g.kernel_width, g.stride_width, g.pad_width, g.dilation_width)>(
            std::array<size_type, 3>{x.size(0), Out, shape.out_width}));
    detail::convolve<geometry.bias>(*this, tape, x, y, shape);
    return y;  // (batch, channel, time)
  }
};

}  // namespace ogm::nn
