#pragma once
// The kernels of recurrent steps: a thread the same Width units of each gate of a row.

#include <ogm/core/math.hpp>
#include <ogm/cuda/recurrent/recurrent.hpp>
#include <ogm/cuda/rows/rows_kernel.cuh>

namespace ogm::cuda {

namespace detail {

/// f(row, first unit) for this thread's units. Fewer than 2^31 in all: to divide by 32 bits is far cheaper.
template <class Tuning, int Width, class T, class F> __device__ inline void each_vector_of_units(const op::recurrent_step<T>& step, F f) {
  const unsigned vectors = unsigned(step.hidden / Width), i = blockIdx.x * unsigned(Tuning::threads) + threadIdx.x;
  if (!OGM_BOUND(thread_has_units, i < unsigned(step.rows) * vectors)) return;
  const unsigned row = i / vectors;
  f(long(row), long(i - row * vectors) * Width);
}

template <class T, int Width> __device__ inline void store_units(T* to, const float (&from)[Width]) {
  store_elements<memory::global>(to, from);
}
template <int Width, class T> __device__ inline void store_zeros(T* to) {
  constexpr float zeros[Width] = {};
  store_units(to, zeros);
}

/// dh + dy, of which dy may be null.
template <int Width, class T>
__device__ inline void load_gradient(const op::strided<T>& dh, const op::strided<const T>& dy, long row, long first, float (&to)[Width]) {
  load_vector(dh.row(row) + first, to);
  if (!dy.data) return;
  float more[Width];
  load_vector(dy.row(row) + first, more);
  OGM_UNROLL
  for (int k = 0; k < Width; ++k) to[k] += more[k];
}

/// What write_rows writes for broadcast_sum.
template <class T> struct summed {
  const T *a, *b;
  template <int Width> __device__ void load(long, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    float more[Width];
    load_beside(a, vectors, first, 0, to);
    load_beside(b, vectors, first, 0, more);
    OGM_UNROLL
    for (int k = 0; k < Width; ++k) to[k] += more[k];
  }
};

}  // namespace detail

template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) lstm_step_forward_of_units(op::lstm_step_forward<T> p) {
  detail::each_vector_of_units<Tuning, Width>(p.step, [&](long row, long first) {
    const long n = p.step.hidden;
    T *const g = p.gates.row(row) + first, *const h = p.h.row(row) + first, *const c = p.c.row(row) + first;
    T *const next_h = p.next_h.row(row) + first, *const next_c = p.next_c.row(row) + first, *const y = p.y.row(row) + first;
    float cell[Width] = {}, output[Width] = {};
    if (p.step.first)
      detail::store_zeros<Width>(h), detail::store_zeros<Width>(c);
    else
      load_vector(c, cell);
    if (p.step.masked(row)) {
      if (!p.step.first) load_vector(h, output);
      detail::store_units(next_h, output);
      detail::store_units(next_c, cell);
      detail::store_zeros<Width>(y);
      return;
    }
    float i[Width], f[Width], u[Width], o[Width];
    load_vector(g, i), load_vector(g + n, f), load_vector(g + 2 * n, u), load_vector(g + 3 * n, o);
    OGM_UNROLL
    for (int k = 0; k < Width; ++k) {
      i[k] = math::sigmoid<float>(i[k]), f[k] = math::sigmoid<float>(f[k]);
      u[k] = math::tanh<float>(u[k]), o[k] = math::sigmoid<float>(o[k]);
      cell[k] = f[k] * cell[k] + i[k] * u[k];
      output[k] = o[k] * math::tanh<float>(cell[k]);
    }
    detail::store_units(g, i), detail::store_units(g + n, f), detail::store_units(g + 2 * n, u), detail::store_units(g + 3 * n, o);
    detail::store_units(next_c, cell), detail::store_units(next_h, output), detail::store_units(y, output);
  });
}

template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) lstm_step_backward_of_units(op::lstm_step_backward<T> p) {
  detail::each_vector_of_units<Tuning, Width>(p.step, [&](long row, long first) {
    const long n = p.step.hidden;
    T* const d = p.dgates.row(row) + first;
    if (p.step.masked(row)) {
      OGM_UNROLL
      for (int gate = 0; gate < 4; ++gate) detail::store_zeros<Width>(d + gate * n);
      return;
    }
    const T* const g = p.gates.row(row) + first;
    float i[Width], f[Width], u[Width], o[Width], before[Width], cell[Width], out[Width], dcell[Width];
    load_vector(g, i), load_vector(g + n, f), load_vector(g + 2 * n, u), load_vector(g + 3 * n, o);
    load_vector(p.c.row(row) + first, before), load_vector(p.next_c.row(row) + first, cell);
    load_vector(p.dc.row(row) + first, dcell), detail::load_gradient(p.dh, p.dy, row, first, out);
    OGM_UNROLL
    for (int k = 0; k < Width; ++k) {
      const float squashed = math::tanh<float>(cell[k]), in = i[k], keep = f[k], fresh = u[k], open = o[k];
      const float gradient = dcell[k] + out[k] * open * (1 - squashed * squashed);
      i[k] = gradient * fresh * in * (1 - in);
      f[k] = gradient * before[k] * keep * (1 - keep);
      u[k] = gradient * in * (1 - fresh * fresh);
      o[k] = out[k] * squashed * open * (1 - open);
      dcell[k] = gradient * keep;
    }
    detail::store_units(d, i), detail::store_units(d + n, f), detail::store_units(d + 2 * n, u), detail::store_units(d + 3 * n, o);
    detail::store_units(p.dc.row(row) + first, dcell), detail::store_zeros<Width>(p.dh.row(row) + first);
  });
}

template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) gru_step_forward_of_units(op::gru_step_forward<T> p) {
  detail::each_vector_of_units<Tuning, Width>(p.step, [&](long row, long first) {
    const long n = p.step.hidden;
    T *const g = p.a.row(row) + first, *const h = p.h.row(row) + first;
    T *const next_h = p.next_h.row(row) + first, *const y = p.y.row(row) + first;
    float state[Width] = {};
    if (p.step.first)
      detail::store_zeros<Width>(h);
    else
      load_vector(h, state);
    if (p.step.masked(row)) {
      detail::store_units(next_h, state);
      detail::store_zeros<Width>(y);
      return;
    }
    const T* const s = p.b.row(row) + first;
    float r[Width], z[Width], u[Width], of_r[Width], of_z[Width], of_u[Width];
    load_vector(g, r), load_vector(g + n, z), load_vector(g + 2 * n, u);
    load_vector(s, of_r), load_vector(s + n, of_z), load_vector(s + 2 * n, of_u);
    OGM_UNROLL
    for (int k = 0; k < Width; ++k) {
      r[k] = math::sigmoid<float>(r[k] + of_r[k]);
      z[k] = math::sigmoid<float>(z[k] + of_z[k]);
      u[k] = math::tanh<float>(u[k] + r[k] * of_u[k]);
      state[k] = (1 - z[k]) * u[k] + z[k] * state[k];
    }
    detail::store_units(g, r), detail::store_units(g + n, z), detail::store_units(g + 2 * n, u);
    detail::store_units(next_h, state), detail::store_units(y, state);
  });
}

template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) gru_step_backward_of_units(op::gru_step_backward<T> p) {
  detail::each_vector_of_units<Tuning, Width>(p.step, [&](long row, long first) {
    const long n = p.step.hidden;
    T *const x = p.da.row(row) + first, *const s = p.db.row(row) + first;
    if (p.step.masked(row)) {
      OGM_UNROLL
      for (int gate = 0; gate < 3; ++gate) detail::store_zeros<Width>(x + gate * n), detail::store_zeros<Width>(s + gate * n);
      return;
    }
    const T* const g = p.a.row(row) + first;
    float r[Width], z[Width], u[Width], of_u[Width], state[Width], out[Width];
    load_vector(g, r), load_vector(g + n, z), load_vector(g + 2 * n, u);
    load_vector(p.b.row(row) + first + 2 * n, of_u), load_vector(p.h.row(row) + first, state);
    detail::load_gradient(p.dh, p.dy, row, first, out);
    OGM_UNROLL
    for (int k = 0; k < Width; ++k) {
      const float reset = r[k], update = z[k], fresh = u[k];
      u[k] = out[k] * (1 - update) * (1 - fresh * fresh);
      z[k] = out[k] * (state[k] - fresh) * update * (1 - update);
      r[k] = u[k] * of_u[k] * reset * (1 - reset);
      of_u[k] = u[k] * reset;
      out[k] *= update;
    }
    detail::store_units(x, r), detail::store_units(x + n, z), detail::store_units(x + 2 * n, u);
    detail::store_units(s, r), detail::store_units(s + n, z), detail::store_units(s + 2 * n, of_u);
    detail::store_units(p.dh.row(row) + first, out);
  });
}

}  // namespace ogm::cuda
