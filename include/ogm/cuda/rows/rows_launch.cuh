#pragma once
// The launchers of elementary work on matrices: the only host code that knows its kernels.

#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>
#include <ogm/cuda/rows/rows_kernel.cuh>

namespace ogm::cuda {

namespace detail {

inline status check_count(const char* who, long count) { return count < 0 ? wrong_argument(who, "count", count, "0 or more") : status(); }

template <class T, int Threads, int Vectors, class Source>
status launch_write_rows(const char* who, T* to, long rows, long columns, long stride, bool add, const Source& source,
                         cudaStream_t stream) {
  if (status s = check_rows(who, rows, columns); !s.ok() || rows == 0 || columns == 0) return s;
  constexpr int width = vector_width<T>;
  const bool alike = reinterpret_cast<std::uintptr_t>(to) % 16 == 0 && (rows == 1 || stride % width == 0);
  const int vectors = alike ? int((columns + width - 1) / width) : row_vectors<width>::most(columns);
  constexpr long a_block = long(Threads) * Vectors;
  const long blocks = (rows * vectors + a_block - 1) / a_block;
  return launch(who, {blocks, Threads}, stream, write_rows<T, Threads, Vectors, Source>,
                written_rows<T>{to, rows, stride, int(columns), vectors, add}, source);
}
template <class T, class Tuning, class Source>
status launch_rows_of(const char* who, T* to, long rows, long columns, long stride, bool add, const Source& source, cudaStream_t stream) {
  return launch_write_rows<T, Tuning::threads, Tuning::vectors_a_thread>(who, to, rows, columns, stride, add, source, stream);
}

/// f(begin, count) for pieces of at most `longest` elements.
template <class F> status in_pieces(long count, long longest, const F& f) {
  for (long begin = 0; begin < count; begin += longest)
    if (status s = f(begin, std::min(longest, count - begin)); !s.ok()) return s;
  return {};
}

}  // namespace detail

template <storage T, class Tuning> status launch_fill(const fill_params<T>& p, cudaStream_t stream) {
  const char* const who = "fill";
  if (status s = detail::check_count(who, p.count); !s.ok()) return s;
  return detail::in_pieces(p.count, Tuning::longest, [&](long begin, long count) {
    return detail::launch_rows_of<T, Tuning>(who, p.x + begin, 1, count, count, false, detail::filled<T>{p.value}, stream);
  });
}

template <storage T, class Tuning> status launch_copy_block(const copy_block_params<T>& p, cudaStream_t stream) {
  const char* const who = "copy_block";
  if (p.columns < 0) return check_rows(who, p.rows, p.columns);
  if (p.rows > 0 && (p.rows == 1 || (p.from_stride == p.columns && p.to_stride == p.columns)))  // rows that follow each other are one
    return detail::in_pieces(p.rows * p.columns, Tuning::longest, [&](long begin, long count) {
      return detail::launch_rows_of<T, Tuning>(who, p.to + begin, 1, count, count, p.add, detail::copied<T>{p.from + begin, 0, p.scale},
                                               stream);
    });
  if (p.rows > 1 && p.to_stride < p.columns) return wrong_argument(who, "to_stride", p.to_stride, "the number of columns, or more,");
  return detail::launch_rows_of<T, Tuning>(who, p.to, p.rows, p.columns, p.to_stride, p.add,
                                           detail::copied<T>{p.from, p.from_stride, p.scale}, stream);
}

template <storage T, class Tuning> status launch_broadcast_row(const broadcast_row_params<T>& p, cudaStream_t stream) {
  return detail::launch_rows_of<T, Tuning>("broadcast_row", p.y, p.rows, p.columns, p.columns, false, detail::copied<T>{p.row, 0, p.scale},
                                           stream);
}

template <storage T, class Tuning> status launch_scale_rows(const scale_rows_params<T>& p, cudaStream_t stream) {
  return detail::launch_rows_of<T, Tuning>("scale_rows", p.y, p.rows, p.columns, p.columns, p.add, detail::scaled<T>{p.x, p.factor},
                                           stream);
}

template <storage T, class Tuning> status launch_swap_axes(const swap_axes_params<T>& p, cudaStream_t stream) {
  const char* const who = "swap_axes";
  if (p.outer < 0) return wrong_argument(who, "outer", p.outer, "0 or more");
  if (p.first < 0) return wrong_argument(who, "first", p.first, "0 or more");
  if (p.second < 0) return wrong_argument(who, "second", p.second, "0 or more");
  if (p.inner != 1 || p.first == 1 || p.second == 1)
    return detail::launch_rows_of<T, Tuning>(who, p.y, p.outer * p.second * p.first, p.inner, p.inner, p.add,
                                             detail::swapped<T>{p.x, p.first, p.second}, stream);
  const long down = (p.first + warp_size - 1) / warp_size, across = (p.second + warp_size - 1) / warp_size;
  return launch(who, {p.outer * down * across, Tuning::threads}, stream, transpose_planes<T, Tuning>, p);
}

template <storage T, class Tuning> status launch_mean_middle_forward(const mean_middle_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "mean_middle_forward";
  if (p.middle < 0) return wrong_argument(who, "middle", p.middle, "0 or more");
  return detail::launch_write_rows<T, Tuning::threads_of_mean, 1>(who, p.y, p.outer, p.inner, p.inner, false,
                                                                  detail::averaged<T>{p.x, p.middle}, stream);
}

template <storage T, class Tuning> status launch_mean_middle_backward(const mean_middle_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "mean_middle_backward";
  if (p.middle < 0) return wrong_argument(who, "middle", p.middle, "0 or more");
  return detail::launch_rows_of<T, Tuning>(who, p.dx, p.outer * p.middle, p.inner, p.inner, p.add, detail::shared_out<T>{p.dy, p.middle},
                                           stream);
}

template <class Tuning> status launch_add_moments(const add_moments_params& p, cudaStream_t stream) {
  const char* const who = "add_moments";
  if (status s = detail::check_count(who, p.count); !s.ok()) return s;
  return detail::in_pieces(p.count, Tuning::longest, [&](long begin, long count) {
    const add_moments_params piece{p.gradient + begin, p.sum + begin, p.squares + begin, count};
    const auto blocks = [&](long vectors) {
      constexpr long a_block = long(Tuning::threads) * Tuning::vectors_a_thread;
      return launch_shape{(vectors + a_block - 1) / a_block, Tuning::threads};
    };
    if (!aligned_alike(p.sum, p.squares)) return launch(who, blocks(count), stream, add_moments_of_vectors<Tuning, 1>, piece);
    constexpr int width = vector_width<float>;
    return launch(who, blocks(row_vectors<width>::most(count)), stream, add_moments_of_vectors<Tuning, width>, piece);
  });
}

template <class Tuning> status launch_deviation_of_mean(const deviation_of_mean_params& p, cudaStream_t stream) {
  const char* const who = "deviation_of_mean";
  if (status s = detail::check_count(who, p.count); !s.ok()) return s;
  return detail::in_pieces(p.count, Tuning::longest, [&](long begin, long count) {
    return detail::launch_rows_of<float, Tuning>(who, p.squares + begin, 1, count, count, false,
                                                 detail::deviated{p.sum + begin, p.squares + begin, float(p.samples)}, stream);
  });
}

template <storage T, class Tuning> status launch_sum_rows(const sum_rows_params<T>& p, cudaStream_t stream) {
  const char* const who = "sum_rows";
  if (status s = check_rows(who, p.rows, p.columns); !s.ok() || p.columns == 0) return s;
  if (p.columns > most_columns / 8) return wrong_argument(who, "columns", p.columns, "0 to 268435199");
  const int before = int(reinterpret_cast<std::uintptr_t>(p.x) / sizeof(T) % vector_width<T>);
  const detail::row_sums<T> sums{p, row_sums_layout::of<T, Tuning>(p.rows, p.columns, before)};
  if (!sums.layout.at_once() && !p.partial) return status(std::string("ogm: ") + who + " was given no workspace.");
  const launch_shape chunks{sums.layout.chunks * sums.layout.tiles, Tuning::threads_of_sum};
  if (status s = launch(who, chunks, stream, sum_rows_of_chunks<T, Tuning>, sums); !s.ok() || sums.layout.at_once()) return s;
  return launch(who, {(p.columns + warp_size - 1) / warp_size, Tuning::threads_of_chunks}, stream, sum_rows_of_sums<T, Tuning>, sums);
}

}  // namespace ogm::cuda
