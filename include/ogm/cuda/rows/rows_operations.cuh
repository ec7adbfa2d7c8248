#pragma once
// Elementary operations on matrices, on the device.

#include <ogm/backend/op/attention.hpp>
#include <ogm/backend/op/pooling.hpp>
#include <ogm/backend/op/rows.hpp>
#include <ogm/backend/op/update.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/rows/rows_launch.cuh>

#include <bit>
#include <cstdint>

namespace ogm::op {

inline cuda::status run_on_device(const fill<float>& o, cuda::context& c) {
  return cuda::launch_fill<float>({o.x, o.count, o.value}, c.stream());
}
inline cuda::status run_on_device(const fill<std::int32_t>& o, cuda::context& c) {
  return cuda::launch_fill<float>({reinterpret_cast<float*>(o.x), o.count, std::bit_cast<float>(o.value)}, c.stream());
}

inline cuda::status run_on_device(const copy_block<float>& o, cuda::context& c) {
  return cuda::launch_copy_block<float>({o.from, o.to, o.rows, o.columns, o.from_stride, o.to_stride, o.add, o.scale}, c.stream());
}

inline cuda::status run_on_device(const broadcast_row<float>& o, cuda::context& c) {
  return cuda::launch_broadcast_row<float>({o.row, o.y, o.rows, o.columns, o.scale}, c.stream());
}

inline cuda::status run_on_device(const sum_rows<float>& o, cuda::context& c) {
  float* const partial = c.workspace<float>(cuda::sum_rows_workspace<float>(o.rows, o.columns));
  return cuda::launch_sum_rows<float>({o.x, o.total, partial, o.rows, o.columns, o.add, o.scale}, c.stream());
}

inline cuda::status run_on_device(const scale_rows<float>& o, cuda::context& c) {
  return cuda::launch_scale_rows<float>({o.x, o.factor, o.y, o.rows, o.columns, o.add}, c.stream());
}

inline cuda::status run_on_device(const add_moments<float>& o, cuda::context& c) {
  return cuda::launch_add_moments({o.gradient, o.sum, o.squares, o.count}, c.stream());
}

inline cuda::status run_on_device(const deviation_of_mean<float>& o, cuda::context& c) {
  return cuda::launch_deviation_of_mean({o.sum, o.squares, o.count, o.samples}, c.stream());
}

inline cuda::status run_on_device(const swap_axes<float>& o, cuda::context& c) {
  return cuda::launch_swap_axes<float>({o.x, o.y, o.outer, o.first, o.second, o.inner, o.add}, c.stream());
}

inline cuda::status run_on_device(const mean_middle_forward<float>& o, cuda::context& c) {
  return cuda::launch_mean_middle_forward<float>({o.x, o.y, o.outer, o.middle, o.inner}, c.stream());
}
inline cuda::status run_on_device(const mean_middle_backward<float>& o, cuda::context& c) {
  return cuda::launch_mean_middle_backward<float>({o.dy, o.dx, o.outer, o.middle, o.inner, o.add}, c.stream());
}

inline cuda::status run_on_device(const mean_of_heads<float>& o, cuda::context& c) {
  return cuda::launch_mean_middle_forward<float>({o.x, o.mean, o.batch, o.heads, o.pairs}, c.stream());
}
inline cuda::status run_on_device(const mean_of_heads_backward<float>& o, cuda::context& c) {
  return cuda::launch_mean_middle_backward<float>({o.dmean, o.dx, o.batch, o.heads, o.pairs, o.add}, c.stream());
}

}  // namespace ogm::op
