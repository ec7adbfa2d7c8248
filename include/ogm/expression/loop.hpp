#pragma once
// One loop forward, one loop backward over a tree of nodes, on the host.

#include <ogm/core/parallel.hpp>
#include <ogm/expression/node.hpp>

#include <algorithm>

namespace ogm::expression {

/// How rows x columns are cut into chunks: a function of the shape, never of the number of threads.
/// `flat` cuts ignore rows; the others keep rows whole, because a broadcast leaf is indexed by column.
struct cut {
  static constexpr long chunk_elements = 16384;

  long rows, columns, chunk_rows;
  bool flat;
  cut(long r, long c, bool is_flat)
      : rows(is_flat ? 1 : r), columns(is_flat ? r * c : c), chunk_rows(std::max(1L, chunk_elements / std::max(1L, c))), flat(is_flat) {}
  long chunks() const { return flat ? (columns + chunk_elements - 1) / chunk_elements : (rows + chunk_rows - 1) / chunk_rows; }

  template <class T, class F> void each(long chunk, const F& f) const {
    constexpr int step = pack<T>::lanes;
    const long first_row = flat ? 0 : chunk * chunk_rows, last_row = flat ? 1 : std::min(rows, first_row + chunk_rows);
    const long first = flat ? chunk * chunk_elements : 0, last = flat ? std::min(columns, first + chunk_elements) : columns;
    for (long r = first_row; r < last_row; ++r) {
      long c = first;
      for (; c + step <= last; c += step) f(position<step>{r * columns + c, int(c), int(chunk)});
      if (c < last) f(position<0>{r * columns + c, int(c), int(chunk), int(last - c)});  // the same arithmetic, part of a pack
    }
  }
};

/// y = the node's value, element by element.
template <class T, class Node> struct forward_pass {
  Node node;
  T* y;
  cut how;
  void operator()() const {
    using V = typename pack<T>::type;
    parallel_for(how.chunks(),
                 [this](long k) { how.template each<T>(k, [this](auto at) { store(y + at.flat, node.template forward<V>(at).y, at); }); });
  }
};

/// What a backward pass sums up afterwards.
template <class T> struct backward_plan {
  static constexpr int capacity = 16;
  struct partial_sum {
    T* partial;  // (chunk, columns)
    T* total;    // (columns)
    long columns;
    bool add;  // to what total holds, or write
  };
  partial_sum sums[capacity]{};
  int sum_count = 0;
};

/// Adds dy times the node's derivative to every leaf's gradient. Recomputes the value: nothing but the leaves was kept.
template <class T, class Node> struct backward_pass {
  Node node;
  const T* dy;
  cut how;
  backward_plan<T> plan;

  void operator()() const {
    using V = typename pack<T>::type;
    for (int i = 0; i < plan.sum_count;
         ++i)  // before the loop: a leaf may be a row here and the whole array there, and add to the same gradient
      if (const auto& s = plan.sums[i]; !s.add) std::fill_n(s.total, s.columns, T(0));
    parallel_for(how.chunks(), [&](long k) {
      for (int i = 0; i < plan.sum_count; ++i) std::fill_n(plan.sums[i].partial + k * plan.sums[i].columns, plan.sums[i].columns, T(0));
      how.template each<T>(k, [&](auto at) { node.backward(node.template forward<V>(at), load<V>(dy + at.flat, at), at); });
    });
    for (int i = 0; i < plan.sum_count; ++i) {
      const auto& s = plan.sums[i];
      for (long k = 0; k < how.chunks(); ++k)  // in order: the same bits on any number of threads
        for (long c = 0; c < s.columns; ++c) s.total[c] += s.partial[k * s.columns + c];
    }
  }
};

}  // namespace ogm::expression
