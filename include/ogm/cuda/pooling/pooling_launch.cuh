#pragma once
// The launchers of pooling: the only host code that knows its kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/pooling/pooling_kernel.cuh>
#include <ogm/cuda/rows.cuh>

#include <algorithm>
#include <initializer_list>

namespace ogm::cuda {

namespace detail {

inline status check_window_axis(const char* who, const window_axis& a, long least_kernel) {
  if (a.in < 0) return wrong_argument(who, "in", a.in, "0 or more");
  if (a.out < 0) return wrong_argument(who, "out", a.out, "0 or more");
  if (a.kernel < least_kernel) return wrong_argument(who, "kernel", a.kernel, least_kernel == 0 ? "0 or more" : "1 or more");
  if (a.stride < 1) return wrong_argument(who, "stride", a.stride, "1 or more");
  if (a.pad < 0) return wrong_argument(who, "pad", a.pad, "0 or more");
  if (a.pad > most_columns || a.stride > most_columns) return wrong_argument(who, "pad or stride", std::max(a.pad, a.stride), "less");
  if (a.kernel == 0 && double(a.in + 1) * double(a.out + 1) > 4294967295.0)
    return wrong_argument(who, "in (with so many windows, whose number is given)", a.in, "less: in * out below 2^32");
  return {};
}
/// Launches for every element of every plane.
template <class Tuning, class Params>
status launch_elements(const char* who, const Params& p, long elements, cudaStream_t stream, void (*kernel)(Params)) {
  const long all = p.planes * elements;
  return launch(who, {(all + Tuning::threads - 1) / Tuning::threads, Tuning::threads}, stream, kernel, p);
}
template <class Params> status check_pool(const char* who, const Params& p) {
  if (p.planes < 0) return wrong_argument(who, "planes", p.planes, "0 or more");
  const auto plane = [&](long in, long out) -> status {
    if (in > most_columns) return wrong_argument(who, "elements of a plane of inputs", in, "0 to 2147481599");
    if (out > most_columns) return wrong_argument(who, "elements of a plane of outputs", out, "0 to 2147481599");
    return {};
  };
  const auto axes = [&](auto... a) -> status {
    for (const window_axis& axis : {a...})
      if (status s = check_window_axis(who, axis, sizeof...(a) == 2 ? 1 : 0); !s.ok()) return s;
    return plane((a.in * ...), (a.out * ...));
  };
  if constexpr (requires { p.depth; })
    return axes(p.depth, p.height, p.width);
  else
    return axes(p.height, p.width);
}

}  // namespace detail

template <storage T, class Tuning> status launch_max_pool_forward(const max_pool_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "max_pool_forward";
  if (status s = detail::check_pool(who, p); !s.ok()) return s;
  return detail::launch_elements<Tuning>(who, p, p.height.out * p.width.out, stream, max_pool_forward_of_outputs<T, Tuning>);
}

template <storage T, class Tuning> status launch_max_pool_backward(const max_pool_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "max_pool_backward";
  if (status s = detail::check_pool(who, p); !s.ok()) return s;
  return detail::launch_elements<Tuning>(who, p, p.height.in * p.width.in, stream, max_pool_backward_of_inputs<T, Tuning>);
}

template <storage T, class Tuning> status launch_mean_pool_forward(const mean_pool_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "mean_pool_forward";
  if (status s = detail::check_pool(who, p); !s.ok()) return s;
  return detail::launch_elements<Tuning>(who, p, p.depth.out * p.height.out * p.width.out, stream, mean_pool_forward_of_outputs<T, Tuning>);
}

template <storage T, class Tuning> status launch_mean_pool_backward(const mean_pool_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "mean_pool_backward";
  if (status s = detail::check_pool(who, p); !s.ok()) return s;
  return detail::launch_elements<Tuning>(who, p, p.depth.in * p.height.in * p.width.in, stream, mean_pool_backward_of_inputs<T, Tuning>);
}

}  // namespace ogm::cuda
