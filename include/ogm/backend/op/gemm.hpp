#pragma once
// A matrix product as plain data: what a layer asks of a backend.

#include <ogm/core/parallel.hpp>

#include <algorithm>

namespace ogm::op {

/// c = a b, or c += a b where `add`. Row-major; a is (rows, inner), or (inner, rows) stored where `a_transposed`; b likewise.
template <class T> struct gemm {
  const T* a;
  const T* b;
  T* c;
  long rows, columns, inner;
  long a_stride, b_stride, c_stride;
  bool a_transposed = false, b_transposed = false, add = false;
};

/// Cuts the product into at most `most` panels of the output, whose number depends on the product alone, and gives each to `one`, which
/// computes it in the calling thread: any number of threads gives the same bits.
template <class T, class One> void for_each_panel(const gemm<T>& g, long most, const One& one) {
  if (g.rows == 0 || g.columns == 0) return;
  const bool by_rows = g.rows >= g.columns;
  const long n = by_rows ? g.rows : g.columns;
  const double work = double(g.rows) * double(g.columns) * double(g.inner);
  const long panels = work < 65536 ? 1 : std::clamp(n / 16, 1L, most);
  const long each = ((n + panels - 1) / panels + 15) / 16 * 16;
  parallel_for((n + each - 1) / each, [&](long k) {
    const long first = k * each, size = std::min(each, n - first);
    gemm<T> p = g;
    if (by_rows) {
      p.rows = size;
      p.a += first * (g.a_transposed ? 1 : g.a_stride);
      p.c += first * g.c_stride;
    } else {
      p.columns = size;
      p.b += first * (g.b_transposed ? g.b_stride : 1);
      p.c += first;
    }
    one(p);
  });
}

/// `count` products of one shape at fixed distances: attention heads, groups of a convolution.
template <class T> struct batched_gemm {
  gemm<T> first;
  long count, a_step, b_step, c_step;
};

}  // namespace ogm::op
