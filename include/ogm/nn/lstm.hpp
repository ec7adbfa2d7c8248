#pragma once
// Long short-term memory.

#include <ogm/nn/recurrent.hpp>

namespace ogm::nn {

/// What an lstm gives: output (batch, time, Hidden * directions) of its last layer, h and c (batch, Layers * directions * Hidden) after
/// the last step of each layer and direction, side by side; the last step of the reverse direction is the first one in time.
template <class Output, class State> struct lstm_result {
  Output output;
  State h, c;
};

/// LSTM: i, f, o = sigmoid(W x + U h + b), g = tanh(...), c' = f c + i g, h' = o tanh(c').
///
/// Shapes     x (batch, time, In) -> lstm_result; weight_ih_l0 (4 Hidden, In), weight_hh_l0 (4 Hidden, Hidden), two biases; the gates in
///            the order i f g o; further layers _l1, ...; the other direction _reverse: names and order are PyTorch's
/// Masks      rows of a length, or steps of a mask: the state is carried over and the output is 0, as packed sequences do
/// Numerics   the input's product is one for all steps; the same bits on any number of threads
/// Errors     shape_error; value_error for a length that is negative or above time
/// Initial    all uniform in +-1/sqrt(Hidden), as PyTorch's
/// Source     Hochreiter and Schmidhuber, Neural Computation 1997, with forget gates; starts from a state of 0
template <int In, int Hidden, bool Bidirectional = false, class Backend = backend::standard, int Layers = 1>
struct lstm : detail::recurrent_base<In, 4, Hidden, Bidirectional, Layers, Backend> {
  using base = detail::recurrent_base<In, 4, Hidden, Bidirectional, Layers, Backend>;
  using T = typename Backend::value_type;

  template <class Tape, class X>
  auto operator()(Tape& tape, const X& argument, const recurrent_options<typename Tape::space>& options = {}) const {
    static_assert(a_layer_of_input_width<In>::template was_given_a_tensor_of_width<X::width>,
                  "ogm: the last extent of the tensor is not the input width of the layer. Make them equal.");
    if constexpr (a_layer_of_input_width<In>::template was_given_a_tensor_of_width<X::width>) {
      const auto x = input(tape, argument);
      const auto shape = base::shape_of("lstm", tape, x, options);
      const auto h = tape.template make<T>(
          extents<decltype(x)::shape_type::statics[0], base::state_width>({shape.batch, base::state_width}));  // (batch, states)
      const auto c = tape.template make<T>(h.shape());                                                         // (batch, states)
      return stack<0>(tape, x, h, c, shape);
    }
  }

 private:
  template <int Layer, class Tape, class X, class H>
  auto stack(Tape& tape, const X& x, const H& h, const H& c, const detail::sequence_shape<T>& shape) const {
    const auto y = tape.template make<T>(with_last<base::width>(x.shape()));  // (batch, time, width)
    run<Layer>(tape, x, y, h, c, shape);
    if constexpr (Bidirectional) {
      auto reverse = shape;
      reverse.reverse = true;
      run<Layer>(tape, x, y, h, c, reverse);
    }
    if constexpr (Layer + 1 < Layers)
      return stack<Layer + 1>(tape, y, h, c, shape);
    else
      return lstm_result<std::remove_const_t<decltype(y)>, H>{y, h, c};
  }

  /// One direction of one layer.
  template <int Layer, class Tape, class X, class Y, class H>
  void run(Tape& tape, const X& x, const Y& y, const H& h, const H& c, const detail::sequence_shape<T>& s) const {
    const auto& cell = this->template cell_of<Layer>(s.reverse);
    using Cell = std::remove_cvref_t<decltype(cell)>;
    const long offset = s.reverse ? Hidden : 0, state = Layer * base::width + offset;  // where its part of a row begins
    T* const gates = tape.template scratch<T>(s.rows() * s.gates);                     // (batch, time, 4 hidden)
    T* const states = tape.template scratch<T>(s.rows() * s.hidden);                   // (batch, time, hidden): h before each step
    T* const contents = tape.template scratch<T>(s.rows() * s.hidden);                 // the same of c
    tape.run(op::broadcast_sum<T>{cell.bias_ih.value.data(), cell.bias_hh.value.data(), gates, s.rows(), s.gates});
    tape.run(detail::times_weight<T>({x.data(), Cell::in}, cell.weight_ih.value.data(), {gates, s.gates}, s.rows(), s.gates, Cell::in));
    for (long k = 0; k < s.time; ++k) {
      const auto g = s.at(gates, k, s.gates), before = s.at(states, k, s.hidden);
      if (k > 0) tape.run(detail::times_weight<T>(before, cell.weight_hh.value.data(), g, s.batch, s.gates, s.hidden));
      tape.run(op::lstm_step_forward<T>{.step = s.step(k),
                                        .gates = g,
                                        .h = before,
                                        .c = s.at(contents, k, s.hidden),
                                        .next_h = s.after(states, h.data() + state, k),
                                        .next_c = s.after(contents, c.data() + state, k),
                                        .y = s.at(y.data() + offset, k, s.width)});
    }
    if constexpr (Tape::records)
      tape.record([=, &cell](auto& t) {
        if (!y.reached() && !h.reached() && !c.reached()) return;
        T* const dgates = t.template scratch<T>(s.rows() * s.gates);
        T* const dh = detail::last_state_gradient(t, h, s, state);
        T* const dc = detail::last_state_gradient(t, c, s, state);
        for (long k = s.time - 1; k >= 0; --k) {
          const auto d = s.at(dgates, k, s.gates);
          t.run(op::lstm_step_backward<T>{.step = s.step(k),
                                          .gates = s.at(gates, k, s.gates),
                                          .c = s.at(contents, k, s.hidden),
                                          .next_c = s.after(contents, c.data() + state, k),
                                          .dy = s.at(y.reached() ? y.gradient() + offset : nullptr, k, s.width),
                                          .dh = {dh, s.hidden},
                                          .dc = {dc, s.hidden},
                                          .dgates = d});
          if (k > 0) t.run(detail::times_transpose<T>(d, cell.weight_hh.value.data(), dh, s.batch, s.gates, s.hidden, true));
        }
        detail::finish_backward(t, cell, x, s, dgates, dgates, states);
      });
  }
};

}  // namespace ogm::nn
