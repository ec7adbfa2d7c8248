#pragma once
// Gated recurrent units.

#include <ogm/nn/recurrent.hpp>

namespace ogm::nn {

/// What a gru gives: output (batch, time, Hidden * directions) of its last layer, h (batch, Layers * directions * Hidden) after the last
/// step of each layer and direction, side by side; the last step of the reverse direction is the first one in time.
template <class Output, class State> struct gru_result {
  Output output;
  State h;
};

/// GRU: r, z = sigmoid(W x + b + U h + d), n = tanh(W x + b + r (U h + d)), h' = (1 - z) n + z h.
///
/// Shapes     x (batch, time, In) -> gru_result; weight_ih_l0 (3 Hidden, In), weight_hh_l0 (3 Hidden, Hidden), two biases; the gates in
///            the order r z n; further layers _l1, ...; the other direction _reverse: names and order are PyTorch's
/// Masks      rows of a length, or steps of a mask: the state is carried over and the output is 0, as packed sequences do
/// Numerics   the input's product is one for all steps; the same bits on any number of threads
/// Errors     shape_error; value_error for a length that is negative or above time
/// Initial    all uniform in +-1/sqrt(Hidden), as PyTorch's
/// Source     Cho et al., EMNLP 2014. Differs: the reset gate works on U h + d and not on h, as in cuDNN and PyTorch; starts from 0
template <int In, int Hidden, bool Bidirectional = false, class Backend = backend::standard, int Layers = 1>
struct gru : detail::recurrent_base<In, 3, Hidden, Bidirectional, Layers, Backend> {
  using base = detail::recurrent_base<In, 3, Hidden, Bidirectional, Layers, Backend>;
  using T = typename Backend::value_type;

  template <class Tape, class X>
  auto operator()(Tape& tape, const X& argument, const recurrent_options<typename Tape::space>& options = {}) const {
    static_assert(a_layer_of_input_width<In>::template was_given_a_tensor_of_width<X::width>,
                  "ogm: the last extent of the tensor is not the input width of the layer. Make them equal.");
    if constexpr (a_layer_of_input_width<In>::template was_given_a_tensor_of_width<X::width>) {
      const auto x = input(tape, argument);
      const auto shape = base::shape_of("gru", tape, x, options);
      const auto h = tape.template make<T>(
          extents<decltype(x)::shape_type::statics[0], base::state_width>({shape.batch, base::state_width}));  // (batch, states)
      return stack<0>(tape, x, h, shape);
    }
  }

 private:
  template <int Layer, class Tape, class X, class H>
  auto stack(Tape& tape, const X& x, const H& h, const detail::sequence_shape<T>& shape) const {
    const auto y = tape.template make<T>(with_last<base::width>(x.shape()));  // (batch, time, width)
    run<Layer>(tape, x, y, h, shape);
    if constexpr (Bidirectional) {
      auto reverse = shape;
      reverse.reverse = true;
      run<Layer>(tape, x, y, h, reverse);
    }
    if constexpr (Layer + 1 < Layers)
      return stack<Layer + 1>(tape, y, h, shape);
    else
      return gru_result<std::remove_const_t<decltype(y)>, H>{y, h};
  }

  /// One direction of one layer.
  template <int Layer, class Tape, class X, class Y, class H>
  void run(Tape& tape, const X& x, const Y& y, const H& h, const detail::sequence_shape<T>& s) const {
    const auto& cell = this->template cell_of<Layer>(s.reverse);
    using Cell = std::remove_cvref_t<decltype(cell)>;
    const long offset = s.reverse ? Hidden : 0, state = Layer * base::width + offset;  // where its part of a row begins
    T* const from_input = tape.template scratch<T>(s.rows() * s.gates);                // (batch, time, 3 hidden)
    T* const from_state = tape.template scratch<T>(s.rows() * s.gates);                // (batch, time, 3 hidden)
    T* const states = tape.template scratch<T>(s.rows() * s.hidden);                   // (batch, time, hidden): h before each step
    tape.run(op::broadcast_row<T>{cell.bias_ih.value.data(), from_input, s.rows(), s.gates});
    tape.run(op::broadcast_row<T>{cell.bias_hh.value.data(), from_state, s.rows(), s.gates});
    tape.run(
        detail::times_weight<T>({x.data(), Cell::in}, cell.weight_ih.value.data(), {from_input, s.gates}, s.rows(), s.gates, Cell::in));
    for (long k = 0; k < s.time; ++k) {
      const auto b = s.at(from_state, k, s.gates), before = s.at(states, k, s.hidden);
      if (k > 0) tape.run(detail::times_weight<T>(before, cell.weight_hh.value.data(), b, s.batch, s.gates, s.hidden));
      tape.run(op::gru_step_forward<T>{.step = s.step(k),
                                       .a = s.at(from_input, k, s.gates),
                                       .b = b,
                                       .h = before,
                                       .next_h = s.after(states, h.data() + state, k),
                                       .y = s.at(y.data() + offset, k, s.width)});
    }
    if constexpr (Tape::records)
      tape.record([=, &cell](auto& t) {
        if (!y.reached() && !h.reached()) return;
        T* const da = t.template scratch<T>(s.rows() * s.gates);
        T* const db = t.template scratch<T>(s.rows() * s.gates);
        T* const dh = detail::last_state_gradient(t, h, s, state);
        for (long k = s.time - 1; k >= 0; --k) {
          const auto d = s.at(db, k, s.gates);
          t.run(op::gru_step_backward<T>{.step = s.step(k),
                                         .a = s.at(from_input, k, s.gates),
                                         .b = s.at(from_state, k, s.gates),
                                         .h = s.at(states, k, s.hidden),
                                         .dy = s.at(y.reached() ? y.gradient() + offset : nullptr, k, s.width),
                                         .dh = {dh, s.hidden},
                                         .da = s.at(da, k, s.gates),
                                         .db = d});
          if (k > 0) t.run(detail::times_transpose<T>(d, cell.weight_hh.value.data(), dh, s.batch, s.gates, s.hidden, true));
        }
        detail::finish_backward(t, cell, x, s, da, db, states);
      });
  }
};

}  // namespace ogm::nn
