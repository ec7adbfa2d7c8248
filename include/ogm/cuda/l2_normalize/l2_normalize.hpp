#pragma once
// Rows of length one on the device: arguments and launchers, for whom a C++ compiler suffices. Whoever calls them links an instantiation: a
// .cu that includes l2_normalize_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

namespace ogm::cuda {

/// Of op::l2_normalize_forward on the host. x may be y.
template <storage T> struct l2_normalize_forward_params {
  const T* x;          // (rows, columns)
  T* y;                // (rows, columns)
  float* norm;         // (rows), kept for the backward pass
  long rows, columns;  // columns below 2^31 - 64
  float epsilon = 1e-12f;
};

/// Of op::l2_normalize_backward. Without `add` dx may be dy.
template <storage T> struct l2_normalize_backward_params {
  const T* y;         // (rows, columns), of the forward pass
  const float* norm;  // (rows), likewise
  const T* dy;        // (rows, columns)
  T* dx;              // (rows, columns)
  long rows, columns;
  float epsilon = 1e-12f;
  bool add = false;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct l2_normalize_tuning {
  static constexpr int threads = 256;                            // a block
  static constexpr int vectors_a_lane = sizeof(T) == 4 ? 4 : 2;  // held in registers by the kernel of short rows: 512 columns
  static constexpr long blocks = 65536;                          // a grid of the kernel of long rows
};

/// y = x / max(|x|, epsilon) for each row of x, on `stream`.
///
/// Numerics   float accumulation, so that a norm is from 1e-19 to 1.8e19; a row's bits depend on its values, its alignment and the tuning,
///            not on the other rows. NaN in -> NaN in its row
/// Empty      no rows or no columns is success; a row of zeros stays 0
/// Errors     a status that names the argument
/// Cost       reads rows that fit the registers of a warp once, longer ones twice
template <storage T, class Tuning = l2_normalize_tuning<T>>
status launch_l2_normalize_forward(const l2_normalize_forward_params<T>&, cudaStream_t);

/// dx (=, +=) (dy - y sum(y dy)) / norm, or dy / epsilon where the norm is not above epsilon, on `stream`.
///
/// Cost       as forward, of both inputs
template <storage T, class Tuning = l2_normalize_tuning<T>>
status launch_l2_normalize_backward(const l2_normalize_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
