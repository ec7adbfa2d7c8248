#pragma once
// The layout of a feature store on disk. Everything is little-endian.
//
//   0                         header, one page of 4096 bytes: the fields of store_header, zeros, and in its last 4 bytes its checksum
//   4096 + i * item bytes     video i, in the order in which videos were added: maps (steps, channels, height, width), from the next
//   multiple
//                             of 64 on sound (steps, sound), zeros up to the next multiple of 4096
//   4096 + videos * item bytes   index: for each video steps + 1 checksums, of each step's map and of the sound; then for each video the
//                             length of its name (2 bytes) and the name. The file ends with it.
//
// Checksums are CRC-32s (that of zip). Where an item lies follows from its number, so that no file can say something else.

#include <avqa/features/source.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace avqa::detail {

inline constexpr std::size_t store_page = 4096;
inline constexpr std::size_t longest_video_name = std::numeric_limits<std::uint16_t>::max();

struct store_header {
  static constexpr std::array<char, 8> right_magic{'\x89', 'A', 'V', 'Q', 'A', 'F', 'S', '\n'};
  static constexpr std::uint32_t right_order = 0x01020304u, supported_version = 1;

  std::array<char, 8> magic = right_magic;
  std::uint32_t version = supported_version;
  std::uint32_t byte_order = right_order;
  std::uint32_t type = 0;  // 1 float, 2 float16, 3 bfloat16
  std::uint32_t index_checksum = 0;
  std::uint64_t videos = 0, steps = 0, sound = 0, channels = 0, height = 0, width = 0;
  std::uint64_t index_bytes = 0;
  std::array<char, store_page - 4 - 80> zeros{};
  std::uint32_t checksum = 0;  // of all before it
};
static_assert(sizeof(store_header) == store_page && std::is_trivially_copyable_v<store_header>);

inline constexpr std::array<ogm::data::dtype, 3> store_types{ogm::data::dtype::f32, ogm::data::dtype::f16, ogm::data::dtype::bf16};
inline std::uint32_t type_code(ogm::data::dtype type) {
  for (std::size_t i = 0; i < store_types.size(); ++i)
    if (store_types[i] == type) return std::uint32_t(i + 1);
  throw ogm::value_error("avqa: a feature store of " + std::string(name_of(type)) + "; f32, f16 or bf16 expected.");
}

inline std::uint32_t checksum_of(const store_header& h) {
  return ogm::data::crc32(ogm::data::as_byte_span(&h, 1).first(store_page - sizeof h.checksum));
}

/// Where the parts of an item lie, in bytes from its beginning.
struct store_layout {
  std::size_t frame_bytes = 0, maps_bytes = 0, sound_offset = 0, sound_bytes = 0, item_bytes = 0;

  std::size_t item_offset(std::size_t video) const { return store_page + video * item_bytes; }
};

/// Nothing where an extent is 0 or an item has more bytes than memory.
inline std::optional<store_layout> layout_of(const feature_shape& shape, ogm::data::dtype type) {
  const auto product = [](std::size_t bytes, auto... sizes) -> std::size_t {  // 0: too many
    for (const ogm::size_type size : {sizes...})
      if (size < 1 || __builtin_mul_overflow(bytes, std::size_t(size), &bytes)) return 0;
    return bytes <= (std::size_t(1) << 62) ? bytes : 0;
  };
  store_layout out;
  out.frame_bytes = product(size_of(type), shape.channels, shape.height, shape.width);
  out.maps_bytes = product(out.frame_bytes, shape.steps);
  out.sound_bytes = product(size_of(type), shape.steps, shape.sound);
  if (out.frame_bytes == 0 || out.maps_bytes == 0 || out.sound_bytes == 0) return std::nullopt;
  out.sound_offset = (out.maps_bytes + 63) / 64 * 64;
  out.item_bytes = (out.sound_offset + out.sound_bytes + store_page - 1) / store_page * store_page;
  return out;
}

/// What a file says about itself, checked.
struct store_contents {
  feature_shape shape;
  ogm::data::dtype type{};
  store_layout layout;
  video_list videos;
  std::vector<std::uint32_t> checksums;  // (video, steps + 1)
};

inline store_contents parse_index(store_contents out, ogm::data::byte_span index, std::size_t videos, const std::string& name) {
  const std::size_t per_video = std::size_t(out.shape.steps) + 1;
  if (videos > 0 && per_video > index.size() / sizeof(std::uint32_t) / videos)
    feature_file_damaged(name, std::to_string(videos) + " videos of " + std::to_string(out.shape.steps) + " steps do not fit an index of " +
                                   std::to_string(index.size()) + " bytes");
  out.checksums.resize(videos * per_video);
  const std::size_t table = out.checksums.size() * sizeof(std::uint32_t);
  if (table > 0) std::memcpy(out.checksums.data(), index.data(), table);
  index = index.subspan(table);
  std::vector<std::string> names;
  names.reserve(videos);
  for (std::size_t i = 0; i < videos; ++i) {
    const std::size_t length = index.size() < 2 ? 0 : ogm::data::detail::load_number<std::uint16_t>(index, 0);
    if (length == 0 || length > index.size() - 2)
      feature_file_damaged(name, "the name of video " + std::to_string(i) + " is empty or longer than the index");
    names.emplace_back(ogm::data::as_text(index.subspan(2, length)));
    index = index.subspan(2 + length);
  }
  if (!index.empty()) feature_file_damaged(name, std::to_string(index.size()) + " bytes after the name of the last video");
  try {
    out.videos = video_list(std::move(names));
  } catch (const ogm::value_error& e) {
    feature_file_damaged(name, "its index says: " + said_by(e));
  }
  return out;
}

/// Checks everything but the items themselves.
///
/// Errors     data_error with the name of the file
inline store_contents parse_store(ogm::data::byte_span bytes, const std::string& name) {
  store_header h;
  if (bytes.size() < sizeof h)
    feature_file_damaged(name, "truncated, or no feature store: " + std::to_string(bytes.size()) + " bytes; at least the " +
                                   std::to_string(sizeof h) + " of the header expected");
  std::memcpy(&h, bytes.data(), sizeof h);
  if (h.magic != store_header::right_magic) feature_file_damaged(name, "no feature store: it does not begin with \\x89AVQAFS");
  if (h.byte_order != store_header::right_order) feature_file_damaged(name, "its numbers are not little-endian");
  if (h.version != store_header::supported_version)
    feature_file_damaged(name, "version " + std::to_string(h.version) + " of the format; version 1 expected");
  if (h.checksum != checksum_of(h)) feature_file_damaged(name, "the header is damaged: its checksum differs");
  if (h.type < 1 || h.type > store_types.size())
    feature_file_damaged(name, "elements of type " + std::to_string(h.type) + "; 1 (f32), 2 (f16) or 3 (bf16) expected");
  store_contents out;
  const auto size = [](std::uint64_t n) { return n < std::uint64_t(PTRDIFF_MAX) ? ogm::size_type(n) : 0; };
  out.shape = {size(h.steps), size(h.sound), size(h.channels), size(h.height), size(h.width)};
  out.type = store_types[h.type - 1];
  const auto layout = layout_of(out.shape, out.type);
  if (!layout) feature_file_damaged(name, "the shapes " + out.shape.text() + " have a size of 0 or more elements than memory");
  out.layout = *layout;
  std::uint64_t items = 0, needed = 0;
  if (__builtin_mul_overflow(h.videos, std::uint64_t(out.layout.item_bytes), &items) ||
      __builtin_add_overflow(items, h.index_bytes, &needed) || __builtin_add_overflow(needed, std::uint64_t(store_page), &needed) ||
      needed != bytes.size())
    feature_file_damaged(name, "truncated, or bytes after its end: " + std::to_string(h.videos) + " videos of " +
                                   std::to_string(out.layout.item_bytes) + " bytes, an index of " + std::to_string(h.index_bytes) +
                                   " and a header of 4096 do not make the " + std::to_string(bytes.size()) + " bytes of the file");
  const ogm::data::byte_span index = bytes.last(std::size_t(h.index_bytes));
  if (ogm::data::crc32(index) != h.index_checksum) feature_file_damaged(name, "the index is damaged: its checksum differs");
  return parse_index(std::move(out), index, std::size_t(h.videos), name);
}

}  // namespace avqa::detail
