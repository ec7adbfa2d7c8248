#pragma once
// What recurrent steps on the device have to be: plain loops over host memory, in double.

#include <ogm/cuda/recurrent/recurrent.hpp>

#include <cmath>

namespace ogm::cuda {

namespace detail {
inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }
/// f(row, unit, whether the row is masked).
template <class F> void each_unit(const op::recurrent_step<double>& step, const F& f) {
  for (long r = 0; r < step.rows; ++r)
    for (long j = 0; j < step.hidden; ++j) f(r, j, step.masked(r));
}
}  // namespace detail

/// Pointers to host memory, which is written as the host's operation writes it.
inline void lstm_step_forward_reference(const op::lstm_step_forward<double>& p) {
  const long n = p.step.hidden;
  detail::each_unit(p.step, [&](long r, long j, bool masked) {
    double &h = p.h.row(r)[j], &c = p.c.row(r)[j], *const gate = p.gates.row(r) + j;
    if (p.step.first) h = c = 0;
    double next_h = h, next_c = c;
    if (!masked) {
      for (const long k : {0, 1, 3}) gate[k * n] = detail::logistic(gate[k * n]);
      gate[2 * n] = std::tanh(gate[2 * n]);
      next_c = gate[n] * c + gate[0] * gate[2 * n];
      next_h = gate[3 * n] * std::tanh(next_c);
    }
    p.next_h.row(r)[j] = next_h, p.next_c.row(r)[j] = next_c, p.y.row(r)[j] = masked ? 0 : next_h;
  });
}

/// Likewise.
inline void lstm_step_backward_reference(const op::lstm_step_backward<double>& p) {
  const long n = p.step.hidden;
  detail::each_unit(p.step, [&](long r, long j, bool masked) {
    double* const d = p.dgates.row(r) + j;
    if (masked) {
      for (long k = 0; k < 4; ++k) d[k * n] = 0;
      return;
    }
    const double* const gate = p.gates.row(r) + j;
    const double i = gate[0], f = gate[n], u = gate[2 * n], o = gate[3 * n], squashed = std::tanh(p.next_c.row(r)[j]);
    const double dh = p.dh.row(r)[j] + (p.dy.data ? p.dy.row(r)[j] : 0);
    const double dc = p.dc.row(r)[j] + dh * o * (1 - squashed * squashed);
    d[0] = dc * u * i * (1 - i), d[n] = dc * p.c.row(r)[j] * f * (1 - f);
    d[2 * n] = dc * i * (1 - u * u), d[3 * n] = dh * squashed * o * (1 - o);
    p.dc.row(r)[j] = dc * f, p.dh.row(r)[j] = 0;
  });
}

/// Likewise.
inline void gru_step_forward_reference(const op::gru_step_forward<double>& p) {
  const long n = p.step.hidden;
  detail::each_unit(p.step, [&](long r, long j, bool masked) {
    double &h = p.h.row(r)[j], *const gate = p.a.row(r) + j;
    const double* const state = p.b.row(r) + j;
    if (p.step.first) h = 0;
    double next = h;
    if (!masked) {
      gate[0] = detail::logistic(gate[0] + state[0]);
      gate[n] = detail::logistic(gate[n] + state[n]);
      gate[2 * n] = std::tanh(gate[2 * n] + gate[0] * state[2 * n]);
      next = (1 - gate[n]) * gate[2 * n] + gate[n] * h;
    }
    p.next_h.row(r)[j] = next, p.y.row(r)[j] = masked ? 0 : next;
  });
}

/// Likewise.
inline void gru_step_backward_reference(const op::gru_step_backward<double>& p) {
  const long n = p.step.hidden;
  detail::each_unit(p.step, [&](long r, long j, bool masked) {
    double *const da = p.da.row(r) + j, *const db = p.db.row(r) + j;
    if (masked) {
      for (long k = 0; k < 3; ++k) da[k * n] = db[k * n] = 0;
      return;
    }
    const double* const gate = p.a.row(r) + j;
    const double reset = gate[0], z = gate[n], u = gate[2 * n];
    const double dh = p.dh.row(r)[j] + (p.dy.data ? p.dy.row(r)[j] : 0);
    da[2 * n] = dh * (1 - z) * (1 - u * u), db[2 * n] = da[2 * n] * reset;
    da[n] = db[n] = dh * (p.h.row(r)[j] - u) * z * (1 - z);
    da[0] = db[0] = da[2 * n] * p.b.row(r)[j + 2 * n] * reset * (1 - reset);
    p.dh.row(r)[j] = dh * z;
  });
}

/// Likewise.
inline void broadcast_sum_reference(const op::broadcast_sum<double>& p) {
  for (long i = 0; i < p.rows * p.columns; ++i) p.y[i] = p.a[i % p.columns] + p.b[i % p.columns];
}

}  // namespace ogm::cuda
