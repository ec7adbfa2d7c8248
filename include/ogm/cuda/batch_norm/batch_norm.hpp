#pragma once
// Batch normalisation on the device: its arguments and its launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes batch_norm_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <algorithm>

namespace ogm::cuda {

/// (batch, channel, inner): inner is height * width of images, time of sequences, 1 of plain features.
struct batch_norm_dimensions {
  long batch, channels, inner;
  __host__ __device__ long each() const { return batch * inner; }  // elements of a channel
};

/// Of op::batch_norm_forward on the host.
template <storage T> struct batch_norm_forward_params {
  batch_norm_dimensions shape;
  const T* x;                 // (batch, channel, inner)
  const T* residual;          // like x, added before relu; or null
  const T* weight;            // (channel)
  const T* bias;              // (channel)
  T* y;                       // like x
  double* mean;               // (channel), kept for the backward pass
  double* inverse_deviation;  // (channel), likewise
  float* running_mean;        // (channel)
  float* running_variance;    // (channel)
  double* partial;            // (batch_norm_workspace(shape)), 16-byte aligned; null where it is not `of_batch`
  double momentum = 0.1, epsilon = 1e-5;
  bool of_batch = true;  // statistics are those of x; otherwise the running ones
  bool update = true;    // the running statistics move by `momentum`
  bool relu = false;
};

/// Of op::batch_norm_backward. dx and dresidual may be the same: dx is written first.
template <storage T> struct batch_norm_backward_params {
  batch_norm_dimensions shape;
  const T* dy;                      // (batch, channel, inner)
  const T* x;                       // likewise
  const T* y;                       // likewise; null: there was no relu
  const T* weight;                  // (channel)
  const double* mean;               // (channel), of the forward pass
  const double* inverse_deviation;  // (channel), likewise
  T* dx;                            // like x, or null: not wanted
  T* dresidual;                     // likewise
  T* dweight;                       // (channel)
  T* dbias;                         // (channel)
  double* partial;                  // (batch_norm_workspace(shape)), 16-byte aligned
  bool of_batch = true;
  bool add_x = false, add_residual = false, add_weight = false, add_bias = false;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct batch_norm_tuning {
  static constexpr int threads = 256;                              // a block
  static constexpr int vectors_at_once = sizeof(T) == 4 ? 4 : 2;   // that a thread has in flight
  static constexpr int vectors_a_thread = sizeof(T) == 4 ? 8 : 4;  // of a chunk, at least
  static constexpr long chunks = 64;                               // a channel, at most
};

/// How a channel is walked: the runs of `inner` elements one after the other, each by so many vectors however it begins, and the vectors
/// cut into chunks.
struct batch_norm_cut {
  int vectors;        // a run
  int chunk, chunks;  // vectors a chunk, chunks a channel

  template <storage T, class Tuning> static batch_norm_cut of(const batch_norm_dimensions& s, bool aligned) {
    constexpr long width = vector_width<T>, least = long(Tuning::threads) * Tuning::vectors_a_thread;
    static_assert(least >= Tuning::chunks, "ogm: batch_norm's workspace needs chunks of more vectors than a channel has chunks.");
    const long vectors = aligned ? s.inner / width : row_vectors<int(width)>::most(s.inner), all = s.batch * vectors;
    const long chunk = std::max(least, (all + Tuning::chunks - 1) / Tuning::chunks);
    return {int(vectors), int(chunk), int(std::max(1L, (all + chunk - 1) / chunk))};
  }
};
/// Doubles that the sums of the chunks are kept in.
template <storage T, class Tuning = batch_norm_tuning<T>> long batch_norm_workspace(const batch_norm_dimensions& s) {
  return 2 * s.channels * batch_norm_cut::of<T, Tuning>(s, false).chunks;
}

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, + residual where there is one, then relu where asked, on `stream`.
///
/// Numerics   double between x and y, and for the statistics: y has one rounding. Sums are of differences to a channel's first element, in
///            an order that the shape and the alignment say: the same bits in every run. The variance is biased, the running one is not
/// Empty      no elements is success. NaN or infinity in -> NaN in its channel, where the statistics are those of x
/// Errors     a status that names the argument
/// Cost       x is read twice where the statistics are its own, else once; an `inner` of a few elements wastes most of each sector
template <storage T, class Tuning = batch_norm_tuning<T>>
status launch_batch_norm_forward(const batch_norm_forward_params<T>&, cudaStream_t);

/// dx, dresidual, dweight, dbias (=, +=) the derivatives, on `stream`.
///
/// Numerics   double sums, float elsewhere
/// Cost       reads dy, x and y twice
template <storage T, class Tuning = batch_norm_tuning<T>>
status launch_batch_norm_backward(const batch_norm_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
