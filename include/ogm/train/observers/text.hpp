#pragma once
// Numbers and names as text, appended to a string whose memory is used again: the same in every locale.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace ogm::observers::text {

/// The shortest decimal that reads back as the same number; "nan", "inf", "-inf".
template <class Number>
requires(std::integral<Number> || std::floating_point<Number>) void append(std::string& out, Number value) {
  if constexpr (std::floating_point<Number>) {
    if (std::isnan(value)) {  // to_chars prints the sign of a NaN, which means nothing
      out += "nan";
      return;
    }
    const bool whole = std::abs(value) < 1e15 && value == std::trunc(value) && !(value == 0 && std::signbit(value));
    if (whole) return append(out, static_cast<long long>(value));  // 100000, where the shortest is 1e+05
  }
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}

/// A number with `digits` significant digits, as printf's %g writes it.
inline void append_short(std::string& out, double value, int digits = 4) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, std::clamp(digits, 1, 17)).ptr;
  out.append(buffer, end);
}

/// A number with `digits` digits after the point.
inline void append_fixed(std::string& out, double value, int digits) {
  if (!(std::abs(value) < 1e15)) return append_short(out, value);
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, std::clamp(digits, 0, 20)).ptr;
  out.append(buffer, end);
}

/// The length of the UTF-8 sequence at the front of s: 0 where it is not valid (stray, truncated, overlong, surrogate).
inline std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned a = byte(0), b = byte(1);
  if (s.empty()) return 0;
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a < 0xE0) return follows(1) ? 2 : 0;
  if (a >= 0xE0 && a < 0xF0) {
    const bool bad = (a == 0xE0 && b < 0xA0) || (a == 0xED && b >= 0xA0);
    return !bad && follows(1) && follows(2) ? 3 : 0;
  }
  if (a >= 0xF0 && a < 0xF5) {
    const bool bad = (a == 0xF0 && b < 0x90) || (a == 0xF4 && b >= 0x90);
    return !bad && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// Appends s with control characters and invalid UTF-8 as '?', so that a name can neither move a cursor nor break a document.
inline void append_printable(std::string& out, std::string_view s) {
  while (!s.empty()) {
    const std::size_t n = utf8_length(s);
    const auto first = static_cast<unsigned char>(s[0]);
    const bool c1_control = n == 2 && first == 0xC2 && static_cast<unsigned char>(s[1]) < 0xA0;
    if (n == 0 || first < 0x20 || first == 0x7F || c1_control)
      out += '?';
    else
      out.append(s.substr(0, n));
    s.remove_prefix(std::max<std::size_t>(n, 1));
  }
}

/// Columns on a terminal, with every code point taken as one column.
inline std::size_t columns(std::string_view s) {
  return std::size_t(std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// At most `limit` columns of s, never half a character.
inline std::string_view first_columns(std::string_view s, std::size_t limit) {
  std::size_t i = 0;
  for (std::size_t seen = 0; i < s.size(); ++i)
    if ((static_cast<unsigned char>(s[i]) & 0xC0) != 0x80 && seen++ == limit) break;
  return s.substr(0, i);
}

}  // namespace ogm::observers::text
