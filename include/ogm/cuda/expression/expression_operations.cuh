#pragma once
// Element-wise expressions of backend::cuda.

#include <ogm/cuda/context.hpp>
#include <ogm/cuda/expression/expression_launch.cuh>

namespace ogm::expression {

template <class Node> cuda::status run_on_device(const forward_pass<float, Node>& pass, cuda::context& context) {
  return cuda::launch_expression_forward(pass, context.stream());
}
template <class Node> cuda::status run_on_device(const backward_pass<float, Node>& pass, cuda::context& context) {
  return cuda::launch_expression_backward(pass, context.stream());
}

}  // namespace ogm::expression
