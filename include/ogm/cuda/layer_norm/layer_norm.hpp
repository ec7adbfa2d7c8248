#pragma once
// Layer normalisation on the device: its arguments and its launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes layer_norm_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <algorithm>

namespace ogm::cuda {

/// Of op::layer_norm_forward on the host.
template <storage T> struct layer_norm_forward_params {
  const T* x;                // (rows, columns)
  const T* weight;           // (columns)
  const T* bias;             // (columns)
  T* y;                      // (rows, columns)
  float* mean;               // (rows), kept for the backward pass
  float* inverse_deviation;  // (rows), likewise
  long rows, columns;        // columns below 2^31 - 64
  float epsilon = 1e-5f;
};

/// Of op::layer_norm_backward. Without `add_x` dx may be dy.
template <storage T> struct layer_norm_backward_params {
  const T* dy;                     // (rows, columns)
  const T* x;                      // (rows, columns)
  const T* weight;                 // (columns)
  const float* mean;               // (rows), of the forward pass
  const float* inverse_deviation;  // (rows), likewise
  T* dx;                           // (rows, columns), or null: not wanted
  T* dweight;                      // (columns)
  T* dbias;                        // (columns)
  float* partial;                  // (layer_norm_workspace(rows, columns)), 16-byte aligned; null where that is 0
  long rows, columns;
  bool add_x = false, add_weight = false, add_bias = false;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct layer_norm_tuning {
  static constexpr int threads = 256;                              // a block
  static constexpr int forward_vectors = sizeof(T) == 4 ? 8 : 4;   // a lane holds, of a short row: 1024 columns
  static constexpr int backward_vectors = sizeof(T) == 4 ? 4 : 2;  // likewise: 512 columns; a thread of a longer one
  static constexpr int blocks_a_multiprocessor = 2;                // of the backward kernel that holds rows: leaves a thread 128 registers
  static constexpr long blocks = 65536;                            // a grid of the forward kernel of long rows
  static constexpr long chunks = 1024;                             // of rows, whose sums for dweight and dbias are kept apart
  static constexpr long rows_a_chunk = 4;                          // at least
  static constexpr int threads_of_sum = 1024;                      // a block that adds the sums of the chunks
};

/// Rows a chunk of the backward pass.
template <class Tuning> constexpr long layer_norm_rows_a_chunk(long rows) {
  return std::max(Tuning::rows_a_chunk, (rows + Tuning::chunks - 1) / Tuning::chunks);
}
/// Chunks of rows of the backward pass.
template <class Tuning> constexpr long layer_norm_chunks(long rows) {
  return (rows + layer_norm_rows_a_chunk<Tuning>(rows) - 1) / layer_norm_rows_a_chunk<Tuning>(rows);
}
/// Floats that the backward pass keeps the sums of its chunks in.
template <storage T, class Tuning = layer_norm_tuning<T>> constexpr long layer_norm_workspace(long rows, long columns) {
  return layer_norm_chunks<Tuning>(rows) * 2 * row_vectors<vector_width<T>>::most(columns) * vector_width<T>;
}

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias for each row of x, the variance biased, on `stream`.
///
/// Numerics   float; what is summed are differences to a row's first element, so that a large mean costs no digits. A row's bits depend on
///            its values, its alignment and the tuning, not on the other rows
/// Empty      no rows or no columns is success. NaN or infinity in -> NaN in its row
/// Errors     a status that names the argument
/// Cost       reads rows that fit the registers of a warp once, longer ones twice
template <storage T, class Tuning = layer_norm_tuning<T>>
status launch_layer_norm_forward(const layer_norm_forward_params<T>&, cudaStream_t);

/// dx, dweight, dbias (=, +=) the derivatives, on `stream`.
///
/// Numerics   float; sums over rows are taken in an order that the shape says: the same bits in every run
/// Empty      no rows: dweight and dbias are 0, or stay as they are where added to
/// Errors     a status that names the argument
/// Cost       reads rows that fit the registers of a block (4096 columns) once, longer ones twice, with the sums of a chunk read and
/// written
///            for each; so are rows of a length that 16 bytes do not divide, or that do not lie alike (modulo 16), element by element
template <storage T, class Tuning = layer_norm_tuning<T>>
status launch_layer_norm_backward(const layer_norm_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
