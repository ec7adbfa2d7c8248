#pragma once
// Batch normalisation of features, sequences, images and videos: whatever has its channels on the second axis.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/normalisation.hpp>
#include <ogm/nn/initialise.hpp>

namespace ogm::nn {

namespace detail {
template <int Expected> struct a_normalisation_of_channels {
  template <int Given> static constexpr bool was_given_a_tensor_of_channels = Expected == Given || Given == dyn;
};
struct nothing {};
}  // namespace detail

/// Batch normalisation: y = (x - mean) / sqrt(variance + 1e-5) * weight + bias, by channel.
///
/// In training, mean and (biased) variance are those of the batch, and the running statistics move by 0.1 towards them (the variance
/// unbiased) unless `frozen_statistics` guards the tape. Otherwise the running statistics are used, and gradients flow past them.
/// norm.then_relu(tape, x) and norm.then_relu(tape, x, residual) are relu(norm(x)) and relu(norm(x) + residual) in one pass.
///
/// Shapes     x (batch, Channels) or (batch, Channels, ...) -> the same; weight, bias, running_mean, running_var (Channels)
/// Numerics   statistics and the way from x to y in double, sums in a fixed order: the same bits on any number of threads
/// Errors     a compile error names both channels; shape_error in training where a channel has one element only
/// Initial    weight 1, bias 0, running_mean 0, running_var 1
/// Cost       a channel that fits into cache is read once forward, and once backward
/// Source     Ioffe, Szegedy, ICML 2015. Differs: no count of batches is kept
template <int Channels, class Backend = backend::standard> struct batch_norm {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr double momentum = 0.1, epsilon = 1e-5;

  parameter<Backend, kind::norm, Channels> weight;
  parameter<Backend, kind::norm, Channels> bias;
  buffer<Backend, Channels> running_mean;
  buffer<Backend, Channels> running_var;
  OGM_FIELDS(weight, bias, running_mean, running_var)

  template <class Initialiser> void initialise(Initialiser& init) {
    init.constant(weight, 1);
    init.constant(bias, 0);
    init.constant(running_mean, 0);
    init.constant(running_var, 1);
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    return check<false>(tape, argument, detail::nothing{});
  }
  /// relu(norm(x)).
  template <class Tape, class X> auto then_relu(Tape& tape, const X& argument) const {
    return check<true>(tape, argument, detail::nothing{});
  }
  /// relu(norm(x) + residual).
  template <class Tape, class X, class R> auto then_relu(Tape& tape, const X& argument, const R& residual) const {
    return check<true>(tape, argument, input(tape, residual));
  }

 private:
  template <bool Relu, class Tape, class X, class R> auto check(Tape& tape, const X& argument, const R& residual) const {
    static_assert(X::rank >= 2, "ogm: batch_norm takes (batch, channel) or (batch, channel, ...). Reshape the tensor.");
    if constexpr (X::rank >= 2) {
      constexpr bool fits =
          detail::a_normalisation_of_channels<Channels>::template was_given_a_tensor_of_channels<X::shape_type::statics[1]>;
      static_assert(detail::a_normalisation_of_channels<Channels>::template was_given_a_tensor_of_channels<X::shape_type::statics[1]>,
                    "ogm: the channels of the tensor are not those of the batch_norm. Make them equal.");
      if constexpr (fits) return run<Relu>(tape, input(tape, argument), residual);
    }
  }

  template <bool Relu, class Tape, class X, class R> auto run(Tape& tape, const X& x, const R& residual) const {
    using T = value_type;
    constexpr bool has_residual = !std::same_as<R, detail::nothing>;
    const long batch = long(x.size(0)), count = long(x.count());
    const bool of_batch = tape.training();
    if (x.size(1) != Channels || (of_batch && count <= Channels))
      throw shape_error("ogm: batch_norm<" + std::to_string(Channels) + "> was given a tensor of shape " + x.shape().text() +
                        (x.size(1) == Channels ? ": in training a channel needs two elements." : "."));
    const op::batch_norm_shape shape{batch, Channels, batch > 0 ? count / (batch * Channels) : 0};
    const T* other = nullptr;
    if constexpr (has_residual) {
      if (residual.count() != x.count())
        throw shape_error("ogm: batch_norm adds a residual of shape " + residual.shape().text() + " to " + x.shape().text() + ".");
      other = residual.data();
    }
    auto y = tape.template make<T>(x.shape());
    double* const mean = tape.template scratch<double>(Channels);
    double* const inverse = tape.template scratch<double>(Channels);
    tape.run(op::batch_norm_forward<T>{.shape = shape,
                                       .x = x.data(),
                                       .residual = other,
                                       .weight = weight.value.data(),
                                       .bias = bias.value.data(),
                                       .y = y.data(),
                                       .mean = mean,
                                       .inverse_deviation = inverse,
                                       .running_mean = running_mean.value.data(),
                                       .running_variance = running_var.value.data(),
                                       .momentum = momentum,
                                       .epsilon = epsilon,
                                       .of_batch = of_batch,
                                       .update = of_batch && !tape.statistics_frozen(),
                                       .relu = Relu});
    if constexpr (Tape::records)
      tape.record([this, x, y, residual, shape, mean, inverse, of_batch](auto& t) {
        if (!y.reached()) return;
        const auto dw = t.gradient(weight);
        const auto db = t.gradient(bias);
        op::batch_norm_backward<T> back{.shape = shape,
                                        .dy = y.gradient(),
                                        .x = x.data(),
                                        .y = Relu ? y.data() : nullptr,
                                        .weight = weight.value.data(),
                                        .mean = mean,
                                        .inverse_deviation = inverse,
                                        .dx = nullptr,
                                        .dresidual = nullptr,
                                        .dweight = dw.data,
                                        .dbias = db.data,
                                        .of_batch = of_batch,
                                        .add_x = false,
                                        .add_residual = false,
                                        .add_weight = dw.add(),
                                        .add_bias = db.add()};
        if constexpr (is_var<X>) {
          const auto dx = x.accumulate();
          back.dx = dx.data;
          back.add_x = dx.add();
        }
        if constexpr (is_var<R>) {
          const auto dr = residual.accumulate();
          back.dresidual = dr.data;
          back.add_residual = dr.add();
        } else {
          static_cast<void>(residual);
        }
        t.run(back);
      });
    return y;  // as x
  }
};

}  // namespace ogm::nn
