#pragma once
// Walks over feature maps that read them from memory once: a map in packs of locations, by rows of a few channels or as one line of
// numbers, and through two passes, of which the second finds it in the cache.

#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <type_traits>

namespace avqa::op {

using ogm::load;
using ogm::pack;
using ogm::store;

/// The sizes of a batch of frames.
struct spatial_shape {
  long frames, channels, locations;
  long map() const { return channels * locations; }
  /// Elements of a row of numbers by location, each row on cache lines of its own: see detail::location_packs.
  long row() const { return (locations + 15) / 16 * 16; }
};

namespace detail {

inline constexpr double smallest_norm = 1e-12;  // a vector is divided by its length, or by this where it is shorter

/// The sum of term(i) over [0, n), in eight chains: one would wait for every addition.
template <class F> double sum_in_double(long n, const F& term) {
  double parts[8]{};
  long i = 0;
  for (; i + 8 <= n; i += 8) OGM_UNROLL
  for (int k = 0; k < 8; ++k) parts[k] += term(i + k);
  for (; i < n; ++i) parts[0] += term(i);
  return ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}
/// The length of a vector, or smallest_norm.
template <class T> T length(const T* x, long n) {
  return T(std::max(std::sqrt(sum_in_double(n, [x](long i) { return double(x[i]) * double(x[i]); })), smallest_norm));
}

/// The sum of the elements of a pack, half upon half.
template <class T, class V> OGM_ALWAYS_INLINE T sum_of_lanes(V v) {
  constexpr int lanes = int(sizeof(V) / sizeof(T));
  if constexpr (lanes == 1)
    return v;
  else {
    typedef T quarters __attribute__((vector_size(4 * sizeof(T))));
    quarters parts[lanes / 4];
    std::memcpy(parts, &v, sizeof v);
    for (int i = 1; i < lanes / 4; ++i) parts[0] += parts[i];
    return (parts[0][0] + parts[0][2]) + (parts[0][1] + parts[0][3]);
  }
}

/// The locations of a map in packs, and rows of numbers by location with a slot for each pack. Where the locations do not fill the last
/// pack it reaches back over those of the pack before (14 x 14 = 24 packs of 8 and 4 more): nothing is read or written in pieces. Its lanes
/// that belong to the pack before must not count in sums.
template <class T> struct location_packs {
  using V = typename pack<T>::type;
  static constexpr int lanes = pack<T>::lanes;
  static constexpr ogm::position<lanes> slot_position{0, 0, 0};

  struct all_lanes {
    static V or_else(V v, V) { return v; }
  };
  struct own_lanes {
    decltype(V{} < V{}) mask;
    V or_else(V v, V otherwise) const { return mask ? v : otherwise; }
  };

  long locations;
  own_lanes last;

  explicit location_packs(long n) : locations(n), last{} {
    if constexpr (lanes > 1) {
      const long rest = n % lanes;
      for (int k = 0; k < lanes; ++k) last.mask[k] = (n < lanes ? k < rest : k >= lanes - rest) ? -1 : 0;
    }
  }
  /// Elements of a row that are in use.
  long slots() const { return (locations + lanes - 1) / lanes * lanes; }
  /// f(location, slot, position, the lanes that belong to this pack) for all packs, and each_line(location) before those of each 64 bytes.
  template <class F, class L> OGM_ALWAYS_INLINE void each(const F& f, const L& each_line) const {
    constexpr long line = std::max(lanes, 64 / int(sizeof(T)));
    const long n = locations;  // f may write anywhere
    long l = 0;
    for (; l + line <= n; l += line) {
      each_line(l);
      OGM_UNROLL
      for (long k = 0; k < line; k += lanes) f(l + k, l + k, slot_position, all_lanes{});
    }
    for (; l + lanes <= n; l += lanes) f(l, l, slot_position, all_lanes{});
    if constexpr (lanes > 1) {
      if (l == n) return;
      if (n > lanes)
        f(n - lanes, l, slot_position, last);
      else
        f(0, 0, ogm::position<0>{0, 0, 0, int(n)}, last);
    }
  }
  template <class F> OGM_ALWAYS_INLINE void each(const F& f) const {
    each(f, [](long) {});
  }
  static V at_slot(const T* row, long slot) { return load<V>(row + slot, slot_position); }
  static void to_slot(T* row, long slot, V v) { store(row + slot, v, slot_position); }
};

/// `Rows` channels of a map that are read side by side: channel `first` and those `step`, 2 * step and so on after it. Far apart, each is a
/// stream of its own to the processor's prefetching, and four streams are read faster than one; neighbours are followed less well than one.
template <int Rows> struct channel_rows {
  long first, step;
  long operator[](int r) const { return first + r * step; }
};

/// Asks for a line of each of `Count` arrays that are `stride` apart: far ahead of what is read for the second-level cache, because the
/// processor's own prefetching does not keep up with a loop that also computes, and near ahead for the first. A processor whose misses are
/// all in use drops what it is asked for: asking for a line more than once is faster. Always inline: a function that only asks has no
/// effect that GCC knows of, and its calls are dropped.
template <int Count, class T> struct ask_ahead {
  static constexpr long far = 3136, near = 512;  // bytes; 1568 to 6272 and 256 to 512 are alike
  const T* arrays;
  long stride;
  OGM_ALWAYS_INLINE void operator()(long at) const {
    lines<1>(at, far);
    lines<3>(at, near);
  }
  /// For the same place of the next map, further ahead than its own pass asks: a map is `map` numbers.
  OGM_ALWAYS_INLINE void in_next(long at, long map) const { lines<1>(at, map * long(sizeof(T)) + far / 2 * 3); }

 private:
  template <int Locality> OGM_ALWAYS_INLINE void lines(long at, long bytes) const {
    OGM_UNROLL
    for (int i = 0; i < Count; ++i) {  // numbers, not pointers: they may lie past the maps
      const auto here = reinterpret_cast<std::uintptr_t>(arrays + i * stride + at);
      __builtin_prefetch(reinterpret_cast<const void*>(here + std::uintptr_t(bytes)), 0, Locality);
    }
  }
};

/// The sums of `weights` times each of the channels, by lane.
template <int Rows, class T>
OGM_ALWAYS_INLINE void weighted_sums(const channel_rows<Rows>& channel, const T* map, const T* weights, const location_packs<T>& in,
                                     typename pack<T>::type* sums) {
  using packs = location_packs<T>;
  using V = typename packs::V;
  const long stride = channel.step * in.locations;
  const T* const from = map + channel.first * in.locations;
  V sum[Rows];
  OGM_UNROLL
  for (int r = 0; r < Rows; ++r) sum[r] = V{};
  in.each(
      [&](long l, long slot, auto at, auto) {
        const V w = packs::at_slot(weights, slot);
        OGM_UNROLL
        for (int r = 0; r < Rows; ++r) sum[r] += w * load<V>(from + r * stride + l, at);
      },
      ask_ahead<Rows, T>{from, stride});
  std::copy_n(sum, Rows, sums);
}

template <class T, int Lanes> struct vector_of { typedef T type __attribute__((vector_size(Lanes * sizeof(T)))); };
template <class T> struct vector_of<T, 1> { using type = T; };

/// A map as one line of numbers, in packs that begin on cache lines though its rows do not: 14 x 14 floats are 12.25 lines. The fewest
/// channels that fill whole packs are a period: 4 of these rows with packs of 16, 2 with packs of 8. What belongs to locations is kept once
/// for each channel of a period, one after the other; only a pack in which one channel ends and the next begins is taken apart.
template <class T> struct map_periods {
  static constexpr int lanes = std::min(pack<T>::lanes, 8);  // of 32 bytes, on a processor with packs of 64 too
  using V = typename vector_of<T, lanes>::type;
  using mask = decltype(V{} < V{});
  static constexpr long most = 4096;  // numbers of a period
  static constexpr ogm::position<lanes> whole{0, 0, 0};

  long locations, channels;                     // channels: of a period
  std::array<mask, std::size_t(lanes)> ends{};  // ends[r]: the lanes of channel r in the pack in which it ends

  explicit map_periods(long n) : locations(n), channels(lanes / std::gcd(n, long(lanes))) {
    if constexpr (lanes > 1)
      for (long r = 0; r < channels; ++r)
        for (int k = 0; k < lanes; ++k) ends[std::size_t(r)][k] = k < (r + 1) * n % lanes ? -1 : 0;
  }
  long numbers() const { return channels * locations; }
  /// Whether maps of so many channels are whole periods, a multiple of `side` of them.
  bool fit(long of_map, int side) const { return lanes > 1 && locations >= lanes && numbers() <= most && of_map % (channels * side) == 0; }

  /// Takes a period of each of Side arrays, `apart` from each other, through `op`:
  /// op.begin(r) before the packs of channel r, op.cross(r, lanes of r) before the one that it shares with r + 1;
  /// op.take(number, x, term) for each pack; with Sums, op.end(r, sums of the terms, by lane) after the last of a channel. With First,
  /// memory is asked for what comes next in this map, without it for what comes in the next one: the arrays are parts of a map, in full.
  template <int Side, bool First, bool Sums, class Op> OGM_ALWAYS_INLINE void walk(const T* from, long apart, Op&& op) const {
    const ask_ahead<Side, T> ask{from, apart};
    V x[Side], term[Side], sum[Side] = {};
    const auto take = [&](long at) {
      if constexpr (First)
        ask(at);
      else
        ask.in_next(at, Side * apart);
      OGM_UNROLL
      for (int i = 0; i < Side; ++i) x[i] = load<V>(from + i * apart + at, whole);
      op.take(at, x, term);
    };
    long at = 0;
    for (long r = 0; r < channels; ++r) {
      op.begin(r);
      for (const long end = (r + 1) * locations; at + lanes <= end; at += lanes) {
        take(at);
        if constexpr (Sums) {
          OGM_UNROLL
          for (int i = 0; i < Side; ++i) sum[i] += term[i];
        }
      }
      if (r + 1 == channels) break;
      const mask own = ends[std::size_t(r)];
      op.cross(r, own);
      take(at);
      at += lanes;
      if constexpr (Sums) {
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) sum[i] += own ? term[i] : V{};
        op.end(r, sum);
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) sum[i] = own ? V{} : term[i];
      }
    }
    if constexpr (Sums) op.end(channels - 1, sum);
  }

  /// Sums over the channels of a period to the slots of location_packs.
  void to_slots(const T* of_period, const location_packs<T>& in, T* row) const {
    in.each([&](long l, long slot, auto at, auto) {
      typename location_packs<T>::V sum{};
      for (long r = 0; r < channels; ++r) sum += load<typename location_packs<T>::V>(of_period + r * locations + l, at);
      location_packs<T>::to_slot(row, slot, sum);
    });
  }
  /// The slots of location_packs, once for each channel of a period.
  void from_slots(const T* row, const location_packs<T>& in, T* of_period) const {
    in.each([&](long l, long slot, auto at, auto own) {
      store(of_period + l, own.or_else(location_packs<T>::at_slot(row, slot), load<typename location_packs<T>::V>(of_period + l, at)), at);
    });
    for (long r = 1; r < channels; ++r) std::copy_n(of_period, locations, of_period + r * locations);
  }
};

/// The sums of weights times the channels of a period: end(first channel of the map, side by side, their sums by lane).
template <class T, class End> struct period_weighted_sums {
  using V = typename map_periods<T>::V;
  const T* weights;  // of a period
  End end;
  void begin(long) const {}
  template <class M> void cross(long, const M&) const {}
  template <int Side> OGM_ALWAYS_INLINE void take(long at, const V (&x)[Side], V (&term)[Side]) const {
    const V w = load<V>(weights + at, map_periods<T>::whole);
    OGM_UNROLL
    for (int i = 0; i < Side; ++i) term[i] = w * x[i];
  }
};
template <class T, class End> period_weighted_sums(const T*, End) -> period_weighted_sums<T, End>;

/// What a thread keeps of the map that it reads and of the one that it has in the cache, by the numbers of a period.
template <class T> struct period_memory {
  static constexpr long row = map_periods<T>::most + 336;  // not a multiple of 4 KiB: places that are read together would look alike
  alignas(64) T sums[2][row];                              // of the first pass
  alignas(64) T weights[row];                              // of the second
};

/// Takes each map through `first`, which reads it from memory, `between`, and `second`, which finds it in the cache, four channels or
/// periods at a time, a quarter of the map apart: each is then a stream of its own to the processor's prefetching. The second pass over a
/// map goes beside the first pass over the next one, so that memory does not wait for it. The maps are cut into groups for the threads;
/// what is computed for a map does not depend on its group.
template <class T, class Op> void in_two_passes(const spatial_shape& shape, const Op& op) {
  constexpr int height = 4;
  const location_packs<T> packs(shape.locations);
  const map_periods<T> periods(shape.locations);
  const bool by_periods = op.takes_periods() && periods.fit(shape.channels, height);
  const long apart = shape.channels / height, group = std::clamp(shape.frames / 20, 1L, 32L);
  ogm::parallel_for((shape.frames + group - 1) / group, [&](long g) {
    const long begin = g * group, end = std::min(begin + group, shape.frames);
    typename Op::frame_values values{};
    period_memory<T> memory;
    for (long f = begin; f <= end; ++f) {
      const bool first = f<end, second = f> begin;
      if (by_periods) {
        if (first)
          for (T* const sums : {memory.sums[0], memory.sums[1]}) std::fill_n(sums, periods.numbers(), T(0));
        for (long c = 0; c < apart; c += periods.channels) {
          if (first) op.template first_of_periods<height>(periods, c, apart, f, memory);
          if (second) op.template second_of_periods<height>(periods, c, apart, f - 1, memory, values);
        }
        if (first) op.end_of_periods(periods, f, packs, memory);
      } else {
        const auto take = [&](auto rows) {
          if (first) op.first(rows, f, packs);
          if (second) op.second(rows, f - 1, packs, values);
        };
        if (first) op.start(f);
        for (long c = 0; c < apart; ++c) take(channel_rows<height>{c, apart});
        for (long c = apart * height; c < shape.channels; ++c) take(channel_rows<1>{c, 1});
      }
      if (first) {
        values = op.between(f, packs);
        if (by_periods) periods.from_slots(op.weights_of(f), packs, memory.weights);
      }
    }
  });
}

}  // namespace detail

}  // namespace avqa::op
