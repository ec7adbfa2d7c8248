#pragma once
// The pass of an optimiser over all parameters at once, with modulation and noise fused into it; and the reductions it needs.

#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/random.hpp>

#include <algorithm>
#include <cmath>

namespace ogm::op {

/// One parameter in a pass: g = scale * gradient + noise * deviation * n, n standard normal.
template <class T> struct segment {
  T* value;
  T* gradient;
  T* state;  // the optimiser's, `states` arrays of `count` one after the other, each padded to `stride`
  long count, stride;
  double scale = 1;              // of the gradient
  double noise = 0;              // times the deviation; 0: none is drawn
  double rate = 1;               // of the learning rate
  const T* deviation = nullptr;  // one number for the parameter, or one an element where `deviation_by_element`
  bool deviation_by_element = false;
  std::uint32_t stream = 0;  // of the noise
};

/// How a table of segments is cut: pieces of 64 Ki elements at most.
template <class T> struct segment_table {
  const segment<T>* segments;
  long count;
  static constexpr long piece = 65536;

  template <class F> void for_each_piece(const F& f) const {  // f(segment, index of the segment, first, last)
    long pieces = 0;
    for (long s = 0; s < count; ++s) pieces += (segments[s].count + piece - 1) / piece;
    parallel_for(pieces, [&](long k) {
      long s = 0;
      for (long here; k >= (here = (segments[s].count + piece - 1) / piece); ++s) k -= here;
      f(segments[s], s, k * piece, std::min(segments[s].count, (k + 1) * piece));
    });
  }
};

namespace detail {
/// Calls apply(i, at, gradient pack) over [first, last) with the modulated gradient; noise comes 64 elements at a time.
template <class T, class F>
void for_each_modulated(const segment<T>& s, const random::key& noise_key, long first, long last, const F& apply) {
  using V = typename pack<T>::type;
  const T scale = T(s.scale);
  if (s.noise == 0) {
    each_pack<T>(last - first, [&](long i, auto at) { apply(first + i, at, V(load<V>(s.gradient + first + i, at) * scale)); });
    return;
  }
  const random::key key{noise_key.seed, s.stream, noise_key.step};
  const T amount = s.deviation_by_element ? T(s.noise) : T(s.noise) * *s.deviation;
  constexpr int group = random::normals_at_once;  // pieces begin on a multiple of it
  for (long g = first; g < last; g += group) {
    alignas(64) float drawn[group];
    T normal[group];
    random::normals(key, std::uint64_t(g / group), drawn);
    for (int i = 0; i < group; ++i) normal[i] = T(drawn[i]);
    each_pack<T>(std::min<long>(group, last - g), [&](long i, auto at) {
      V n = load<V>(normal + i, at) * amount;
      if (s.deviation_by_element) n *= load<V>(s.deviation + g + i, at);
      apply(g + i, at, V(load<V>(s.gradient + g + i, at) * scale + n));
    });
  }
}
}  // namespace detail

/// deviation[s] = the unbiased standard deviation over the elements of gradient s, plus 1e-8; double sums, pieces added in order.
template <class T> struct deviations {
  segment_table<T> table;
  T* result;        // (table.count)
  double* partial;  // (pieces, 2), scratch
  /// The scratch needed.
  static long pieces(const segment<T>* s, long count) {
    long n = 0;
    for (long i = 0; i < count; ++i) n += (s[i].count + segment_table<T>::piece - 1) / segment_table<T>::piece;
    return n;
  }
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = pieces(table.segments, table.count);
    parallel_for(n, [&](long k) {
      long s = 0, within = k;
      for (long here; within >= (here = (table.segments[s].count + table.piece - 1) / table.piece); ++s) within -= here;
      const auto& g = table.segments[s];
      const long first = within * table.piece, last = std::min(g.count, first + table.piece);
      double sum = 0, squares = 0;
      for (long block = first; block < last; block += 4096) {  // short float sums inside, doubles outside
        V a{}, b{};
        each_pack<T>(std::min(4096L, last - block), [&](long i, auto at) {
          const V x = load<V>(g.gradient + block + i, at);
          a += x;
          b += x * x;
        });
        sum += double(sum_of<T>(a));
        squares += double(sum_of<T>(b));
      }
      partial[2 * k] = sum;
      partial[2 * k + 1] = squares;
    });
    for (long s = 0, k = 0; s < table.count; ++s) {
      double sum = 0, squares = 0;
      for (const long end = k + (table.segments[s].count + table.piece - 1) / table.piece; k < end; ++k)
        sum += partial[2 * k], squares += partial[2 * k + 1];
      const double c = double(table.segments[s].count);
      result[s] = T(std::sqrt(c > 1 ? std::max(0.0, (squares - sum * sum / c) / (c - 1)) : 0.0) + 1e-8);
    }
  }
};

/// gradient = the modulated gradient, for those who read it afterwards; segments with scale 1 and no noise are left alone.
template <class T> struct materialise {
  segment_table<T> table;
  random::key noise;
  void operator()() const {
    table.for_each_piece([this](const segment<T>& s, long, long first, long last) {
      if (s.scale == 1 && s.noise == 0) return;
      detail::for_each_modulated(s, noise, first, last, [&](long i, auto at, auto g) { store(s.gradient + i, g, at); });
    });
  }
};

/// *result = the sum of squares of all gradients, scaled; double sums, pieces added in order.
template <class T> struct sum_of_squares {
  segment_table<T> table;
  double* result;
  double* partial;  // (pieces), scratch
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = deviations<T>::pieces(table.segments, table.count);
    parallel_for(n, [&](long k) {
      long s = 0, within = k;
      for (long here; within >= (here = (table.segments[s].count + table.piece - 1) / table.piece); ++s) within -= here;
      const auto& g = table.segments[s];
      const long first = within * table.piece, last = std::min(g.count, first + table.piece);
      double squares = 0;
      for (long block = first; block < last; block += 4096) {
        V b{};
        each_pack<T>(std::min(4096L, last - block), [&](long i, auto at) {
          const V x = load<V>(g.gradient + block + i, at);
          b += x * x;
        });
        squares += double(sum_of<T>(b));
      }
      partial[k] = squares * g.scale * g.scale;
    });
    double total = 0;
    for (long k = 0; k < n; ++k) total += partial[k];
    *result = total;
  }
};

/// One step of an optimiser: each gradient is read once, each value and state read and written once.
/// Rule: `static constexpr int states`, and step(value, gradient, states..., rate) on packs, all but `gradient` and `rate` by reference.
template <class T, class Rule> struct update {
  segment_table<T> table;
  Rule rule;
  random::key noise;
  double gradient_scale = 1;  // of every gradient: clipping, accumulation
  void operator()() const {
    using V = typename pack<T>::type;
    table.for_each_piece([this](const segment<T>& s, long, long first, long last) {
      const T all = T(gradient_scale), rate = T(s.rate);
      detail::for_each_modulated(s, noise, first, last, [&](long i, auto at, V g) {
        g *= all;
        V value = load<V>(s.value + i, at);
        if constexpr (Rule::states == 0)
          rule.step(value, g, rate);
        else if constexpr (Rule::states == 1) {
          V a = load<V>(s.state + i, at);
          rule.step(value, g, a, rate);
          store(s.state + i, a, at);
        } else {
          V a = load<V>(s.state + i, at), b = load<V>(s.state + s.stride + i, at);
          rule.step(value, g, a, b, rate);
          store(s.state + i, a, at);
          store(s.state + s.stride + i, b, at);
        }
        store(s.value + i, value, at);
      });
    });
  }
};

/// x[r, :] *= factor[r]; or, where y is given, y (=, or += where `add`) factor[r] * x[r, :].
template <class T> struct scale_rows {
  const T* x;
  const T* factor;  // (rows)
  T* y;
  long rows, columns;
  bool add = false;
  void operator()() const {
    using V = typename pack<T>::type;
    for (long r = 0; r < rows; ++r)
      each_pack<T>(columns, [&](long i, auto at) {
        const V v = load<V>(x + r * columns + i, at) * factor[r];
        T* to = y + r * columns + i;
        store(to, add ? V(load<V>(to, at) + v) : v, at);
      });
  }
};

/// sum += g, squares += g^2, element by element.
template <class T> struct add_moments {
  const T* gradient;
  T* sum;
  T* squares;
  long count;
  void operator()() const {
    using V = typename pack<T>::type;
    each_pack<T>(count, [&](long i, auto at) {
      const V g = load<V>(gradient + i, at);
      store(sum + i, V(load<V>(sum + i, at) + g), at);
      store(squares + i, V(load<V>(squares + i, at) + g * g), at);
    });
  }
};

/// squares becomes the standard deviation of the mean of `samples` gradients: sqrt((E[g^2] - E[g]^2) / samples).
template <class T> struct deviation_of_mean {
  const T* sum;
  T* squares;
  long count, samples;
  void operator()() const {
    const T n = T(samples);
    for (long i = 0; i < count; ++i) {
      const T mean = sum[i] / n, variance = squares[i] / n - mean * mean;
      squares[i] = std::sqrt(std::max(variance, T(0)) / n);
    }
  }
};

}  // namespace ogm::op
