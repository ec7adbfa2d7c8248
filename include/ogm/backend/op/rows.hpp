#pragma once
// Elementary work on rows x columns: fill, copy a block, add a row to every row, sum the rows.

#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>

namespace ogm::op {

/// Rows a chunk of about 16,384 elements: how row-wise operations are cut, whatever the number of threads.
inline long rows_a_chunk(long columns) { return std::max(1L, 16384 / std::max(1L, columns)); }
template <class F> void for_each_row_chunk(long rows, long columns, const F& f) {  // f(first row, last row)
  const long each = rows_a_chunk(columns);
  parallel_for((rows + each - 1) / each, [&](long k) { f(k * each, std::min(rows, (k + 1) * each)); });
}

template <class T> struct fill {
  T* x;
  long count;
  T value;
  void operator()() const { std::fill_n(x, count, value); }
};

/// to[r, c] (=, or += where `add`) scale * from[r, c], both with strides.
template <class T> struct copy_block {
  const T* from;
  T* to;
  long rows, columns, from_stride, to_stride;
  bool add = false;
  T scale = T(1);
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        const T* x = from + r * from_stride;
        T* y = to + r * to_stride;
        if (!add && scale == T(1))
          std::copy_n(x, columns, y);
        else
          each_pack<T>(columns, [&](long i, auto at) {
            const V v = load<V>(x + i, at) * scale;
            store(y + i, add ? V(load<V>(y + i, at) + v) : v, at);
          });
      }
    });
  }
};

/// y[r, :] = row for every r: how a layer puts its bias into the output before a product is added.
template <class T> struct broadcast_row {
  const T* row;
  T* y;
  long rows, columns;
  T scale = T(1);
  void operator()() const {
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r)
        for (long c = 0; c < columns; ++c) y[r * columns + c] = scale * row[c];
    });
  }
};

/// total (=, or += where `add`) scale * the sum of x (rows, columns) over its rows, in order of the rows.
template <class T> struct sum_rows {
  const T* x;
  T* total;
  long rows, columns;
  bool add = false;
  T scale = T(1);
  void operator()() const {
    using V = typename pack<T>::type;
    constexpr long each = 64;  // columns a chunk
    parallel_for((columns + each - 1) / each, [&](long k) {
      const long from = k * each;
      each_pack<T>(std::min(each, columns - from), [&](long i, auto at) {
        const long c = from + i;
        V sum{};
        for (long r = 0; r < rows; ++r) sum += load<V>(x + r * columns + c, at);
        sum *= scale;
        store(total + c, add ? V(load<V>(total + c, at) + sum) : sum, at);
      });
    });
  }
};

}  // namespace ogm::op
