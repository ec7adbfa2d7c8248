#pragma once
// Spatial grounding as plain data: where in a picture the sound is, and what is seen there. One read of the feature maps each way.

#include <avqa/grounding/op/map_passes.hpp>

namespace avqa::op {

/// pooled = [mean over l of x_l ; sum over l of w_l x_l / |x_l|], w = softmax over l of the cosine of x_l and the sound.
///
/// Rows of numbers by location are `shape.row()` apart, in the slots of detail::location_packs.
template <class T> struct spatial_grounding_forward {
  using packs = detail::location_packs<T>;
  using periods = detail::map_periods<T>;
  using V = typename packs::V;
  using period_pack = typename periods::V;

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
  static constexpr bool takes_periods() { return true; }
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
  template <int Side> void first_of_periods(const periods& in, long first, long apart, long f, detail::period_memory<T>& memory) const {
    struct step {
      const T* sound;  // of the first channel
      T *products, *squares, *mean;
      long apart, locations;
      period_pack along[Side];
      period_pack of_channel(int i, long r) const { return sound[i * apart + r] - period_pack{}; }
      OGM_ALWAYS_INLINE void begin(long r) {
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) along[i] = of_channel(i, r);
      }
      OGM_ALWAYS_INLINE void cross(long r, const typename periods::mask& own) {
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) along[i] = own ? along[i] : of_channel(i, r + 1);
      }
      OGM_ALWAYS_INLINE void take(long at, const period_pack (&x)[Side], period_pack (&term)[Side]) const {
        period_pack p = load<period_pack>(products + at, periods::whole), s = load<period_pack>(squares + at, periods::whole);
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) {
          p += along[i] * x[i];
          s += x[i] * x[i];
          term[i] = x[i];
        }
        store(products + at, p, periods::whole);
        store(squares + at, s, periods::whole);
      }
      OGM_ALWAYS_INLINE void end(long r, const period_pack (&sum)[Side]) const {
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) mean[i * apart + r] = detail::sum_of_lanes<T>(sum[i]) / T(locations);
      }
    };
    in.template walk<Side, true, true>(maps + f * shape.map() + first * shape.locations, apart * shape.locations,
                                       step{sound + f * shape.channels + first,
                                            memory.sums[0],
                                            memory.sums[1],
                                            pooled + f * 2 * shape.channels + first,
                                            apart,
                                            shape.locations,
                                            {}});
  }
  void end_of_periods(const periods& in, long f, const packs& slots, const detail::period_memory<T>& memory) const {
    in.to_slots(memory.sums[0], slots, cosine + f * shape.row());
    in.to_slots(memory.sums[1], slots, inverse_norm + f * shape.row());
  }
  const T* weights_of(long f) const { return share + f * shape.row(); }
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
  template <int Side>
  void second_of_periods(const periods& in, long first, long apart, long f, const detail::period_memory<T>& memory, frame_values) const {
    T* const attended = pooled + (f * 2 + 1) * shape.channels + first;
    in.template walk<Side, false, true>(
        maps + f * shape.map() + first * shape.locations, apart * shape.locations,
        detail::period_weighted_sums{static_cast<const T*>(memory.weights), [&](long r, const period_pack(&sum)[Side]) {
                                       OGM_UNROLL
                                       for (int i = 0; i < Side; ++i) attended[i * apart + r] = detail::sum_of_lanes<T>(sum[i]);
                                     }});
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
  using periods = detail::map_periods<T>;
  using V = typename packs::V;
  using period_pack = typename periods::V;

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

  // The steps of a map, for detail::in_two_passes. Where maps have a derivative, memory has more to do than read them, and rows do.
  bool takes_periods() const { return !dmaps; }
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
  template <int Side> void first_of_periods(const periods& in, long first, long apart, long f, detail::period_memory<T>& memory) const {
    struct step {
      const T* slopes;  // of the first channel
      T* products;
      long apart;
      period_pack attended[Side];
      period_pack of_channel(int i, long r) const { return slopes[i * apart + r] - period_pack{}; }
      OGM_ALWAYS_INLINE void begin(long r) {
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) attended[i] = of_channel(i, r);
      }
      OGM_ALWAYS_INLINE void cross(long r, const typename periods::mask& own) {
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) attended[i] = own ? attended[i] : of_channel(i, r + 1);
      }
      OGM_ALWAYS_INLINE void take(long at, const period_pack (&x)[Side], period_pack (&)[Side]) const {
        period_pack p = load<period_pack>(products + at, periods::whole);
        OGM_UNROLL
        for (int i = 0; i < Side; ++i) p += attended[i] * x[i];
        store(products + at, p, periods::whole);
      }
    };
    in.template walk<Side, true, false>(maps + f * shape.map() + first * shape.locations, apart * shape.locations,
                                        step{dpooled + (f * 2 + 1) * shape.channels + first, memory.sums[0], apart, {}});
  }
  void end_of_periods(const periods& in, long f, const packs& slots, const detail::period_memory<T>& memory) const {
    in.to_slots(memory.sums[0], slots, along_of(f));
  }
  const T* weights_of(long f) const { return slopes_of(f); }
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
    for (int r = 0; r < Rows && dsound; ++r) to_sound(f, channel[r], detail::sum_of_lanes<T>(sum[r]), values);
  }
  template <int Side>
  void second_of_periods(const periods& in, long first, long apart, long f, const detail::period_memory<T>& memory,
                         const frame_values& values) const {
    in.template walk<Side, false, true>(
        maps + f * shape.map() + first * shape.locations, apart * shape.locations,
        detail::period_weighted_sums{static_cast<const T*>(memory.weights), [&](long r, const period_pack(&sum)[Side]) {
                                       OGM_UNROLL
                                       for (int i = 0; i < Side; ++i)
                                         to_sound(f, first + i * apart + r, detail::sum_of_lanes<T>(sum[i]), values);
                                     }});
  }

 private:
  /// What the attended vector's slope is along each location's vector; after `between` the part of it that changes no length.
  T* along_of(long f) const { return slope + f * 2 * shape.row(); }
  /// The slopes of the cosines, over the locations' norms; 0 in lanes that do not count.
  T* slopes_of(long f) const { return along_of(f) + shape.row(); }

  /// The slope of a channel of the sound, of what the second pass sums for it.
  void to_sound(long f, long channel, T sum, const frame_values& values) const {
    T& to = dsound[f * shape.channels + channel];
    const T d = sum * values.loudness - sound[f * shape.channels + channel] * values.off;
    to = add_sound ? to + d : d;
  }
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
