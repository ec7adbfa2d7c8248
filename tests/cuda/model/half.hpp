#pragma once
// CUDA's 16-bit floats. They convert, and do nothing else: kernels calculate in float.

#include <bit>
#include <cmath>
#include <cstdint>

struct __half {
  std::uint16_t bits;
};
struct __nv_bfloat16 {
  std::uint16_t bits;
};

inline float __half2float(__half h) {
  const std::uint32_t sign = std::uint32_t(h.bits & 0x8000u) << 16, exponent = h.bits >> 10 & 31u, fraction = h.bits & 1023u;
  std::uint32_t magnitude = (exponent + 112u) << 23 | fraction << 13;
  if (exponent == 31) magnitude = 0x7f800000u | fraction << 13;
  if (exponent == 0) magnitude = std::bit_cast<std::uint32_t>(float(fraction) * 0x1p-24f);
  return std::bit_cast<float>(sign | magnitude);
}
/// To nearest, ties to even; NaN becomes 0x7fff, as on the device.
inline __half __float2half(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7fffffffu;
  const std::uint16_t sign = std::uint16_t(bits >> 16 & 0x8000u);
  if (magnitude > 0x7f800000u) return {0x7fff};
  if (magnitude >= 0x477ff000u) return {std::uint16_t(sign | 0x7c00u)};  // from 65520 on
  if (magnitude < 0x38800000u) {                                         // denormal: a multiple of 2^-24
    const float units = std::nearbyint(std::bit_cast<float>(magnitude) * 0x1p24f);
    return {std::uint16_t(sign | std::uint16_t(units))};
  }
  return {std::uint16_t(sign | (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13)};
}
inline float __bfloat162float(__nv_bfloat16 b) { return std::bit_cast<float>(std::uint32_t(b.bits) << 16); }
/// To nearest, ties to even; NaN becomes 0x7fff, as on the device.
inline __nv_bfloat16 __float2bfloat16(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {0x7fff};
  return {std::uint16_t((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}
