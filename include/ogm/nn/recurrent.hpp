#pragma once
// What lstm and gru share: parameters and their names, masks, shapes and the walk over layers and directions.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/embedding.hpp>
#include <ogm/backend/op/recurrent.hpp>
#include <ogm/nn/initialise.hpp>
#include <ogm/nn/slice.hpp>

#include <tuple>

namespace ogm::nn {

/// Which steps a recurrent layer leaves out: there the state is carried over and the output is 0.
template <memory::space Space> struct recurrent_options {
  basic_view<Space, const std::int32_t, dyn> lengths{};    // (batch), from 0 to time; empty: all steps
  basic_view<Space, const std::uint8_t, dyn, dyn> mask{};  // (batch, time), nonzero leaves a step out; empty: none
};

namespace detail {
/// The four parameters of one layer in one direction.
template <int In, int Gates, int Hidden, class Backend> struct recurrent_cell {
  static constexpr int in = In;
  parameter<Backend, kind::recurrent, Gates * Hidden, In> weight_ih;
  parameter<Backend, kind::recurrent, Gates * Hidden, Hidden> weight_hh;
  parameter<Backend, kind::bias, Gates * Hidden> bias_ih;
  parameter<Backend, kind::bias, Gates * Hidden> bias_hh;
};

/// "weight_ih_l0", "bias_hh_l1_reverse", made while compiling.
template <fixed_string Base, int Layer, bool Reverse> struct recurrent_name {
  static_assert(Layer < 10, "ogm: a recurrent layer stacks at most 10 layers. Put two of them in a sequence.");
  static constexpr auto text = [] {
    constexpr std::string_view base = Base, end = Reverse ? "_reverse" : "";
    std::array<char, base.size() + 3 + end.size()> out{};
    auto at = std::copy(base.begin(), base.end(), out.begin());
    *at++ = '_', *at++ = 'l', *at++ = char('0' + Layer);
    std::copy(end.begin(), end.end(), at);
    return out;
  }();
  static constexpr std::string_view value{text.data(), text.size()};
};

/// Cells of all layers and directions; cell 2 l + d of a bidirectional one is layer l, direction d.
template <int In, int Gates, int Hidden, class Backend, int Layers, int Directions, class> struct cell_list;
template <int In, int Gates, int Hidden, class Backend, int Layers, int Directions, int... I>
struct cell_list<In, Gates, Hidden, Backend, Layers, Directions, std::integer_sequence<int, I...>> {
  using type = std::tuple<recurrent_cell<(I < Directions ? In : Hidden * Directions), Gates, Hidden, Backend>...>;
};

template <class T> struct sequence_shape {
  long batch, time, hidden, gates;  // gates: their number times hidden
  long width;                       // of an output row: hidden times directions
  long state_width;                 // of a row of last states: width times layers
  const std::int32_t* lengths;
  const std::uint8_t* mask;
  bool reverse;

  long rows() const { return batch * time; }
  long time_of(long s) const { return reverse ? time - 1 - s : s; }
  op::recurrent_step<T> step(long s) const { return {{lengths, mask, time_of(s), time}, batch, hidden, s == 0}; }
  /// The rows of step s of x (batch, time, n).
  template <class U> op::strided<U> at(U* x, long s, long n) const { return {x ? x + time_of(s) * n : nullptr, time * n}; }
  /// Where the state after step s is kept: in the states before each step (batch, time, hidden), after the last step in `last`.
  op::strided<T> after(T* states, T* last, long s) const {
    return s + 1 < time ? at(states, s + 1, hidden) : op::strided<T>{last, state_width};
  }
};

/// y += x W^T for rows x of `in` elements, `x_stride` apart.
template <class T> op::gemm<T> times_weight(op::strided<const T> x, const T* weight, op::strided<T> y, long rows, long out, long in) {
  return {.a = x.data,
          .b = weight,
          .c = y.data,
          .rows = rows,
          .columns = out,
          .inner = in,
          .a_stride = x.stride,
          .b_stride = in,
          .c_stride = y.stride,
          .b_transposed = true,
          .add = true};
}
/// dx (=, or += where `add`) dy W.
template <class T> op::gemm<T> times_transpose(op::strided<const T> dy, const T* weight, T* dx, long rows, long out, long in, bool add) {
  return {.a = dy.data,
          .b = weight,
          .c = dx,
          .rows = rows,
          .columns = in,
          .inner = out,
          .a_stride = dy.stride,
          .b_stride = in,
          .c_stride = in,
          .add = add};
}
/// dW (=, or += where `add`) dy^T x.
template <class T> op::gemm<T> weight_gradient(const T* dy, const T* x, T* dw, long rows, long out, long in, bool add) {
  return {.a = dy,
          .b = x,
          .c = dw,
          .rows = out,
          .columns = in,
          .inner = rows,
          .a_stride = out,
          .b_stride = in,
          .c_stride = in,
          .a_transposed = true,
          .add = add};
}

/// The gradients of a cell's parameters and of its input, from those of its sums: da (rows, gates) of what the input gave, db of what the
/// state gave; states (rows, hidden) before each step.
template <class Tape, class Cell, class X, class T>
void finish_backward(Tape& t, const Cell& cell, const X& x, const sequence_shape<T>& s, const T* da, const T* db, const T* states) {
  const long rows = s.rows();
  const auto dw = t.gradient(cell.weight_ih);
  t.run(weight_gradient<T>(da, x.data(), dw.data, rows, s.gates, Cell::in, dw.add()));
  const auto du = t.gradient(cell.weight_hh);
  t.run(weight_gradient<T>(db, states, du.data, rows, s.gates, s.hidden, du.add()));
  const auto dbias = t.gradient(cell.bias_ih);
  t.run(op::sum_rows<T>{da, dbias.data, rows, s.gates, dbias.add()});
  const auto dstate_bias = t.gradient(cell.bias_hh);
  t.run(op::sum_rows<T>{db, dstate_bias.data, rows, s.gates, dstate_bias.add()});
  if constexpr (is_var<X>) {
    const auto dx = x.accumulate();
    t.run(times_transpose<T>({da, s.gates}, cell.weight_ih.value.data(), dx.data, rows, s.gates, Cell::in, dx.add()));
  }
}
/// The gradient of a last state (batch, hidden), contiguous: copied from its place in a row of `state_width`, or 0.
template <class Tape, class Var, class T> T* last_state_gradient(Tape& t, const Var& last, const sequence_shape<T>& s, long offset) {
  T* d = t.template scratch<T>(s.batch * s.hidden);
  if (last.reached())
    t.run(op::copy_block<T>{last.gradient() + offset, d, s.batch, s.hidden, s.state_width, s.hidden});
  else
    t.run(op::fill<T>{d, s.batch * s.hidden, T(0)});
  return d;
}

/// Parameters, names, checks and directions of lstm and gru.
template <int In, int Gates, int Hidden, bool Bidirectional, int Layers, class Backend> struct recurrent_base {
  static_assert(In > 0 && Hidden > 0 && Layers > 0, "ogm: a recurrent layer of no inputs, states or layers. Give positive numbers.");
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int directions = Bidirectional ? 2 : 1;
  static constexpr int width = Hidden * directions;
  static constexpr int state_width = width * Layers;

  typename cell_list<In, Gates, Hidden, Backend, Layers, directions, std::make_integer_sequence<int, Layers * directions>>::type cells;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto one = [&]<int L, bool R>(std::integral_constant<int, L>, std::bool_constant<R>, auto& cell) {
        visit(recurrent_name<"weight_ih", L, R>::value, cell.weight_ih);
        visit(recurrent_name<"weight_hh", L, R>::value, cell.weight_hh);
        visit(recurrent_name<"bias_ih", L, R>::value, cell.bias_ih);
        visit(recurrent_name<"bias_hh", L, R>::value, cell.bias_hh);
      };
      (one(std::integral_constant<int, int(I) / directions>{}, std::bool_constant<int(I) % directions == 1>{}, std::get<I>(self.cells)),
       ...);
    }
    (std::make_index_sequence<std::size_t(Layers * directions)>{});
  }
  template <class Initialiser> void initialise(Initialiser& init) {
    const double bound = bound_of_fan_in(Hidden);
    std::apply(
        [&](auto&... cell) {
          ((init.uniform(cell.weight_ih, bound), init.uniform(cell.weight_hh, bound), init.uniform(cell.bias_ih, bound),
            init.uniform(cell.bias_hh, bound)),
           ...);
        },
        cells);
  }

 protected:
  /// Both directions of a layer have the same type.
  template <int Layer> const auto& cell_of(bool reverse) const {
    constexpr auto forward = std::size_t(Layer * directions);
    return reverse ? std::get<forward + (Bidirectional ? 1 : 0)>(cells) : std::get<forward>(cells);
  }
  template <class Tape, class X, class Options> static auto shape_of(const char* who, Tape& tape, const X& x, const Options& options) {
    static_assert(X::rank == 3, "ogm: a recurrent layer needs a sequence (batch, time, channel). Reshape its input.");
    const auto name = [&] {  // made where it is thrown: a step allocates nothing
      return std::string("ogm: ") + who + "<" + std::to_string(In) + ", " + std::to_string(Hidden) + "> was given ";
    };
    if (x.size(2) != In || x.size(1) < 1) throw shape_error(name() + "a tensor of shape " + x.shape().text() + ".");
    if (options.lengths.data() && options.lengths.count() != x.size(0))
      throw shape_error(name() + std::to_string(options.lengths.count()) + " lengths for a tensor of shape " + x.shape().text() + ".");
    if (options.mask.data() && (options.mask.size(0) != x.size(0) || options.mask.size(1) != x.size(1)))
      throw shape_error(name() + "a mask of shape " + options.mask.shape().text() + " for a tensor of shape " + x.shape().text() + ".");
    if (options.lengths.data()) {
      auto* const at = tape.template scratch<std::int64_t>(1);
      tape.run(op::first_outside{options.lengths.data(), at, long(options.lengths.count()), 0, x.size(1) + 1});
      std::int64_t bad = -1;
      Tape::space::copy_to_host(&bad, at, sizeof bad);
      if (bad >= 0) {
        std::int32_t length = 0;
        Tape::space::copy_to_host(&length, options.lengths.data() + bad, sizeof length);
        throw value_error(name() + "the length " + std::to_string(length) + " in row " + std::to_string(bad) + " of a tensor of shape " +
                          x.shape().text() + ".");
      }
    }
    return sequence_shape<value_type>{.batch = x.size(0),
                                      .time = x.size(1),
                                      .hidden = Hidden,
                                      .gates = Gates * Hidden,
                                      .width = width,
                                      .state_width = state_width,
                                      .lengths = options.lengths.data(),
                                      .mask = options.mask.data(),
                                      .reverse = false};
  }
};
}  // namespace detail

}  // namespace ogm::nn
