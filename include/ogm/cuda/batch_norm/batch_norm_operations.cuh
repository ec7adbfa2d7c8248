#pragma once
// Batch normalisation, on the device.

#include <ogm/backend/op/normalisation.hpp>
#include <ogm/cuda/batch_norm/batch_norm_launch.cuh>
#include <ogm/cuda/context.hpp>

namespace ogm::op {

namespace detail {
inline cuda::batch_norm_dimensions dimensions_of(const batch_norm_shape& s) { return {s.batch, s.channels, s.inner}; }
}  // namespace detail

inline cuda::status run_on_device(const batch_norm_forward<float>& o, cuda::context& c) {
  const auto shape = detail::dimensions_of(o.shape);
  double* const partial = o.of_batch ? c.workspace<double>(cuda::batch_norm_workspace<float>(shape)) : nullptr;
  return cuda::launch_batch_norm_forward<float>({.shape = shape,
                                                 .x = o.x,
                                                 .residual = o.residual,
                                                 .weight = o.weight,
                                                 .bias = o.bias,
                                                 .y = o.y,
                                                 .mean = o.mean,
                                                 .inverse_deviation = o.inverse_deviation,
                                                 .running_mean = o.running_mean,
                                                 .running_variance = o.running_variance,
                                                 .partial = partial,
                                                 .momentum = o.momentum,
                                                 .epsilon = o.epsilon,
                                                 .of_batch = o.of_batch,
                                                 .update = o.update,
                                                 .relu = o.relu},
                                                c.stream());
}

inline cuda::status run_on_device(const batch_norm_backward<float>& o, cuda::context& c) {
  const auto shape = detail::dimensions_of(o.shape);
  return cuda::launch_batch_norm_backward<float>({.shape = shape,
                                                  .dy = o.dy,
                                                  .x = o.x,
                                                  .y = o.y,
                                                  .weight = o.weight,
                                                  .mean = o.mean,
                                                  .inverse_deviation = o.inverse_deviation,
                                                  .dx = o.dx,
                                                  .dresidual = o.dresidual,
                                                  .dweight = o.dweight,
                                                  .dbias = o.dbias,
                                                  .partial = c.workspace<double>(cuda::batch_norm_workspace<float>(shape)),
                                                  .of_batch = o.of_batch,
                                                  .add_x = o.add_x,
                                                  .add_residual = o.add_residual,
                                                  .add_weight = o.add_weight,
                                                  .add_bias = o.add_bias},
                                                 c.stream());
}

}  // namespace ogm::op
