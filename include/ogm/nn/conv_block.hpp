#pragma once
// Convolution, batch normalisation, relu and maximum as one layer: the block that small convolutional encoders are made of.

#include <ogm/backend/op/conv_block.hpp>
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>

namespace ogm::nn {

/// An option of conv_block: the maximum over windows of 2 x 2 after the relu.
struct pooled {};

/// relu(norm(conv(x))) with a 3x3 convolution (padding 1, no bias), and where `pooled` the maximum over windows of 2 x 2 after it; a last
/// odd row or column is left out. Channels come last, unlike in conv2d: an image of one channel is the same in both orders.
///
///     conv_block<1, 16, pooled>
///
/// Its parameters are those of the layers conv (conv2d) and norm (batch_norm), under these names.
///
/// Shapes     x (batch, height, width, In) -> (batch, height, width, Out), or where pooled (batch, height / 2, width / 2, Out)
/// Options    pooled, and a backend, in any order
/// Numerics   the same bits on any number of threads; where In is a multiple of 16 the convolution is Winograd's F(4x4, 3x3), whose
///            rounding error is several times that of a direct one, and one pixel that is not finite spoils its whole tiles of outputs.
///            Where a norm's weight is exactly 0 all values of a window are equal, and which of them gets the gradient may differ from
///            what layers one by one choose
/// Errors     a compile error names both channels; shape_error where nothing is left of an image, and in training where a
///            channel has one element only
/// Cost       beside the arithmetic: writes the convolution once and reads it twice (not at all where In is no multiple of 16)
/// Source     Lavin, Gray, CVPR 2016, Sec. 4.3 (the convolution); Ioffe, Szegedy, ICML 2015 (the normalisation)
/// Example    examples/av_digits/model.hpp
template <int In, int Out, class... Options> struct conv_block {
  static_assert(((std::same_as<Options, pooled> || backend::any_backend<Options>)&&...),
                "ogm: a conv_block was given an option that it does not know. Write pooled or a backend.");
  static_assert(Out % 16 == 0, "ogm: the output channels of a conv_block are no multiple of 16. Use conv2d and batch_norm.");
  using backend_type = typename detail::backend_among<Options...>::type;
  using value_type = typename backend_type::value_type;
  static constexpr int window = (std::same_as<Options, pooled> || ...) ? 2 : 1;

  conv2d<In, Out, kernel<3>, padding<1>, no_bias, backend_type> conv;
  batch_norm<Out, backend_type> norm;
  OGM_FIELDS(conv, norm)

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4, "ogm: conv_block takes images (batch, height, width, channel). Reshape the tensor.");
    if constexpr (X::rank == 4) {
      constexpr bool fits = detail::a_convolution_of_input_channels<In>::template was_given_a_tensor_of_channels<X::shape_type::statics[3]>;
      static_assert(detail::a_convolution_of_input_channels<In>::template was_given_a_tensor_of_channels<X::shape_type::statics[3]>,
                    "ogm: the last axis of the image are not the input channels of the conv_block. Make them equal.");
      if constexpr (fits) return run(tape, input(tape, argument));
    }
  }

 private:
  static constexpr int shrunk(int size) { return size == dyn ? dyn : size / window; }

  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    using T = value_type;
    constexpr auto in = X::shape_type::statics;
    const op::conv_block_shape shape{long(x.size(0)), long(x.size(1)), long(x.size(2)), In, Out, window};
    const bool of_batch = tape.training();
    const bool empty = shape.out_height() == 0 || shape.out_width() == 0;
    if (x.size(3) != In || empty || (of_batch && shape.batch * shape.height * shape.width < 2))
      throw shape_error("ogm: conv_block<" + std::to_string(In) + ", " + std::to_string(Out) + "> was given images of shape " +
                        x.shape().text() + (x.size(3) == In && !empty ? ": in training a channel needs two elements." : "."));
    const auto out = tape.template make<T>(
        extents<in[0], shrunk(in[1]), shrunk(in[2]), Out>(std::array<size_type, 4>{x.size(0), shape.out_height(), shape.out_width(), Out}));
    T *y = nullptr, *top = nullptr;
    if constexpr (Tape::records) {
      top = tape.template scratch<T>(out.count());
      if (shape.by_tiles()) y = window == 1 ? top : tape.template scratch<T>(shape.batch * shape.conv_image());
    }
    T* const mean = tape.template scratch<T>(Out);
    T* const inverse = tape.template scratch<T>(Out);
    tape.run(op::conv_block_forward<T>{.shape = shape,
                                       .x = x.data(),
                                       .filter = conv.weight.value.data(),
                                       .weight = norm.weight.value.data(),
                                       .bias = norm.bias.value.data(),
                                       .y = y,
                                       .top = top,
                                       .out = out.data(),
                                       .mean = mean,
                                       .inverse_deviation = inverse,
                                       .running_mean = norm.running_mean.value.data(),
                                       .running_variance = norm.running_var.value.data(),
                                       .momentum = norm.momentum,
                                       .epsilon = norm.epsilon,
                                       .of_batch = of_batch,
                                       .update = of_batch && !tape.statistics_frozen()});
    if constexpr (Tape::records)
      tape.record([this, x, out, shape, y, top, mean, inverse, of_batch](auto& t) {
        if (!out.reached()) return;
        const auto df = t.gradient(conv.weight);
        const auto dw = t.gradient(norm.weight);
        const auto db = t.gradient(norm.bias);
        op::conv_block_backward<T> back{.shape = shape,
                                        .dout = out.gradient(),
                                        .x = x.data(),
                                        .filter = conv.weight.value.data(),
                                        .weight = norm.weight.value.data(),
                                        .bias = norm.bias.value.data(),
                                        .y = y,
                                        .top = top,
                                        .mean = mean,
                                        .inverse_deviation = inverse,
                                        .dx = nullptr,
                                        .dfilter = df.data,
                                        .dweight = dw.data,
                                        .dbias = db.data,
                                        .of_batch = of_batch,
                                        .add_x = false,
                                        .add_filter = df.add(),
                                        .add_weight = dw.add(),
                                        .add_bias = db.add()};
        if constexpr (is_var<X>) {
          const auto dx = x.accumulate();
          back.dx = dx.data;
          back.add_x = dx.add();
        }
        t.run(back);
      });
    return out;  // (batch, height / window, width / window, channel)
  }
};

}  // namespace ogm::nn
