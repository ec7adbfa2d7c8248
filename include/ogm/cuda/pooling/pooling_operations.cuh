#pragma once
// Pooling, on the device. The mean of whole planes is global_pooling's, the mean over a middle axis that of rows.

#include <ogm/backend/op/pooling.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/global_pooling/global_pooling_launch.cuh>
#include <ogm/cuda/pooling/pooling_launch.cuh>

namespace ogm::op {

namespace detail {
inline cuda::window_axis window_of(const mean_axis& a) { return {a.in, a.out, a.kernel, a.stride, a.pad}; }
inline bool is_one_mean(const mean_axis& a) { return a.out == 1 && (a.kernel == 0 || (a.kernel == a.in && a.pad == 0)); }
inline bool is_one_mean(const mean_pool_shape& s) { return is_one_mean(s.depth) && is_one_mean(s.height) && is_one_mean(s.width); }
inline cuda::window_axis height_of(const max_pool_shape& s) {
  return {s.in_height, s.out_height, s.kernel_height, s.stride_height, s.pad_height};
}
inline cuda::window_axis width_of(const max_pool_shape& s) {
  return {s.in_width, s.out_width, s.kernel_width, s.stride_width, s.pad_width};
}
}  // namespace detail

inline cuda::status run_on_device(const max_pool_forward<float>& o, cuda::context& c) {
  return cuda::launch_max_pool_forward<float>({o.x, o.y, o.index, o.shape.planes, detail::height_of(o.shape), detail::width_of(o.shape)},
                                              c.stream());
}
inline cuda::status run_on_device(const max_pool_backward<float>& o, cuda::context& c) {
  return cuda::launch_max_pool_backward<float>(
      {o.dy, o.index, o.dx, o.shape.planes, detail::height_of(o.shape), detail::width_of(o.shape), o.add}, c.stream());
}

inline cuda::status run_on_device(const mean_pool_forward<float>& o, cuda::context& c) {
  const mean_pool_shape& s = o.shape;
  if (detail::is_one_mean(s)) return cuda::launch_global_pooling_forward<float>({o.x, o.y, s.planes, s.in_plane()}, c.stream());
  return cuda::launch_mean_pool_forward<float>(
      {o.x, o.y, s.planes, detail::window_of(s.depth), detail::window_of(s.height), detail::window_of(s.width)}, c.stream());
}
inline cuda::status run_on_device(const mean_pool_backward<float>& o, cuda::context& c) {
  const mean_pool_shape& s = o.shape;
  if (detail::is_one_mean(s)) return cuda::launch_global_pooling_backward<float>({o.dy, o.dx, s.planes, s.in_plane(), o.add}, c.stream());
  return cuda::launch_mean_pool_backward<float>(
      {o.dy, o.dx, s.planes, detail::window_of(s.depth), detail::window_of(s.height), detail::window_of(s.width), o.add}, c.stream());
}

}  // namespace ogm::op
