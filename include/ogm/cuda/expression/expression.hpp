#pragma once
// Element-wise expressions on the device: tuning and launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes expression_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/expression/loop.hpp>

namespace ogm::cuda {

/// How the work is cut. A type with these members tunes the kernels; tests bring small ones.
struct expression_tuning {
  static constexpr int threads = 256;         // a block
  static constexpr int tile = 32;             // vectors of a row that a block works on, or more where there are few rows
  static constexpr int rows_a_thread = 2;     // but where rows are summed up: there a block has a chunk of them
  static constexpr int threads_of_sum = 512;  // a block of the kernel that adds the chunks' sums
};

/// y = the node's value, element by element, on `stream`. All pointers are the device's.
///
/// Shapes     (rows, columns) as the pass's cut says; columns below 2^31 - 2048 where a leaf is a row for all rows
/// Numerics   float; an element's bits do not depend on shapes or addresses. Functions are as on the host to 1e-6, relative
/// Empty      no elements is success
/// Errors     a status that names the argument
/// Cost       reads every whole array once, by 16 bytes where all arrays and rows are aligned to that, else by 4
template <class Tuning, class Node> status launch_expression_forward(const expression::forward_pass<float, Node>&, cudaStream_t stream);
/// Likewise, as it is tuned.
template <class Node> status launch_expression_forward(const expression::forward_pass<float, Node>& pass, cudaStream_t stream) {
  return launch_expression_forward<expression_tuning>(pass, stream);
}

/// Adds dy times the node's derivative to the gradient of every leaf, on `stream`; the plan's totals get (=, +=) the sum over the rows.
///
/// Numerics   a sum's order depends on the shape, on alignment and on the tuning only: the same bits in every run
/// Empty      no rows: totals that nothing is added to become 0
/// Cost       reads the leaves and dy once, and gradients that are not fresh; a launch, and one more where there are totals
template <class Tuning, class Node> status launch_expression_backward(const expression::backward_pass<float, Node>&, cudaStream_t stream);
/// Likewise, as it is tuned.
template <class Node> status launch_expression_backward(const expression::backward_pass<float, Node>& pass, cudaStream_t stream) {
  return launch_expression_backward<expression_tuning>(pass, stream);
}

}  // namespace ogm::cuda
