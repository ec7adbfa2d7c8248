#pragma once
// Rows of length one, on the device.

#include <ogm/backend/op/softmax.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/l2_normalize/l2_normalize_launch.cuh>

namespace ogm::op {

inline cuda::status run_on_device(const l2_normalize_forward<float>& o, cuda::context& c) {
  return cuda::launch_l2_normalize_forward<float>({o.x, o.y, o.norm, o.rows, o.columns, float(o.epsilon)}, c.stream());
}
inline cuda::status run_on_device(const l2_normalize_backward<float>& o, cuda::context& c) {
  return cuda::launch_l2_normalize_backward<float>({o.y, o.norm, o.dy, o.dx, o.rows, o.columns, float(o.epsilon), o.add}, c.stream());
}

}  // namespace ogm::op
