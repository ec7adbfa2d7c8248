#pragma once
// Maxima and means over windows on the device: arguments and launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes pooling_launch.cuh. The mean of a whole plane is global_pooling's.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <cstdint>

namespace ogm::cuda {

/// The windows along one axis, as op::mean_axis: of fixed size, or (kernel 0; means only) those that share `in` elements out to `out`
/// means, which may overlap.
struct window_axis {
  long in, out;
  long kernel = 0, stride = 1, pad = 0;

  /// 32 bits: a division of 64 is a call on the device. The launchers see to it that they suffice.
  __host__ __device__ static long divided(long a, long b) { return long(unsigned(a) / unsigned(b)); }
  __host__ __device__ long first(long o) const {
    if (kernel == 0) return divided(o * in, out);
    return o * stride < pad ? 0 : o * stride - pad;
  }
  __host__ __device__ long last(long o) const {
    if (kernel == 0) return divided((o + 1) * in + out - 1, out);
    return in < o * stride - pad + kernel ? in : o * stride - pad + kernel;
  }
  /// What a sum is divided by: elements in the padding count.
  __host__ __device__ long size(long o) const { return kernel == 0 ? last(o) - first(o) : kernel; }
  /// The first window that element i is in.
  __host__ __device__ long first_of(long i) const {
    if (kernel == 0) return divided(i * out, in);
    return i + pad < kernel ? 0 : divided(i + pad - kernel, stride) + 1;
  }
  /// The window after the last one that it is in.
  __host__ __device__ long last_of(long i) const {
    const long end = kernel == 0 ? divided((i + 1) * out - 1, in) + 1 : divided(i + pad, stride) + 1;
    return end < out ? end : out;
  }
};

/// Of op::max_pool_forward on the host.
template <storage T> struct max_pool_forward_params {
  const T* x;           // (planes, height.in, width.in)
  T* y;                 // (planes, height.out, width.out)
  std::int32_t* index;  // like y: where in its plane each maximum lies; or null: not wanted
  long planes;
  window_axis height, width;
};

/// Of op::max_pool_backward.
template <storage T> struct max_pool_backward_params {
  const T* dy;                // (planes, height.out, width.out)
  const std::int32_t* index;  // likewise, of the forward pass
  T* dx;                      // (planes, height.in, width.in), = or, where `add`, += dy at the maxima
  long planes;
  window_axis height, width;
  bool add = false;
};

/// Of op::mean_pool_forward.
template <storage T> struct mean_pool_forward_params {
  const T* x;  // (planes, depth.in, height.in, width.in)
  T* y;        // (planes, depth.out, height.out, width.out)
  long planes;
  window_axis depth, height, width;
};

/// Of op::mean_pool_backward.
template <storage T> struct mean_pool_backward_params {
  const T* dy;  // (planes, depth.out, height.out, width.out)
  T* dx;        // (planes, depth.in, height.in, width.in), = or, where `add`, += dy / size of each window
  long planes;
  window_axis depth, height, width;
  bool add = false;
};

/// How the work is cut: threads a block, an element a thread.
struct pooling_tuning {
  static constexpr int threads = 256;
};

/// y = the maximum of each window of x, what lies outside of the plane left out, on `stream`.
///
/// Numerics   exact; the first in row-major order wins a tie; a NaN wins over all numbers, the last of several
/// Empty      no planes is success
/// Errors     a status that names the argument
/// Cost       a thread an output: it reads its window element by element, and overlapping windows come from the cache
template <storage T, class Tuning = pooling_tuning> status launch_max_pool_forward(const max_pool_forward_params<T>&, cudaStream_t);

/// dx (=, +=) the gradients of the maxima, on `stream`. A thread an input: it asks the windows that it is in.
///
/// Numerics   float, in row-major order of the windows: the same bits in every run
template <storage T, class Tuning = pooling_tuning> status launch_max_pool_backward(const max_pool_backward_params<T>&, cudaStream_t);

/// y = the mean of each window of x, elements in the padding counted as 0, on `stream`.
///
/// Numerics   float, in row-major order
/// Empty      a window of no elements -> NaN
/// Cost       a thread an output: meant for small windows
template <storage T, class Tuning = pooling_tuning> status launch_mean_pool_forward(const mean_pool_forward_params<T>&, cudaStream_t);

/// dx (=, +=) the gradients of the means, on `stream`. A thread an input: it asks the windows that it is in.
template <storage T, class Tuning = pooling_tuning> status launch_mean_pool_backward(const mean_pool_backward_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
