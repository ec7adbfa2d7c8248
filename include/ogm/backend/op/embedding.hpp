#pragma once
// Rows of a table by index, as plain data, and the check of indices.

#include <ogm/backend/op/rows.hpp>

#include <cstdint>

namespace ogm::op {

/// at (): the first i with x[i] outside [low, high), or -1. x (count).
struct first_outside {
  const std::int32_t* x;
  std::int64_t* at;
  long count;
  std::int64_t low, high;
  void operator()() const {
    *at = -1;
    for (long i = 0; i < count; ++i)
      if (x[i] < low || x[i] >= high) {
        *at = i;
        return;
      }
  }
};

/// y (rows, columns): y[r, :] = table[index[r], :]; every index is a row of table (entries, columns).
template <class T> struct gather_rows {
  const T* table;
  const std::int32_t* index;  // (rows)
  T* y;
  long rows, columns;
  void operator()() const {
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) std::copy_n(table + long(index[r]) * columns, columns, y + r * columns);
    });
  }
};

/// dtable (entries, columns) (=, or += where `add`) the sum over r of dy[r, :] at row index[r], in order of r. Rows of index `skip` add
/// nothing.
template <class T> struct scatter_rows {
  const T* dy;                // (rows, columns)
  const std::int32_t* index;  // (rows)
  T* dtable;
  long rows, entries, columns;
  bool add;
  std::int32_t skip = -1;
  void operator()() const {
    using V = typename pack<T>::type;
    constexpr long each = 64;  // columns a chunk: no two chunks write the same element
    parallel_for((columns + each - 1) / each, [&](long k) {
      const long from = k * each, width = std::min(each, columns - from);
      for (long e = 0; !add && e < entries; ++e) std::fill_n(dtable + e * columns + from, width, T(0));
      for (long r = 0; r < rows; ++r) {
        if (index[r] == skip) continue;
        T* to = dtable + long(index[r]) * columns + from;
        const T* g = dy + r * columns + from;
        each_pack<T>(width, [&](long i, auto at) { store(to + i, V(load<V>(to + i, at) + load<V>(g + i, at)), at); });
      }
    });
  }
};

}  // namespace ogm::op
