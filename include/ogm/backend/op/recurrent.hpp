#pragma once
// One time step of an LSTM and of a GRU, everything but the products, as plain data.

#include <ogm/backend/op/rows.hpp>
#include <ogm/core/math.hpp>

#include <cstdint>

namespace ogm::op {

/// Rows of a tensor at a distance of their own: one time step of (batch, time, n), or half of (batch, 2 n).
template <class T> struct strided {
  T* data = nullptr;
  long stride = 0;
  OGM_HD T* row(long r) const { return data + r * stride; }
  struct none {};  // what a strided<const T> would convert to: not to itself
  operator std::conditional_t<std::is_const_v<T>, none, strided<const T>>() const requires(!std::is_const_v<T>) { return {data, stride}; }
};

/// Which rows are left out at a time step: their state is carried over, their output is 0.
struct step_mask {
  const std::int32_t* lengths;  // (batch), or null: none; row r ends before step lengths[r]
  const std::uint8_t* mask;     // (batch, steps), or null: none; nonzero leaves a step out
  long step, steps;
  OGM_HD bool operator()(long row) const { return (lengths && step >= lengths[row]) || (mask && mask[row * steps + step]); }
};

/// y[r, :] = a + b for every r; y (rows, columns).
template <class T> struct broadcast_sum {
  const T* a;
  const T* b;
  T* y;
  long rows, columns;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r)
        each_pack<T>(columns, [&](long c, auto at) { store(y + r * columns + c, V(load<V>(a + c, at) + load<V>(b + c, at)), at); });
    });
  }
};

/// Rows that a step keeps between its passes.
template <class T> struct recurrent_step {
  step_mask masked;
  long rows, hidden;
  bool first;  // the state before is 0; h and c are written with it, for the products of the backward pass
  template <class F> void each(const F& f) const {
    for_each_row_chunk(rows, 4 * hidden, [&](long from, long to) {
      for (long r = from; r < to; ++r) f(r, masked(r));
    });
  }
};

/// c' = f c + i g, h' = o tanh(c'), y = h'. In: gates (rows, 4 hidden) the sums before the functions, in the order i f g o. Out: gates
/// the values after them, next_h, next_c and y (rows, hidden).
template <class T> struct lstm_step_forward {
  recurrent_step<T> step;
  strided<T> gates, h, c, next_h, next_c, y;
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = step.hidden;
    step.each([&](long r, bool masked) {
      T *g = gates.row(r), *h0 = h.row(r), *c0 = c.row(r);
      if (step.first) std::fill_n(h0, n, T(0)), std::fill_n(c0, n, T(0));
      if (masked) {
        std::copy_n(h0, n, next_h.row(r));
        std::copy_n(c0, n, next_c.row(r));
        std::fill_n(y.row(r), n, T(0));
        return;
      }
      each_pack<T>(n, [&](long j, auto at) {
        const V i = math::sigmoid(load<V>(g + j, at)), f = math::sigmoid(load<V>(g + n + j, at));
        const V u = math::tanh(load<V>(g + 2 * n + j, at)), o = math::sigmoid(load<V>(g + 3 * n + j, at));
        const V c1 = f * load<V>(c0 + j, at) + i * u;
        const V h1 = o * math::tanh(c1);
        store(g + j, i, at), store(g + n + j, f, at), store(g + 2 * n + j, u, at), store(g + 3 * n + j, o, at);
        store(next_c.row(r) + j, c1, at), store(next_h.row(r) + j, h1, at), store(y.row(r) + j, h1, at);
      });
    });
  }
};

/// dgates (rows, 4 hidden) before the functions. dh and dc (rows, hidden), in: with respect to the state after the step; out: dc that of
/// the state before it, dh its part that bypasses the gates, to which dgates W_hh is to be added. dy may be null.
template <class T> struct lstm_step_backward {
  recurrent_step<T> step;
  strided<const T> gates, c, next_c, dy;
  strided<T> dh, dc, dgates;
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = step.hidden;
    step.each([&](long r, bool masked) {
      T* d = dgates.row(r);
      if (masked) {
        std::fill_n(d, 4 * n, T(0));
        return;
      }
      const T* g = gates.row(r);
      each_pack<T>(n, [&](long j, auto at) {
        const V i = load<V>(g + j, at), f = load<V>(g + n + j, at), u = load<V>(g + 2 * n + j, at), o = load<V>(g + 3 * n + j, at);
        const V squashed = math::tanh(load<V>(next_c.row(r) + j, at));
        V out = load<V>(dh.row(r) + j, at);
        if (dy.data) out += load<V>(dy.row(r) + j, at);
        const V cell = load<V>(dc.row(r) + j, at) + out * o * (1.f - squashed * squashed);
        store(d + j, V(cell * u * i * (1.f - i)), at);
        store(d + n + j, V(cell * load<V>(c.row(r) + j, at) * f * (1.f - f)), at);
        store(d + 2 * n + j, V(cell * i * (1.f - u * u)), at);
        store(d + 3 * n + j, V(out * squashed * o * (1.f - o)), at);
        store(dc.row(r) + j, V(cell * f), at);
        store(dh.row(r) + j, V{}, at);
      });
    });
  }
};

/// h' = (1 - z) tanh(a_n + r b_n) + z h with r = sigmoid(a_r + b_r), z = sigmoid(a_z + b_z), y = h'. a (rows, 3 hidden) comes from the
/// input, b likewise from the state, in the order r z n. Out: a holds r, z and n; next_h, y (rows, hidden).
template <class T> struct gru_step_forward {
  recurrent_step<T> step;
  strided<T> a;
  strided<const T> b;
  strided<T> h, next_h, y;
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = step.hidden;
    step.each([&](long r, bool masked) {
      T *g = a.row(r), *h0 = h.row(r);
      const T* s = b.row(r);
      if (step.first) std::fill_n(h0, n, T(0));
      if (masked) {
        std::copy_n(h0, n, next_h.row(r));
        std::fill_n(y.row(r), n, T(0));
        return;
      }
      each_pack<T>(n, [&](long j, auto at) {
        const V reset = math::sigmoid(V(load<V>(g + j, at) + load<V>(s + j, at)));
        const V update = math::sigmoid(V(load<V>(g + n + j, at) + load<V>(s + n + j, at)));
        const V fresh = math::tanh(V(load<V>(g + 2 * n + j, at) + reset * load<V>(s + 2 * n + j, at)));
        const V h1 = (1.f - update) * fresh + update * load<V>(h0 + j, at);
        store(g + j, reset, at), store(g + n + j, update, at), store(g + 2 * n + j, fresh, at);
        store(next_h.row(r) + j, h1, at), store(y.row(r) + j, h1, at);
      });
    });
  }
};

/// da and db (rows, 3 hidden). dh as in lstm_step_backward: out, what bypasses db W_hh. a and b as the forward pass left them.
template <class T> struct gru_step_backward {
  recurrent_step<T> step;
  strided<const T> a, b, h, dy;
  strided<T> dh, da, db;
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = step.hidden;
    step.each([&](long r, bool masked) {
      T *x = da.row(r), *s = db.row(r);
      if (masked) {
        std::fill_n(x, 3 * n, T(0));
        std::fill_n(s, 3 * n, T(0));
        return;
      }
      const T* g = a.row(r);
      each_pack<T>(n, [&](long j, auto at) {
        const V reset = load<V>(g + j, at), update = load<V>(g + n + j, at), fresh = load<V>(g + 2 * n + j, at);
        V out = load<V>(dh.row(r) + j, at);
        if (dy.data) out += load<V>(dy.row(r) + j, at);
        const V dfresh = out * (1.f - update) * (1.f - fresh * fresh);
        const V dupdate = out * (load<V>(h.row(r) + j, at) - fresh) * update * (1.f - update);
        const V dreset = dfresh * load<V>(b.row(r) + 2 * n + j, at) * reset * (1.f - reset);
        store(x + j, dreset, at), store(x + n + j, dupdate, at), store(x + 2 * n + j, dfresh, at);
        store(s + j, dreset, at), store(s + n + j, dupdate, at), store(s + 2 * n + j, V(dfresh * reset), at);
        store(dh.row(r) + j, V(out * update), at);
      });
    });
  }
};

}  // namespace ogm::op
