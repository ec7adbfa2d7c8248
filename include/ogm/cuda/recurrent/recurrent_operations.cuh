#pragma once
// Recurrent steps as operations of backend::cuda.

#include <ogm/cuda/context.hpp>
#include <ogm/cuda/recurrent/recurrent_launch.cuh>

namespace ogm::op {

inline cuda::status run_on_device(const lstm_step_forward<float>& o, cuda::context& c) {
  return cuda::launch_lstm_step_forward<float>(o, c.stream());
}
inline cuda::status run_on_device(const lstm_step_backward<float>& o, cuda::context& c) {
  return cuda::launch_lstm_step_backward<float>(o, c.stream());
}

inline cuda::status run_on_device(const gru_step_forward<float>& o, cuda::context& c) {
  return cuda::launch_gru_step_forward<float>(o, c.stream());
}
inline cuda::status run_on_device(const gru_step_backward<float>& o, cuda::context& c) {
  return cuda::launch_gru_step_backward<float>(o, c.stream());
}

inline cuda::status run_on_device(const broadcast_sum<float>& o, cuda::context& c) {
  return cuda::launch_broadcast_sum<float>(o, c.stream());
}

}  // namespace ogm::op
