#pragma once
// Images whose channels lie in the lanes of a vector: (block, height, width, lane), block = channel / lanes; the last block is filled up
// with zeros. A double has one lane, so the same code works on plain planes there.

#include <ogm/core/pack.hpp>

#include <algorithm>
#include <utility>

#if defined(__clang__)
#define OGM_UNROLL _Pragma("unroll")
#else
#define OGM_UNROLL _Pragma("GCC unroll 32")
#endif

namespace ogm::backend::blocked {

template <class T> using vector = typename pack<T>::type;
template <class T> inline constexpr long width = pack<T>::lanes;
template <class T> constexpr long blocks(long channels) { return (channels + width<T> - 1) / width<T>; }

template <class T> inline vector<T> get(const T* p) { return load<vector<T>>(p, position<int(width<T>)>{0, 0, 0}); }
template <class T> inline void put(T* p, vector<T> v) { store(p, v, position<int(width<T>)>{0, 0, 0}); }

/// Where the pixels of an image lie in blocked memory: `pitch` pixels from one row to the next, `plane` from one block to the next.
struct grid {
  long height, width, pitch, plane;
};

namespace detail {

/// Rows become columns by exchanging halves, quarters, ...: log2(lanes) shuffles a vector.
template <int Half, class V, int N> inline void transpose(V (&r)[N]) {
  if constexpr (Half > 0) {
    OGM_UNROLL
    for (int i = 0; i < N; ++i)
      if (!(i & Half)) {
        const V a = r[i], b = r[i + Half];
        [&]<int... K>(std::integer_sequence<int, K...>) {
          r[i] = __builtin_shufflevector(a, b, ((K & Half) ? K - Half + N : K)...);
          r[i + Half] = __builtin_shufflevector(a, b, ((K & Half) ? K + N : K + Half)...);
        }
        (std::make_integer_sequence<int, N>{});
      }
    transpose<Half / 2>(r);
  }
}

/// f(pixel, offset in blocked memory) for pixels [first, last) of a plane.
template <class T, class F> inline void each_pixel(const grid& g, long first, long last, const F& f) {
  long w = first % g.width, at = (first / g.width * g.pitch + w) * width<T>;
  for (long p = first; p < last; ++p) {
    f(p, at);
    at += width<T>;
    if (++w == g.width) w = 0, at += (g.pitch - g.width) * width<T>;
  }
}

}  // namespace detail

/// to (block, pixel, lane) = from (channel, pixel).
template <class T> void from_planes(const T* from, long channels, const grid& g, T* to) {
  constexpr long L = width<T>;
  const long pixels = g.height * g.width;
  for (long c = 0; c < channels; c += L, from += L * pixels, to += g.plane * L) {
    const long here = std::min(L, channels - c);
    long p = 0;
    if constexpr (L > 1)
      for (; p + L <= pixels; p += L) {
        vector<T> r[L];
        OGM_UNROLL
        for (long i = 0; i < L; ++i) r[i] = i < here ? get<T>(from + i * pixels + p) : vector<T>{};
        detail::transpose<int(L / 2)>(r);
        long i = 0;
        detail::each_pixel<T>(g, p, p + L, [&](long, long at) { put(to + at, r[i++]); });
      }
    detail::each_pixel<T>(g, p, pixels, [&](long q, long at) {
      for (long i = 0; i < L; ++i) to[at + i] = i < here ? from[i * pixels + q] : T(0);
    });
  }
}

/// to (channel, pixel) (=, or += where `add`) from (block, pixel, lane).
template <class T> void to_planes(const T* from, long channels, const grid& g, T* to, bool add) {
  constexpr long L = width<T>;
  const long pixels = g.height * g.width;
  for (long c = 0; c < channels; c += L, to += L * pixels, from += g.plane * L) {
    const long here = std::min(L, channels - c);
    long p = 0;
    if constexpr (L > 1)
      for (; p + L <= pixels; p += L) {
        vector<T> r[L];
        long k = 0;
        detail::each_pixel<T>(g, p, p + L, [&](long, long at) { r[k++] = get(from + at); });
        detail::transpose<int(L / 2)>(r);
        OGM_UNROLL
        for (long i = 0; i < L; ++i)
          if (i < here) put(to + i * pixels + p, add ? vector<T>(get<T>(to + i * pixels + p) + r[i]) : r[i]);
      }
    detail::each_pixel<T>(g, p, pixels, [&](long q, long at) {
      for (long i = 0; i < here; ++i) to[i * pixels + q] = (add ? to[i * pixels + q] : T(0)) + from[at + i];
    });
  }
}

}  // namespace ogm::backend::blocked
