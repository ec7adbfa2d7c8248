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
  return {};
}

/// Runs the kernel that fits the rows. Kernels has, for a width, `of_warps` and `of_blocks<held>`; `arrays` of them are held.
template <class T, class Tuning, int Width, class Kernels, class Params>
status launch_rows(const char* who, const Params& p, int arrays, cudaStream_t stream) {
  const long vectors = row_vectors<Width>::most(p.columns), held_bytes = arrays * vectors * Width * long(sizeof(T));
  if (vectors <= long(warp_size) * Tuning::vectors_a_lane)
    return launch(who, {blocks_of_warps<Tuning>(p.rows), Tuning::threads}, stream, Kernels::template of_warps<T, Tuning, Width>, p);
  const long blocks = std::min(p.rows, Tuning::blocks);
  if constexpr (Width > 1)  // rows that lie badly are rare: they are read twice
    if (held_bytes <= Tuning::held_bytes)
      return launch(who, {blocks, Tuning::threads, std::size_t(held_bytes)}, stream, Kernels::template of_blocks<T, Tuning, Width, true>,
                    p);
  return launch(who, {blocks, Tuning::threads}, stream, Kernels::template of_blocks<T, Tuning, Width, false>, p);
}

struct softmax_forward_kernels {
  template <class T, class Tuning, int Width> static constexpr auto of_warps = &softmax_forward_of_warps<T, Tuning, Width>;
  template <class T, class Tuning, int Width, bool Held>
  static constexpr auto of_blocks = &softmax_forward_of_blocks<T, Tuning, Width, Held>;
};
struct softmax_backward_kernels {
  template <class T, class Tuning, int Width> static constexpr auto of_warps = &softmax_backward_of_warps<T, Tuning, Width>;
  template <class T, class Tuning, int Width, bool Held>
  static constexpr auto of_blocks = &softmax_backward_of_blocks<T, Tuning, Width, Held>;
};

}  // namespace detail

template <storage T, class Tuning> status launch_softmax_forward(const softmax_forward_params<T>& p, cudaStream_t stream) {
  if (status s = detail::check_softmax("softmax_forward", p); !s.ok() || p.rows == 0 || p.columns == 0) return s;
  if (aligned_alike(p.x, p.y))
    return detail::launch_rows<T, Tuning, vector_width<T>, detail::softmax_forward_kernels>("softmax_forward", p, 1, stream);
  return detail::launch_rows<T, Tuning, 1, detail::softmax_forward_kernels>("softmax_forward", p, 1, stream);
}

template <storage T, class Tuning> status launch_softmax_backward(const softmax_backward_params<T>& p, cudaStream_t stream) {
  if (status s = detail::check_softmax("softmax_backward", p); !s.ok() || p.rows == 0 || p.columns == 0) return s;
  if (aligned_alike(p.y, p.dy) && aligned_alike(p.y, p.dx))
    return detail::launch_rows<T, Tuning, vector_width<T>, detail::softmax_backward_kernels>("softmax_backward", p, 2, stream);
  return detail::launch_rows<T, Tuning, 1, detail::softmax_backward_kernels>("softmax_backward", p, 2, stream);
}

}  // namespace ogm::cuda
