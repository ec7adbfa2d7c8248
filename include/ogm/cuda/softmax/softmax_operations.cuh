#pragma once
// Softmax, that of attention's scores, and its logarithm, on the device.

#include <ogm/backend/op/attention.hpp>
#include <ogm/backend/op/softmax.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/softmax/softmax_launch.cuh>

namespace ogm::op {

inline cuda::status run_on_device(const softmax_forward<float>& o, cuda::context& c) {
  return cuda::launch_softmax_forward<float>({o.x, o.y, o.rows, o.columns, o.mask, o.rows_a_mask, o.mask_rows}, c.stream());
}
inline cuda::status run_on_device(const softmax_backward<float>& o, cuda::context& c) {
  return cuda::launch_softmax_backward<float>({o.y, o.dy, o.dx, o.rows, o.columns, o.add, o.scale}, c.stream());
}

/// A batch of 0 has no rows, and a mask of none.
inline cuda::status run_on_device(const attention_softmax<float>& o, cuda::context& c) {
  const long rows = o.batch * o.heads * o.queries;
  if (rows == 0) return {};
  return cuda::launch_softmax_forward<float>({.x = o.score,
                                              .y = o.score,
                                              .rows = rows,
                                              .columns = o.keys,
                                              .mask = o.key_mask,
                                              .rows_a_mask = o.heads * o.queries,
                                              .mask_rows = o.batch,
                                              .scale = o.scale,
                                              .additive = o.additive,
                                              .additive_rows = o.queries},
                                             c.stream());
}

inline cuda::status run_on_device(const log_softmax_forward<float>& o, cuda::context& c) {
  return cuda::launch_log_softmax_forward<float>({o.x, o.y, o.rows, o.columns, o.mask, o.rows_a_mask, o.mask_rows}, c.stream());
}
inline cuda::status run_on_device(const log_softmax_backward<float>& o, cuda::context& c) {
  return cuda::launch_log_softmax_backward<float>({o.y, o.dy, o.dx, o.rows, o.columns, o.add, o.mask, o.rows_a_mask, o.mask_rows},
                                                  c.stream());
}

}  // namespace ogm::op
