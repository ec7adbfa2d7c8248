#pragma once
// The launchers of batch normalisation: the only host code that knows its kernels.

#include <ogm/cuda/batch_norm/batch_norm_kernel.cuh>
#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>

namespace ogm::cuda {

namespace detail {

template <class Params> status check_batch_norm(const char* who, const Params& p, bool sums) {
  const batch_norm_dimensions& s = p.shape;
  if (s.batch < 0) return wrong_argument(who, "batch", s.batch, "0 or more");
  if (s.channels < 0) return wrong_argument(who, "channels", s.channels, "0 or more");
  if (s.inner < 0 || s.each() > most_columns) return wrong_argument(who, "elements of a channel", s.each(), "0 to 2147481599");
  if (sums && s.channels > 0 && !p.partial) return status(std::string("ogm: ") + who + " was given no workspace.");
  return {};
}
template <class T, class Tuning, class Params> batch_norm_work<Params> cut_batch_norm(const Params& p) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(p.x) % 16 == 0 && p.shape.inner % vector_width<T> == 0;
  return {p, batch_norm_cut::of<T, Tuning>(p.shape, aligned)};
}

}  // namespace detail

template <storage T, class Tuning> status launch_batch_norm_forward(const batch_norm_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "batch_norm_forward";
  if (status s = detail::check_batch_norm(who, p, p.of_batch && p.shape.each() > 0); !s.ok() || p.shape.each() == 0) return s;
  const auto work = detail::cut_batch_norm<T, Tuning>(p);
  const launch_shape blocks{p.shape.channels * work.cut.chunks, Tuning::threads};
  if (p.of_batch)
    if (status s = launch(who, blocks, stream, batch_norm_moments_of_chunks<T, Tuning>, work); !s.ok()) return s;
  return launch(who, blocks, stream, batch_norm_forward_of_chunks<T, Tuning>, work);
}

template <storage T, class Tuning> status launch_batch_norm_backward(const batch_norm_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "batch_norm_backward";
  if (status s = detail::check_batch_norm(who, p, true); !s.ok()) return s;
  auto work = detail::cut_batch_norm<T, Tuning>(p);
  if (p.shape.each() == 0) work.dx = nullptr, work.dresidual = nullptr, work.cut.chunk = 0;  // sums of nothing
  const launch_shape blocks{p.shape.channels * work.cut.chunks, Tuning::threads};
  if (status s = launch(who, blocks, stream, batch_norm_slopes_of_chunks<T, Tuning>, work); !s.ok()) return s;
  return launch(who, blocks, stream, batch_norm_backward_of_chunks<T, Tuning>, work);
}

}  // namespace ogm::cuda
