#pragma once
// Softmax over rows, its logarithm, and the l2 normalisation of rows, as plain data.

#include <ogm/backend/op/rows.hpp>
#include <ogm/core/math.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace ogm::op {

namespace detail {
/// The largest of n numbers, NaN left out; -inf for none.
template <class T> T largest(const T* x, long n) {
  using V = typename pack<T>::type;
  constexpr int step = pack<T>::lanes;
  T best = -std::numeric_limits<T>::infinity();
  long i = 0;
  if (n >= step) {
    V m = V{} + best;
    for (; i + step <= n; i += step) {
      const V v = load<V>(x + i, position<step>{i, 0, 0});
      m = v > m ? v : m;
    }
    T parts[step];
    store(parts, m, position<step>{0, 0, 0});
    for (const T p : parts) best = p > best ? p : best;
  }
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}
template <class T> double sum(const T* x, long n) {
  double total = 0;
  for (long i = 0; i < n; ++i) total += double(x[i]);
  return total;
}

/// y = exp(x - shift), exactly 0 where that is below what a float holds; gives the sum of y. y may be x.
template <class T> double shifted_exp(const T* x, T* y, long n, T shift) {
  using V = typename pack<T>::type;
  each_pack<T>(n, [&](long i, auto at) {
    const V d = load<V>(x + i, at) - shift;
    const V e = math::exp(d);
    store(y + i, d < V{} + T(std::same_as<T, float> ? -87 : -745) ? V{} : e, at);
  });
  return sum(y, n);
}

/// A row of softmax; `mask` (null: none) is nonzero at what to leave out. Nothing left, or nothing but -inf -> 0. y may be x.
template <class T> void softmax_row(const T* x, T* y, long n, const std::uint8_t* mask) {
  using V = typename pack<T>::type;
  constexpr T nothing = -std::numeric_limits<T>::infinity();
  if (mask) {
    for (long i = 0; i < n; ++i) y[i] = mask[i] ? nothing : x[i];
    x = y;
  }
  const T top = largest(x, n);
  if (top == nothing) {
    bool nan = false;
    for (long i = 0; i < n; ++i) nan = nan || x[i] != x[i];
    std::fill_n(y, n, nan ? std::numeric_limits<T>::quiet_NaN() : T(0));
    return;
  }
  const T scale = T(1 / shifted_exp(x, y, n, top));
  each_pack<T>(n, [&](long i, auto at) { store(y + i, V(load<V>(y + i, at) * scale), at); });
}
}  // namespace detail

/// y (rows, columns) the softmax of each row of x (rows, columns). mask (mask_rows, columns) or null: nonzero leaves an element out; row r
/// uses mask row (r / rows_a_mask) % mask_rows. x may be y.
template <class T> struct softmax_forward {
  const T* x;
  T* y;
  long rows, columns;
  const std::uint8_t* mask = nullptr;
  long rows_a_mask = 1, mask_rows = 1;
  void operator()() const {
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r)
        detail::softmax_row(x + r * columns, y + r * columns, columns, mask ? mask + r / rows_a_mask % mask_rows * columns : nullptr);
    });
  }
};

/// dx (=, or += where `add`) y (dy - sum of y dy), times `scale`; all (rows, columns). A masked element has y = 0 and so gets 0. Without
/// `add` dx may be dy.
template <class T> struct softmax_backward {
  const T* y;
  const T* dy;
  T* dx;
  long rows, columns;
  bool add = false;
  T scale = T(1);
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        const T *p = y + r * columns, *g = dy + r * columns;
        T* d = dx + r * columns;
        double inner = 0;
        for (long c = 0; c < columns; ++c) inner += double(p[c]) * double(g[c]);
        const T dot = T(inner);
        each_pack<T>(columns, [&](long c, auto at) {
          const V v = load<V>(p + c, at) * (load<V>(g + c, at) - dot) * scale;
          store(d + c, add ? V(load<V>(d + c, at) + v) : v, at);
        });
      }
    });
  }
};

/// y (rows, columns) the logarithm of the softmax of each row of x; what `mask` leaves out becomes 0.
template <class T> struct log_softmax_forward {
  const T* x;
  T* y;
  long rows, columns;
  const std::uint8_t* mask = nullptr;
  long rows_a_mask = 1, mask_rows = 1;
  void operator()() const {
    using V = typename pack<T>::type;
    constexpr T nothing = -std::numeric_limits<T>::infinity();
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        const T* in = x + r * columns;
        T* out = y + r * columns;
        const std::uint8_t* m = mask ? mask + r / rows_a_mask % mask_rows * columns : nullptr;
        T top = nothing;
        if (!m)
          top = detail::largest(in, columns);
        else
          for (long c = 0; c < columns; ++c)
            if (!m[c] && in[c] > top) top = in[c];
        double total = 0;
        if (!m)
          total = detail::shifted_exp(in, out, columns, top);
        else
          for (long c = 0; c < columns; ++c)
            if (!m[c]) total += double(math::exp(T(in[c] - top)));
        const T log_sum = T(std::log(total));
        each_pack<T>(columns, [&](long c, auto at) { store(out + c, V(load<V>(in + c, at) - top - log_sum), at); });
        for (long c = 0; m && c < columns; ++c)
          if (m[c]) out[c] = T(0);
      }
    });
  }
};

/// dx (=, or += where `add`) dy - softmax(x) * sum of dy over what is not masked; y is log_softmax_forward's.
template <class T> struct log_softmax_backward {
  const T* y;
  const T* dy;
  T* dx;
  long rows, columns;
  bool add = false;
  const std::uint8_t* mask = nullptr;
  long rows_a_mask = 1, mask_rows = 1;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        const T *o = y + r * columns, *g = dy + r * columns;
        T* d = dx + r * columns;
        if (const std::uint8_t* m = mask ? mask + r / rows_a_mask % mask_rows * columns : nullptr) {
          double total = 0;
          for (long c = 0; c < columns; ++c) total += m[c] ? 0.0 : double(g[c]);
          for (long c = 0; c < columns; ++c) {
            const T v = m[c] ? T(0) : T(g[c] - math::exp(o[c]) * T(total));
            d[c] = add ? d[c] + v : v;
          }
          continue;
        }
        const T total = T(detail::sum(g, columns));
        each_pack<T>(columns, [&](long c, auto at) {
          const V v = load<V>(g + c, at) - math::exp(load<V>(o + c, at)) * total;
          store(d + c, add ? V(load<V>(d + c, at) + v) : v, at);
        });
      }
    });
  }
};

/// y = x / max(|x|, epsilon) for each row of x (rows, columns); norm (rows) keeps |x| for the backward pass.
template <class T> struct l2_normalize_forward {
  const T* x;
  T* y;
  T* norm;
  long rows, columns;
  double epsilon;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        double squares = 0;
        for (long c = 0; c < columns; ++c) squares += double(x[r * columns + c]) * double(x[r * columns + c]);
        norm[r] = T(std::sqrt(squares));
        const T scale = T(norm[r] > T(epsilon) || squares != squares ? 1 / std::sqrt(squares) : 1 / epsilon);
        each_pack<T>(columns, [&](long c, auto at) { store(y + r * columns + c, V(load<V>(x + r * columns + c, at) * scale), at); });
      }
    });
  }
};

/// dx (=, or += where `add`) (dy - y sum(y dy)) / |x|, or dy / epsilon where |x| is not above epsilon.
template <class T> struct l2_normalize_backward {
  const T* y;
  const T* norm;
  const T* dy;
  T* dx;
  long rows, columns;
  double epsilon;
  bool add = false;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        const T *o = y + r * columns, *g = dy + r * columns;
        T* d = dx + r * columns;
        const bool clamped = norm[r] <= T(epsilon);
        double inner = 0;
        for (long c = 0; c < columns && !clamped; ++c) inner += double(o[c]) * double(g[c]);
        const T dot = T(inner), scale = T(1 / (clamped ? epsilon : double(norm[r])));
        each_pack<T>(columns, [&](long c, auto at) {
          const V v = (load<V>(g + c, at) - load<V>(o + c, at) * dot) * scale;
          store(d + c, add ? V(load<V>(d + c, at) + v) : v, at);
        });
      }
    });
  }
};

}  // namespace ogm::op
