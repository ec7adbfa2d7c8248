#pragma once
// Layer normalisation over the last axis.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/normalisation.hpp>
#include <ogm/nn/initialise.hpp>

namespace ogm::nn {

/// Layer normalisation: y = (x - mean) / sqrt(variance + 1e-5) * weight + bias over the last axis, the variance biased.
///
/// Shapes     x (..., Width) -> (..., Width); weight, bias (Width)
/// Numerics   sums in double, in a fixed order: the same bits on any number of threads
/// Errors     a compile error names both widths
/// Initial    weight 1, bias 0
/// Source     Ba, Kiros, Hinton, arXiv 1607.06450
template <int Width, class Backend = backend::standard> struct layer_norm {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Width;
  static constexpr double epsilon = 1e-5;

  parameter<Backend, kind::norm, Width> weight;
  parameter<Backend, kind::norm, Width> bias;
  OGM_FIELDS(weight, bias)

  template <class Initialiser> void initialise(Initialiser& init) {
    init.constant(weight, 1);
    init.constant(bias, 0);
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(a_layer_of_input_width<Width>::template was_given_a_tensor_of_width<X::width>,
                  "ogm: the last extent of the tensor is not the width of the layer_norm. Make them equal.");
    if constexpr (a_layer_of_input_width<Width>::template was_given_a_tensor_of_width<X::width>) return run(tape, input(tape, argument));
  }

 private:
  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    using T = value_type;
    if (x.size(X::rank - 1) != Width)
      throw shape_error("ogm: layer_norm<" + std::to_string(Width) + "> was given a tensor of shape " + x.shape().text() + ".");
    const long rows = long(x.rows());
    auto y = tape.template make<T>(x.shape());
    T* const mean = tape.template scratch<T>(rows);
    T* const inverse = tape.template scratch<T>(rows);
    tape.run(op::layer_norm_forward<T>{.x = x.data(),
                                       .weight = weight.value.data(),
                                       .bias = bias.value.data(),
                                       .y = y.data(),
                                       .mean = mean,
                                       .inverse_deviation = inverse,
                                       .rows = rows,
                                       .columns = Width,
                                       .epsilon = epsilon});
    if constexpr (Tape::records)
      tape.record([this, x, y, mean, inverse, rows](auto& t) {
        if (!y.reached()) return;
        const auto dw = t.gradient(weight);
        const auto db = t.gradient(bias);
        T* dx = nullptr;
        bool add_x = false;
        if constexpr (is_var<X>) {
          const auto to = x.accumulate();
          dx = to.data;
          add_x = to.add();
        }
        using backward = op::layer_norm_backward<T>;
        t.run(backward{.dy = y.gradient(),
                       .x = x.data(),
                       .weight = weight.value.data(),
                       .mean = mean,
                       .inverse_deviation = inverse,
                       .dx = dx,
                       .dweight = dw.data,
                       .dbias = db.data,
                       .partial = t.template scratch<T>(backward::chunks(rows, Width) * 2 * Width),
                       .rows = rows,
                       .columns = Width,
                       .add_x = add_x,
                       .add_weight = dw.add(),
                       .add_bias = db.add()});
      });
    return y;  // (..., Width)
  }
};

}  // namespace ogm::nn
