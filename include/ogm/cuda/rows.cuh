#pragma once
// Work on the rows of a matrix: which shapes there are, and which row is a warp's.

#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

namespace ogm::cuda {

/// Columns are counted by int, with room for one stride of the largest block beyond the end.
inline constexpr long most_columns = 0x7fffffff - 2048;

/// Whether there can be so many rows and columns.
inline status check_rows(const char* who, long rows, long columns) {
  if (rows < 0) return wrong_argument(who, "rows", rows, "0 or more");
  if (columns < 0 || columns > most_columns) return wrong_argument(who, "columns", columns, "0 to 2147481599");
  return {};
}

/// The row of this warp, where each has one.
template <class Tuning> __device__ inline long row_of_warp() {
  return long(blockIdx.x) * (Tuning::threads / warp_size) + int(threadIdx.x) / warp_size;
}
/// Blocks of so many warps that each row has one.
template <class Tuning> __host__ __device__ constexpr long blocks_of_warps(long rows) {
  constexpr long warps = Tuning::threads / warp_size;
  return (rows + warps - 1) / warps;
}

/// What a warp has of a matrix whose rows are cut into `pieces`: the warps of a block have the same piece of rows that follow each other.
struct piece_of_matrix {
  long row;
  int piece;
};
/// Likewise, for this warp.
template <class Tuning> __device__ inline piece_of_matrix piece_of_warp(int pieces) {
  const unsigned rows = blockIdx.x / unsigned(pieces);  // of one block each
  return {long(rows) * (Tuning::threads / warp_size) + int(threadIdx.x) / warp_size, int(blockIdx.x - rows * unsigned(pieces))};
}

/// A lane's vectors in a piece of Vectors * warp_size vectors, for rows that all begin as far beside a boundary of 16 bytes as one does.
template <int Width, int Vectors> struct piece_of_row {
  row_vectors<Width> vectors;
  int begin;  // the lane's first vector

  template <class T> __device__ static piece_of_row of(const T* row, long columns, int piece) {
    return {row_vectors<Width>::of(row, int(columns)), piece * (Vectors * warp_size) + int(threadIdx.x) % warp_size};
  }
  /// The column at which the lane's vector k begins.
  __device__ int first(int k) const { return vectors.first(begin + k * warp_size); }
  template <class T> __device__ void load(const T* row, float (&to)[Vectors][Width]) const {
    OGM_UNROLL
    for (int k = 0; k < Vectors; ++k) load_row(row, vectors, first(k), 0, to[k]);
  }
  template <class T> __device__ void store(T* row, const float (&from)[Vectors][Width]) const {
    OGM_UNROLL
    for (int k = 0; k < Vectors; ++k) store_row(row, vectors, first(k), from[k]);
  }
  /// Pieces of a row.
  template <class T> static int count(const T* row, long columns) {
    constexpr int each = Vectors * warp_size;
    return (row_vectors<Width>::of(row, int(columns)).count() + each - 1) / each;
  }
};

}  // namespace ogm::cuda
