#pragma once
// The launchers of softmax: the only host code that knows its kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>
#include <ogm/cuda/softmax/softmax_kernel.cuh>

#include <algorithm>

namespace ogm::cuda {

namespace detail {

template <class Params> status check_softmax(const char* who, const Params& p) {
  if (status s = check_rows(who, p.rows, p.columns); !s.ok()) return s;
  if constexpr (requires { p.mask; }) {
    if (p.mask && p.rows_a_mask < 1) return wrong_argument(who, "rows_a_mask", p.rows_a_mask, "1 or more");
    if (p.mask && p.mask_rows < 1) return wrong_argument(who, "mask_rows", p.mask_rows, "1 or more");
  }
  if constexpr (requires { p.additive; })
    if (p.additive && p.additive_rows < 1) return wrong_argument(who, "additive_rows", p.additive_rows, "1 or more");
  return {};
}

/// Runs the kernel that fits the rows. Kernels has, for a width, `of_warps` and `of_blocks<held>`; `arrays` of them may be held.
template <class T, class Tuning, int Width, class Kernels, class Params>
status launch_rows(const char* who, const Params& p, int arrays, cudaStream_t stream) {
  const long vectors = row_vectors<Width>::most(p.columns), held_bytes = arrays * vectors * Width * long(sizeof(T));
  if (vectors <= long(warp_size) * Tuning::vectors_a_lane)
    return launch(who, {blocks_of_warps<Tuning>(p.rows), Tuning::threads}, stream, Kernels::template of_warps<T, Tuning, Width>, p);
  const long blocks = std::min(p.rows, Tuning::blocks);
  if constexpr (Width > 1)  // rows that lie badly are rare: they are read twice
    if (arrays > 0 && held_bytes <= Tuning::held_bytes)
      return launch(who, {blocks, Tuning::threads, std::size_t(held_bytes)}, stream, Kernels::template of_blocks<T, Tuning, Width, true>,
                    p);
  return launch(who, {blocks, Tuning::threads}, stream, Kernels::template of_blocks<T, Tuning, Width, false>, p);
}

template <class Result> struct softmax_forward_kernels {
  template <class T, class Tuning, int Width> static constexpr auto of_warps = &softmax_forward_of_warps<T, Tuning, Width, Result>;
  template <class T, class Tuning, int Width, bool Held>
  static constexpr auto of_blocks = &softmax_forward_of_blocks<T, Tuning, Width, Held, Result>;
};
template <class Slope> struct softmax_backward_kernels {
  template <class T, class Tuning, int Width> static constexpr auto of_warps = &softmax_backward_of_warps<T, Tuning, Width, Slope>;
  template <class T, class Tuning, int Width, bool Held>
  static constexpr auto of_blocks = &softmax_backward_of_blocks<T, Tuning, Width, Held, Slope>;
};

template <class T, class Tuning, class Result>
status launch_forward_rows(const char* who, const softmax_forward_params<T>& p, cudaStream_t stream) {
  if (status s = check_softmax(who, p); !s.ok() || p.rows == 0 || p.columns == 0) return s;
  const bool exact = sizeof(T) == 4 || (p.scale == 1 && !p.additive);  // what is held is stored as T
  if (aligned_alike(p.x, p.y))
    return launch_rows<T, Tuning, vector_width<T>, softmax_forward_kernels<Result>>(who, p, exact ? 1 : 0, stream);
  return launch_rows<T, Tuning, 1, softmax_forward_kernels<Result>>(who, p, 0, stream);
}
template <class T, class Tuning, class Slope> status launch_backward_rows(const char* who, const Slope& p, cudaStream_t stream) {
  if (status s = check_softmax(who, p); !s.ok() || p.rows == 0 || p.columns == 0) return s;
  if (aligned_alike(p.y, p.dy) && aligned_alike(p.y, p.dx))
    return launch_rows<T, Tuning, vector_width<T>, softmax_backward_kernels<Slope>>(who, p, 2, stream);
  return launch_rows<T, Tuning, 1, softmax_backward_kernels<Slope>>(who, p, 0, stream);
}

}  // namespace detail

template <storage T, class Tuning> status launch_softmax_forward(const softmax_forward_params<T>& p, cudaStream_t stream) {
  return detail::launch_forward_rows<T, Tuning, detail::softmax_result>("softmax_forward", p, stream);
}
template <storage T, class Tuning> status launch_softmax_backward(const softmax_backward_params<T>& p, cudaStream_t stream) {
  return detail::launch_backward_rows<T, Tuning>("softmax_backward", detail::softmax_slope<T>{p}, stream);
}
template <storage T, class Tuning> status launch_log_softmax_forward(const softmax_forward_params<T>& p, cudaStream_t stream) {
  return detail::launch_forward_rows<T, Tuning, detail::log_softmax_result>("log_softmax_forward", p, stream);
}
template <storage T, class Tuning> status launch_log_softmax_backward(const log_softmax_backward_params<T>& p, cudaStream_t stream) {
  return detail::launch_backward_rows<T, Tuning>("log_softmax_backward", detail::log_softmax_slope<T>{p}, stream);
}

}  // namespace ogm::cuda
