#pragma once
// Elementary work on matrices on the device: arguments and launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes rows_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <algorithm>

namespace ogm::cuda {

/// Of op::fill on the host: x[i] = value. The value is moved and not calculated with, so that it may be the bits of an integer.
template <storage T> struct fill_params {
  T* x;  // (count)
  long count;
  float value;
};

/// Of op::copy_block. `from` and `to` may be the same place.
template <storage T> struct copy_block_params {
  const T* from;                // (rows, columns), rows from_stride apart
  T* to;                        // (rows, columns), rows to_stride apart, = or, where `add`, += scale * from
  long rows, columns;           // columns below 2^31 - 2048, unless rows follow each other
  long from_stride, to_stride;  // elements; to_stride at least `columns`
  bool add = false;
  float scale = 1;
};

/// Of op::broadcast_row.
template <storage T> struct broadcast_row_params {
  const T* row;  // (columns)
  T* y;          // (rows, columns), each row = scale * row
  long rows, columns;
  float scale = 1;
};

/// Of op::scale_rows. x may be y.
template <storage T> struct scale_rows_params {
  const T* x;       // (rows, columns)
  const T* factor;  // (rows)
  T* y;             // (rows, columns), = or, where `add`, += factor * x
  long rows, columns;
  bool add = false;
};

/// Of op::swap_axes.
template <storage T> struct swap_axes_params {
  const T* x;  // (outer, first, second, inner)
  T* y;        // (outer, second, first, inner), = or, where `add`, += x
  long outer, first, second, inner;
  bool add = false;
};

/// Of op::mean_middle_forward; and of op::mean_of_heads, whose middle axis are the heads.
template <storage T> struct mean_middle_forward_params {
  const T* x;  // (outer, middle, inner)
  T* y;        // (outer, inner)
  long outer, middle, inner;
};

/// Of op::mean_middle_backward and op::mean_of_heads_backward.
template <storage T> struct mean_middle_backward_params {
  const T* dy;  // (outer, inner)
  T* dx;        // (outer, middle, inner), = or, where `add`, += dy / middle
  long outer, middle, inner;
  bool add = false;
};

/// Of op::sum_rows.
template <storage T> struct sum_rows_params {
  const T* x;          // (rows, columns)
  T* total;            // (columns), = or, where `add`, += scale * the sum over rows
  float* partial;      // (sum_rows_workspace(rows, columns)); null where that is 0
  long rows, columns;  // columns below 2^28 - 256
  bool add = false;
  float scale = 1;
};

/// Of op::add_moments: sum += gradient, squares += gradient^2, all (count).
struct add_moments_params {
  const float* gradient;
  float* sum;
  float* squares;
  long count;
};

/// Of op::deviation_of_mean: squares = sqrt((squares / samples - (sum / samples)^2) / samples), 0 where that is below 0; all (count).
struct deviation_of_mean_params {
  const float* sum;
  float* squares;
  long count, samples;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct rows_tuning {
  static constexpr int threads = 256;                                // a block
  static constexpr int vectors_a_thread = sizeof(T) == 4 ? 4 : 2;    // in registers at once
  static constexpr int threads_of_mean = 128;                        // a block that averages, a vector a thread
  static constexpr long longest = 1L << 30;                          // elements a launch, where there are no rows
  static constexpr int threads_of_sum = sizeof(T) == 4 ? 256 : 128;  // a block that sums rows
  static constexpr int rows_at_once = 4;                             // that a thread has in flight
  static constexpr long rows_a_chunk = 64;                           // that a block sums, at least
  static constexpr long blocks_of_sum = 1024;                        // at most, or a block a tile
  static constexpr int threads_of_chunks = 1024;                     // a block that adds the sums of the chunks
};

/// How sum_rows walks a matrix: `fold` rows joined to one, so that all begin alike modulo 16 bytes; a block a tile of vectors and a chunk
/// of joined rows.
struct row_sums_layout {
  int fold, joined;          // rows in one; its elements
  int before;                // elements of the first vector in front of a row
  int vectors, tile;         // of a joined row; that a block has
  long tiles, rows, chunks;  // a joined row; joined rows a chunk; of the matrix
  int width;                 // elements a vector

  /// Nothing is left to add after one launch.
  __host__ __device__ bool at_once() const { return chunks == 1 && (fold == 1 || tiles == 1); }
  /// Floats between the sums of two chunks.
  __host__ __device__ long sums() const { return long(vectors) * width; }

  template <storage T, class Tuning> static row_sums_layout of(long rows, long columns, int before) {
    row_sums_layout l{};
    l.width = vector_width<T>;
    for (l.fold = 1; columns * l.fold % l.width != 0;) l.fold *= 2;
    l.joined = int(columns) * l.fold, l.before = before;
    l.vectors = (l.joined + before + l.width - 1) / l.width;
    l.tile = std::min(l.vectors, warp_size);
    l.tiles = (l.vectors + l.tile - 1) / l.tile;
    const long all = (rows + l.fold - 1) / l.fold, most = std::max(1L, Tuning::blocks_of_sum / l.tiles);
    l.rows = std::max(Tuning::rows_a_chunk, (all + most - 1) / most);
    l.chunks = std::max(1L, (all + l.rows - 1) / l.rows);
    return l;
  }
};
/// Floats that sum_rows keeps the sums of its chunks in.
template <storage T, class Tuning = rows_tuning<T>> long sum_rows_workspace(long rows, long columns) {
  long most = 0;
  for (const int before : {0, 1}) {
    if (columns < 1) break;
    const auto l = row_sums_layout::of<T, Tuning>(rows, columns, before);
    if (!l.at_once()) most = std::max(most, l.chunks * l.sums());
  }
  return most;
}

/// Each of these works on `stream`, and reads and writes every element once.
///
/// Numerics   float; add_moments and sums as below
/// Empty      no elements is success
/// Errors     a status that names the argument
/// Cost       16 bytes an access where outputs begin; inputs that lie otherwise (modulo 16) are read element by element
template <storage T, class Tuning = rows_tuning<T>> status launch_fill(const fill_params<T>&, cudaStream_t);
/// Likewise.
template <storage T, class Tuning = rows_tuning<T>> status launch_copy_block(const copy_block_params<T>&, cudaStream_t);
/// Likewise; the row is read for every row.
template <storage T, class Tuning = rows_tuning<T>> status launch_broadcast_row(const broadcast_row_params<T>&, cudaStream_t);
/// Likewise.
template <storage T, class Tuning = rows_tuning<T>> status launch_scale_rows(const scale_rows_params<T>&, cudaStream_t);
/// Likewise; where `inner` is 1, through tiles of 32 x 32 in shared memory.
template <storage T, class Tuning = rows_tuning<T>> status launch_swap_axes(const swap_axes_params<T>&, cudaStream_t);
/// Likewise; the mean over no elements is NaN.
template <storage T, class Tuning = rows_tuning<T>> status launch_mean_middle_forward(const mean_middle_forward_params<T>&, cudaStream_t);
/// Likewise.
template <storage T, class Tuning = rows_tuning<T>> status launch_mean_middle_backward(const mean_middle_backward_params<T>&, cudaStream_t);
/// Likewise.
template <class Tuning = rows_tuning<float>> status launch_add_moments(const add_moments_params&, cudaStream_t);
/// Likewise.
template <class Tuning = rows_tuning<float>> status launch_deviation_of_mean(const deviation_of_mean_params&, cudaStream_t);

/// total (=, +=) scale * the sum of x over its rows, on `stream`, in one launch or two.
///
/// Numerics   float, in an order that the shape and the alignment say: the same bits in every run
/// Empty      no rows: total is 0, or stays as it is where added to
/// Errors     a status that names the argument
/// Cost       reads x once, 16 bytes an access whatever `columns` is
template <storage T, class Tuning = rows_tuning<T>> status launch_sum_rows(const sum_rows_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
