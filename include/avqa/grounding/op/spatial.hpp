#pragma once
// Spatial grounding as plain data: where in a picture the sound is, and what is seen there. One read of the feature maps each way.

#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
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

/// Asks for the memory a little ahead of rows that are `stride` apart, a line of each: not as far as the processor's own prefetching
/// reaches once it has found a stream, but from the first line on. Always inline: a function that only asks has no effect that GCC knows
/// of, and its calls are dropped.
template <int Rows, class T> struct ask_ahead {
  static constexpr std::uintptr_t distance = 320;  // bytes; measured on Zen 3, where 256 to 384 are alike
  const T* rows;
  long stride;
  OGM_ALWAYS_INLINE void operator()(long l) const {
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r)  // numbers, not pointers: they may lie past the maps
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(rows + r * stride + l) + distance));
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

/// Takes each map through `first`, which reads it from memory, `between`, and `second`, which finds it in the cache, four channels at a
/// time. The second pass over a map goes beside the first pass over the next one, so that memory does not wait for it. The maps are cut
/// into groups for the threads; what is computed for a map does not depend on its group.
template <class T, class Op> void in_two_passes(const spatial_shape& shape, const Op& op) {
  constexpr int height = 4;
  const location_packs<T> packs(shape.locations);
  const long group = std::clamp(shape.frames / 20, 1L, 32L);
  ogm::parallel_for((shape.frames + group - 1) / group, [&](long g) {
    const long begin = g * group, end = std::min(begin + group, shape.frames);
    typename Op::frame_values values{};
    for (long f = begin; f <= end; ++f) {
      const auto take = [&](auto rows) {
        if (f < end) op.first(rows, f, packs);
        if (f > begin) op.second(rows, f - 1, packs, values);
      };
      if (f < end) op.start(f);
      const long apart = shape.channels / height;
      for (long c = 0; c < apart; ++c) take(channel_rows<height>{c, apart});
      for (long c = apart * height; c < shape.channels; ++c) take(channel_rows<1>{c, 1});
      if (f < end) values = op.between(f, packs);
    }
  });
}

}  // namespace detail

/// pooled = [mean over l of x_l ; sum over l of w_l x_l / |x_l|], w = softmax over l of the cosine of x_l and the sound.
///
/// Rows of numbers by location are `shape.row()` apart, in the slots of detail::location_packs.
template <class T> struct spatial_grounding_forward {
  using packs = detail::location_packs<T>;
  using V = typename packs::V;

  spatial_shape shape;
  const T* maps;    // (frame, channel, location)
  const T* sound;   // (frame, channel)
  T* pooled;        // (frame, 2 channel)
  T* weight;        // (frame, location): w, contiguous
  T* cosine;        // (frame, row)
  T* inverse_norm;  // (frame, row): 1 / |x_l|
  T* share;         // (frame, row): w / |x_l|, 0 in lanes that do not count

  void operator()() const { detail::in_two_passes<T>(shape, *this); }

  // The steps of a map, for detail::in_two_passes.
  struct frame_values {};
  void start(long f) const {
    std::fill_n(cosine + f * shape.row(), shape.row(), T(0));
    std::fill_n(inverse_norm + f * shape.row(), shape.row(), T(0));
  }
  template <int Rows> void first(const detail::channel_rows<Rows>& channel, long f, const packs& in) const {
    const long stride = channel.step * shape.locations;
    const T* const from = maps + f * shape.map() + channel.first * shape.locations;
    T* const products = cosine + f * shape.row();
    T* const squares = inverse_norm + f * shape.row();
    V along[Rows], sum[Rows];
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) {
      along[r] = ogm::broadcast<V>(sound[f * shape.channels + channel[r]]);
      sum[r] = V{};
    }
    in.each(
        [&](long l, long slot, auto at, auto own) {
          V p = packs::at_slot(products, slot), s = packs::at_slot(squares, slot);
          OGM_UNROLL
          for (int r = 0; r < Rows; ++r) {
            const V x = load<V>(from + r * stride + l, at);
            p += along[r] * x;
            s += x * x;
            sum[r] += own.or_else(x, V{});
          }
          packs::to_slot(products, slot, p);
          packs::to_slot(squares, slot, s);
        },
        detail::ask_ahead<Rows, T>{from, stride});
    T* const mean = pooled + f * 2 * shape.channels;
    for (int r = 0; r < Rows; ++r) mean[channel[r]] = detail::sum_of_lanes<T>(sum[r]) / T(shape.locations);
  }
  frame_values between(long f, const packs& in) const {
    T* const w = weight + f * shape.locations;
    T* const alike = cosine + f * shape.row();
    T* const inverse = inverse_norm + f * shape.row();
    T* const q = share + f * shape.row();
    const T loudness = 1 / detail::length(sound + f * shape.channels, shape.channels);
    V beyond{};  // 0, or NaN where a sum is beyond the numbers of T
    in.each([&](long, long slot, auto, auto) { beyond += T(0) * packs::at_slot(alike, slot) + T(0) * packs::at_slot(inverse, slot); });
    if (detail::sum_of_lanes<T>(beyond) == 0) {
      const V over_sound = ogm::broadcast<V>(loudness), least = ogm::broadcast<V>(T(detail::smallest_norm));
      in.each([&](long, long slot, auto, auto) {
        const V norm = ogm::math::sqrt(packs::at_slot(inverse, slot)), one_over = T(1) / (norm < least ? least : norm);
        packs::to_slot(alike, slot, V(packs::at_slot(alike, slot) * one_over * over_sound));
        packs::to_slot(inverse, slot, one_over);
      });
    } else
      cosines_in_double(f, in);
    in.each([&](long, long slot, auto, auto own) {  // at most e: no maximum is needed
      packs::to_slot(q, slot, own.or_else(ogm::math::exp(packs::at_slot(alike, slot)), V{}));
    });
    const V scale = ogm::broadcast<V>(T(1 / detail::sum_in_double(in.slots(), [q](long i) { return double(q[i]); })));
    in.each([&](long l, long slot, auto at, auto own) {
      const V v = packs::at_slot(q, slot) * scale;
      store(w + l, own.or_else(v, load<V>(w + l, at)), at);
      packs::to_slot(q, slot, V(v * packs::at_slot(inverse, slot)));
    });
    return {};
  }
  template <int Rows> void second(const detail::channel_rows<Rows>& channel, long f, const packs& in, frame_values) const {
    V sum[Rows];
    detail::weighted_sums(channel, maps + f * shape.map(), share + f * shape.row(), in, sum);
    T* const attended = pooled + (f * 2 + 1) * shape.channels;
    for (int r = 0; r < Rows; ++r) attended[channel[r]] = detail::sum_of_lanes<T>(sum[r]);
  }

 private:
  /// The cosines and the inverse lengths of a frame whose squares, or products with the sound, are beyond the numbers of T.
  [[gnu::noinline]] void cosines_in_double(long f, const packs& in) const {
    const T* const s = sound + f * shape.channels;
    const double loudness = 1 / double(detail::length(s, shape.channels));
    in.each([&](long first, long slot, auto, auto) {
      for (int k = 0; k < packs::lanes; ++k) {
        const T* const x = maps + f * shape.map() + std::min(first + k, shape.locations - 1);
        const auto at = [&](long c) { return double(x[c * shape.locations]); };
        const double square = detail::sum_in_double(shape.channels, [&](long c) { return at(c) * at(c); });
        const double one_over = 1 / std::max(std::sqrt(square), detail::smallest_norm);
        const double product = detail::sum_in_double(shape.channels, [&](long c) { return at(c) * double(s[c]); });
        inverse_norm[f * shape.row() + slot + k] = T(one_over);
        cosine[f * shape.row() + slot + k] = T(product * one_over * loudness);
      }
    });
  }
};

/// The derivatives of spatial_grounding_forward. Where dmaps is null the maps are data.
template <class T> struct spatial_grounding_backward {
  using packs = detail::location_packs<T>;
  using V = typename packs::V;

  spatial_shape shape;
  const T* dpooled;  // (frame, 2 channel)
  const T* dweight;  // (frame, location), or null
  const T* maps;
  const T* sound;
  const T* weight;  // as the forward pass left them
  const T* cosine;
  const T* inverse_norm;
  T* slope;   // (frame, 2, row): workspace
  T* dsound;  // (frame, channel), or null
  T* dmaps;   // (frame, channel, location), or null
  bool add_sound, add_maps;

  void operator()() const {
    if (dsound || dmaps) detail::in_two_passes<T>(shape, *this);
  }

  // The steps of a map, for detail::in_two_passes.
  struct frame_values {
    T loudness;  // 1 / |sound|
    T off;       // of the sound is taken from its slope: what would change the length of the unit vector
  };
  void start(long f) const { std::fill_n(along_of(f), shape.row(), T(0)); }
  template <int Rows> void first(const detail::channel_rows<Rows>& channel, long f, const packs& in) const {
    const long stride = channel.step * shape.locations;
    const T* const from = maps + f * shape.map() + channel.first * shape.locations;
    T* const along = along_of(f);
    V attended[Rows];
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) attended[r] = ogm::broadcast<V>(dpooled[(f * 2 + 1) * shape.channels + channel[r]]);
    in.each(
        [&](long l, long slot, auto at, auto) {
          V sum = packs::at_slot(along, slot);
          OGM_UNROLL
          for (int r = 0; r < Rows; ++r) sum += attended[r] * load<V>(from + r * stride + l, at);
          packs::to_slot(along, slot, sum);
        },
        detail::ask_ahead<Rows, T>{from, stride});
  }
  frame_values between(long f, const packs& in) const {
    const T* const w = weight + f * shape.locations;
    const T* const alike = cosine + f * shape.row();
    const T* const inverse = inverse_norm + f * shape.row();
    T* const along = along_of(f);
    T* const q = slopes_of(f);
    in.each([&](long l, long slot, auto at, auto own) {  // the slopes of the weights, as often as they count in their mean
      V d = packs::at_slot(along, slot) * packs::at_slot(inverse, slot);
      if (dweight) d += load<V>(dweight + f * shape.locations + l, at);
      packs::to_slot(q, slot, own.or_else(load<V>(w + l, at) * d, V{}));
    });
    const V mean = ogm::broadcast<V>(T(detail::sum_in_double(in.slots(), [q](long i) { return double(q[i]); })));
    in.each([&](long l, long slot, auto at, auto own) {
      const V dcosine = packs::at_slot(q, slot) - load<V>(w + l, at) * mean;
      packs::to_slot(q, slot, own.or_else(dcosine * packs::at_slot(inverse, slot), V{}));
    });
    if (dmaps)
      in.each([&](long l, long slot, auto at, auto) {  // |x| times what the normalised vector's slope is along itself
        const V one_over = packs::at_slot(inverse, slot), dcosine = packs::at_slot(q, slot) / one_over;
        const V self = load<V>(w + l, at) * packs::at_slot(along, slot) * one_over + dcosine * packs::at_slot(alike, slot);
        const V most = ogm::broadcast<V>(1 / T(detail::smallest_norm));
        packs::to_slot(along, slot, one_over < most ? V(self * one_over * one_over) : V{});  // at the least norm: a constant divides it
      });
    const T heard = detail::length(sound + f * shape.channels, shape.channels), loudness = 1 / heard;
    // The slope along the unit vector of the sound, without the part that changes its length; at the least norm a constant divides it.
    const T same =
        T(detail::sum_in_double(in.slots(), [q, inverse, alike](long i) { return double(q[i]) / double(inverse[i]) * double(alike[i]); }));
    return {loudness, heard > T(detail::smallest_norm) ? same * loudness * loudness : T(0)};
  }
  template <int Rows> void second(const detail::channel_rows<Rows>& channel, long f, const packs& in, const frame_values& values) const {
    V sum[Rows];
    if (dmaps)
      to_maps(channel, f, in, values.loudness, sum);
    else
      detail::weighted_sums(channel, maps + f * shape.map(), slopes_of(f), in, sum);
    if (!dsound) return;
    T* const to = dsound + f * shape.channels;
    for (int r = 0; r < Rows; ++r) {
      const T d = detail::sum_of_lanes<T>(sum[r]) * values.loudness - sound[f * shape.channels + channel[r]] * values.off;
      to[channel[r]] = add_sound ? to[channel[r]] + d : d;
    }
  }

 private:
  /// What the attended vector's slope is along each location's vector; after `between` the part of it that changes no length.
  T* along_of(long f) const { return slope + f * 2 * shape.row(); }
  /// The slopes of the cosines, over the locations' norms; 0 in lanes that do not count.
  T* slopes_of(long f) const { return along_of(f) + shape.row(); }

  /// The slopes of `Rows` channels of a map, and in `sum` what those of the sound need.
  template <int Rows> void to_maps(const detail::channel_rows<Rows>& channel, long f, const packs& in, T loudness, V* sum) const {
    const long stride = channel.step * shape.locations, start = f * shape.map() + channel.first * shape.locations;
    const T* const from = maps + start;
    T* const to = dmaps + start;
    const T* const w = weight + f * shape.locations;
    const T* const inverse = inverse_norm + f * shape.row();
    const T* const along = along_of(f);
    const T* const q = slopes_of(f);
    V whole[Rows], attended[Rows], unit[Rows], total[Rows];
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) {
      total[r] = V{};
      whole[r] = ogm::broadcast<V>(dpooled[f * 2 * shape.channels + channel[r]] / T(shape.locations));
      attended[r] = ogm::broadcast<V>(dpooled[(f * 2 + 1) * shape.channels + channel[r]]);
      unit[r] = ogm::broadcast<V>(sound[f * shape.channels + channel[r]] * loudness);
    }
    in.each([&](long l, long slot, auto at, auto own) {
      const V share = load<V>(w + l, at) * packs::at_slot(inverse, slot), slopes = packs::at_slot(q, slot);
      const V radial = packs::at_slot(along, slot);
      OGM_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V x = load<V>(from + r * stride + l, at);
        total[r] += slopes * x;
        V d = whole[r] + share * attended[r] + slopes * unit[r] - x * radial;
        T* const at_l = to + r * stride + l;
        if (add_maps) d += load<V>(at_l, at);
        store(at_l, own.or_else(d, load<V>(at_l, at)), at);
      }
    });
    std::copy_n(total, Rows, sum);
  }
};

}  // namespace avqa::op
