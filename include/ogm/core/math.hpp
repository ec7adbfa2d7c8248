#pragma once
// exp, log, tanh, sigmoid and their like as straight-line arithmetic: one source for a scalar, a SIMD vector and a CUDA thread.

#include <ogm/core/pack.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>

namespace ogm::math {

/// std::bit_cast, which device code may not call.
template <class To, class From> OGM_ALWAYS_INLINE OGM_HD constexpr To bit_cast(const From& x) { return __builtin_bit_cast(To, x); }

/// The integers of the same size as V: signed, and unsigned for what may wrap.
template <class V> struct bits {
  using type = std::int32_t;
  using word = std::uint32_t;
};
#ifndef __CUDACC__
template <> struct bits<float_pack> {
  using type = int_pack;
  using word = word_pack;
};
#endif
/// a - b modulo 2^32: x's bits may be those of any float.
template <class V> OGM_HD inline auto difference_of_bits(V a, std::int32_t b) {
  using I = typename bits<V>::type;
  using W = typename bits<V>::word;
  return bit_cast<I>(bit_cast<W>(a) - (W{} + std::uint32_t(b)));
}

/// A constant in the precision of V's elements.
template <class V> OGM_HD constexpr auto scalar(double c) {
  if constexpr (std::same_as<V, double>)
    return c;
  else
    return float(c);
}

/// e^x = scale * (1 + expm1_r) for x = n ln 2 + r, |r| <= 0.35. Taylor to r^7: the next term is below half an ulp.
template <class V> struct exp_parts { V scale, expm1_r; };

template <class V> OGM_HD inline exp_parts<V> split_exp(V x) {
  using I = typename bits<V>::type;
  const V magic = V{} + 12582912.f;  // 1.5 * 2^23: adding it rounds to an integer kept in the low bits
  const V t = x * 1.44269504f + magic;
  const V n = t - magic;
  const V r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  const V s = r * r;  // in pairs and not by Horner: a shorter chain, and the loops over exp and tanh are bound by it
  V p = (r * (1.f / 5040) + 1.f / 720) * s + (r * (1.f / 120) + 1.f / 24);
  p = p * s + (r * (1.f / 6) + 0.5f);
  p = p * s + r;
  const I shifted = bit_cast<I>(t) << 23;
  return {bit_cast<V>(shifted + (I{} + 0x3f800000)), p};
}

template <class V> OGM_HD inline V clamp(V x, float low, float high) {  // NaN in, NaN out
  const V l = V{} + low, h = V{} + high;
  x = x < l ? l : x;
  return x > h ? h : x;
}

/// e^x; below -87.3 and above 88 it stays at the value there: no infinities, no denormals.
template <class V> OGM_HD inline V exp(V x) {
  const auto [s, p] = split_exp(clamp(x, -87.3f, 88.0f));
  return s * p + s;
}
template <class V> OGM_HD inline V tanh(V x) {  // expm1(2x) / (expm1(2x) + 2): relative accuracy near 0
  const V c = clamp(x, -9.1f, 9.1f);
  const auto [s, p] = split_exp(c + c);
  const V m = s * p + (s - 1.f);
  return m / (m + 2.f);
}
template <class V> OGM_HD inline V sigmoid(V x) { return 1.f / (1.f + math::exp(-x)); }
/// Natural logarithm of a positive, normal, finite float: mantissa in [sqrt(1/2), sqrt(2)) and atanh's series.
template <class V> OGM_HD inline V log_of_normal(V x) {
  using I = typename bits<V>::type;
  const I raw = difference_of_bits(x, 0x3f3504f3);
  const I exponent = raw >> 23;
  const V m = bit_cast<V>((raw & (I{} + 0x007fffff)) + (I{} + 0x3f3504f3));
#ifdef __CUDACC__
  const V e = V(exponent);
#else
  V e;
  if constexpr (sizeof(V) == sizeof(float))
    e = V(exponent);
  else
    e = __builtin_convertvector(exponent, V);
#endif
  const V t = (m - 1.f) / (m + 1.f), s = t * t;
  V p = V{} + 2.f / 11;
  p = p * s + 2.f / 9;
  p = p * s + 2.f / 7;
  p = p * s + 2.f / 5;
  p = p * s + 2.f / 3;
  p = p * s + 2.f;
  return e * 0.69314718056f + t * p;
}
/// Natural logarithm: -inf of 0, NaN of negative numbers.
template <class V> OGM_HD inline V log(V x) {
  const V zero = V{}, infinity = zero + __builtin_inff(), tiny = zero + 0x1p-126f;
  V y = log_of_normal(x < tiny ? V(x * 0x1p23f) : x);
  y = x < tiny ? V(y - 15.942385152878742f) : y;
  y = x == zero ? -infinity : y;
  y = x < infinity ? y : x;  // inf of inf, NaN of NaN
  return x < zero ? zero + __builtin_nanf("") : y;
}
/// Square root of a float in [2^-100, 2^126] by Newton's iteration on 1 / sqrt(x); 0 for 0.
template <class V> OGM_HD inline V sqrt_of_normal(V x) {
  using W = typename bits<V>::word;
  V y = bit_cast<V>((W{} + 0x5f3759df) - (bit_cast<W>(x) >> 1));
  const V half = x * 0.5f;
  y = y * (1.5f - half * y * y);
  y = y * (1.5f - half * y * y);  // 5e-6 is left, which the last line squares
  const V r = x * y;
  return r + (x - r * r) * y * 0.5f;
}
/// Square root: NaN of negative numbers.
template <class V> OGM_HD inline V sqrt(V x) {
  const V zero = V{}, infinity = zero + __builtin_inff(), one = zero + 1.f, small = zero + 0x1p-64f, large = zero + 0x1p64f;
  const V by = x < small ? large : V(x > large ? small : one), back = x < small ? V(zero + 0x1p-32f) : V(x > large ? zero + 0x1p32f : one);
  V y = sqrt_of_normal(V(x * by)) * back;
  y = x < infinity ? y : x;
  return x < zero ? zero + __builtin_nanf("") : y;
}
/// cos and sin of 2 pi u for u in [0, 1).
template <class V> struct cosine_sine { V cosine, sine; };
template <class V> OGM_HD inline cosine_sine<V> turn(V u) {
  using I = typename bits<V>::type;
  const V q = u * 4.f, t = q + 12582912.f;  // quarter turns, rounded in the low bits of t
  const I k = bit_cast<I>(t);
  const V r = (q - (t - 12582912.f)) * 1.5707963267948966f, s = r * r;  // |r| <= pi / 4
  V sn = V{} - 1.f / 5040;
  sn = sn * s + 1.f / 120;
  sn = sn * s - 1.f / 6;
  sn = sn * s * r + r;
  V cs = V{} + 1.f / 40320;
  cs = cs * s - 1.f / 720;
  cs = cs * s + 1.f / 24;
  cs = cs * s - 0.5f;
  cs = cs * s + 1.f;
  const I negative_cosine = ((k + 1) & 2) << 30, negative_sine = (k & 2) << 30;  // the sign bit
  const V c = (k & 1) == 0 ? cs : sn, d = (k & 1) == 0 ? sn : cs;
  return {bit_cast<V>(bit_cast<I>(c) ^ negative_cosine), bit_cast<V>(bit_cast<I>(d) ^ negative_sine)};
}

template <class V> OGM_HD inline V relu(V x) {  // NaN in, NaN out
  return x < V{} ? V{} : x;
}
/// The normal distribution function, and e^(-x^2 / 2), which its derivative is made of.
template <class V> struct normal_parts { V cdf, bell; };
/// cdf(-|x|) = bell * p(1 / (1 + 0.3 |x|)): relative accuracy in the lower tail too. p is the polynomial of degree 8 of smallest relative
/// error over |x| <= 13, 6e-8 (found by weighted least squares); beyond that the bell is below 1e-36.
template <class V> OGM_HD inline normal_parts<V> normal(V x) {
  using I = typename bits<V>::type;
  const V size = bit_cast<V>(bit_cast<I>(x) & (I{} + 0x7fffffff));
  const V t = 1.f / (1.f + 0.3f * size), s = t * t;
  V p = V{} + 0.038271164f;
  p = p * s + (t * -0.16864430f + 0.22757953f);
  p = p * s + (t * -0.075267205f + 0.14167681f);
  p = p * s + (t * 0.095050674f + 0.12182599f);
  p = p * s + (t * 0.11950099f + 6.3839102e-6f);
  const V half = x * x * -0.5f, lowest = V{} - 87.3f;
  const auto [scale, rest] = split_exp(V(half < lowest ? lowest : half));
  const V bell = scale * rest + scale, tail = bell * p;
  return {x < V{} ? tail : V(1.f - tail), bell};
}

OGM_HD inline double exp(double x) { return ::exp(x); }
OGM_HD inline double log(double x) { return ::log(x); }
OGM_HD inline double sqrt(double x) { return ::sqrt(x); }
OGM_HD inline double tanh(double x) { return ::tanh(x); }
OGM_HD inline normal_parts<double> normal(double x) { return {0.5 * ::erfc(x * -0.70710678118654752), ::exp(-0.5 * x * x)}; }
OGM_HD inline double sigmoid(double x) { return 1 / (1 + ::exp(-x)); }
#ifdef __CUDA_ARCH__
OGM_HD inline float exp(float x) { return ::expf(clamp(x, -87.3f, 88.0f)); }
OGM_HD inline float tanh(float x) { return ::tanhf(x); }
#endif

}  // namespace ogm::math
