#pragma once
// The backend of models on an NVIDIA GPU: backend::cuda in the place of backend::standard. For files that nvcc compiles; kernels are
// compiled where a model uses them.

#include <ogm/cuda/batch_norm/batch_norm_operations.cuh>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/cross_entropy/cross_entropy_operations.cuh>
#include <ogm/cuda/dropout/dropout_operations.cuh>
#include <ogm/cuda/embedding/embedding_operations.cuh>
#include <ogm/cuda/expression/expression_operations.cuh>
#include <ogm/cuda/l2_normalize/l2_normalize_operations.cuh>
#include <ogm/cuda/layer_norm/layer_norm_operations.cuh>
#include <ogm/cuda/library_operations.hpp>
#include <ogm/cuda/memory.hpp>
#include <ogm/cuda/modulation/modulation_operations.cuh>
#include <ogm/cuda/pointwise_loss/pointwise_loss_operations.cuh>
#include <ogm/cuda/pooling/pooling_operations.cuh>
#include <ogm/cuda/recurrent/recurrent_operations.cuh>
#include <ogm/cuda/rows/rows_operations.cuh>
#include <ogm/cuda/softmax/softmax_operations.cuh>

namespace ogm::backend {

namespace detail {
template <class Operation> struct a_kernel_on_the_device_for {
  static constexpr bool exists = requires(const Operation& operation, ogm::cuda::context& context) { run_on_device(operation, context); };
  static_assert(exists,
                "ogm: backend::cuda has no kernel for this operation. Include its ..._operations.cuh, or write run_on_device for it.");
};
}  // namespace detail

/// Kernels of ogm/cuda and the operations of CUDA's libraries, in float. An operation runs where run_on_device(operation, context) is found
/// for it: write one in the operation's own namespace for an operation of yours.
///
/// Numerics   the same bits in every run on one kind of device; not the host's: sums are in another order
/// Errors     ogm::error that says what was launched and what the runtime answered
class cuda {
 public:
  using value_type = float;
  using space = memory::cuda;

  template <class Operation> void run(const Operation& operation) {
    if constexpr (detail::a_kernel_on_the_device_for<Operation>::exists) run_on_device(operation, context_).throw_if_failed();
  }
  ogm::cuda::context& context() { return context_; }

 private:
  ogm::cuda::context context_;
};

}  // namespace ogm::backend
