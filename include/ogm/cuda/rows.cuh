#pragma once
// Work on the rows of a matrix: which shapes there are, and which row is a warp's.

#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/status.hpp>

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

}  // namespace ogm::cuda
