#pragma once
// The launchers of recurrent steps: the only host code that knows their kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/recurrent/recurrent_kernel.cuh>
#include <ogm/cuda/rows/rows_launch.cuh>

#include <string>

namespace ogm::cuda {

namespace detail {

template <class T> status check_step(const char* who, const op::recurrent_step<T>& step) {
  if (step.hidden < 0) return wrong_argument(who, "hidden", step.hidden, "0 or more");
  const long most = step.hidden ? 0x7fffffffL / step.hidden : 0x7fffffffL;
  if (step.rows < 0 || step.rows > most) return wrong_argument(who, "rows", step.rows, ("0 to " + std::to_string(most)).c_str());
  return {};
}

/// Whether the units of every gate and row are whole vectors of Width.
template <int Width, class T, class... Array> bool whole_vectors(const op::recurrent_step<T>& step, const Array&... arrays) {
  const auto aligned = [](const auto& a) { return reinterpret_cast<std::uintptr_t>(a.data) % 16 == 0 && a.stride % Width == 0; };
  return step.hidden % Width == 0 && (aligned(arrays) && ...);
}

template <class Tuning, int Width, class Operation>
status launch_units(const char* who, const Operation& p, cudaStream_t stream, void (*kernel)(Operation)) {
  const long vectors = p.step.rows * (p.step.hidden / Width);
  return launch(who, {(vectors + Tuning::threads - 1) / Tuning::threads, Tuning::threads}, stream, kernel, p);
}

}  // namespace detail

template <storage T, class Tuning> status launch_lstm_step_forward(const op::lstm_step_forward<T>& p, cudaStream_t stream) {
  const char* const who = "lstm_step_forward";
  if (status s = detail::check_step(who, p.step); !s.ok()) return s;
  constexpr int width = vector_width<T>;
  if (detail::whole_vectors<width>(p.step, p.gates, p.h, p.c, p.next_h, p.next_c, p.y))
    return detail::launch_units<Tuning, width>(who, p, stream, lstm_step_forward_of_units<T, Tuning, width>);
  return detail::launch_units<Tuning, 1>(who, p, stream, lstm_step_forward_of_units<T, Tuning, 1>);
}

template <storage T, class Tuning> status launch_lstm_step_backward(const op::lstm_step_backward<T>& p, cudaStream_t stream) {
  const char* const who = "lstm_step_backward";
  if (status s = detail::check_step(who, p.step); !s.ok()) return s;
  constexpr int width = vector_width<T>;
  if (detail::whole_vectors<width>(p.step, p.gates, p.c, p.next_c, p.dy, p.dh, p.dc, p.dgates))
    return detail::launch_units<Tuning, width>(who, p, stream, lstm_step_backward_of_units<T, Tuning, width>);
  return detail::launch_units<Tuning, 1>(who, p, stream, lstm_step_backward_of_units<T, Tuning, 1>);
}

template <storage T, class Tuning> status launch_gru_step_forward(const op::gru_step_forward<T>& p, cudaStream_t stream) {
  const char* const who = "gru_step_forward";
  if (status s = detail::check_step(who, p.step); !s.ok()) return s;
  constexpr int width = vector_width<T>;
  if (detail::whole_vectors<width>(p.step, p.a, p.b, p.h, p.next_h, p.y))
    return detail::launch_units<Tuning, width>(who, p, stream, gru_step_forward_of_units<T, Tuning, width>);
  return detail::launch_units<Tuning, 1>(who, p, stream, gru_step_forward_of_units<T, Tuning, 1>);
}

template <storage T, class Tuning> status launch_gru_step_backward(const op::gru_step_backward<T>& p, cudaStream_t stream) {
  const char* const who = "gru_step_backward";
  if (status s = detail::check_step(who, p.step); !s.ok()) return s;
  constexpr int width = vector_width<T>;
  if (detail::whole_vectors<width>(p.step, p.a, p.b, p.h, p.dy, p.dh, p.da, p.db))
    return detail::launch_units<Tuning, width>(who, p, stream, gru_step_backward_of_units<T, Tuning, width>);
  return detail::launch_units<Tuning, 1>(who, p, stream, gru_step_backward_of_units<T, Tuning, 1>);
}

template <storage T, class Tuning> status launch_broadcast_sum(const op::broadcast_sum<T>& p, cudaStream_t stream) {
  return detail::launch_rows_of<T, Tuning>("broadcast_sum", p.y, p.rows, p.columns, p.columns, false, detail::summed<T>{p.a, p.b}, stream);
}

}  // namespace ogm::cuda
