// What instructions compute, one lane at a time: a table of names with all their modifiers and types. Results are those of the PTX manual,
// to the bit, but for .approx and .full: those are as wrong as the manual lets them be (displaced()).
#include "program.hpp"

#include "../model/half.hpp"

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace cuda_ptx {

namespace {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
struct f16 {
  u16 bits;
};
struct bf16 {
  u16 bits;
};

template <class T> T from(u64 bits) {
  if constexpr (std::is_same_v<T, bool>)
    return bits & 1u;
  else if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<float>(u32(bits));
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<double>(bits);
  else if constexpr (std::is_integral_v<T>)
    return T(bits);
  else
    return T{u16(bits)};
}
template <class T> u64 to(T x) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<u32>(x);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<u64>(x);
  else if constexpr (std::is_integral_v<T>)
    return u64(x);  // signs are carried on: a register may be wider than the type
  else
    return x.bits;
}

using table = std::unordered_map<std::string, operation>;

/// A lambda without captures as a function of bits.
template <class F, class... A> struct on_bits {
  static u64 call(u64 a, u64 b, u64 c, u64 d) {
    const u64 bits[] = {a, b, c, d};
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return to(F{}(from<A>(bits[I])...)); }
    (std::index_sequence_for<A...>{});
  }
};
template <class F, class R, class... A> operation of_bits(R (F::*)(A...) const) { return {&on_bits<F, A...>::call, sizeof...(A)}; }
template <class F> void enter(table& t, const std::string& name, F) { t[name] = of_bits<F>(&F::operator()); }

// ---- integers ----

template <class T> constexpr int width = 8 * int(sizeof(T));
__extension__ using int128 = __int128;
__extension__ using unsigned_int128 = unsigned __int128;
template <class T> using twice = std::conditional_t<std::is_signed_v<T>, int128, unsigned_int128>;

template <class T> T shifted_right(T x, u32 by) {
  if (by >= u32(width<T>)) return x < 0 ? T(-1) : T(0);
  return T(x >> by);
}
template <class T> T bit_field(T x, u32 b, u32 c) {
  const u32 begin = b & 255u, length = c & 255u, most = u32(width<T>) - 1;
  const bool sign = std::is_signed_v<T> && length && (u64(x) >> std::min(begin + length - 1, most) & 1u);
  T result = 0;
  for (u32 i = 0; i <= most; ++i) {
    const bool bit = i < length && begin + i <= most ? u64(x) >> (begin + i) & 1u : sign;
    result = T(u64(result) | u64(bit) << i);
  }
  return result;
}
template <class T> T with_bit_field(T a, T b, u32 c, u32 d) {
  const u32 begin = c & 255u, length = d & 255u;
  for (u32 i = 0; i < length && begin + i < u32(width<T>); ++i) {
    const T bit = T(T(1) << (begin + i));
    b = a >> i & 1u ? T(b | bit) : T(b & T(~bit));
  }
  return b;
}
/// The place of the highest bit that is not the sign's; all bits where there is none.
template <class T> u32 highest_bit(T x) {
  const u64 bits = u64(x < 0 ? T(~x) : x);
  return bits ? 63 - u32(std::countl_zero(bits)) : ~0u;
}
u32 permuted(u32 a, u32 b, u32 selector) {
  const u64 bytes = u64(b) << 32 | a;
  u32 result = 0;
  for (int i = 0; i < 4; ++i) {
    const u32 select = selector >> 4 * i & 15u;
    u32 byte = u32(bytes >> 8 * (select & 7u)) & 255u;
    if (select & 8u) byte = byte & 128u ? 255u : 0u;  // the sign alone
    result |= byte << 8 * i;
  }
  return result;
}
u32 by_table(u32 a, u32 b, u32 c, u32 rows) {
  u32 result = 0;
  for (int i = 0; i < 8; ++i)
    if (rows >> i & 1u) result |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
  return result;
}
template <class T> T reversed(T x) {
  T result = 0;
  for (int i = 0; i < width<T>; ++i) result = T(result << 1 | (x >> i & 1u));
  return result;
}

template <class T> void compare_numbers(table& t, const std::string& type) {
  const auto both = [&](const std::string& name, auto compare) {
    using C = decltype(compare);
    enter(t, "setp." + name + "." + type, compare);
    enter(t, "setp." + name + ".and." + type, [](T a, T b, bool p) { return C{}(a, b) && p; });
    enter(t, "setp." + name + ".or." + type, [](T a, T b, bool p) { return C{}(a, b) || p; });
    enter(t, "setp." + name + ".xor." + type, [](T a, T b, bool p) { return C{}(a, b) != p; });
  };
  both("eq", [](T a, T b) { return a == b; });
  both("lt", [](T a, T b) { return a < b; });
  both("le", [](T a, T b) { return a <= b; });
  both("gt", [](T a, T b) { return a > b; });
  both("ge", [](T a, T b) { return a >= b; });
  if constexpr (std::is_integral_v<T>) {
    both("ne", [](T a, T b) { return a != b; });
    both("lo", [](T a, T b) { return u64(a) < u64(b); });
    both("ls", [](T a, T b) { return u64(a) <= u64(b); });
    both("hi", [](T a, T b) { return u64(a) > u64(b); });
    both("hs", [](T a, T b) { return u64(a) >= u64(b); });
  } else {
    both("ne", [](T a, T b) { return a < b || a > b; });
    both("equ", [](T a, T b) { return !(a < b || a > b); });
    both("neu", [](T a, T b) { return a != b; });
    both("ltu", [](T a, T b) { return !(a >= b); });
    both("leu", [](T a, T b) { return !(a > b); });
    both("gtu", [](T a, T b) { return !(a <= b); });
    both("geu", [](T a, T b) { return !(a < b); });
    both("num", [](T a, T b) { return a == a && b == b; });
    both("nan", [](T a, T b) { return a != a || b != b; });
  }
}

template <class T> void integers(table& t, const std::string& type) {
  enter(t, "add." + type, [](T a, T b) { return T(u64(a) + u64(b)); });
  enter(t, "sub." + type, [](T a, T b) { return T(u64(a) - u64(b)); });
  enter(t, "mul.lo." + type, [](T a, T b) { return T(u64(a) * u64(b)); });
  enter(t, "mul.hi." + type, [](T a, T b) { return T(twice<T>(a) * twice<T>(b) >> width<T>); });
  enter(t, "mad.lo." + type, [](T a, T b, T c) { return T(u64(a) * u64(b) + u64(c)); });
  enter(t, "mad.hi." + type, [](T a, T b, T c) { return T(u64(twice<T>(a) * twice<T>(b) >> width<T>) + u64(c)); });
  // A division by 0 has all bits, and its remainder is what was divided. The one quotient that does not fit wraps.
  enter(t, "div." + type, [](T a, T b) { return b == 0 ? T(-1) : std::is_signed_v<T> && b == T(-1) ? T(0 - u64(a)) : T(a / b); });
  enter(t, "rem." + type, [](T a, T b) { return b == 0 ? a : std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b); });
  enter(t, "min." + type, [](T a, T b) { return b < a ? b : a; });
  enter(t, "max." + type, [](T a, T b) { return b > a ? b : a; });
  enter(t, "shr." + type, [](T a, u32 by) { return shifted_right(a, by); });
  enter(t, "mov." + type, [](T a) { return a; });
  enter(t, "selp." + type, [](T a, T b, bool p) { return p ? a : b; });
  enter(t, "slct." + type + ".s32", [](T a, T b, s32 c) { return c >= 0 ? a : b; });
  if constexpr (std::is_signed_v<T>) {
    enter(t, "neg." + type, [](T a) { return T(0 - u64(a)); });
    enter(t, "abs." + type, [](T a) { return a < 0 ? T(0 - u64(a)) : a; });
  }
  if constexpr (sizeof(T) < 8) {
    using wide =
        std::conditional_t<std::is_signed_v<T>, std::conditional_t<sizeof(T) == 2, s32, s64>, std::conditional_t<sizeof(T) == 2, u32, u64>>;
    enter(t, "mul.wide." + type, [](T a, T b) { return wide(s64(a) * s64(b)); });
    enter(t, "mad.wide." + type, [](T a, T b, wide c) { return wide(u64(s64(a) * s64(b)) + u64(c)); });
  }
  if constexpr (sizeof(T) > 2) {
    enter(t, "bfe." + type, [](T a, u32 b, u32 c) { return bit_field(a, b, c); });
    enter(t, "bfind." + type, [](T a) { return highest_bit(a); });
    enter(t, "bfind.shiftamt." + type, [](T a) {
      const u32 place = highest_bit(a);
      return place == ~0u ? place : u32(width<T>) - 1 - place;
    });
  }
  compare_numbers<T>(t, type);
}

template <class T> void bits(table& t, const std::string& type) {
  enter(t, "and." + type, [](T a, T b) { return T(a & b); });
  enter(t, "or." + type, [](T a, T b) { return T(a | b); });
  enter(t, "xor." + type, [](T a, T b) { return T(a ^ b); });
  enter(t, "mov." + type, [](T a) { return a; });
  if constexpr (std::is_same_v<T, bool>) {
    enter(t, "not." + type, [](T a) { return !a; });
  } else {
    enter(t, "not." + type, [](T a) { return T(~a); });
    enter(t, "cnot." + type, [](T a) { return T(a == 0); });
    enter(t, "selp." + type, [](T a, T b, bool p) { return p ? a : b; });
    enter(t, "slct." + type + ".s32", [](T a, T b, s32 c) { return c >= 0 ? a : b; });
    enter(t, "shl." + type, [](T a, u32 by) { return by >= u32(width<T>) ? T(0) : T(u64(a) << by); });
    enter(t, "shr." + type, [](T a, u32 by) { return shifted_right(a, by); });
    enter(t, "setp.eq." + type, [](T a, T b) { return a == b; });
    enter(t, "setp.ne." + type, [](T a, T b) { return a != b; });
    if constexpr (sizeof(T) > 2) {
      enter(t, "popc." + type, [](T a) { return u32(std::popcount(a)); });
      enter(t, "clz." + type, [](T a) { return u32(std::countl_zero(a)); });
      enter(t, "brev." + type, [](T a) { return reversed(a); });
      enter(t, "bfi." + type, [](T a, T b, u32 c, u32 d) { return with_bit_field(a, b, c, d); });
    }
  }
}

// ---- floating point ----

/// What arithmetic makes of NaN, whichever it was given.
template <class T> T canonical(T x) {
  if (x == x) return x;
  if constexpr (sizeof(T) == 4)
    return std::bit_cast<float>(0x7fffffffu);
  else
    return x;
}
float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }
template <bool Flush> float kept(float x) { return Flush ? flushed(x) : x; }
template <bool Flush> double kept(double x) { return x; }

template <int Mode, class F> auto rounded(F f) {  // compiled with -frounding-math
  if constexpr (Mode == FE_TONEAREST) return f();
  const int before = std::fegetround();
  std::fesetround(Mode);
  const volatile decltype(f()) result = f();
  std::fesetround(before);
  return decltype(f())(result);
}

template <class T> T smaller(T a, T b) {
  if (a != a || b != b) return canonical(a != a ? b : a);
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class T> T larger(T a, T b) {
  if (a != a || b != b) return canonical(a != a ? b : a);
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
/// 0 to 1, and 0 for NaN.
float saturated(float x) { return x > 0 ? x < 1 ? x : 1.0f : 0.0f; }

template <class T, int Mode, bool Flush> void arithmetic(table& t, const std::string& mode, const std::string& type) {
  const std::string end = "." + type;
  enter(t, "add" + mode + end, [](T a, T b) {
    const volatile T x = kept<Flush>(a), y = kept<Flush>(b);
    return kept<Flush>(canonical(rounded<Mode>([&] { return T(x + y); })));
  });
  enter(t, "sub" + mode + end, [](T a, T b) {
    const volatile T x = kept<Flush>(a), y = kept<Flush>(b);
    return kept<Flush>(canonical(rounded<Mode>([&] { return T(x - y); })));
  });
  enter(t, "mul" + mode + end, [](T a, T b) {
    const volatile T x = kept<Flush>(a), y = kept<Flush>(b);
    return kept<Flush>(canonical(rounded<Mode>([&] { return T(x * y); })));
  });
  if (mode.empty() || mode == ".ftz") return;  // the rest has no form without a rounding
  for (const char* const name : {"fma", "mad"})
    enter(t, name + mode + end, [](T a, T b, T c) {
      const volatile T x = kept<Flush>(a), y = kept<Flush>(b), z = kept<Flush>(c);
      return kept<Flush>(canonical(rounded<Mode>([&] { return std::fma(T(x), T(y), T(z)); })));
    });
  enter(t, "div" + mode + end, [](T a, T b) {
    const volatile T x = kept<Flush>(a), y = kept<Flush>(b);
    return kept<Flush>(canonical(rounded<Mode>([&] { return T(x / y); })));
  });
  enter(t, "rcp" + mode + end, [](T a) {
    const volatile T one = 1, x = kept<Flush>(a);
    return kept<Flush>(canonical(rounded<Mode>([&] { return T(one / x); })));
  });
  enter(t, "sqrt" + mode + end, [](T a) {
    const volatile T x = kept<Flush>(a);
    return kept<Flush>(canonical(rounded<Mode>([&] { return std::sqrt(T(x)); })));
  });
}

template <class T, bool Flush> void floats(table& t, const std::string& type) {
  const std::string ftz = Flush ? ".ftz" : "";
  arithmetic<T, FE_TONEAREST, Flush>(t, ftz, type);
  arithmetic<T, FE_TONEAREST, Flush>(t, ".rn" + ftz, type);
  arithmetic<T, FE_TOWARDZERO, Flush>(t, ".rz" + ftz, type);
  arithmetic<T, FE_DOWNWARD, Flush>(t, ".rm" + ftz, type);
  arithmetic<T, FE_UPWARD, Flush>(t, ".rp" + ftz, type);
  enter(t, "min" + ftz + "." + type, [](T a, T b) { return smaller(kept<Flush>(a), kept<Flush>(b)); });
  enter(t, "max" + ftz + "." + type, [](T a, T b) { return larger(kept<Flush>(a), kept<Flush>(b)); });
  enter(t, "neg" + ftz + "." + type, [](T a) { return -kept<Flush>(a); });
  enter(t, "abs" + ftz + "." + type, [](T a) { return std::fabs(kept<Flush>(a)); });
  if constexpr (!Flush) {
    enter(t, "min.NaN." + type, [](T a, T b) { return a == a && b == b ? smaller(a, b) : canonical(a + b); });
    enter(t, "max.NaN." + type, [](T a, T b) { return a == a && b == b ? larger(a, b) : canonical(a + b); });
    enter(t, "mov." + type, [](T a) { return a; });
    enter(t, "selp." + type, [](T a, T b, bool p) { return p ? a : b; });
    enter(t, "slct." + type + ".s32", [](T a, T b, s32 c) { return c >= 0 ? a : b; });
    enter(t, "copysign." + type, [](T a, T b) { return std::copysign(b, a); });
    compare_numbers<T>(t, type);
  }
}

// ---- approximations ----

constexpr float infinity = std::numeric_limits<float>::infinity();

/// `exact` rounded to float and moved by as many units in the last place as the manual allows, up or down by the bits of what was given: a
/// test whose tolerance holds here does not hold by luck. What is exact (0, infinity, NaN) stays.
float displaced(double exact, int units, u32 given, bool flush) {
  float x = float(exact);
  if (x == 0 || std::isinf(x) || x != x) return canonical(x);
  const bool up = std::popcount(given) & 1;
  for (int i = 0; i < units; ++i) x = std::nextafter(x, up ? infinity : -infinity);
  return flush ? flushed(x) : x;
}

/// rcp.approx.ftz.f64: of the upper half of a double, the upper half of the reciprocal. The manual says no bound; here the last of its 20
/// bits is up or down by one.
double gross_reciprocal(double a) {
  constexpr u64 upper = 0xffffffff00000000ull, last = 1ull << 32;
  const auto zero_if_small = [](double x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0, x) : x; };
  const u64 given = std::bit_cast<u64>(a) & upper;
  const double x = a == a ? zero_if_small(std::bit_cast<double>(given)) : a, exact = zero_if_small(1 / x);
  if (exact == 0 || std::isinf(exact) || exact != exact) return exact;
  const u64 cut = std::bit_cast<u64>(exact) & upper;
  return zero_if_small(std::bit_cast<double>(std::popcount(given) & 1 ? cut + last : cut - last));
}

template <bool Flush> void approximations(table& t) {
  const std::string end = Flush ? ".ftz.f32" : ".f32";
  const auto one = [&](const std::string& name, auto f) { enter(t, name + end, f); };
  one("ex2.approx", [](float a) {
    const float x = kept<Flush>(a);
    return x == 0 ? 1.0f : displaced(std::exp2(double(x)), 2, std::bit_cast<u32>(x), Flush);
  });
  one("rcp.approx", [](float a) { return displaced(1 / double(kept<Flush>(a)), 1, std::bit_cast<u32>(a), Flush); });
  one("sqrt.approx", [](float a) { return displaced(std::sqrt(double(kept<Flush>(a))), 1, std::bit_cast<u32>(a), Flush); });
  one("rsqrt.approx", [](float a) { return displaced(1 / std::sqrt(double(kept<Flush>(a))), 1, std::bit_cast<u32>(a), Flush); });
  one("div.full", [](float a, float b) {
    return displaced(double(kept<Flush>(a)) / double(kept<Flush>(b)), 2, std::bit_cast<u32>(a) ^ std::bit_cast<u32>(b), Flush);
  });
  one("div.approx", [](float a, float b) {
    const float x = kept<Flush>(a), y = kept<Flush>(b);
    // Of divisors beyond 2^126 the manual promises 0, or NaN of an infinity.
    if (std::fabs(y) > 0x1p126f && std::isfinite(y))
      return std::isinf(x) ? canonical(x - x) : x == x ? x * 0.0f * std::copysign(1.0f, y) : canonical(x);
    return displaced(double(x) / double(y), 2, std::bit_cast<u32>(a) ^ std::bit_cast<u32>(b), Flush);
  });
  // The next are promised an absolute error.
  one("lg2.approx", [](float a) {
    const double exact = std::log2(double(kept<Flush>(a)));
    const bool near_one = a > 0.5f && a < 2.0f;
    return near_one ? float(exact + (std::popcount(std::bit_cast<u32>(a)) & 1 ? 0x1p-22 : -0x1p-22))
                    : displaced(exact, 2, std::bit_cast<u32>(a), false);
  });
  one("sin.approx", [](float a) {
    return canonical(float(std::sin(double(kept<Flush>(a))) + (std::popcount(std::bit_cast<u32>(a)) & 1 ? 0x1p-21 : -0x1p-21)));
  });
  one("cos.approx", [](float a) {
    return canonical(float(std::cos(double(kept<Flush>(a))) + (std::popcount(std::bit_cast<u32>(a)) & 1 ? 0x1p-21 : -0x1p-21)));
  });
  if constexpr (!Flush)
    one("tanh.approx", [](float a) {
      const double exact = std::tanh(double(a));
      return std::isinf(a) ? float(exact) : canonical(float(exact * (std::popcount(std::bit_cast<u32>(a)) & 1 ? 1 - 0x1p-11 : 1)));
    });
}

// ---- conversions ----

template <class To, class From> To clamped(From x) {
  const int128 wide = x, low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
  return To(wide < low ? low : wide > high ? high : wide);
}
/// Of a number that is whole already, or NaN.
template <class To, class From> To to_integer(From x) {
  if (x != x) return sizeof(From) < 8 && sizeof(To) < 8 ? To(0) : To(u64(1) << (width<To> - 1));
  if (x <= From(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  if (x >= From(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
  return To(x);
}

template <class To, class From> void integer_conversion(table& t, const std::string& to_type, const std::string& from_type) {
  enter(t, "cvt." + to_type + "." + from_type, [](From x) { return To(x); });
  enter(t, "cvt.sat." + to_type + "." + from_type, [](From x) { return clamped<To>(x); });
}
template <class T> void integer_conversions(table& t, const std::string& type) {
  integer_conversion<u8, T>(t, "u8", type);
  integer_conversion<s8, T>(t, "s8", type);
  integer_conversion<u16, T>(t, "u16", type);
  integer_conversion<s16, T>(t, "s16", type);
  integer_conversion<u32, T>(t, "u32", type);
  integer_conversion<s32, T>(t, "s32", type);
  integer_conversion<u64, T>(t, "u64", type);
  integer_conversion<s64, T>(t, "s64", type);
}
template <class Integer, class Float> void number_conversion(table& t, const std::string& integer, const std::string& number) {
  enter(t, "cvt.rn." + number + "." + integer, [](Integer x) { return Float(x); });
  enter(t, "cvt.rz." + number + "." + integer, [](Integer a) {
    const volatile Integer x = a;
    return rounded<FE_TOWARDZERO>([&] { return Float(x); });
  });
  enter(t, "cvt.rni." + integer + "." + number, [](Float x) { return to_integer<Integer>(std::nearbyint(x)); });
  enter(t, "cvt.rzi." + integer + "." + number, [](Float x) { return to_integer<Integer>(std::trunc(x)); });
  enter(t, "cvt.rmi." + integer + "." + number, [](Float x) { return to_integer<Integer>(std::floor(x)); });
  enter(t, "cvt.rpi." + integer + "." + number, [](Float x) { return to_integer<Integer>(std::ceil(x)); });
}
template <class Float> void number_conversions(table& t, const std::string& number) {
  number_conversion<u16, Float>(t, "u16", number);
  number_conversion<s16, Float>(t, "s16", number);
  number_conversion<u32, Float>(t, "u32", number);
  number_conversion<s32, Float>(t, "s32", number);
  number_conversion<u64, Float>(t, "u64", number);
  number_conversion<s64, Float>(t, "s64", number);
  enter(t, "cvt.rni." + number + "." + number, [](Float x) { return canonical(std::nearbyint(x)); });
  enter(t, "cvt.rzi." + number + "." + number, [](Float x) { return canonical(std::trunc(x)); });
  enter(t, "cvt.rmi." + number + "." + number, [](Float x) { return canonical(std::floor(x)); });
  enter(t, "cvt.rpi." + number + "." + number, [](Float x) { return canonical(std::ceil(x)); });
}

u32 pair_of(u32 high, u32 low) { return high << 16 | low; }

void conversions(table& t) {
  integer_conversions<u8>(t, "u8");
  integer_conversions<s8>(t, "s8");
  integer_conversions<u16>(t, "u16");
  integer_conversions<s16>(t, "s16");
  integer_conversions<u32>(t, "u32");
  integer_conversions<s32>(t, "s32");
  integer_conversions<u64>(t, "u64");
  integer_conversions<s64>(t, "s64");
  number_conversions<float>(t, "f32");
  number_conversions<double>(t, "f64");
  enter(t, "cvt.sat.f32.f32", [](float x) { return saturated(x); });
  enter(t, "cvt.ftz.f32.f32", [](float x) { return canonical(flushed(x)); });
  enter(t, "cvt.f64.f32", [](float x) { return double(x); });
  enter(t, "cvt.rn.f32.f64", [](double x) { return canonical(float(x)); });
  enter(t, "cvt.f32.f16", [](f16 x) { return __half2float({x.bits}); });
  enter(t, "cvt.f32.bf16", [](bf16 x) { return __bfloat162float({x.bits}); });
  enter(t, "cvt.rn.f16.f32", [](float x) { return f16{__float2half(x).bits}; });
  enter(t, "cvt.rn.bf16.f32", [](float x) { return bf16{__float2bfloat16(x).bits}; });
  enter(t, "cvt.rn.f16x2.f32", [](float high, float low) { return pair_of(__float2half(high).bits, __float2half(low).bits); });
  enter(t, "cvt.rn.bf16x2.f32", [](float high, float low) { return pair_of(__float2bfloat16(high).bits, __float2bfloat16(low).bits); });
}

table all_operations() {
  table t;
  integers<u16>(t, "u16");
  integers<s16>(t, "s16");
  integers<u32>(t, "u32");
  integers<s32>(t, "s32");
  integers<u64>(t, "u64");
  integers<s64>(t, "s64");
  bits<bool>(t, "pred");
  bits<u16>(t, "b16");
  bits<u32>(t, "b32");
  bits<u64>(t, "b64");
  floats<float, false>(t, "f32");
  floats<float, true>(t, "f32");
  floats<double, false>(t, "f64");
  approximations<false>(t);
  approximations<true>(t);
  enter(t, "rcp.approx.ftz.f64", [](double a) { return gross_reciprocal(a); });
  conversions(t);
  enter(t, "prmt.b32", [](u32 a, u32 b, u32 selector) { return permuted(a, b, selector); });
  enter(t, "lop3.b32", [](u32 a, u32 b, u32 c, u32 rows) { return by_table(a, b, c, rows); });
  enter(t, "shf.l.wrap.b32", [](u32 a, u32 b, u32 c) { return u32((u64(b) << 32 | a) << (c & 31u) >> 32); });
  enter(t, "shf.r.wrap.b32", [](u32 a, u32 b, u32 c) { return u32((u64(b) << 32 | a) >> (c & 31u)); });
  enter(t, "shf.l.clamp.b32", [](u32 a, u32 b, u32 c) { return c >= 32 ? a : u32((u64(b) << 32 | a) << c >> 32); });
  enter(t, "shf.r.clamp.b32", [](u32 a, u32 b, u32 c) { return c >= 32 ? b : u32((u64(b) << 32 | a) >> c); });
  for (const char* const same : {"cvta.global.u64", "cvta.to.global.u64", "cvta.const.u64", "cvta.to.const.u64"})
    enter(t, same, [](u64 a) { return a; });
  enter(t, "cvta.shared.u64", [](u64 a) { return a + shared_window; });
  enter(t, "cvta.to.shared.u64", [](u64 a) { return a - shared_window; });
  enter(t, "cvta.local.u64", [](u64 a) { return a + local_window; });
  enter(t, "cvta.to.local.u64", [](u64 a) { return a - local_window; });
  enter(t, "cvta.param.u64", [](u64 a) { return a + param_window; });
  enter(t, "cvta.to.param.u64", [](u64 a) { return a - param_window; });
  return t;
}

}  // namespace

const operation* find_operation(const std::string& name) {
  static const table all = all_operations();
  const auto place = all.find(name);
  return place == all.end() ? nullptr : &place->second;
}

}  // namespace cuda_ptx
