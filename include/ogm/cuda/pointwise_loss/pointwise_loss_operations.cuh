#pragma once
// Losses that are a sum over elements as operations of backend::cuda.

#include <ogm/backend/op/loss.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/pointwise_loss/pointwise_loss_launch.cuh>

namespace ogm::op {

template <class F> cuda::status run_on_device(const pointwise_loss_forward<F, float>& o, cuda::context& c) {
  const long sums = cuda::pointwise_loss_workspace(o.count);
  double* const partial = sums ? c.workspace<double>(sums) : nullptr;
  return cuda::launch_pointwise_loss_forward<F, float>({o.x, o.target, o.loss, partial, o.count, o.scale}, c.stream());
}

template <class F> cuda::status run_on_device(const pointwise_loss_backward<F, float>& o, cuda::context& c) {
  return cuda::launch_pointwise_loss_backward<F, float>({o.x, o.target, o.dloss, o.d, o.count, o.scale, o.of_target, o.add}, c.stream());
}

}  // namespace ogm::op
