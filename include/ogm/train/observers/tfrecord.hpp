#pragma once
// The framing of TensorBoard's event files, and the little of protocol buffers that their messages need.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ogm::observers::tfrecord {

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78).
///
/// Source     RFC 3720, appendix B.4
inline std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) ? 0x82F63B78u : 0u);
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t c = 0xFFFFFFFFu;
  for (const char b : bytes) c = (c >> 8) ^ table[(c ^ static_cast<unsigned char>(b)) & 0xFF];
  return ~c;
}

/// A checksum that can be stored inside data that is itself checked: rotated right by 15 bits, plus a constant.
inline std::uint32_t masked_crc32c(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u; }

/// Appends the low `bytes` bytes of value, least significant first.
inline void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += char((value >> (8 * i)) & 0xFF);
}

/// A record: length (8 bytes), its masked CRC, the data, its masked CRC.
inline void append_record(std::string& out, std::string_view data) {
  const std::size_t begin = out.size();
  append_little_endian(out, data.size(), 8);
  append_little_endian(out, masked_crc32c(std::string_view(out).substr(begin, 8)), 4);
  out += data;
  append_little_endian(out, masked_crc32c(data), 4);
}

/// Writes fields of a protocol buffer message: a key (number and wire type) and the value.
struct message {
  std::string& out;

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += char((value & 0x7F) | 0x80);
    out += char(value);
  }
  void integer(unsigned field, std::int64_t value) {
    varint((field << 3) | 0u);
    varint(std::uint64_t(value));
  }
  void number(unsigned field, double value) {
    varint((field << 3) | 1u);
    append_little_endian(out, std::bit_cast<std::uint64_t>(value), 8);
  }
  void number(unsigned field, float value) {
    varint((field << 3) | 5u);
    append_little_endian(out, std::bit_cast<std::uint32_t>(value), 4);
  }
  /// A string or a message that is encoded already.
  void bytes(unsigned field, std::string_view value) {
    varint((field << 3) | 2u);
    varint(value.size());
    out += value;
  }
};

}  // namespace ogm::observers::tfrecord
