#pragma once
// Spatial grounding as plain data: where in a picture the sound is, and what is seen there. One read of the feature maps each way.

#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace avqa::op {

using ogm::each_pack;
using ogm::load;
using ogm::pack;
using ogm::store;

/// The sizes of a batch of frames.
struct spatial_shape {
  long frames, channels, locations;
  long map() const { return channels * locations; }
  /// Elements of a row of numbers by location, each row on cache lines of its own.
  long row() const { return (locations + 15) / 16 * 16; }
};

namespace detail {

inline constexpr double smallest_norm = 1e-12;  // a vector is divided by its length, or by this where it is shorter

/// Walks over a map (channel, location) eight channels at a time: the sums by location stay in the first-level cache, those by channel in
/// registers.
template <class T> struct map_walk {
  using V = typename pack<T>::type;
  const T* map;
  long channels, locations;

  static constexpr int height = 8;
  /// f(block of channels, its first channel, how many).
  template <class F> void by_channels(const F& f) const {
    long c = 0;
    for (; c + height <= channels; c += height) f(std::integral_constant<int, height>{}, c);
    for (; c < channels; ++c) f(std::integral_constant<int, 1>{}, c);
  }
  /// f(location, position, values of `Rows` channels from `first` on), for all locations.
  template <int Rows, class F> OGM_ALWAYS_INLINE void by_locations(long first, const F& f) const {
    const T* const from = map + first * locations;
    each_pack<T>(locations, [&](long l, auto at) {
      V v[Rows];
      OGM_UNROLL
      for (int r = 0; r < Rows; ++r) v[r] = load<V>(from + r * locations + l, at);
      f(l, at, v);
    });
  }

  /// to[c] = sum over locations of weight[l] map[c, l]: a mean where all weights are alike.
  void weighted(const T* weight, T* to) const {
    by_channels([&](auto rows, long c) {
      constexpr int count = decltype(rows)::value;
      V sum[count]{};
      by_locations<count>(c, [&](long l, auto at, const V* v) {
        const V w = load<V>(weight + l, at);
        OGM_UNROLL
        for (int r = 0; r < count; ++r) sum[r] += w * v[r];
      });
      for (int r = 0; r < count; ++r) to[c + r] = ogm::sum_of<T>(sum[r]);
    });
  }
  /// to[l] += sum over channels of weight[c] map[c, l].
  void along(const T* weight, T* to) const {
    by_channels([&](auto rows, long c) {
      constexpr int count = decltype(rows)::value;
      by_locations<count>(c, [&](long l, auto at, const V* v) {
        V sum = load<V>(to + l, at);
        OGM_UNROLL
        for (int r = 0; r < count; ++r) sum += ogm::broadcast<V>(weight[c + r]) * v[r];
        store(to + l, sum, at);
      });
    });
  }
};

/// The length of a vector, or smallest_norm.
template <class T> T length(const T* x, long n) {
  double squares = 0;
  for (long i = 0; i < n; ++i) squares += double(x[i]) * double(x[i]);
  return T(std::max(std::sqrt(squares), smallest_norm));
}

}  // namespace detail

/// pooled = [mean over l of x_l ; sum over l of w_l x_l / |x_l|], w = softmax over l of the cosine of x_l and the sound.
///
/// Rows of numbers by location are `shape.row()` apart.
template <class T> struct spatial_grounding_forward {
  spatial_shape shape;
  const T* maps;    // (frame, channel, location)
  const T* sound;   // (frame, channel)
  T* pooled;        // (frame, 2 channel)
  T* weight;        // (frame, location): w, contiguous
  T* cosine;        // (frame, row)
  T* inverse_norm;  // (frame, row): 1 / |x_l|
  T* share;         // (frame, row): w / |x_l|

  void operator()() const {
    ogm::parallel_for(shape.frames, [this](long f) { one(f); });
  }

 private:
  void one(long f) const {
    using V = typename pack<T>::type;
    const long channels = shape.channels, locations = shape.locations;
    const detail::map_walk<T> walk{maps + f * shape.map(), channels, locations};
    const T* const s = sound + f * channels;
    T* const w = weight + f * locations;
    T* const alike = cosine + f * shape.row();
    T* const inverse = inverse_norm + f * shape.row();
    T* const mean = pooled + f * 2 * channels;
    std::fill_n(alike, locations, T(0));
    std::fill_n(inverse, locations, T(0));
    walk.by_channels([&](auto rows, long c) {  // the one read from memory; the map stays in cache for the second
      constexpr int count = decltype(rows)::value;
      V sum[count]{};
      walk.template by_locations<count>(c, [&](long l, auto at, const V* v) {
        V products = load<V>(alike + l, at), squares = load<V>(inverse + l, at);
        OGM_UNROLL
        for (int r = 0; r < count; ++r) {
          products += ogm::broadcast<V>(s[c + r]) * v[r];
          squares += v[r] * v[r];
          sum[r] += v[r];
        }
        store(alike + l, products, at);
        store(inverse + l, squares, at);
      });
      for (int r = 0; r < count; ++r) mean[c + r] = ogm::sum_of<T>(sum[r]) / T(locations);
    });
    const V loudness = ogm::broadcast<V>(1 / detail::length(s, channels)), least = ogm::broadcast<V>(T(detail::smallest_norm));
    each_pack<T>(locations, [&](long l, auto at) {
      const V norm = ogm::math::sqrt(load<V>(inverse + l, at)), one_over = T(1) / (norm < least ? least : norm);
      const V cosines = load<V>(alike + l, at) * one_over * loudness;
      store(inverse + l, one_over, at);
      store(alike + l, cosines, at);
      store(w + l, V(ogm::math::exp(cosines)), at);  // at most e: no maximum is needed
    });
    double total = 0;
    for (long l = 0; l < locations; ++l) total += double(w[l]);
    T* const q = share + f * shape.row();
    each_pack<T>(locations, [&](long l, auto at) {
      const V v = load<V>(w + l, at) * T(1 / total);
      store(w + l, v, at);
      store(q + l, V(v * load<V>(inverse + l, at)), at);
    });
    walk.weighted(q, mean + channels);
  }
};

/// The derivatives of spatial_grounding_forward. Where dmaps is null the maps are data.
template <class T> struct spatial_grounding_backward {
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
    ogm::parallel_for(shape.frames, [this](long f) { one(f); });
  }

 private:
  void one(long f) const {
    using V = typename pack<T>::type;
    const long channels = shape.channels, locations = shape.locations;
    const detail::map_walk<T> walk{maps + f * shape.map(), channels, locations};
    const T* const dmean = dpooled + f * 2 * channels;
    const T* const dattended = dmean + channels;
    const T* const s = sound + f * channels;
    const T* const w = weight + f * locations;
    const T* const inverse = inverse_norm + f * shape.row();
    T* const along = slope + f * 2 * shape.row();  // what the attended vector's slope is along each location's vector
    T* const q = along + shape.row();              // the slopes of the cosines, over the locations' norms
    std::fill_n(along, locations, T(0));
    walk.along(dattended, along);  // the one read from memory
    double mean = 0;               // of the slopes of the weights
    for (long l = 0; l < locations; ++l)
      mean += double(w[l]) * (double(along[l]) * double(inverse[l]) + (dweight ? double(dweight[f * locations + l]) : 0));
    each_pack<T>(locations, [&](long l, auto at) {
      V d = load<V>(along + l, at) * load<V>(inverse + l, at);
      if (dweight) d += load<V>(dweight + f * locations + l, at);
      store(q + l, V(load<V>(w + l, at) * (d - T(mean)) * load<V>(inverse + l, at)), at);
    });
    const T loudness = 1 / detail::length(s, channels);
    if (dsound) to_sound(f, walk, q, s, loudness);
    if (!dmaps) return;
    each_pack<T>(locations, [&](long l, auto at) {  // |x| times what the normalised vector's slope is along itself
      const V dcosine = load<V>(q + l, at) / load<V>(inverse + l, at);
      const V self =
          load<V>(w + l, at) * load<V>(along + l, at) * load<V>(inverse + l, at) + dcosine * load<V>(cosine + f * shape.row() + l, at);
      const V one_over = load<V>(inverse + l, at), most = ogm::broadcast<V>(1 / T(detail::smallest_norm));
      store(along + l, one_over < most ? V(self * one_over * one_over) : V{}, at);  // at the least norm: a constant divides it
    });
    T* const to = dmaps + f * shape.map();
    for (long c = 0; c < channels; ++c) {
      const T whole = dmean[c] / T(locations), unit = s[c] * loudness, attended = dattended[c];
      each_pack<T>(locations, [&](long l, auto at) {
        const V share = load<V>(w + l, at) * load<V>(inverse + l, at);
        V d = whole + share * attended + load<V>(q + l, at) * unit - load<V>(walk.map + c * locations + l, at) * load<V>(along + l, at);
        if (add_maps) d += load<V>(to + c * locations + l, at);
        store(to + c * locations + l, d, at);
      });
    }
  }
  void to_sound(long f, const detail::map_walk<T>& walk, const T* q, const T* s, T loudness) const {
    const long channels = shape.channels;
    T* const to = dsound + f * channels;
    T unit[channel_block];
    // The slope along the unit vector of the sound, without the part that changes its length.
    double same = 0;
    for (long l = 0; l < shape.locations; ++l)
      same += double(q[l]) / double(inverse_norm[f * shape.row() + l]) * double(cosine[f * shape.row() + l]);
    const bool clamped = !(detail::length(s, channels) > T(detail::smallest_norm));  // shorter than the least norm: a constant divides it
    const T off = clamped ? T(0) : T(same) * loudness * loudness;
    for (long first = 0; first < channels; first += channel_block) {
      const long n = std::min(channel_block, channels - first);
      detail::map_walk<T>{walk.map + first * walk.locations, n, walk.locations}.weighted(q, unit);
      for (long c = 0; c < n; ++c) {
        const T d = unit[c] * loudness - s[first + c] * off;
        to[first + c] = add_sound ? to[first + c] + d : d;
      }
    }
  }
  static constexpr long channel_block = 64;
};

}  // namespace avqa::op
