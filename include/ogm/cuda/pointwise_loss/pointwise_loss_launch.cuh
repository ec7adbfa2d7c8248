#pragma once
// The launchers of losses that are a sum over elements: the only host code that knows their kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/pointwise_loss/pointwise_loss_kernel.cuh>

namespace ogm::cuda {

template <class F, storage T, class Tuning>
status launch_pointwise_loss_forward(const pointwise_loss_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "pointwise_loss_forward";
  if (p.count < 0) return wrong_argument(who, "count", p.count, "0 or more");
  const long blocks = pointwise_loss_blocks<Tuning>(p.count);
  if (blocks > 1 && !p.partial) return status(std::string("ogm: ") + who + " was given no workspace.");
  const auto answer = launch(who, {blocks, Tuning::threads}, stream, pointwise_loss_of_blocks<F, T, Tuning>, p);
  if (!answer.ok() || blocks == 1) return answer;
  return launch(who, {1, Tuning::threads}, stream, pointwise_loss_of_sums<T, Tuning>, p, blocks);
}

template <class F, storage T, class Tuning>
status launch_pointwise_loss_backward(const pointwise_loss_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "pointwise_loss_backward";
  if (p.count < 0) return wrong_argument(who, "count", p.count, "0 or more");
  const long blocks = (p.count + Tuning::chunk - 1) / Tuning::chunk;
  return launch(who, {blocks, Tuning::threads}, stream, pointwise_loss_slopes<F, T, Tuning>, p);
}

}  // namespace ogm::cuda
