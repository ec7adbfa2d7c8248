#pragma once
// The mean of every plane of a map on the device: its arguments and its launchers, for whom a C++ compiler suffices. Whoever calls them
// links an instantiation: a .cu that includes global_pooling_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

namespace ogm::cuda {

/// Of nn::global_mean on the host: maps (batch, channel, height, width) have batch * channel planes of height * width places, videos
/// (batch, channel, time, height, width) of time * height * width.
template <storage T> struct global_pooling_forward_params {
  const T* x;           // (planes, places)
  T* y;                 // (planes)
  long planes, places;  // places below 2^31 - 64
};

/// Of nn::global_mean's backward pass.
template <storage T> struct global_pooling_backward_params {
  const T* dy;  // (planes)
  T* dx;        // (planes, places), = or, where `add`, += dy / places
  long planes, places;
  bool add = false;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct global_pooling_tuning {
  static constexpr int threads = 256;          // a block
  static constexpr int planes_a_block = 32;    // of small planes, whose means are written together; at most `threads`
  static constexpr long places_a_warp = 4096;  // the most of a small plane
  static constexpr long blocks = 65536;        // a grid of the kernel of large planes
  static constexpr int vectors_a_thread = 4;   // of the backward pass
};

/// y = the mean of each plane of x, on `stream`.
///
/// Numerics   float accumulation; a plane's bits depend on its values, its alignment and the tuning, not on the other planes
/// Empty      no planes is success; a plane without places -> NaN
/// Errors     a status that names the argument
/// Cost       reads x once; a vector that two planes share is read by both
template <storage T, class Tuning = global_pooling_tuning<T>>
status launch_global_pooling_forward(const global_pooling_forward_params<T>&, cudaStream_t);

/// dx (=, +=) dy / places at every place, on `stream`.
///
/// Cost       writes dx once, and reads it once where it adds
template <storage T, class Tuning = global_pooling_tuning<T>>
status launch_global_pooling_backward(const global_pooling_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
