#pragma once
// A dense layer.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/rows.hpp>
#include <ogm/nn/initialise.hpp>

namespace ogm::nn {

/// Dense layer: y = x W^T + b.
///
/// Shapes     x (..., In) -> (..., Out); weight (Out, In); bias (Out)
/// Numerics   the same bits on any number of threads
/// Errors     a compile error names both widths
/// Initial    weight and bias uniform in +-1/sqrt(In), as PyTorch's
template <int In, int Out, class Backend = backend::standard, bool Bias = true> struct linear {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Out;

  parameter<Backend, kind::dense, Out, In> weight;
  parameter<Backend, kind::bias, Bias ? Out : 0> bias;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("weight", self.weight);
    if constexpr (Bias) visit("bias", self.bias);
  }
  template <class Initialiser> void initialise(Initialiser& init) {
    init.uniform(weight, bound_of_fan_in(In));
    if constexpr (Bias) init.uniform(bias, bound_of_fan_in(In));
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(a_layer_of_input_width<In>::template was_given_a_tensor_of_width<X::width>,
                  "ogm: the last extent of the tensor is not the input width of the layer. Make them equal.");
    if constexpr (a_layer_of_input_width<In>::template was_given_a_tensor_of_width<X::width>) return run(tape, input(tape, argument));
  }

 private:
  template <class Tape, class X> auto run(Tape& tape, const X& x) const {
    using T = value_type;
    if (x.size(X::rank - 1) != In)
      throw shape_error("ogm: linear<" + std::to_string(In) + ", " + std::to_string(Out) + "> was given a tensor of shape " +
                        x.shape().text() + ".");
    auto y = tape.template make<T>(with_last<Out>(x.shape()));
    const long rows = x.rows();
    if constexpr (Bias) tape.run(op::broadcast_row<T>{bias.value.data(), y.data(), rows, Out});
    tape.run(op::gemm<T>{.a = x.data(),
                         .b = weight.value.data(),
                         .c = y.data(),
                         .rows = rows,
                         .columns = Out,
                         .inner = In,
                         .a_stride = In,
                         .b_stride = In,
                         .c_stride = Out,
                         .b_transposed = true,
                         .add = Bias});
    if constexpr (Tape::records)
      tape.record([this, x, y, rows](auto& t) {
        if (!y.reached()) return;
        const T* dy = y.gradient();
        const auto dw = t.gradient(weight);
        t.run(op::gemm<T>{.a = dy,
                          .b = x.data(),
                          .c = dw.data,
                          .rows = Out,
                          .columns = In,
                          .inner = rows,
                          .a_stride = Out,
                          .b_stride = In,
                          .c_stride = In,
                          .a_transposed = true,
                          .add = dw.add()});
        if constexpr (Bias) {
          const auto db = t.gradient(bias);
          t.run(op::sum_rows<T>{dy, db.data, rows, Out, db.add()});
        }
        if constexpr (is_var<X>) {  // data needs no gradient, and its product is never compiled
          const auto dx = x.accumulate();
          t.run(op::gemm<T>{.a = dy,
                            .b = weight.value.data(),
                            .c = dx.data,
                            .rows = rows,
                            .columns = In,
                            .inner = Out,
                            .a_stride = Out,
                            .b_stride = In,
                            .c_stride = In,
                            .add = dx.add()});
        }
      });
    return y;  // (..., Out)
  }
};

}  // namespace ogm::nn
