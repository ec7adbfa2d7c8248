#pragma once
// The kernels of batch normalisation: a block a chunk of a channel. The first one sums, the second one adds the sums of all chunks, and
// writes.

#include <ogm/cuda/batch_norm/batch_norm.hpp>
#include <ogm/cuda/reduce.cuh>

#include <cmath>

namespace ogm::cuda {

namespace detail {

/// Two sums at once, in double; aligned, so that nvcc reads both by one access.
struct alignas(16) wide_pair {
  double first, second;
};
__device__ inline wide_pair shuffle_xor(wide_pair p, int lanes) {
  return {cuda::shuffle_xor(p.first, lanes), cuda::shuffle_xor(p.second, lanes)};
}
struct add_wide_pairs {
  static constexpr wide_pair identity{0, 0};
  __device__ wide_pair operator()(wide_pair a, wide_pair b) const { return {a.first + b.first, a.second + b.second}; }
};

/// The arguments and the cut.
template <class Params> struct batch_norm_work : Params { batch_norm_cut cut; };

/// The part of a channel that is this block's.
struct channel_chunk {
  long channel;
  int chunk;

  template <class Work> __device__ static channel_chunk of(const Work& p) {
    const long channel = blockIdx.x / p.cut.chunks;
    return {channel, int(blockIdx.x - channel * p.cut.chunks)};
  }
  /// f(offset of a run, its vectors, column) for vector `within` of this block's, where there is one.
  template <int Width, class Work, class T, class F> __device__ void at(const Work& p, const T* x, int within, const F& f) const {
    const long vector = long(chunk) * p.cut.chunk + within, run = vector / p.cut.vectors;
    if (within >= p.cut.chunk || !OGM_BOUND(run_exists, run < p.shape.batch)) return;
    const long offset = (run * p.shape.channels + channel) * p.shape.inner;
    const auto vectors = row_vectors<Width>::of(x + offset, int(p.shape.inner));
    f(offset, vectors, vectors.first(int(vector - run * p.cut.vectors)));
  }
  /// Where this chunk's sums are.
  template <class Work> __device__ wide_pair* sums(const Work& p) const {
    return reinterpret_cast<wide_pair*>(p.partial) + channel * p.cut.chunks + chunk;
  }
  /// The sums of all chunks of the channel, for all lanes of a warp.
  template <class Work> __device__ wide_pair total(const Work& p) const {
    wide_pair all = add_wide_pairs::identity;
    const wide_pair* const of_chunk = reinterpret_cast<const wide_pair*>(p.partial) + channel * p.cut.chunks;
    for (int k = int(threadIdx.x) % warp_size; k < p.cut.chunks; k += warp_size) all = add_wide_pairs{}(all, of_chunk[k]);
    return reduce_warp(all, add_wide_pairs{});
  }
};

/// The gradient behind the relu, from column `first` of a run on.
template <class T, int Width>
__device__ inline void load_slope(const batch_norm_backward_params<T>& p, long offset, row_vectors<Width> vectors, int first,
                                  float (&g)[Width]) {
  load_beside(p.dy + offset, vectors, first, 0, g);
  if (!p.y) return;
  float y[Width];
  load_beside(p.y + offset, vectors, first, 0, y);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) g[i] = y[i] > 0 ? g[i] : 0;
}

}  // namespace detail

/// The sums over a chunk of x - shift and its square, shift being the channel's first element. A thread is left 64 registers: left to
/// itself, ptxas takes 40 for halves on sm_90 and spills.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, 1024 / Tuning::threads)
    batch_norm_moments_of_chunks(detail::batch_norm_work<batch_norm_forward_params<T>> p) {
  OGM_SHARED(detail::wide_pair, scratch, Tuning::threads / warp_size);
  constexpr int width = vector_width<T>, count = Tuning::vectors_at_once;
  const auto here = detail::channel_chunk::of(p);
  const float shift = to_float(p.x[here.channel * p.shape.inner]);
  detail::wide_pair sums = detail::add_wide_pairs::identity;
  for (int from = int(threadIdx.x); from < p.cut.chunk; from += count * Tuning::threads) {
    float value[count][width];
    OGM_UNROLL
    for (int k = 0; k < count; ++k) {
      OGM_UNROLL
      for (int i = 0; i < width; ++i) value[k][i] = shift;
      here.template at<width>(p, p.x, from + k * Tuning::threads, [&](long offset, row_vectors<width> vectors, int first) {
        load_row(p.x + offset, vectors, first, shift, value[k]);
      });
    }
    OGM_UNROLL
    for (int k = 0; k < count; ++k) {
      OGM_UNROLL
      for (int i = 0; i < width; ++i) {
        const double d = double(value[k][i]) - double(shift);
        sums.first += d;
        sums.second += d * d;
      }
    }
  }
  sums = reduce_block<Tuning::threads>(sums, detail::add_wide_pairs{}, scratch);
  if (threadIdx.x == 0) *here.sums(p) = sums;
}

/// y of a chunk; the first chunk's block keeps the statistics.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) batch_norm_forward_of_chunks(detail::batch_norm_work<batch_norm_forward_params<T>> p) {
  constexpr int width = vector_width<T>, count = Tuning::vectors_at_once;
  OGM_SHARED(double, statistics, 2);  // mean, 1 / deviation
  const auto here = detail::channel_chunk::of(p);
  if (threadIdx.x < warp_size) {
    detail::wide_pair sums = detail::add_wide_pairs::identity;
    if (p.of_batch) sums = here.total(p);
    if (threadIdx.x == 0) {
      const long c = here.channel;
      double mean, variance;
      if (p.of_batch) {
        const double n = double(p.shape.each()), offset = sums.first / n;
        variance = sums.second / n - offset * offset;
        variance = variance < 0 ? 0 : variance;
        mean = double(to_float(p.x[c * p.shape.inner])) + offset;
        if (here.chunk == 0 && p.update) {
          p.running_mean[c] = float((1 - p.momentum) * double(p.running_mean[c]) + p.momentum * mean);
          p.running_variance[c] = float((1 - p.momentum) * double(p.running_variance[c]) + p.momentum * variance * n / (n - 1));
        }
      } else {
        mean = double(p.running_mean[c]);
        variance = double(p.running_variance[c]);
      }
      const double inverse = 1 / ::sqrt(variance + p.epsilon);
      if (here.chunk == 0) p.mean[c] = mean, p.inverse_deviation[c] = inverse;
      statistics[0] = mean, statistics[1] = inverse;
    }
  }
  OGM_BARRIER(statistics_are_there);
  const double mean = statistics[0], scale = double(to_float(p.weight[here.channel])) * statistics[1];
  const double bias = double(to_float(p.bias[here.channel]));

  for (int from = int(threadIdx.x); from < p.cut.chunk; from += count * Tuning::threads) {
    float value[count][width], other[count][width] = {};
    OGM_UNROLL
    for (int k = 0; k < count; ++k)
      here.template at<width>(p, p.x, from + k * Tuning::threads, [&](long offset, row_vectors<width> vectors, int first) {
        load_row(p.x + offset, vectors, first, 0, value[k]);
        if (p.residual) load_beside(p.residual + offset, vectors, first, 0, other[k]);
      });
    OGM_UNROLL
    for (int k = 0; k < count; ++k)
      here.template at<width>(p, p.x, from + k * Tuning::threads, [&](long offset, row_vectors<width> vectors, int first) {
        OGM_UNROLL
        for (int i = 0; i < width; ++i) {
          const double v = (double(value[k][i]) - mean) * scale + bias + double(other[k][i]);
          value[k][i] = float(p.relu && v < 0 ? 0 : v);
        }
        store_beside(p.y + offset, vectors, first, value[k]);
      });
  }
}

/// The sums over a chunk of g and of g (x - mean).
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) batch_norm_slopes_of_chunks(detail::batch_norm_work<batch_norm_backward_params<T>> p) {
  OGM_SHARED(detail::wide_pair, scratch, Tuning::threads / warp_size);
  constexpr int width = vector_width<T>, count = Tuning::vectors_at_once;
  const auto here = detail::channel_chunk::of(p);
  const double mean = p.mean[here.channel];
  detail::wide_pair sums = detail::add_wide_pairs::identity;
  for (int from = int(threadIdx.x); from < p.cut.chunk; from += count * Tuning::threads) {
    float value[count][width] = {}, g[count][width] = {};
    OGM_UNROLL
    for (int k = 0; k < count; ++k)
      here.template at<width>(p, p.x, from + k * Tuning::threads, [&](long offset, row_vectors<width> vectors, int first) {
        load_row(p.x + offset, vectors, first, 0, value[k]);
        detail::load_slope(p, offset, vectors, first, g[k]);
      });
    OGM_UNROLL
    for (int k = 0; k < count; ++k) {
      OGM_UNROLL
      for (int i = 0; i < width; ++i) {
        sums.first += double(g[k][i]);
        sums.second += double(g[k][i]) * (double(value[k][i]) - mean);
      }
    }
  }
  sums = reduce_block<Tuning::threads>(sums, detail::add_wide_pairs{}, scratch);
  if (threadIdx.x == 0) *here.sums(p) = sums;
}

/// dx and dresidual of a chunk; the first chunk's block has dweight and dbias.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, 1024 / Tuning::threads)
    batch_norm_backward_of_chunks(detail::batch_norm_work<batch_norm_backward_params<T>> p) {
  constexpr int width = vector_width<T>;
  OGM_SHARED(float, plane, 2);  // what is taken from g: center + along (x - mean)
  const auto here = detail::channel_chunk::of(p);
  const long c = here.channel;
  const float mean = float(p.mean[c]);  // (x - mean) + less is what is meant
  const double less = double(mean) - p.mean[c], inverse = p.inverse_deviation[c];
  if (threadIdx.x < warp_size) {
    const detail::wide_pair sums = here.total(p);
    if (threadIdx.x == 0) {
      const double dweight = sums.second * inverse, n = double(p.shape.each()), along = dweight * inverse / n;
      if (here.chunk == 0) {
        p.dweight[c] = from_float<T>(float((p.add_weight ? double(to_float(p.dweight[c])) : 0) + dweight));
        p.dbias[c] = from_float<T>(float((p.add_bias ? double(to_float(p.dbias[c])) : 0) + sums.first));
      }
      plane[0] = p.of_batch ? float(sums.first / n + less * along) : 0;
      plane[1] = p.of_batch ? float(along) : 0;
    }
  }
  if (!p.dx && !p.dresidual) return;
  OGM_BARRIER(plane_is_there);
  const float center = plane[0], along = plane[1], scale = float(double(to_float(p.weight[c])) * inverse);

  for (int within = int(threadIdx.x); within < p.cut.chunk; within += Tuning::threads)
    here.template at<width>(p, p.x, within, [&](long offset, row_vectors<width> vectors, int first) {
      float g[width], value[width], before[width] = {};
      detail::load_slope(p, offset, vectors, first, g);
      if (p.dx) {
        load_row(p.x + offset, vectors, first, 0, value);
        if (p.add_x) load_beside(p.dx + offset, vectors, first, 0, before);
        OGM_UNROLL
        for (int i = 0; i < width; ++i) value[i] = before[i] + (g[i] - center - (value[i] - mean) * along) * scale;
        store_beside(p.dx + offset, vectors, first, value);
      }
      if (p.dresidual) {
        if (p.add_residual) {
          load_beside(p.dresidual + offset, vectors, first, 0, before);
          OGM_UNROLL
          for (int i = 0; i < width; ++i) g[i] += before[i];
        }
        store_beside(p.dresidual + offset, vectors, first, g);
      }
    });
}

}  // namespace ogm::cuda
