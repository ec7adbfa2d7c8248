#pragma once
// One time step of an LSTM and of a GRU on the device, everything but the products: launchers, for whom a C++ compiler suffices. Their
// arguments are the host's operations, with pointers to the device. Whoever calls them links an instantiation: a .cu that includes
// recurrent_launch.cuh.

#include <ogm/backend/op/recurrent.hpp>
#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

namespace ogm::cuda {

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
struct recurrent_tuning {
  static constexpr int threads = 128;         // a block; a thread has 16 bytes of each gate
  static constexpr int vectors_a_thread = 2;  // of broadcast_sum
};

/// One step of an LSTM for each row, on `stream`; where a row is masked its state is carried over and its output is 0.
///
/// Numerics   float, by the host's lines of sigmoid and tanh (compilers may contract products and sums); stored once. NaN in -> NaN in its
///            unit
/// Empty      no rows or no units is success
/// Errors     a status that names the argument; rows * hidden is below 2^31
/// Cost       reads the gates and c once, and h of a row that is masked; writes the gates, next_h, next_c and y once. 16 bytes at a time
///            where all arrays, their strides and `hidden` are multiples of that, else an element at a time
template <storage T, class Tuning = recurrent_tuning> status launch_lstm_step_forward(const op::lstm_step_forward<T>&, cudaStream_t);

/// The gradients of that step, on `stream`; those of a masked row's gates are 0, and its dh and dc stay as they are.
///
/// Cost       reads gates, c, next_c, dy, dh and dc once; writes dgates, dh and dc once
template <storage T, class Tuning = recurrent_tuning> status launch_lstm_step_backward(const op::lstm_step_backward<T>&, cudaStream_t);

/// One step of a GRU for each row, on `stream`; masked rows as an LSTM's.
///
/// Cost       reads a, b and h once; writes a, next_h and y once
template <storage T, class Tuning = recurrent_tuning> status launch_gru_step_forward(const op::gru_step_forward<T>&, cudaStream_t);

/// The gradients of that step, on `stream`; masked rows as an LSTM's.
///
/// Cost       reads a, a third of b, h, dy and dh once; writes da, db and dh once
template <storage T, class Tuning = recurrent_tuning> status launch_gru_step_backward(const op::gru_step_backward<T>&, cudaStream_t);

/// y[r, :] = a + b for every row, on `stream`.
///
/// Cost       writes y once; reads a and b as often as there are rows, all but once from a cache
template <storage T, class Tuning = recurrent_tuning> status launch_broadcast_sum(const op::broadcast_sum<T>&, cudaStream_t);

}  // namespace ogm::cuda
