#pragma once
// PNG and JPEG through stb_image, compiled into this header with internal names: any number of translation units may include it, also
// units that declare their own stb_image.h; only the one that defines STB_IMAGE_IMPLEMENTATION must not. It takes 0.5 s to compile.

#include <ogm/core/extents.hpp>
#include <ogm/data/bytes.hpp>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#if __has_include(<stb/stb_image.h>)
#define OGM_DATA_HAS_STB 1
#if defined(__SSE2__)
#include <emmintrin.h>  // before the namespace opens: stb includes it itself
#endif
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wtype-limits"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma push_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma push_macro("STB_IMAGE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_STATIC")
#pragma push_macro("STBIDEF")
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#undef STBIDEF
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 16384
#define STBI_MALLOC(size) std::calloc(1, size)  // it reads tables that a hostile JPEG never sent: they are zeros then
#define STBI_REALLOC(pointer, size) std::realloc(pointer, size)
#define STBI_FREE(pointer) std::free(pointer)
#define STBI_ASSERT(condition) ((void)0)  // a file must not be able to end the program
#if defined(__clang__)
// On a JPEG that ends early it shifts zeros by 32 bits and more, and multiplies coefficients past 32 bits: wrong pixels, nothing worse.
#pragma clang attribute push(__attribute__((no_sanitize("shift", "signed-integer-overflow"))), apply_to = function)
#endif
namespace ogm::data::image::detail::stb {
using ::abs;  // not the function of expressions
using ::pow;
#include <stb/stb_image.h>
}  // namespace ogm::data::image::detail::stb
#if defined(__clang__)
#pragma clang attribute pop
#endif
#undef STBI_ONLY_PNG
#undef STBI_ONLY_JPEG
#undef STBI_NO_STDIO
#undef STBI_NO_LINEAR
#undef STBI_NO_HDR
#undef STBI_MAX_DIMENSIONS
#undef STBI_MALLOC
#undef STBI_REALLOC
#undef STBI_FREE
#undef STBI_ASSERT
#pragma pop_macro("STBIDEF")
#pragma pop_macro("STB_IMAGE_STATIC")
#pragma pop_macro("STB_IMAGE_IMPLEMENTATION")
#pragma pop_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma GCC diagnostic pop
#endif

namespace ogm::data::image {

/// Pixels of 8 bits, row by row, channels together: pixels[(row * width + column) * channels + channel].
struct picture {
  int height = 0, width = 0, channels = 3;
  std::vector<std::uint8_t> pixels;
};

namespace detail {
using data::detail::damaged;

inline constexpr std::string_view png_signature = "\x89PNG\r\n\x1A\n";

inline std::uint32_t big_endian(byte_span bytes, std::size_t at) {
  return std::uint32_t(bytes[at]) << 24 | std::uint32_t(bytes[at + 1]) << 16 | std::uint32_t(bytes[at + 2]) << 8 |
         std::uint32_t(bytes[at + 3]);
}

/// Every chunk inside the file with its CRC, and IEND at the end: stb looks at none of these.
inline void check_png(byte_span bytes, const std::string& name) {
  for (std::size_t at = 8;;) {
    const std::string where = "the chunk at byte " + std::to_string(at);
    if (bytes.size() - at < 12) damaged(name, "truncated: " + where + " is cut");
    const std::uint32_t size = big_endian(bytes, at);
    if (size > bytes.size() - at - 12) damaged(name, "truncated: " + where + " claims " + std::to_string(size) + " bytes");
    if (crc32(bytes.subspan(at + 4, std::size_t(size) + 4)) != big_endian(bytes, at + 8 + size))
      damaged(name, where + " is damaged: its CRC differs");
    if (as_text(bytes.subspan(at + 4, 4)) == "IEND") return;
    at += 12 + std::size_t(size);
  }
}

/// The Huffman tables of the segment whose length stands at `at`, as stb reads them: it takes zeros after the end, writes past its own
/// table where the 16 counts add up to more than 256, and takes the last of 256 codes for none.
inline void check_huffman(byte_span bytes, std::size_t at, const std::string& name) {
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? int(bytes[i]) : 0; };
  int left = byte(at) * 256 + byte(at + 1) - 2;
  for (std::size_t table = at + 2; left > 0;) {
    if (byte(table) > 0x1F || (byte(table) & 15) > 3) return;  // stb refuses it
    int count = 0;
    for (std::size_t i = 1; i <= 16; ++i) count += byte(table + i);
    if (count > 255)
      damaged(name, "a Huffman table at byte " + std::to_string(table) + " with " + std::to_string(count) + " codes; at most 255 expected");
    left -= 17 + count;
    table += 17 + std::size_t(count);
  }
}

/// Whole segments up to the first scan, an end marker, and no Huffman table that stb would overrun.
inline void check_jpeg(byte_span bytes, const std::string& name) {
  const std::string_view text = as_text(bytes);
  if (text.rfind("\xFF\xD9") == text.npos) damaged(name, "truncated: a JPEG without its end marker");
  std::size_t at = 2;
  for (int marker = 0; marker != 0xDA;) {
    while (at < bytes.size() && bytes[at] != std::byte(0xFF)) ++at;
    while (at < bytes.size() && bytes[at] == std::byte(0xFF)) ++at;
    if (bytes.size() - at < 3) damaged(name, "truncated: a JPEG without a scan");
    marker = int(bytes[at++]);
    if (marker == 0xD9) damaged(name, "a JPEG that ends without a scan");
    if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8)) continue;  // no length follows
    const std::size_t length = std::size_t(bytes[at]) * 256 + std::size_t(bytes[at + 1]);
    if (length < 2 || length > bytes.size() - at)
      damaged(name, "truncated: a JPEG segment at byte " + std::to_string(at) + " of " + std::to_string(length) + " bytes");
    if (marker == 0xC4) check_huffman(bytes, at, name);
    at += length;
  }
  // Where a scan ends depends on its decoding. So every pair of bytes that could announce tables is looked at; scans themselves have none.
  for (; (at = text.find("\xFF\xC4", at)) != text.npos; at += 2) check_huffman(bytes, at + 2, name);
}

}  // namespace detail

/// A PNG or JPEG as 1 (grey) or 3 (RGB) channels, or 4 with alpha.
///
/// Errors     data_error with the name: another format, truncated, a PNG chunk with a wrong CRC, over 16384 pixels a side, more pixels than
///            any such file can hold, what stb says, or no stb
inline picture parse(byte_span bytes, const std::string& name, int channels = 3) {
  if (channels != 1 && channels != 3 && channels != 4)
    throw value_error("ogm: an image has 1, 3 or 4 channels, not " + std::to_string(channels) + ".");
#ifdef OGM_DATA_HAS_STB
  const std::string_view text = as_text(bytes);
  if (text.size() > std::size_t(INT_MAX)) detail::damaged(name, "an image file over 2 GB");
  if (text.substr(0, 8) == detail::png_signature)
    detail::check_png(bytes, name);
  else if (text.substr(0, 3) != "\xFF\xD8\xFF")
    detail::damaged(name, "neither PNG nor JPEG");
  else
    detail::check_jpeg(bytes, name);
  const auto* const data = reinterpret_cast<const detail::stb::stbi_uc*>(bytes.data());
  const auto reason = [] {
    const char* const said = detail::stb::stbi_failure_reason();
    return std::string("stb: ") + (said ? said : "unknown");
  };
  int width = 0, height = 0, stored = 0;
  if (!detail::stb::stbi_info_from_memory(data, int(bytes.size()), &width, &height, &stored)) detail::damaged(name, reason());
  // Deflate gives at most 1032 bytes for one, and a byte at most 8 pixels; JPEG stays below. What claims more is refused before memory is
  // asked for.
  if (width < 1 || height < 1 || width > 16384 || height > 16384 || std::uint64_t(width) * std::uint64_t(height) / 8256 > bytes.size())
    detail::damaged(
        name, std::to_string(width) + " x " + std::to_string(height) + " pixels claimed in " + std::to_string(bytes.size()) + " bytes");
  const std::unique_ptr<detail::stb::stbi_uc, void (*)(void*)> pixels(
      detail::stb::stbi_load_from_memory(data, int(bytes.size()), &width, &height, &stored, channels), detail::stb::stbi_image_free);
  if (!pixels) detail::damaged(name, reason());
  const std::size_t count = std::size_t(width) * std::size_t(height) * std::size_t(channels);
  return {height, width, channels, std::vector<std::uint8_t>(pixels.get(), pixels.get() + count)};
#else
  (void)bytes;
  detail::damaged(name, "this program is built without stb (Debian: libstb-dev)");
#endif
}
inline picture read(const std::string& path, int channels = 3) { return parse(mapped_file(path).bytes(), path, channels); }

/// A PNG with its rows stored, not compressed: for tests and for looking at data.
inline std::string encode_png(const picture& p) {
  if (p.height < 1 || p.width < 1 || (p.channels != 1 && p.channels != 3 && p.channels != 4) ||
      p.pixels.size() != std::size_t(p.height) * std::size_t(p.width) * std::size_t(p.channels))
    throw value_error("ogm: a picture of " + std::to_string(p.height) + " x " + std::to_string(p.width) + " with " +
                      std::to_string(p.channels) + " channels cannot be a PNG.");
  const auto put = [](std::string& out, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) out += char(v >> shift & 255);
  };
  std::string out(detail::png_signature);
  const auto chunk = [&](std::string body) {  // the type and its bytes
    put(out, std::uint32_t(body.size() - 4));
    out += body;
    put(out, crc32(as_byte_span(body)));
  };
  std::string head = "IHDR";
  put(head, std::uint32_t(p.width)), put(head, std::uint32_t(p.height));
  head += char(8), head += char(p.channels == 1 ? 0 : p.channels == 3 ? 2 : 6), head.append(3, '\0');
  chunk(head);
  std::string rows;
  const std::size_t stride = std::size_t(p.width) * std::size_t(p.channels);
  for (std::size_t row = 0; row < std::size_t(p.height); ++row) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(p.pixels.data() + row * stride), stride);
  }
  std::string body = "IDAT\x78\x01";
  for (std::size_t at = 0; at < rows.size(); at += 65535) {
    const auto size = std::uint16_t(std::min<std::size_t>(65535, rows.size() - at));
    body += char(at + size == rows.size());
    for (const unsigned v : {unsigned(size), ~unsigned(size)}) body += char(v & 255), body += char(v >> 8 & 255);
    body.append(rows, at, size);
  }
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const char c : rows) a = (a + std::uint8_t(c)) % 65521, b = (b + a) % 65521;
  put(body, b << 16 | a);
  chunk(body);
  chunk("IEND");
  return out;
}
inline void write_png(const std::string& path, const picture& p) {
  const std::string all = encode_png(p);
  write_atomically(path, as_byte_span(all));
}

}  // namespace ogm::data::image
