#pragma once
// The kernels of rows by index: a warp a piece of a row that is gathered, a warp a piece of an entry to which rows are scattered.

#include <ogm/cuda/embedding/embedding.hpp>
#include <ogm/cuda/rows.cuh>

namespace ogm::cuda {

/// Rows of the table and of y begin alike, or Width is 1.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) gather_rows_of_pieces(gather_rows_params<T> p, int pieces) {
  constexpr int vectors = Tuning::vectors_a_lane;
  const auto [row, piece] = piece_of_warp<Tuning>(pieces);
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const T* const from = p.table + long(p.index[row]) * p.columns;
  T* const to = p.y + row * p.columns;
  const auto mine = piece_of_row<Width, vectors>::of(to, p.columns, piece);

  detail::access<T, Width> held[vectors];  // and not floats: the bits of a NaN are to stay
  OGM_UNROLL
  for (int k = 0; k < vectors; ++k) {
    const int first = mine.first(k);
    if (mine.vectors.whole(first)) {
      held[k].whole = *reinterpret_cast<const decltype(held[k].whole)*>(from + first);
    } else {
      OGM_UNROLL
      for (int i = 0; i < Width; ++i)
        if (mine.vectors.holds(first + i)) held[k].element[i] = from[first + i];
    }
  }
  OGM_UNROLL
  for (int k = 0; k < vectors; ++k) {
    const int first = mine.first(k);
    if (mine.vectors.whole(first)) {
      detail::store_whole<detail::memory::global>(reinterpret_cast<decltype(held[k].whole)*>(to + first), held[k].whole);
    } else {
      OGM_UNROLL
      for (int i = 0; i < Width; ++i)
        if (mine.vectors.holds(first + i)) to[first + i] = held[k].element[i];
    }
  }
}

/// Rows of dy and of the table begin alike, or Width is 1. Vectors: of a lane.
template <class T, class Tuning, int Width, int Vectors>
__global__ void __launch_bounds__(Tuning::threads) scatter_rows_of_pieces(scatter_rows_params<T> p, int pieces) {
  constexpr int at_once = Tuning::loads_a_lane / Vectors;
  static_assert(at_once > 0, "ogm: a scatter reads a row's piece at once. Give a lane as many loads as vectors.");
  const int lane = int(threadIdx.x) % warp_size;
  const auto [entry, piece] = piece_of_warp<Tuning>(pieces);
  if (!OGM_BOUND(warp_has_entry, entry < p.entries)) return;
  T* const to = p.dtable + entry * p.columns;
  const auto mine = piece_of_row<Width, Vectors>::of(to, p.columns, piece);

  float sum[Vectors][Width] = {};
  bool begun = !p.add;  // an entry without rows is not touched where it is added to
  for (long base = 0; entry != p.skip && base < p.rows; base += warp_size) {
    const bool is_mine = OGM_BOUND(lane_has_row, base + lane < p.rows) && p.index[base + lane] == entry;
    unsigned found = __ballot_sync(whole_warp, is_mine);
    if (found && !begun) {
      mine.load(to, sum);
      begun = true;
    }
    while (found) {
      float value[at_once][Vectors][Width];
      unsigned loading = found;
      OGM_UNROLL
      for (int n = 0; n < at_once; ++n) {
        if (loading) mine.load(p.dy + (base + __ffs(int(loading)) - 1) * p.columns, value[n]);
        loading &= loading - 1;
      }
      OGM_UNROLL
      for (int n = 0; n < at_once; ++n) {
        if (!found) break;  // not + 0, which would turn -0 into 0
        OGM_UNROLL
        for (int k = 0; k < Vectors; ++k) {
          OGM_UNROLL
          for (int i = 0; i < Width; ++i) sum[k][i] += value[n][k][i];
        }
        found &= found - 1;
      }
    }
  }
  if (begun) mine.store(to, sum);
}

/// `at` is -1 before, which as an unsigned number is above every place.
template <class Tuning> __global__ void __launch_bounds__(Tuning::threads) first_outside_of_threads(first_outside_params p) {
  const long i = long(blockIdx.x) * Tuning::threads + int(threadIdx.x);
  if (!OGM_BOUND(thread_has_element, i < p.count)) return;
  const std::int64_t x = p.x[i];
  using place = unsigned long long;
  if (x < p.low || x >= p.high) atomicMin(reinterpret_cast<place*>(p.at), place(i));
}

}  // namespace ogm::cuda
