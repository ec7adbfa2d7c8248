#pragma once
// Batch and layer normalisation as plain data. Sums are kept in double and taken in a fixed order.

#include <ogm/backend/op/rows.hpp>

#include <cmath>

namespace ogm::op {

namespace detail {
/// The sums over n elements of `first` and `second`, each a function of the position that gives a pack: partial sums of 32 packs in T, the
/// rest in double.
struct two_sums {
  double first = 0, second = 0;
};
template <class T, class F> void add_sums(two_sums& sums, long n, const F& f) {
  using V = typename pack<T>::type;
  constexpr long block = 32 * pack<T>::lanes;
  for (long from = 0; from < n; from += block) {
    V a{}, b{};
    each_pack<T>(std::min(block, n - from), [&](long i, auto at) { f(from + i, at, a, b); });
    sums.first += double(sum_of<T>(a));
    sums.second += double(sum_of<T>(b));
  }
}
/// x where the pack is whole, and 0 in the lanes past the end: what a sum over a tail may see.
template <class V, class T, class P> V load_shifted(const T* x, T shift, P at) {
  V v = load<V>(x, at) - shift;
  if constexpr (!P::whole && sizeof(V) != sizeof(T))
    for (int i = at.count; i < int(sizeof(V) / sizeof(T)); ++i) v[i] = 0;
  return v;
}

/// What a loop works with that keeps doubles of elements of T: half a native pack of floats widened, or the element.
template <class T> struct wide_pack {
  using type = double;
  using narrow = T;
  static constexpr int lanes = 1;
};
#if !defined(__CUDACC__)
template <> struct wide_pack<float> {
  static constexpr int lanes = ogm::lanes / 2;
  typedef double type __attribute__((vector_size(8 * lanes)));
  typedef float narrow __attribute__((vector_size(4 * lanes)));
};
#endif
template <class T, class F> void each_wide_pack(long n, const F& f) {  // as each_pack
  constexpr int step = wide_pack<T>::lanes;
  long i = 0;
  for (; i + step <= n; i += step) f(i, position<step>{i, 0, 0});
  if (i < n) f(i, position<0>{i, 0, 0, int(n - i)});
}
template <class T, class P> typename wide_pack<T>::type load_wide(const T* p, P at) {
  using N = typename wide_pack<T>::narrow;
  if constexpr (wide_pack<T>::lanes == 1)
    return double(*p);
  else
    return __builtin_convertvector(load<N>(p, at), typename wide_pack<T>::type);
}
/// As load_shifted.
template <class T, class P> typename wide_pack<T>::type load_wide_shifted(const T* p, double shift, P at) {
  auto v = load_wide(p, at) - shift;
  if constexpr (!P::whole && wide_pack<T>::lanes > 1)
    for (int i = at.count; i < wide_pack<T>::lanes; ++i) v[i] = 0;
  return v;
}
template <class T, class P> void store_wide(T* p, typename wide_pack<T>::type v, P at) {
  using N = typename wide_pack<T>::narrow;
  if constexpr (wide_pack<T>::lanes == 1)
    *p = T(v);
  else
    store(p, __builtin_convertvector(v, N), at);
}
}  // namespace detail

/// (batch, channel, inner): inner is height * width of images, time of sequences, 1 of plain features.
struct batch_norm_shape {
  long batch, channels, inner;
  long each() const { return batch * inner; }  // elements of a channel
  /// f(channel), several channels a chunk where they are small.
  template <class F> void for_each_channel(const F& f) const {
    for_each_row_chunk(channels, each(), [&](long first, long last) {
      for (long c = first; c < last; ++c) f(c);
    });
  }
  /// f(offset of a run of `inner` elements) for every run of a channel.
  template <class F> void for_each_run(long channel, const F& f) const {
    for (long b = 0; b < batch; ++b) f((b * channels + channel) * inner);
  }
};

/// y = (x - mean) * deviation^-1 * weight + bias, + residual where there is one, then relu where asked.
///
/// Everything between x and y is kept in double: y has one rounding, and the statistics none. `of_batch`: mean and deviation are those of x
/// (the biased variance); otherwise the running ones. Both are left in `mean` and `inverse_deviation` (channel) for the backward pass.
/// `update`: the running statistics move by `momentum` (the unbiased variance).
template <class T> struct batch_norm_forward {
  batch_norm_shape shape;
  const T* x;         // (batch, channel, inner)
  const T* residual;  // like x, or null
  const T* weight;    // (channel)
  const T* bias;      // (channel)
  T* y;               // like x
  double* mean;       // (channel)
  double* inverse_deviation;
  T* running_mean;  // (channel)
  T* running_variance;
  double momentum, epsilon;
  bool of_batch, update, relu;

  void operator()() const {
    shape.for_each_channel([this](long c) {
      of_batch ? measure(c) : take_running(c);
      if (residual)
        relu ? normalise<true, true>(c) : normalise<true, false>(c);
      else
        relu ? normalise<false, true>(c) : normalise<false, false>(c);
    });
  }

 private:
  void take_running(long c) const {
    mean[c] = double(running_mean[c]);
    inverse_deviation[c] = 1 / std::sqrt(double(running_variance[c]) + epsilon);
  }
  void measure(long c) const {
    using V = typename detail::wide_pack<T>::type;
    const double shift = double(x[c * shape.inner]);  // differences to one element: no cancellation where the mean is large
    detail::two_sums sums;
    if (shape.inner == 1)
      shape.for_each_run(c, [&](long i) {
        const double d = double(x[i]) - shift;
        sums.first += d;
        sums.second += d * d;
      });
    else {
      V a{}, b{};
      shape.for_each_run(c, [&](long run) {
        detail::each_wide_pack<T>(shape.inner, [&](long i, auto at) {
          const V d = detail::load_wide_shifted(x + run + i, shift, at);
          a += d;
          b += d * d;
        });
      });
      sums = {sum_of<double>(a), sum_of<double>(b)};
    }
    const double n = double(shape.each()), m = sums.first / n;
    double variance = sums.second / n - m * m;
    variance = variance < 0 ? 0 : variance;
    mean[c] = shift + m;
    inverse_deviation[c] = 1 / std::sqrt(variance + epsilon);
    if (update) {
      running_mean[c] = T((1 - momentum) * double(running_mean[c]) + momentum * (shift + m));
      running_variance[c] = T((1 - momentum) * double(running_variance[c]) + momentum * variance * n / (n - 1));
    }
  }
  template <bool Residual, bool Relu> void normalise(long c) const {
    using V = typename detail::wide_pack<T>::type;
    const double m = mean[c], scale = double(weight[c]) * inverse_deviation[c], offset = double(bias[c]);
    shape.for_each_run(c, [&](long run) {
      detail::each_wide_pack<T>(shape.inner, [&](long i, auto at) {
        V v = (detail::load_wide(x + run + i, at) - m) * scale + offset;
        if constexpr (Residual) v += detail::load_wide(residual + run + i, at);
        if constexpr (Relu) v = v < V{} ? V{} : v;
        detail::store_wide(y + run + i, v, at);
      });
    });
  }
};

/// The derivatives of batch_norm_forward. With g = dy where there was no relu or y > 0, else 0, and z = (x - mean) / deviation:
/// dbias = sum g, dweight = sum g z, dresidual = g, and dx = weight / deviation (g - (dbias + z dweight) / n), the second part for
/// statistics of the batch only. dx and dresidual may be null, or the same: dx is written first.
template <class T> struct batch_norm_backward {
  batch_norm_shape shape;
  const T* dy;
  const T* x;
  const T* y;  // null: there was no relu
  const T* weight;
  const double* mean;
  const double* inverse_deviation;
  T* dx;
  T* dresidual;
  T* dweight;
  T* dbias;
  bool of_batch, add_x, add_residual, add_weight, add_bias;

  void operator()() const {
    shape.for_each_channel([this](long c) { y ? one<true>(c) : one<false>(c); });
  }

 private:
  template <bool Relu> void one(long c) const {
    using V = typename pack<T>::type;
    const T m = T(mean[c]);
    const double less = double(m) - mean[c];  // (x - m) + less is what is meant
    const auto slope = [this](long i, auto at) {
      V g = load<V>(dy + i, at);  // a partial load fills up with zeros
      if constexpr (Relu) g = load<V>(y + i, at) > V{} ? g : V{};
      return g;
    };
    detail::two_sums sums;  // of g, and of g (x - mean)
    if (shape.inner == 1)
      shape.for_each_run(c, [&](long i) {
        const double g = !Relu || y[i] > 0 ? double(dy[i]) : 0;
        sums.first += g;
        sums.second += g * (double(x[i]) - mean[c]);
      });
    else {
      shape.for_each_run(c, [&](long run) {
        detail::add_sums<T>(sums, shape.inner, [&](long i, auto at, V& a, V& b) {
          const V g = slope(run + i, at);
          a += g;
          b += g * detail::load_shifted<V>(x + run + i, m, at);
        });
      });
      sums.second += less * sums.first;
    }
    const double inverse = inverse_deviation[c], dw = sums.second * inverse;
    dweight[c] = T((add_weight ? double(dweight[c]) : 0) + dw);
    dbias[c] = T((add_bias ? double(dbias[c]) : 0) + sums.first);
    if (!dx && !dresidual) return;
    const double n = double(shape.each());
    const T scale = T(double(weight[c]) * inverse);
    const double slant = dw * inverse / n;
    const T center = of_batch ? T(sums.first / n + less * slant) : T(0), along = of_batch ? T(slant) : T(0);
    shape.for_each_run(c, [&](long run) {
      each_pack<T>(shape.inner, [&](long j, auto at) {
        const long i = run + j;
        const V g = slope(i, at);
        if (dx) {
          const V d = (g - center - (load<V>(x + i, at) - m) * along) * scale;
          store(dx + i, add_x ? V(load<V>(dx + i, at) + d) : d, at);
        }
        if (dresidual) store(dresidual + i, add_residual ? V(load<V>(dresidual + i, at) + g) : g, at);
      });
    });
  }
};

/// y = (x - mean) / deviation * weight + bias over the last axis; mean and inverse_deviation (rows) are kept for the backward pass.
template <class T> struct layer_norm_forward {
  const T* x;       // (rows, columns)
  const T* weight;  // (columns)
  const T* bias;
  T* y;
  T* mean;  // (rows)
  T* inverse_deviation;
  long rows, columns;
  double epsilon;

  void operator()() const {
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      for (long r = first; r < last; ++r) one(r);
    });
  }

 private:
  void one(long r) const {
    using V = typename pack<T>::type;
    const T* from = x + r * columns;
    const T shift = from[0];
    detail::two_sums sums;
    detail::add_sums<T>(sums, columns, [&](long i, auto at, V& a, V& b) {
      const V d = detail::load_shifted<V>(from + i, shift, at);
      a += d;
      b += d * d;
    });
    const double offset = sums.first / double(columns), variance = sums.second / double(columns) - offset * offset;
    const T m = mean[r] = T(double(shift) + offset);
    const T scale = inverse_deviation[r] = T(1 / std::sqrt((variance < 0 ? 0 : variance) + epsilon));
    each_pack<T>(columns, [&](long i, auto at) {
      store(y + r * columns + i, V((load<V>(from + i, at) - m) * scale * load<V>(weight + i, at) + load<V>(bias + i, at)), at);
    });
  }
};

/// The derivatives of layer_norm_forward; dx may be null.
template <class T> struct layer_norm_backward {
  const T* dy;
  const T* x;
  const T* weight;
  const T* mean;
  const T* inverse_deviation;
  T* dx;
  T* dweight;
  T* dbias;
  T* partial;  // (chunks(), 2, columns): workspace
  long rows, columns;
  bool add_x, add_weight, add_bias;

  static long chunks(long rows, long columns) { return (rows + rows_a_chunk(columns) - 1) / rows_a_chunk(columns); }

  void operator()() const {
    for_each_row_chunk(rows, columns, [this](long first, long last) {
      T* dw = partial + first / rows_a_chunk(columns) * 2 * columns;
      std::fill_n(dw, 2 * columns, T(0));
      for (long r = first; r < last; ++r) one(r, dw, dw + columns);
    });
    const long n = chunks(rows, columns);
    for (long c = 0; c < columns; ++c) {
      double w = add_weight ? double(dweight[c]) : 0, b = add_bias ? double(dbias[c]) : 0;
      for (long k = 0; k < n; ++k) w += double(partial[2 * k * columns + c]), b += double(partial[(2 * k + 1) * columns + c]);
      dweight[c] = T(w);
      dbias[c] = T(b);
    }
  }

 private:
  void one(long r, T* dw, T* db) const {
    using V = typename pack<T>::type;
    const T m = mean[r], scale = inverse_deviation[r];
    const T* g = dy + r * columns;
    const T* from = x + r * columns;
    detail::two_sums sums;  // of dy weight, and of dy weight z
    detail::add_sums<T>(sums, columns, [&](long i, auto at, V& a, V& b) {
      const V z = detail::load_shifted<V>(from + i, m, at) * scale, d = load<V>(g + i, at), w = d * load<V>(weight + i, at);
      a += w;
      b += w * z;
      store(dw + i, V(load<V>(dw + i, at) + d * z), at);
      store(db + i, V(load<V>(db + i, at) + d), at);
    });
    if (!dx) return;
    const T center = T(sums.first / double(columns)), along = T(sums.second / double(columns));
    T* to = dx + r * columns;
    each_pack<T>(columns, [&](long i, auto at) {
      const V z = (load<V>(from + i, at) - m) * scale;
      const V d = (load<V>(g + i, at) * load<V>(weight + i, at) - center - z * along) * scale;
      store(to + i, add_x ? V(load<V>(to + i, at) + d) : d, at);
    });
  }
};

}  // namespace ogm::op
