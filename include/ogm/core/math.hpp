#pragma once
// exp, log, tanh, sigmoid and their like as straight-line arithmetic: one source for a scalar, a SIMD vector and a CUDA thread.

#include <ogm/core/pack.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>

namespace ogm::math {

/// The integer of the same size as V.
template <class V> struct bits { using type = std::int32_t; };
#ifndef __CUDACC__
template <> struct bits<float_pack> { using type = int_pack; };
#endif

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
  V p = V{} + 1.f / 5040;
  p = p * r + 1.f / 720;
  p = p * r + 1.f / 120;
  p = p * r + 1.f / 24;
  p = p * r + 1.f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r;
  const I shifted = std::bit_cast<I>(t) << 23;
  return {std::bit_cast<V>(shifted + (I{} + 0x3f800000)), p};
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
  const I raw = std::bit_cast<I>(x) - (I{} + 0x3f3504f3);
  const I exponent = raw >> 23;
  const V m = std::bit_cast<V>((raw & (I{} + 0x007fffff)) + (I{} + 0x3f3504f3));
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
/// Square root of a positive, finite float by Newton's iteration on 1 / sqrt(x); 0 for 0.
template <class V> OGM_HD inline V sqrt_of_finite(V x) {
  using I = typename bits<V>::type;
  V y = std::bit_cast<V>((I{} + 0x5f3759df) - (std::bit_cast<I>(x) >> 1));
  const V half = x * 0.5f;
  y = y * (1.5f - half * y * y);
  y = y * (1.5f - half * y * y);
  y = y * (1.5f - half * y * y);
  const V r = x * y;
  return r + (x - r * r) * y * 0.5f;
}
/// Square root: NaN of negative numbers.
template <class V> OGM_HD inline V sqrt(V x) {
  const V zero = V{}, infinity = zero + __builtin_inff();
  V y = sqrt_of_finite(x);
  y = x < infinity ? y : x;
  return x < zero ? zero + __builtin_nanf("") : y;
}
/// cos and sin of 2 pi u for u in [0, 1).
template <class V> struct cosine_sine { V cosine, sine; };
template <class V> OGM_HD inline cosine_sine<V> turn(V u) {
  const V zero = V{}, one = zero + 1.f;
  const V q = u * 4.f;  // quarter turns
  const V k = (q + 12582912.f) - 12582912.f;
  const V r = (q - k) * 1.5707963267948966f, s = r * r;  // |r| <= pi / 4
  V sn = zero - 1.f / 5040;
  sn = sn * s + 1.f / 120;
  sn = sn * s - 1.f / 6;
  sn = sn * s * r + r;
  V cs = zero + 1.f / 40320;
  cs = cs * s - 1.f / 720;
  cs = cs * s + 1.f / 24;
  cs = cs * s - 0.5f;
  cs = cs * s + 1.f;
  const V odd = (k == one || k == zero + 3.f) ? one : zero;
  const V sign_c = (k == one || k == zero + 2.f) ? zero - 1.f : one;
  const V sign_s = (k == zero + 2.f || k == zero + 3.f) ? zero - 1.f : one;
  return {sign_c * (cs + odd * (sn - cs)), sign_s * (sn + odd * (cs - sn))};
}

template <class V> OGM_HD inline V relu(V x) {  // NaN in, NaN out
  return x < V{} ? V{} : x;
}
/// Error function, lane by lane by the standard library.
template <class V> OGM_HD inline V erf(V x) {
  if constexpr (sizeof(V) == sizeof(float))
    return V(::erff(float(x)));
  else {
    for (int i = 0; i < int(sizeof(V) / sizeof(float)); ++i) x[i] = ::erff(x[i]);
    return x;
  }
}

OGM_HD inline double exp(double x) { return ::exp(x); }
OGM_HD inline double log(double x) { return ::log(x); }
OGM_HD inline double sqrt(double x) { return ::sqrt(x); }
OGM_HD inline double tanh(double x) { return ::tanh(x); }
OGM_HD inline double erf(double x) { return ::erf(x); }
OGM_HD inline double sigmoid(double x) { return 1 / (1 + ::exp(-x)); }
#ifdef __CUDA_ARCH__
OGM_HD inline float exp(float x) { return ::expf(x); }
OGM_HD inline float tanh(float x) { return ::tanhf(x); }
#endif

}  // namespace ogm::math
