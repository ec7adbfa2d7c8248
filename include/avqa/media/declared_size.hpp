#pragma once
// How long a media file says that it is: what tells a file that was cut from a whole one, to the byte.

#include <ogm/data/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace avqa::media::detail {

/// Bytes of the file by its outermost lengths: the RIFF chunks of an AVI or WAV, the boxes of an MP4, the segment of a Matroska or WebM.
/// 0 where there is none, or where the file says that it does not know, as one does that was sent while it was made.
inline std::uint64_t declared_size(ogm::data::byte_span bytes) {
  const std::string_view text = ogm::data::as_text(bytes);
  const auto number = [&](std::size_t at, std::size_t count, bool big_endian) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < count; ++i) out = out << 8 | std::uint8_t(bytes[at + (big_endian ? i : count - 1 - i)]);
    return out;
  };
  if (text.size() < 12) return 0;

  std::uint64_t at = 0;
  if (text.starts_with("RIFF")) {
    while (at + 8 <= text.size() && text.substr(at, 4) == "RIFF") {
      const std::uint64_t size = number(at + 4, 4, false);
      if (size < 4 || size >= 0xfffffff0) return 0;
      at += 8 + size;
    }
    return at == text.size() + 1 ? text.size() : at;  // the last chunk's byte of padding is often left out
  }
  if (text.substr(4, 4) == "ftyp") {
    while (at + 16 <= text.size()) {
      const std::uint64_t size = number(at, 4, true);
      const std::uint64_t box = size == 1 ? number(at + 8, 8, true) : size;
      if (box < 8 || box > UINT64_MAX - at) return 0;  // 0: to the end
      at += box;
    }
    return at;
  }
  if (text.starts_with("\x1a\x45\xdf\xa3")) {
    /// The length of an element, whose first byte has as many zeros as bytes follow; all ones: unknown.
    const auto length = [&](std::uint64_t from, std::uint64_t& end) {
      if (from >= text.size()) return false;
      const auto first = std::uint8_t(bytes[from]);
      std::size_t count = 1;
      while (count <= 8 && !(first & (0x80 >> (count - 1)))) ++count;
      if (count > 8 || from + count > text.size()) return false;
      const std::uint64_t ones = (std::uint64_t(1) << 7 * count) - 1, value = number(from, count, true) & ones;
      if (value == ones) return false;
      end = from + count + value;
      return true;
    };
    if (!length(4, at) || at > text.size() || text.size() - at < 4 || text.substr(at, 4) != "\x18\x53\x80\x67" || !length(at + 4, at))
      return 0;
    return at;
  }
  return 0;
}

}  // namespace avqa::media::detail
