#pragma once
// Softmax over rows on the device: its arguments and its launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes softmax_launch.cuh and says `template ogm::cuda::status
// ogm::cuda::launch_softmax_forward<float>(...)`.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <cstdint>

namespace ogm::cuda {

/// Of op::softmax_forward, op::attention_softmax and op::log_softmax_forward on the host, and with the same rules for masks, infinities and
/// NaN. x may be y.
template <storage T> struct softmax_forward_params {
  const T* x;                           // (rows, columns); natural-log logits are scale * x + additive
  T* y;                                 // (rows, columns)
  long rows, columns;                   // columns below 2^31 - 64
  const std::uint8_t* mask = nullptr;   // (mask_rows, columns), nonzero leaves an element out; null: none
  long rows_a_mask = 1, mask_rows = 1;  // row r uses mask row (r / rows_a_mask) % mask_rows
  float scale = 1;
  const T* additive = nullptr;  // (additive_rows, columns), row r uses row r % additive_rows; null: none
  long additive_rows = 1;
};

/// Of op::softmax_backward. Without `add` dx may be dy.
template <storage T> struct softmax_backward_params {
  const T* y;   // (rows, columns), what the forward pass gave
  const T* dy;  // (rows, columns)
  T* dx;        // (rows, columns), = or, where `add`, += scale * y (dy - sum of y dy)
  long rows, columns;
  bool add = false;
  float scale = 1;
};

/// Of op::log_softmax_backward. Without `add` dx may be dy.
template <storage T> struct log_softmax_backward_params {
  const T* y;   // (rows, columns), what the forward pass gave
  const T* dy;  // (rows, columns)
  T* dx;        // (rows, columns), = or, where `add`, += dy - exp(y) * sum of dy, or 0 where masked; what is masked is in no sum
  long rows, columns;
  bool add = false;
  const std::uint8_t* mask = nullptr;  // as in the forward pass
  long rows_a_mask = 1, mask_rows = 1;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct softmax_tuning {
  static constexpr int threads = 256;                            // a block
  static constexpr int vectors_a_lane = sizeof(T) == 4 ? 4 : 2;  // held in registers by the kernel of short rows
  static constexpr long held_bytes = 96 * 1024;      // of shared memory for a row; two blocks a multiprocessor on sm_90, one on sm_80
  static constexpr int blocks_a_multiprocessor = 5;  // of long rows, at least: leaves a thread 48 registers
  static constexpr long blocks = 65536;              // a grid of the kernel of long rows
};

/// y = softmax of each row of x, on `stream`.
///
/// Numerics   float accumulation; a row's bits depend on its values, its alignment and the tuning, not on the other rows
/// Empty      no rows or no columns is success; everything masked, or -inf -> 0. NaN in -> NaN in its row
/// Errors     a status that names the argument
/// Cost       rows that fit the registers of a warp or `held_bytes` of shared memory are read once; twice are longer ones, long ones of
/// which
///            x and y do not lie alike (modulo 16 bytes), and long ones of 16-bit floats with a scale or something additive
template <storage T, class Tuning = softmax_tuning<T>> status launch_softmax_forward(const softmax_forward_params<T>&, cudaStream_t);

/// dx (=, +=) scale * y (dy - sum of y dy), on `stream`.
///
/// Cost       as forward, of both inputs
template <storage T, class Tuning = softmax_tuning<T>> status launch_softmax_backward(const softmax_backward_params<T>&, cudaStream_t);

/// y = the logarithm of the softmax of each row of x, and 0 where masked, on `stream`.
///
/// Empty      as the softmax, but for nothing but -inf -> NaN
/// Cost       as the softmax; a mask is read once more
template <storage T, class Tuning = softmax_tuning<T>> status launch_log_softmax_forward(const softmax_forward_params<T>&, cudaStream_t);

/// dx (=, +=) dy - exp(y) * sum of dy, on `stream`.
///
/// Cost       as forward, of both inputs
template <storage T, class Tuning = softmax_tuning<T>>
status launch_log_softmax_backward(const log_softmax_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
