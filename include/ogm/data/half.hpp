#pragma once
// Arrays of 16-bit floats to floats and back, in vectors: by the processor's own conversion where the program is compiled for one that has
// it, by integer arithmetic on packs elsewhere, with the same bits.

#include <ogm/core/pack.hpp>
#include <ogm/data/dtype.hpp>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

namespace ogm::data {

namespace detail {

#if defined(__CUDACC__)
using half_word_pack = std::uint16_t;
#else
typedef std::uint16_t half_word_pack __attribute__((vector_size(2 * lanes)));
#endif

inline word_pack to_words(half_word_pack h) {
#if defined(__CUDACC__)
  return h;
#else
  return __builtin_convertvector(h, word_pack);
#endif
}
inline half_word_pack to_half_words(word_pack w) {
#if defined(__CUDACC__)
  return half_word_pack(w);
#else
  return __builtin_convertvector(w, half_word_pack);
#endif
}
/// The bits of one vector as another of its size.
template <class To, class From> To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
inline float_pack as_numbers(word_pack w) {  // below 2^31
#if defined(__CUDACC__)
  return float(w);
#else
  return __builtin_convertvector(same_bits<int_pack>(w), float_pack);
#endif
}
/// All bits where a condition holds, none elsewhere; a scalar comparison gives 1, a vector's -1.
inline word_pack mask(int_pack condition) {
#if defined(__CUDACC__)
  return condition ? ~0u : 0u;
#else
  return same_bits<word_pack>(condition);
#endif
}
inline word_pack select(int_pack condition, word_pack yes, word_pack no) { return (yes & mask(condition)) | (no & ~mask(condition)); }

/// Denormal halves are counted in units of 2^-24 and not shifted into denormal floats, which a program may have told its processor to
/// flush. Signalling NaNs become quiet, as the processor makes them.
inline float_pack portable_from_half(half_word_pack h) {
  const word_pack bits = to_words(h), sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 1023u;
  const word_pack denormal = same_bits<word_pack>(as_numbers(fraction) * 0x1p-24f);
  const word_pack infinite = (fraction << 13 | 0x7F800000u) | select(fraction != 0u, word_pack{} + 0x00400000u, word_pack{});
  const word_pack normal = (exponent + 112u) << 23 | fraction << 13;
  return same_bits<float_pack>(sign | select(exponent == 0u, denormal, select(exponent == 31u, infinite, normal)));
}
/// To nearest, ties to even; the payload of a NaN is cut off at its end.
inline half_word_pack portable_to_half(float_pack x) {
  const word_pack bits = same_bits<word_pack>(x), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
  const word_pack nan = (magnitude >> 13 & 0x3FFu) | 0x7E00u;
  const word_pack shifted = same_bits<word_pack>(same_bits<float_pack>(magnitude) + 0.5f) - 0x3F000000u;  // a unit of 0.5f is 2^-24
  const word_pack normal = (magnitude + 0xFFFu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
  const word_pack large = select(magnitude > 0x7F800000u, nan, word_pack{} + 0x7C00u);
  return to_half_words(sign | select(magnitude < 0x38800000u, shifted, select(magnitude < 0x477FF000u, normal, large)));
}

inline float_pack from_half(half_word_pack h) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  return same_bits<float_pack>(_mm512_cvtph_ps(same_bits<__m256i>(h)));
#elif defined(__F16C__) && !defined(__CUDACC__)
  return same_bits<float_pack>(_mm256_cvtph_ps(same_bits<__m128i>(h)));
#else
  return portable_from_half(h);
#endif
}
inline half_word_pack to_half(float_pack x) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  return same_bits<half_word_pack>(_mm512_cvtps_ph(same_bits<__m512>(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__F16C__) && !defined(__CUDACC__)
  return same_bits<half_word_pack>(_mm256_cvtps_ph(same_bits<__m256>(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#else
  return portable_to_half(x);
#endif
}
inline float_pack from_brain(half_word_pack h) { return same_bits<float_pack>(to_words(h) << 16); }
inline half_word_pack to_brain(float_pack x) {
  const word_pack bits = same_bits<word_pack>(x);
  const word_pack rounded = bits + 0x7FFFu + (bits >> 16 & 1u), nan = bits | 0x00400000u;
  return to_half_words(select((bits & 0x7FFFFFFFu) > 0x7F800000u, nan, rounded) >> 16);
}

/// Writes past the caches to a multiple of the vector's size, where the processor can.
inline void store_past_caches(float* to, float_pack x) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  _mm512_stream_ps(to, same_bits<__m512>(x));
#elif defined(__AVX__) && !defined(__CUDACC__)
  _mm256_stream_ps(to, same_bits<__m256>(x));
#elif defined(__SSE2__) && !defined(__CUDACC__)
  _mm_stream_ps(to, same_bits<__m128>(x));
#else
  store(to, x, position<lanes>{0, 0, 0});
#endif
}
/// Until then other threads may not see what was written past the caches.
inline void finish_stores() {
#if defined(__SSE2__) && !defined(__CUDACC__)
  _mm_sfence();
#endif
}

/// From 128 KiB on, writes go past the caches: a batch does not fit them, and what is not fetched to be overwritten takes two thirds of the
/// time. pack_at(i, position) is the pack of elements i and on.
template <class PackAt> void write_floats(std::size_t count, float* to, const PackAt& pack_at) {
  constexpr std::size_t large = 32768;
  const auto plain = [&](std::size_t first, std::size_t n) {
    each_pack<float>(long(n), [&](long i, auto at) { store(to + first + i, pack_at(first + std::size_t(i), at), at); });
  };
  if (count < large) return plain(0, count);
  const std::size_t before = (0 - reinterpret_cast<std::uintptr_t>(to) / sizeof(float)) % std::size_t(lanes);
  plain(0, before);
  std::size_t i = before;
  for (; i + std::size_t(lanes) <= count; i += std::size_t(lanes)) store_past_caches(to + i, pack_at(i, position<lanes>{0, 0, 0}));
  plain(i, count - i);
  finish_stores();
}

}  // namespace detail

/// Exact: every 16-bit float is a float. NaN stays NaN, with its sign.
///
/// Cost       reads 2 bytes and writes 4 an element
inline void widen(const float16* from, std::size_t count, float* to) {
  detail::write_floats(count, to,
                       [&](std::size_t i, auto at) { return detail::from_half(load<detail::half_word_pack>(&from[i].bits, at)); });
}
/// The same of bfloat16.
inline void widen(const bfloat16* from, std::size_t count, float* to) {
  detail::write_floats(count, to,
                       [&](std::size_t i, auto at) { return detail::from_brain(load<detail::half_word_pack>(&from[i].bits, at)); });
}

/// A copy of floats, written as widen() writes: where it is large, in half of the time of a memcpy.
inline void copy_floats(const float* from, std::size_t count, float* to) {
  detail::write_floats(count, to, [&](std::size_t i, auto at) { return load<float_pack>(from + i, at); });
}

/// To nearest, ties to even; what is too large becomes infinite (from 65520 on), NaN stays NaN.
inline void narrow(const float* from, std::size_t count, float16* to) {
  each_pack<float>(long(count), [&](long i, auto at) { store(&to[i].bits, detail::to_half(load<float_pack>(from + i, at)), at); });
}
/// The same to bfloat16.
inline void narrow(const float* from, std::size_t count, bfloat16* to) {
  each_pack<float>(long(count), [&](long i, auto at) { store(&to[i].bits, detail::to_brain(load<float_pack>(from + i, at)), at); });
}

}  // namespace ogm::data
