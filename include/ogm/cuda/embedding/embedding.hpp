#pragma once
// Rows of a table by index on the device: arguments and launchers, for whom a C++ compiler suffices. Whoever calls them links an
// instantiation: a .cu that includes embedding_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <cstdint>

namespace ogm::cuda {

/// Of op::gather_rows on the host.
template <storage T> struct gather_rows_params {
  const T* table;             // (entries, columns)
  const std::int32_t* index;  // (rows), each a row of the table
  T* y;                       // (rows, columns)
  long rows, columns;         // columns below 2^31 - 2048
};

/// Of op::scatter_rows on the host.
template <storage T> struct scatter_rows_params {
  const T* dy;                // (rows, columns)
  const std::int32_t* index;  // (rows), each a row of the table, or `skip`
  T* dtable;                  // (entries, columns), = or, where `add`, += the sums
  long rows, entries, columns;
  bool add = false;
  std::int32_t skip = -1;  // rows of this index add nothing
};

/// Of op::first_outside on the host.
struct first_outside_params {
  const std::int32_t* x;  // (count)
  std::int64_t* at;       // ()
  long count;
  std::int64_t low, high;
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct embedding_tuning {
  static constexpr int threads = 256;                            // a block
  static constexpr int vectors_a_lane = sizeof(T) == 4 ? 4 : 2;  // a piece of 512 columns
  static constexpr int loads_a_lane = sizeof(T) == 4 ? 8 : 4;    // that a scatter has under way
  // A scatter cuts entries into pieces of one vector a lane, which wait for fewer rows at a time, up to so many warps.
  static constexpr long warps_of_one_vector = 4096;
};
/// Likewise.
struct first_outside_tuning {
  static constexpr int threads = 256;  // a block
};

/// y[r, :] = table[index[r], :], on `stream`.
///
/// Numerics   the bits of the table
/// Empty      no rows or no columns is success
/// Errors     a status that names the argument. An index that is no row of the table is not seen: launch_first_outside says whether there
///            is one
/// Cost       reads and writes rows * columns elements; one at a time where rows do not begin alike
template <storage T, class Tuning = embedding_tuning<T>> status launch_gather_rows(const gather_rows_params<T>&, cudaStream_t);

/// dtable[e, :] (=, +=) the sum over index[r] = e of dy[r, :], on `stream`.
///
/// Numerics   float accumulation in the order of r, by one thread, without atomics: in float the bits are those of the host
/// Empty      no rows -> 0, or dtable as it was where it adds
/// Errors     a status that names the argument
/// Cost       reads dy once and writes dtable once (where it adds: reads and writes the entries that have rows). A warp walks the whole
///            index list for an entry's piece of 512 columns, or of 128 (float; 256 of 16 bits) where entries are few: for 100 entries of
///            512 columns and 900 rows 1.4 MB, for 50,000 entries 180 MB, of which all but an eighth is another warp's of the block too.
///            The longest list of rows of one entry is added one after another, a few loads under way
template <storage T, class Tuning = embedding_tuning<T>> status launch_scatter_rows(const scatter_rows_params<T>&, cudaStream_t);

/// at = the first i with x[i] outside [low, high), or -1, on `stream`.
///
/// Empty      no elements -> -1
/// Errors     a status that names the argument
/// Cost       reads x once; an atomic operation for each element outside
template <class Tuning = first_outside_tuning> status launch_first_outside(const first_outside_params&, cudaStream_t);

}  // namespace ogm::cuda
