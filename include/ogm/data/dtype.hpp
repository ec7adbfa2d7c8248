#pragma once
// The element types of stored arrays, and the conversions of those that C++20 has no type for.

#include <ogm/data/bytes.hpp>

#include <bit>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ogm::data {

/// Element types of stored arrays.
enum class dtype : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

/// Bytes of an element.
inline constexpr std::size_t size_of(dtype t) {
  constexpr std::uint8_t sizes[]{8, 4, 2, 2, 8, 4, 2, 1, 8, 4, 2, 1, 1};
  return sizes[std::size_t(t)];
}
/// The name of a type, for messages.
inline constexpr std::string_view name_of(dtype t) {
  constexpr std::string_view names[]{"f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8", "bool"};
  return names[std::size_t(t)];
}

/// 16-bit floats as their bits: stored and converted, never computed with.
struct float16 {
  std::uint16_t bits = 0;
  float16() = default;
  explicit float16(float value) : bits(pack(value)) {}
  explicit operator float() const {
    const std::uint32_t sign = std::uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
    if (exponent == 0) {
      const float tiny = float(fraction) * 0x1p-24f;
      return sign ? -tiny : tiny;
    }
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  }

 private:
  static std::uint16_t pack(float value) {  // to nearest, ties to even
    const auto x = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = x >> 16 & 0x8000u, magnitude = x & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return std::uint16_t(sign | 0x7E00u);   // NaN
    if (magnitude >= 0x477FF000u) return std::uint16_t(sign | 0x7C00u);  // rounds past 65504
    if (magnitude < 0x38800000u) {                                       // subnormal or zero
      const float shifted = std::bit_cast<float>(magnitude) + 0.5f;      // one unit of 0.5f's fraction is 2^-24
      return std::uint16_t(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u));
    }
    return std::uint16_t(sign | ((magnitude + 0xFFFu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13));
  }
};

/// The upper half of a float: stored and converted, never computed with.
struct bfloat16 {
  std::uint16_t bits = 0;
  bfloat16() = default;
  explicit bfloat16(float value) {
    const auto x = std::bit_cast<std::uint32_t>(value);
    bits = (x & 0x7FFFFFFFu) > 0x7F800000u ? std::uint16_t(x >> 16 | 0x40u) : std::uint16_t((x + 0x7FFFu + (x >> 16 & 1u)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t(bits) << 16); }
};

template <class T> struct dtype_of_type;  // no value for a type that no file stores
#define OGM_DATA_DTYPE(type, name) \
  template <> struct dtype_of_type<type> { static constexpr dtype value = dtype::name; };
OGM_DATA_DTYPE(double, f64)
OGM_DATA_DTYPE(float, f32)
OGM_DATA_DTYPE(float16, f16)
OGM_DATA_DTYPE(bfloat16, bf16)
OGM_DATA_DTYPE(std::int64_t, i64)
OGM_DATA_DTYPE(std::int32_t, i32)
OGM_DATA_DTYPE(std::int16_t, i16)
OGM_DATA_DTYPE(std::int8_t, i8)
OGM_DATA_DTYPE(std::uint64_t, u64)
OGM_DATA_DTYPE(std::uint32_t, u32)
OGM_DATA_DTYPE(std::uint16_t, u16)
OGM_DATA_DTYPE(std::uint8_t, u8)
OGM_DATA_DTYPE(bool, boolean)
#undef OGM_DATA_DTYPE

template <class T> inline constexpr dtype dtype_of = dtype_of_type<T>::value;

/// A type that arrays in files can have as their elements. bool is read as std::uint8_t: std::vector<bool> has no storage to map.
template <class T>
concept stored_type = requires {
  dtype_of_type<T>::value;
}
&&!std::is_same_v<T, bool>;

namespace detail {

template <class To, class From> To saturate(From value) {
  if constexpr (std::is_floating_point_v<To>)
    return To(value);
  else if constexpr (std::is_floating_point_v<From>) {
    constexpr From low = From(std::numeric_limits<To>::min()), high = From(std::numeric_limits<To>::max());
    if (!(value > low)) return value != value ? To(0) : std::numeric_limits<To>::min();
    return value < high ? To(value) : std::numeric_limits<To>::max();
  } else {
    if (std::cmp_less(value, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return std::cmp_greater(value, std::numeric_limits<To>::max()) ? std::numeric_limits<To>::max() : To(value);
  }
}

}  // namespace detail

/// Converts packed elements, wherever they lie, one by one; a value that To cannot hold becomes its nearest limit,
/// NaN as an integer 0.
template <class To> void convert(dtype from, byte_span bytes, To* out) {
  const auto each = [&]<class From>(From) {
    const std::size_t count = bytes.size() / sizeof(From);
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = detail::load_number<From>(bytes, i * sizeof(From));
      if constexpr (std::is_same_v<From, float16> || std::is_same_v<From, bfloat16>)
        out[i] = detail::saturate<To>(float(value));
      else
        out[i] = detail::saturate<To>(value);
    }
  };
  switch (from) {
    case dtype::f64:
      return each(double());
    case dtype::f32:
      return each(float());
    case dtype::f16:
      return each(float16());
    case dtype::bf16:
      return each(bfloat16());
    case dtype::i64:
      return each(std::int64_t());
    case dtype::i32:
      return each(std::int32_t());
    case dtype::i16:
      return each(std::int16_t());
    case dtype::i8:
      return each(std::int8_t());
    case dtype::u64:
      return each(std::uint64_t());
    case dtype::u32:
      return each(std::uint32_t());
    case dtype::u16:
      return each(std::uint16_t());
    case dtype::u8:
      return each(std::uint8_t());
    case dtype::boolean:
      return each(std::uint8_t());
  }
}

}  // namespace ogm::data
