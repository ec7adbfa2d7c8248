#pragma once
// The attention of temporal grounding on the device: op::single_query_attention_forward and _backward, op::add_by_head and _backward.

#include <avqa/cuda/temporal_grounding/temporal_grounding_launch.cuh>
#include <avqa/grounding/op/temporal.hpp>
#include <ogm/cuda/context.hpp>

namespace avqa::op {

namespace detail {
inline cuda::single_query_shape on_device(const single_query_shape& s) { return {s.batch, s.heads, s.keys, s.width}; }
}  // namespace detail

/// Where nothing is dropped `kept` may be `weight`.
inline cuda::status run_on_device(const single_query_attention_forward<float>& o, ogm::cuda::context& c) {
  return cuda::launch_single_query_attention_forward<float>({.shape = detail::on_device(o.shape),
                                                             .scale = o.scale,
                                                             .query = o.query,
                                                             .memory = o.memory,
                                                             .weight = o.weight,
                                                             .mixed = o.mixed,
                                                             .total = o.total,
                                                             .kept = o.kept == o.weight ? nullptr : o.kept,
                                                             .dropout = {o.probability, o.key},
                                                             .shared_bytes = ogm::cuda::most_shared_bytes()},
                                                            c.stream());
}

/// `kept` is not read, and `slope` not used: both stay in shared memory.
inline cuda::status run_on_device(const single_query_attention_backward<float>& o, ogm::cuda::context& c) {
  return cuda::launch_single_query_attention_backward<float>({.shape = detail::on_device(o.shape),
                                                              .scale = o.scale,
                                                              .query = o.query,
                                                              .memory = o.memory,
                                                              .weight = o.weight,
                                                              .dmixed = o.dmixed,
                                                              .dtotal = o.dtotal,
                                                              .dquery = o.dquery,
                                                              .dmemory = o.dmemory,
                                                              .add_memory = o.add_memory,
                                                              .dropout = {o.probability, o.key},
                                                              .shared_bytes = ogm::cuda::most_shared_bytes()},
                                                             c.stream());
}

inline cuda::status run_on_device(const add_by_head<float>& o, ogm::cuda::context& c) {
  return cuda::launch_add_by_head<float>({o.bias, o.total, o.y, o.batch, o.heads, o.width}, c.stream());
}
inline cuda::status run_on_device(const add_by_head_backward<float>& o, ogm::cuda::context& c) {
  return cuda::launch_add_by_head_backward<float>({o.bias, o.total, o.dy, o.dbias, o.dtotal, o.batch, o.heads, o.width, o.add}, c.stream());
}

}  // namespace avqa::op
