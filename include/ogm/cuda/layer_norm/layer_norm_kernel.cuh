#pragma once
// The kernels of layer normalisation. Forward: a warp a row, held in registers, or a block a row, read twice. Backward: a warp or a block a
// chunk of rows, held in registers with the sums for dweight and dbias, or a block, which reads rows twice and keeps the sums in memory;
// and a kernel that adds the sums of all chunks.

#include <ogm/cuda/column_sums.cuh>
#include <ogm/cuda/layer_norm/layer_norm.hpp>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/rows.cuh>

namespace ogm::cuda {

namespace detail {

/// Count, mean and sum of squared differences to the mean, of what a thread has seen.
struct moments {
  float count, mean, squares;

  __device__ void add(float x) {
    count += 1;
    const float d = x - mean;
    mean += d / count;
    squares += d * (x - mean);
  }
};
__device__ inline moments shuffle_xor(moments m, int lanes) {
  return {cuda::shuffle_xor(m.count, lanes), cuda::shuffle_xor(m.mean, lanes), cuda::shuffle_xor(m.squares, lanes)};
}
struct join_moments {
  static constexpr moments identity{0, 0, 0};
  __device__ moments operator()(moments a, moments b) const {
    const float count = a.count + b.count, part = count > 0 ? b.count / count : 0, d = b.mean - a.mean;
    return {count, a.mean + d * part, a.squares + b.squares + d * d * a.count * part};
  }
};

/// Two sums at once.
struct sum_pair {
  float first, second;
};
__device__ inline sum_pair shuffle_xor(sum_pair p, int lanes) {
  return {cuda::shuffle_xor(p.first, lanes), cuda::shuffle_xor(p.second, lanes)};
}
struct add_pairs {
  static constexpr sum_pair identity{0, 0};
  __device__ sum_pair operator()(sum_pair a, sum_pair b) const { return {a.first + b.first, a.second + b.second}; }
};

/// y from column `first` on = difference * inverse * weight + bias.
template <class T, int Width>
__device__ inline void store_normalised(const layer_norm_forward_params<T>& p, T* y, row_vectors<Width> vectors, int first,
                                        const float (&difference)[Width], float inverse) {
  float weight[Width], value[Width];
  load_beside(p.weight, vectors, first, 0, weight);
  load_beside(p.bias, vectors, first, 0, value);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) value[i] += difference[i] * inverse * weight[i];
  store_row(y, vectors, first, value);
}

/// What a row of the backward pass is: z = (x - mean) / deviation and dy, 0 where there is no element.
template <class T, int Width> struct norm_row {
  const T *x, *dy;
  T* dx;
  float mean, inverse;

  __device__ static norm_row of(const layer_norm_backward_params<T>& p, long row) {
    return {p.x + row * p.columns, p.dy + row * p.columns, p.dx ? p.dx + row * p.columns : nullptr, p.mean[row], p.inverse_deviation[row]};
  }
  __device__ void load(row_vectors<Width> vectors, int first, float (&z)[Width], float (&gradient)[Width]) const {
    load_row(x, vectors, first, mean, z);
    load_row(dy, vectors, first, 0, gradient);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) z[i] = (z[i] - mean) * inverse;
  }
  /// dx from column `first` on (=, +=) (dy weight - center - z along) / deviation.
  __device__ void store(bool add, row_vectors<Width> vectors, int first, const float (&z)[Width], const float (&gradient)[Width],
                        const float (&weight)[Width], sum_pair means) const {
    float value[Width] = {};
    if (add) load_row(dx, vectors, first, 0, value);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) value[i] += (gradient[i] * weight[i] - means.first - z[i] * means.second) * inverse;
    store_row(dx, vectors, first, value);
  }
};

/// Chunks of rows, and where the sums of each lie: an array for dweight and one for dbias, each of `vectors` vectors of `width`. Four
/// elements of a vector lie together, so that a warp moves whole sectors.
struct chunk_sums {
  long chunks, rows;  // rows a chunk
  int width, vectors, before;

  __device__ long array() const { return long(width) * vectors; }
  __device__ long place(int column) const {
    const int v = (column + before) / width, element = (column + before) % width, together = width < 4 ? width : 4;
    return (long(element / together) * vectors + v) * together + element % together;
  }
};
/// What the kernels of the backward pass are given.
template <class T> struct norm_chunks : layer_norm_backward_params<T> { chunk_sums layout; };
template <int Width> __device__ inline void store_sums(float* sums, chunk_sums layout, int v, bool add, const float (&from)[Width]) {
  constexpr int together = Width < 4 ? Width : 4;
  OGM_UNROLL
  for (int first = 0; first < Width; first += together) {
    float* const to = sums + (long(first / together) * layout.vectors + v) * together;
    float part[together] = {};
    if (add) load_vector(to, part);
    OGM_UNROLL
    for (int i = 0; i < together; ++i) part[i] += from[first + i];
    store_vector(to, part);
  }
}

}  // namespace detail

/// Rows of at most warp_size * Tuning::forward_vectors vectors. Width: elements an access.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) layer_norm_forward_of_warps(layer_norm_forward_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long row = row_of_warp<Tuning>();
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const T* const x = p.x + row * p.columns;
  const auto vectors = row_vectors<Width>::of(x, int(p.columns));
  const float shift = to_float(x[0]);

  float held[Tuning::forward_vectors][Width];
  float sum = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::forward_vectors; ++k) {
    load_row(x, vectors, vectors.first(k * warp_size + lane), shift, held[k]);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) sum += held[k][i] -= shift;
  }
  const float offset = reduce_warp(sum, addition{}) / float(p.columns);

  float squares = 0;
  OGM_UNROLL
  for (int k = 0; k < Tuning::forward_vectors; ++k) {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      held[k][i] = vectors.holds(vectors.first(k * warp_size + lane) + i) ? held[k][i] - offset : 0;
      squares += held[k][i] * held[k][i];
    }
  }
  const float inverse = 1 / sqrtf(reduce_warp(squares, addition{}) / float(p.columns) + p.epsilon);
  if (lane == 0) p.mean[row] = shift + offset, p.inverse_deviation[row] = inverse;

  T* const y = p.y + row * p.columns;
  OGM_UNROLL
  for (int k = 0; k < Tuning::forward_vectors; ++k)
    detail::store_normalised(p, y, vectors, vectors.first(k * warp_size + lane), held[k], inverse);
}

/// Rows of any length.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) layer_norm_forward_of_blocks(layer_norm_forward_params<T> p) {
  OGM_SHARED(detail::moments, scratch, Tuning::threads / warp_size);
  for (long row = blockIdx.x; row < p.rows; row += gridDim.x) {
    const T* const x = p.x + row * p.columns;
    const auto vectors = row_vectors<Width>::of(x, int(p.columns));
    const float shift = to_float(x[0]);

    detail::moments part = detail::join_moments::identity;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(x, vectors, vectors.first(v), shift, value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i)
        if (vectors.holds(vectors.first(v) + i)) part.add(value[i] - shift);
    }
    const auto whole = reduce_block<Tuning::threads>(part, detail::join_moments{}, scratch);
    const float inverse = 1 / sqrtf(whole.squares / float(p.columns) + p.epsilon);
    if (threadIdx.x == 0) p.mean[row] = shift + whole.mean, p.inverse_deviation[row] = inverse;

    T* const y = p.y + row * p.columns;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(x, vectors, vectors.first(v), shift, value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) value[i] = value[i] - shift - whole.mean;
      detail::store_normalised(p, y, vectors, vectors.first(v), value, inverse);
    }
  }
}

/// Threads, a warp or the block, share a chunk. Rows of at most Threads * Tuning::backward_vectors vectors that all begin alike.
template <class T, class Tuning, int Width, int Threads>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor) layer_norm_backward_held(detail::norm_chunks<T> p) {
  OGM_SHARED(detail::sum_pair, scratch, Tuning::threads / warp_size);
  constexpr int count = Tuning::backward_vectors;
  const int thread = int(threadIdx.x) % Threads;
  const long chunk = long(blockIdx.x) * (Tuning::threads / Threads) + int(threadIdx.x) / Threads;
  if (!OGM_BOUND(chunk_exists, chunk < p.layout.chunks)) return;
  const auto vectors = row_vectors<Width>::of(p.x, int(p.columns));

  float weight[count][Width], dweight[count][Width] = {}, dbias[count][Width] = {};
  OGM_UNROLL
  for (int k = 0; k < count; ++k) load_beside(p.weight, vectors, vectors.first(k * Threads + thread), 0, weight[k]);
  for (long row = chunk * p.layout.rows; row < p.rows && row < (chunk + 1) * p.layout.rows; ++row) {
    const auto at = detail::norm_row<T, Width>::of(p, row);
    float z[count][Width], gradient[count][Width];
    detail::sum_pair sums = detail::add_pairs::identity;
    OGM_UNROLL
    for (int k = 0; k < count; ++k) {
      at.load(vectors, vectors.first(k * Threads + thread), z[k], gradient[k]);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) {
        const float slope = gradient[k][i] * weight[k][i];
        sums.first += slope;
        sums.second += slope * z[k][i];
        dweight[k][i] += gradient[k][i] * z[k][i];
        dbias[k][i] += gradient[k][i];
      }
    }
    if (!p.dx) continue;
    if constexpr (Threads == warp_size)
      sums = reduce_warp(sums, detail::add_pairs{});
    else
      sums = reduce_block<Threads>(sums, detail::add_pairs{}, scratch);
    const detail::sum_pair means{sums.first / float(p.columns), sums.second / float(p.columns)};
    OGM_UNROLL
    for (int k = 0; k < count; ++k) at.store(p.add_x, vectors, vectors.first(k * Threads + thread), z[k], gradient[k], weight[k], means);
  }

  float* const sums = p.partial + chunk * 2 * p.layout.array();
  OGM_UNROLL
  for (int k = 0; k < count; ++k) {
    const int v = k * Threads + thread;
    if (!OGM_BOUND(vector_has_sums, v < p.layout.vectors)) continue;
    detail::store_sums(sums, p.layout, v, false, dweight[k]);
    detail::store_sums(sums + p.layout.array(), p.layout, v, false, dbias[k]);
  }
}

/// A block a chunk. Rows of any length that all begin alike. Four blocks a multiprocessor leave a thread 64 registers: left to itself,
/// ptxas takes 48 for halves on sm_90 and spills.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads, 4) layer_norm_backward_of_blocks(detail::norm_chunks<T> p) {
  OGM_SHARED(detail::sum_pair, scratch, Tuning::threads / warp_size);
  const long chunk = blockIdx.x;
  const auto vectors = row_vectors<Width>::of(p.x, int(p.columns));
  float* const chunk_sums = p.partial + chunk * 2 * p.layout.array();
  for (long row = chunk * p.layout.rows; row < p.rows && row < (chunk + 1) * p.layout.rows; ++row) {
    const auto at = detail::norm_row<T, Width>::of(p, row);
    const bool added = row > chunk * p.layout.rows;
    detail::sum_pair sums = detail::add_pairs::identity;
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float z[Width], gradient[Width], weight[Width];
      at.load(vectors, vectors.first(v), z, gradient);
      load_beside(p.weight, vectors, vectors.first(v), 0, weight);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) {
        const float slope = gradient[i] * weight[i];
        sums.first += slope;
        sums.second += slope * z[i];
        z[i] *= gradient[i];
      }
      detail::store_sums(chunk_sums, p.layout, v, added, z);
      detail::store_sums(chunk_sums + p.layout.array(), p.layout, v, added, gradient);
    }
    if (!p.dx) continue;
    sums = reduce_block<Tuning::threads>(sums, detail::add_pairs{}, scratch);
    const detail::sum_pair means{sums.first / float(p.columns), sums.second / float(p.columns)};
    for (int v = int(threadIdx.x); v < vectors.count(); v += Tuning::threads) {
      float z[Width], gradient[Width], weight[Width];
      at.load(vectors, vectors.first(v), z, gradient);
      load_beside(p.weight, vectors, vectors.first(v), 0, weight);
      at.store(p.add_x, vectors, vectors.first(v), z, gradient, weight, means);
    }
  }
}

/// dweight and dbias (=, +=) the sums over all chunks: a lane a column, a warp every so many-th chunk, then the warps in their order.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads_of_sum) layer_norm_sum_of_chunks(detail::norm_chunks<T> p) {
  OGM_SHARED(detail::sum_pair, of_warp, Tuning::threads_of_sum);
  constexpr int warps = Tuning::threads_of_sum / warp_size;
  const int lane = int(threadIdx.x) % warp_size, warp = int(threadIdx.x) / warp_size;
  const long column = long(blockIdx.x) * warp_size + lane;
  const bool has_column = OGM_BOUND(lane_has_column, column < p.columns);

  detail::sum_pair total = detail::add_pairs::identity;
  if (has_column) {
    const float* const sums = p.partial + p.layout.place(int(column));
    for (long chunk = warp; chunk < p.layout.chunks; chunk += warps) {
      total.first += sums[chunk * 2 * p.layout.array()];
      total.second += sums[(chunk * 2 + 1) * p.layout.array()];
    }
  }
  total = combine_warps<Tuning::threads_of_sum>(total, detail::add_pairs{}, of_warp);
  if (warp > 0 || !has_column) return;
  p.dweight[column] = from_float<T>((p.add_weight ? to_float(p.dweight[column]) : 0) + total.first);
  p.dbias[column] = from_float<T>((p.add_bias ? to_float(p.dbias[column]) : 0) + total.second);
}

}  // namespace ogm::cuda
