#pragma once
// Layer normalisation, on the device.

#include <ogm/backend/op/normalisation.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/layer_norm/layer_norm_launch.cuh>

namespace ogm::op {

inline cuda::status run_on_device(const layer_norm_forward<float>& o, cuda::context& c) {
  return cuda::launch_layer_norm_forward<float>(
      {o.x, o.weight, o.bias, o.y, o.mean, o.inverse_deviation, o.rows, o.columns, float(o.epsilon)}, c.stream());
}
/// The operation's own scratch is laid out for the host: it is not used.
inline cuda::status run_on_device(const layer_norm_backward<float>& o, cuda::context& c) {
  float* const partial = c.workspace<float>(cuda::layer_norm_workspace<float>(o.rows, o.columns));
  return cuda::launch_layer_norm_backward<float>({o.dy, o.x, o.weight, o.mean, o.inverse_deviation, o.dx, o.dweight, o.dbias, partial,
                                                  o.rows, o.columns, o.add_x, o.add_weight, o.add_bias},
                                                 c.stream());
}

}  // namespace ogm::op
