#pragma once
// The kernels of elementary work on matrices: one that writes rows, whatever they come from; the transposition of planes; the moments of a
// gradient; sums of rows in two steps.

#include <ogm/cuda/column_sums.cuh>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/rows/rows.hpp>

namespace ogm::cuda {

namespace detail {

/// What write_rows writes: `rows` rows of `columns` elements, `stride` apart.
template <class T> struct written_rows {
  T* to;
  long rows, stride;
  int columns;
  int vectors;  // a row, however it begins
  bool add;     // to what is there
};

// What it writes there. A source says what a row has from column `first` on; of columns outside of the row it may say anything.

/// One value.
template <class T> struct filled {
  float value;
  template <int Width> __device__ void load(long, row_vectors<Width>, int, float (&to)[Width]) const {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) to[i] = value;
  }
};
/// scale * the rows of a matrix, `stride` apart; 0: the same row always.
template <class T> struct copied {
  const T* x;
  long stride;
  float scale;
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    load_beside(x + row * stride, vectors, first, 0, to);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) to[i] *= scale;
  }
};
/// The rows of a matrix, each times its factor.
template <class T> struct scaled {
  const T* x;
  const T* factor;
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    copied<T>{x, vectors.columns, to_float(factor[row])}.load(row, vectors, first, to);
  }
};
/// Each row of a matrix so many times, divided by that.
template <class T> struct shared_out {
  const T* x;
  long times;
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    load_beside(x + row / times * vectors.columns, vectors, first, 0, to);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) to[i] /= float(times);
  }
};
/// The rows (outer, first, second) of a matrix in the order (outer, second, first).
template <class T> struct swapped {
  const T* x;
  long first_axis, second_axis;
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    const long a = row % first_axis, b = row / first_axis % second_axis, outer = row / first_axis / second_axis;
    load_beside(x + ((outer * first_axis + a) * second_axis + b) * vectors.columns, vectors, first, 0, to);
  }
};
/// The mean of so many rows that follow each other; four are in flight.
template <class T> struct averaged {
  const T* x;
  long count;
  template <int Width> __device__ void load(long row, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    float sum[Width] = {};
    for (long k = 0; k < count; k += 4) {
      float value[4][Width] = {};
      OGM_UNROLL
      for (int j = 0; j < 4; ++j)
        if (OGM_BOUND(row_to_average, k + j < count)) load_beside(x + (row * count + k + j) * vectors.columns, vectors, first, 0, value[j]);
      OGM_UNROLL
      for (int j = 0; j < 4; ++j) {
        OGM_UNROLL
        for (int i = 0; i < Width; ++i) sum[i] += value[j][i];
      }
    }
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) to[i] = sum[i] / float(count);
  }
};
/// The standard deviation of a mean.
struct deviated {
  const float *sum, *squares;
  float samples;
  template <int Width> __device__ void load(long, row_vectors<Width> vectors, int first, float (&to)[Width]) const {
    float mean[Width];
    load_beside(sum, vectors, first, 0, mean);
    load_beside(squares, vectors, first, 0, to);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      mean[i] /= samples;
      const float variance = to[i] / samples - mean[i] * mean[i];
      to[i] = sqrtf((variance < 0 ? 0 : variance) / samples);
    }
  }
};

}  // namespace detail

/// A block Threads * Vectors vectors of the matrix, one row after the other.
template <class T, int Threads, int Vectors, class Source>
__global__ void __launch_bounds__(Threads) write_rows(detail::written_rows<T> p, Source source) {
  constexpr int width = vector_width<T>;
  const long begin = long(blockIdx.x) * (Threads * Vectors), first_row = begin / p.vectors;
  const int first_vector = int(begin - first_row * p.vectors);
  const auto place = [&](int k, auto f) {  // f(row, its elements, its vectors, first column)
    const int vector = first_vector + k * Threads + int(threadIdx.x), down = vector / p.vectors;
    const long row = first_row + down;
    if (!OGM_BOUND(row_exists, row < p.rows)) return;
    T* const to = p.to + row * p.stride;
    const auto vectors = row_vectors<width>::of(to, p.columns);
    f(row, to, vectors, vectors.first(vector - down * p.vectors));
  };

  float held[Vectors][width];
  OGM_UNROLL
  for (int k = 0; k < Vectors; ++k)
    place(k, [&](long row, const T* to, row_vectors<width> vectors, int first) {
      source.load(row, vectors, first, held[k]);
      if (!p.add) return;
      float before[width];
      load_row(to, vectors, first, 0, before);
      OGM_UNROLL
      for (int i = 0; i < width; ++i) held[k][i] += before[i];
    });
  OGM_UNROLL
  for (int k = 0; k < Vectors; ++k)
    place(k, [&](long, T* to, row_vectors<width> vectors, int first) { store_row(to, vectors, first, held[k]); });
}

/// y[o, b, a] (=, +=) x[o, a, b]: a block a tile of warp_size * warp_size elements, read and written in the order of memory.
template <class T, class Tuning> __global__ void __launch_bounds__(Tuning::threads) transpose_planes(swap_axes_params<T> p) {
  constexpr int pitch = warp_size + 1;
  OGM_SHARED(float, tile, warp_size* pitch);
  const long down = (p.first + warp_size - 1) / warp_size, across = (p.second + warp_size - 1) / warp_size;
  const long outer = blockIdx.x / (down * across), within = blockIdx.x - outer * down * across;
  const long first = within / across * warp_size, second = within % across * warp_size;
  const int height = int(p.first - first < warp_size ? p.first - first : warp_size);
  const int width = int(p.second - second < warp_size ? p.second - second : warp_size);

  const T* const x = p.x + (outer * p.first + first) * p.second + second;
  for (int i = int(threadIdx.x); i < height * width; i += Tuning::threads)
    tile[i / width * pitch + i % width] = to_float(x[i / width * p.second + i % width]);
  OGM_BARRIER(tile_is_full);
  T* const y = p.y + (outer * p.second + second) * p.first + first;
  for (int i = int(threadIdx.x); i < height * width; i += Tuning::threads) {
    T* const to = y + i / height * p.first + i % height;
    *to = from_float<T>((p.add ? to_float(*to) : 0) + tile[i % height * pitch + i / height]);
  }
}

/// A block Tuning::threads * Tuning::vectors_a_thread vectors.
template <class Tuning, int Width> __global__ void __launch_bounds__(Tuning::threads) add_moments_of_vectors(add_moments_params p) {
  const auto vectors = row_vectors<Width>::of(p.sum, int(p.count));
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_thread; ++k) {
    const int first = vectors.first((int(blockIdx.x) * Tuning::vectors_a_thread + k) * Tuning::threads + int(threadIdx.x));
    float gradient[Width], sum[Width], squares[Width];
    load_beside(p.gradient, vectors, first, 0, gradient);
    load_row(p.sum, vectors, first, 0, sum);
    load_row(p.squares, vectors, first, 0, squares);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      sum[i] += gradient[i];
      squares[i] += gradient[i] * gradient[i];
    }
    store_row(p.sum, vectors, first, sum);
    store_row(p.squares, vectors, first, squares);
  }
}

namespace detail {
template <class T> struct row_sums : sum_rows_params<T> { row_sums_layout layout; };
}  // namespace detail

/// A block a tile and a chunk: several joined rows next to each other, Tuning::rows_at_once a thread; then the threads of a column in their
/// order. The sums of a chunk go to `partial`, or to `total` where they are all.
template <class T, class Tuning> __global__ void __launch_bounds__(Tuning::threads_of_sum) sum_rows_of_chunks(detail::row_sums<T> p) {
  constexpr int width = vector_width<T>, threads = Tuning::threads_of_sum;
  constexpr int pitch = threads + warp_size / width;  // lanes that read one after the other element of a vector read other banks
  OGM_SHARED(float, scratch, pitch* width);
  const row_sums_layout& l = p.layout;
  const long chunk = blockIdx.x / l.tiles;
  const int first_vector = int(blockIdx.x - chunk * l.tiles) * l.tile;
  const int abreast = threads / l.tile, row_of_thread = int(threadIdx.x) / l.tile;
  const int vector = first_vector + int(threadIdx.x) % l.tile;
  const long total = p.rows * p.columns, last = (chunk + 1) * l.rows;

  float sum[width] = {};
  if (row_of_thread < abreast)
    for (long row = chunk * l.rows + row_of_thread; row < last; row += Tuning::rows_at_once * abreast) {
      float value[Tuning::rows_at_once][width];
      OGM_UNROLL
      for (int k = 0; k < Tuning::rows_at_once; ++k) {
        const long at = (row + k * abreast) * l.joined, left = row + k * abreast < last ? total - at : 0;
        const row_vectors<width> vectors{int(left < l.joined ? left : l.joined), l.before};
        load_row(p.x + at, vectors, vectors.first(vector), 0, value[k]);
      }
      OGM_UNROLL
      for (int k = 0; k < Tuning::rows_at_once; ++k) {
        OGM_UNROLL
        for (int i = 0; i < width; ++i) sum[i] += value[k][i];
      }
    }
  OGM_UNROLL
  for (int i = 0; i < width; ++i) scratch[i * pitch + int(threadIdx.x)] = sum[i];
  OGM_BARRIER(rows_are_summed);

  const auto sum_of = [&](int element) {  // of the tile
    float all = 0;
    for (int k = 0; k < abreast; ++k) all += scratch[element % width * pitch + k * l.tile + element / width];
    return all;
  };
  const int begin = first_vector * width, elements = (l.vectors - first_vector < l.tile ? l.vectors - first_vector : l.tile) * width;
  for (int i = int(threadIdx.x); i < elements; i += threads) {
    if (!l.at_once()) {
      p.partial[chunk * l.sums() + begin + i] = sum_of(i);
    } else if (const int column = begin + i - l.before; OGM_BOUND(column_exists, column >= 0 && column < p.columns)) {
      float all = 0;
      for (int k = 0; k < l.fold; ++k) all += sum_of(i + k * int(p.columns));
      p.total[column] = from_float<T>((p.add ? to_float(p.total[column]) : 0) + p.scale * all);
    }
  }
}

/// A lane a column, a warp every so many-th chunk, then the warps in their order.
template <class T, class Tuning> __global__ void __launch_bounds__(Tuning::threads_of_chunks) sum_rows_of_sums(detail::row_sums<T> p) {
  constexpr int warps = Tuning::threads_of_chunks / warp_size;
  OGM_SHARED(float, of_warp, Tuning::threads_of_chunks);
  const long column = long(blockIdx.x) * warp_size + int(threadIdx.x) % warp_size;
  const bool has_column = OGM_BOUND(lane_has_column, column < p.columns);
  float sum = 0;
  if (has_column)
    for (long chunk = int(threadIdx.x) / warp_size; chunk < p.layout.chunks; chunk += warps)
      for (int k = 0; k < p.layout.fold; ++k) sum += p.partial[chunk * p.layout.sums() + p.layout.before + k * p.columns + column];
  sum = combine_warps<Tuning::threads_of_chunks>(sum, addition{}, of_warp);
  if (threadIdx.x < warp_size && has_column) p.total[column] = from_float<T>((p.add ? to_float(p.total[column]) : 0) + p.scale * sum);
}

}  // namespace ogm::cuda
