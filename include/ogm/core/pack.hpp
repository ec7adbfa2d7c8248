#pragma once
// SIMD by the compiler's own vector types: no dependency, no flag, no intrinsic.

#include <ogm/core/platform.hpp>

#include <cstdint>
#include <cstring>

namespace ogm {

/// Floats in one native vector. Under nvcc host code stays scalar.
#if defined(__CUDACC__)
inline constexpr int lanes = 1;
using float_pack = float;
using int_pack = std::int32_t;
using word_pack = std::uint32_t;
#else
#if defined(__AVX512F__)
inline constexpr int lanes = 16;
#elif defined(__AVX__)
inline constexpr int lanes = 8;
#else
inline constexpr int lanes = 4;
#endif
typedef float float_pack __attribute__((vector_size(4 * lanes)));
typedef std::int32_t int_pack __attribute__((vector_size(4 * lanes)));
typedef std::uint32_t word_pack __attribute__((vector_size(4 * lanes)));
#endif

/// What a loop over T works with: a vector for float, the scalar itself for everything else.
template <class T> struct pack {
  using type = T;
  static constexpr int lanes = 1;
};
template <> struct pack<float> {
  using type = float_pack;
  static constexpr int lanes = ogm::lanes;
};

/// The element of a vector, or the scalar itself.
template <class V> struct element { using type = V; };
#ifndef __CUDACC__
template <> struct element<float_pack> { using type = float; };
template <> struct element<int_pack> { using type = std::int32_t; };
#endif
template <class V> using scalar_of = typename element<V>::type;

/// x in every lane. A difference, because x - 0 is x and compiles to nothing; 0 + x is not, where x is -0.
template <class V> OGM_HD inline V broadcast(scalar_of<V> x) { return x - V{}; }

/// Where a step of a loop is: Count elements from `flat` on, or `count` of them where Count is 0 (the tail). A type and not a number:
/// g++ 12 keeps a run-time count in the loop and is slower for it.
template <int Count> struct position {
  static constexpr bool whole = true;
  long flat;
  int column, chunk;
};
template <> struct position<0> {
  static constexpr bool whole = false;
  long flat;
  int column, chunk, count;
};

/// The pack at p; lanes past the tail are 0.
template <class V, class T, class P> OGM_HD inline V load(const T* p, P at) {
  V v{};
  if constexpr (sizeof(V) == sizeof(T))
    v = *p;
  else if constexpr (P::whole)
    std::memcpy(&v, p, sizeof v);
  else
    std::memcpy(&v, p, std::size_t(at.count) * sizeof(T));
  return v;
}
/// Writes a pack to p; lanes past the tail are left alone.
template <class V, class T, class P> OGM_HD inline void store(T* p, V v, P at) {
  if constexpr (sizeof(V) == sizeof(T))
    *p = v;
  else if constexpr (P::whole)
    std::memcpy(p, &v, sizeof v);
  else
    std::memcpy(p, &v, std::size_t(at.count) * sizeof(T));
}

/// f(i, position) over n elements in packs, the last one partial. Hot loops go through it: g++ 12 at -O2 vectorises a loop only when
/// its trip count is a known constant, so `for (i < n)` over pointers stays scalar there.
template <class T, class F> void each_pack(long n, const F& f) {
  constexpr int step = pack<T>::lanes;
  long i = 0;
  for (; i + step <= n; i += step) f(i, position<step>{i, 0, 0});
  if (i < n) f(i, position<0>{i, 0, 0, int(n - i)});
}

/// The sum of the elements of a pack, in a fixed order.
template <class T, class V> T sum_of(V v) {
  if constexpr (sizeof(V) == sizeof(T))
    return v;
  else {
    T parts[sizeof(V) / sizeof(T)], total = 0;
    std::memcpy(parts, &v, sizeof v);
    for (const T p : parts) total += p;
    return total;
  }
}

}  // namespace ogm
