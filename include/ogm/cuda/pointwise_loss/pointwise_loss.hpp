#pragma once
// Losses that are a sum over elements on the device: arguments and launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes pointwise_loss_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <algorithm>

namespace ogm::cuda {

/// Of op::pointwise_loss_forward on the host.
template <storage T> struct pointwise_loss_forward_params {
  const T* x;       // (count)
  const T* target;  // (count)
  T* loss;          // ()
  double* partial;  // (pointwise_loss_workspace(count)); null where that is 0
  long count;
  double scale = 1;
};

/// Of op::pointwise_loss_backward. d may be neither x nor target.
template <storage T> struct pointwise_loss_backward_params {
  const T* x;       // (count)
  const T* target;  // (count)
  const T* dloss;   // ()
  T* d;             // (count), = or, where `add`, += the derivatives
  long count;
  double scale = 1;
  bool of_target = false;  // by the target, not by x
  bool add = false;
};

/// How the work is cut. A type with these members tunes the kernels; tests bring small ones.
struct pointwise_loss_tuning {
  static constexpr int threads = 256;                // a block
  static constexpr int blocks_a_multiprocessor = 4;  // at least, of a sum: leaves a thread 64 registers, and ptxas does not spill for more
  static constexpr int chunk = 4096;                 // elements that a block has at once, a multiple of 8
  static constexpr long blocks = 1024;               // that sum
};

/// Blocks that sum so many elements.
template <class Tuning> constexpr long pointwise_loss_blocks(long count) {
  return std::clamp((count + Tuning::chunk - 1) / Tuning::chunk, 1L, Tuning::blocks);
}
/// Doubles that the sums of blocks are kept in.
template <class Tuning = pointwise_loss_tuning> constexpr long pointwise_loss_workspace(long count) {
  const long blocks = pointwise_loss_blocks<Tuning>(count);
  return blocks == 1 ? 0 : blocks;
}

/// loss = scale * the sum of F::value(x, target) over all elements, on `stream`, in one launch or two.
/// F: of double numbers, as op::binary_cross_entropy and op::squared_error.
///
/// Numerics   in double, in an order that the count and the alignment say: the same bits in every run
/// Empty      no elements: 0 times `scale`
/// Errors     a status that names the argument
/// Cost       reads x and target once, 16 bytes an access; target by elements where it lies otherwise than x modulo 16 bytes
template <class F, storage T, class Tuning = pointwise_loss_tuning>
status launch_pointwise_loss_forward(const pointwise_loss_forward_params<T>&, cudaStream_t);

/// d (=, +=) dloss * scale * F::slope(x, target), or F::target_slope, on `stream`.
///
/// Numerics   in double, rounded once before what is there is added
/// Empty      no elements is success
/// Errors     a status that names the argument
/// Cost       reads x and target once, writes d once, 16 bytes an access; inputs by elements where they lie otherwise than d
template <class F, storage T, class Tuning = pointwise_loss_tuning>
status launch_pointwise_loss_backward(const pointwise_loss_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
