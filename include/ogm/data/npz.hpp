#pragma once
// NumPy's .npz archives: zip files of .npy members, stored or deflated. Deflate needs zlib (OGM_WITH_ZLIB).

#include <ogm/data/bytes.hpp>
#include <ogm/data/npy.hpp>

#ifdef OGM_WITH_ZLIB
#include <zlib.h>
#endif

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace ogm::data::npz {

namespace detail {
using data::detail::damaged;
using data::detail::load_number;

struct member {
  std::uint64_t offset = 0, stored = 0, size = 0;  // offset: of the local header
  std::uint32_t crc = 0;
  int method = 0;
};

#ifdef OGM_WITH_ZLIB
inline std::vector<std::byte> inflate_member(byte_span from, std::uint64_t size, const std::string& where) {
  // Two bits of deflate give at most 258 bytes: what claims more than 1032 for one is refused before memory is asked for.
  if (size / 1032 > from.size())
    damaged(where, "claims " + std::to_string(size) + " bytes out of " + std::to_string(from.size()) + " deflated ones");
  std::vector<std::byte> out(std::size_t(size) + 1);  // one more shows a stream that is too long
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, ::inflateEnd);
  std::size_t read = 0, written = 0;
  int state = Z_OK;
  while (state == Z_OK && written < out.size()) {  // zlib counts in 32 bits
    constexpr std::size_t step = std::size_t(1) << 30;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data() + read));
    stream.avail_in = uInt(std::min(step, from.size() - read));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    stream.avail_out = uInt(std::min(step, out.size() - written));
    const auto in = stream.avail_in, room = stream.avail_out;
    state = ::inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += room - stream.avail_out;
  }
  if (state != Z_STREAM_END) damaged(where, "the deflated bytes are damaged");
  if (written != size || read != from.size())
    damaged(where, std::to_string(written) + " bytes after inflating, " + std::to_string(size) + " expected");
  out.pop_back();
  return out;
}
#endif

}  // namespace detail

/// An archive in memory: its members are read one by one, checked by their CRC.
///
/// Errors     data_error with the name of the archive and of the member: not a zip, truncated, encrypted, a method other than stored and
///            deflated, two members of one name, a wrong CRC
class archive {
 public:
  archive(byte_span bytes, std::string name) : bytes_(bytes), name_(std::move(name)) { read_directory(); }

  /// The arrays' names, without ".npy", sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [key, m] : members_) out.push_back(key);
    return out;
  }
  bool contains(const std::string& array_name) const { return members_.count(array_name) != 0; }
  template <stored_type T> array<T> read(const std::string& array_name) const {
    return with_member(array_name, [](byte_span b, const std::string& where) { return npy::parse<T>(b, where); });
  }
  template <stored_type T> array<T> read_as(const std::string& array_name) const {
    return with_member(array_name, [](byte_span b, const std::string& where) { return npy::parse_as<T>(b, where); });
  }
  npy::header_info header(const std::string& array_name) const {
    return with_member(array_name, [](byte_span b, const std::string& where) { return npy::parse_header(b, where); });
  }

 private:
  template <class T> T number(std::uint64_t at) const {
    if (at > bytes_.size() || bytes_.size() - at < sizeof(T))
      detail::damaged(name_, "truncated: a number at byte " + std::to_string(at) + " lies outside");
    return detail::load_number<T>(bytes_, std::size_t(at));
  }
  byte_span part(std::uint64_t at, std::uint64_t size, const char* what) const {
    if (at > bytes_.size() || size > bytes_.size() - at)
      detail::damaged(name_, "truncated: " + std::string(what) + " at byte " + std::to_string(at) + " with " + std::to_string(size) +
                                 " bytes lies outside");
    return bytes_.subspan(std::size_t(at), std::size_t(size));
  }

  void read_directory() {
    if (bytes_.size() < 22) detail::damaged(name_, "no zip archive: shorter than an empty one");
    std::uint64_t end = bytes_.size() - 22;  // the end record, before a comment of at most 65535 bytes
    const std::uint64_t lowest = end > 65535 ? end - 65535 : 0;
    while (number<std::uint32_t>(end) != 0x06054B50 || number<std::uint16_t>(end + 20) != bytes_.size() - end - 22)
      if (end-- == lowest) detail::damaged(name_, "no zip archive, or truncated: it has no end record");
    std::uint64_t count = number<std::uint16_t>(end + 10), size = number<std::uint32_t>(end + 12), at = number<std::uint32_t>(end + 16);
    if (end >= 20 && number<std::uint32_t>(end - 20) == 0x07064B50) {  // zip64
      const auto record = number<std::uint64_t>(end - 12);
      if (number<std::uint32_t>(record) != 0x06064B50) detail::damaged(name_, "the zip64 end record is damaged");
      part(record, 56, "the zip64 end record");
      count = number<std::uint64_t>(record + 32), size = number<std::uint64_t>(record + 40), at = number<std::uint64_t>(record + 48);
    }
    part(at, size, "the directory");
    if (count > size / 46) detail::damaged(name_, "the directory is too small for its " + std::to_string(count) + " entries");
    for (const std::uint64_t last = at + size; count-- > 0;) at = read_entry(at, last);
  }

  std::uint64_t read_entry(std::uint64_t at, std::uint64_t last) {
    if (last - at < 46 || number<std::uint32_t>(at) != 0x02014B50)
      detail::damaged(name_, "a directory entry at byte " + std::to_string(at) + " is damaged");
    const std::uint64_t name_size = number<std::uint16_t>(at + 28), extra_size = number<std::uint16_t>(at + 30);
    const std::uint64_t next = at + 46 + name_size + extra_size + number<std::uint16_t>(at + 32);
    if (next > last) detail::damaged(name_, "a directory entry at byte " + std::to_string(at) + " is longer than the directory");
    std::string key(as_text(part(at + 46, name_size, "a name")));
    detail::member m;
    m.method = number<std::uint16_t>(at + 10);
    m.crc = number<std::uint32_t>(at + 16);
    m.stored = number<std::uint32_t>(at + 20);
    m.size = number<std::uint32_t>(at + 24);
    m.offset = number<std::uint32_t>(at + 42);
    if (number<std::uint16_t>(at + 8) & 1) detail::damaged(name_, "the member " + key + " is encrypted");
    read_zip64(m, at + 46 + name_size, extra_size);
    if (key.size() > 4 && key.compare(key.size() - 4, 4, ".npy") == 0) key.resize(key.size() - 4);
    if (!members_.emplace(key, m).second) detail::damaged(name_, "two members are called " + key);
    return next;
  }

  void read_zip64(detail::member& m, std::uint64_t at, std::uint64_t size) const {
    for (const std::uint64_t last = at + size; last - at >= 4;) {
      const auto id = number<std::uint16_t>(at);
      const std::uint64_t end = at + 4 + number<std::uint16_t>(at + 2);
      if (end > last) detail::damaged(name_, "an extra field at byte " + std::to_string(at) + " is longer than its entry");
      at += 4;
      if (id == 1)
        for (std::uint64_t* field : {&m.size, &m.stored, &m.offset})  // only those that did not fit 32 bits, in this order
          if (*field == 0xFFFFFFFF && end - at >= 8) *field = number<std::uint64_t>(at), at += 8;
      at = end;
    }
  }

  template <class F> std::invoke_result_t<F, byte_span, const std::string&> with_member(const std::string& key, const F& f) const {
    const auto found = members_.find(key);
    if (found == members_.end()) detail::damaged(name_, "has no array " + key);
    const detail::member& m = found->second;
    const std::string where = name_ + ":" + key;
    part(m.offset, 30, "a local header");
    if (number<std::uint32_t>(m.offset) != 0x04034B50) detail::damaged(where, "its local header is damaged");
    const std::uint64_t begin = m.offset + 30 + number<std::uint16_t>(m.offset + 26) + number<std::uint16_t>(m.offset + 28);
    const byte_span stored = part(begin, m.stored, "a member");
    const auto checked = [&](byte_span b) {
      if (crc32(b) != m.crc) detail::damaged(where, "damaged: its CRC differs from the directory's");
      return f(b, where);
    };
    if (m.method == 0) {
      if (m.stored != m.size) detail::damaged(where, "a stored member with two sizes");
      return checked(stored);
    }
    if (m.method != 8) detail::damaged(where, "compression method " + std::to_string(m.method) + "; stored or deflated expected");
#ifdef OGM_WITH_ZLIB
    return checked(detail::inflate_member(stored, m.size, where));
#else
    detail::damaged(where,
                    "deflated, and this program is built without zlib (OGM_WITH_ZLIB); write it with numpy.savez, not savez_compressed");
#endif
  }

  byte_span bytes_;
  std::string name_;
  std::map<std::string, detail::member> members_;
};

/// An archive on disk, mapped.
class file : public archive {
 public:
  explicit file(const std::string& path) : file(mapped_file(path), path) {}

 private:
  file(mapped_file&& mapped, const std::string& path) : archive(mapped.bytes(), path), mapped_(std::move(mapped)) {}
  mapped_file mapped_;
};

/// Collects arrays and writes them stored, without compression.
///
/// Errors     value_error for a second array of one name or an archive over 4 GB; data_error where the file cannot be written
class writer {
 public:
  template <stored_type T> void add(const std::string& array_name, std::span<const T> values, std::span<const size_type> shape) {
    if (!names_.emplace(array_name, 0).second) throw value_error("ogm: a second array " + array_name + " for one .npz.");
    const std::string key = array_name + ".npy", head = npy::encode_header(dtype_of<T>, shape);
    std::string payload = head;
    payload.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    npy::parse_header(as_byte_span(payload), array_name);  // a count that differs from the shape's
    const std::size_t offset = body_.size();
    if (offset + payload.size() + directory_.size() + 2 * key.size() + 256 > 0xFFFFFFFFu)
      throw value_error("ogm: an .npz over 4 GB. Use safetensors.");
    std::string common;
    append(common, std::uint16_t(20)), append(common, std::uint16_t(0)), append(common, std::uint16_t(0));  // version, flags, stored
    append(common, std::uint32_t(0x00210000));  // 1980-01-01: the same bytes every time
    append(common, crc32(as_byte_span(payload)));
    append(common, std::uint32_t(payload.size())), append(common, std::uint32_t(payload.size()));
    append(common, std::uint16_t(key.size())), append(common, std::uint16_t(0));
    append(body_, std::uint32_t(0x04034B50));
    body_ += common + key + payload;
    append(directory_, std::uint32_t(0x02014B50)), append(directory_, std::uint16_t(20));
    directory_ += common;
    directory_.append(10, '\0');  // comment, disk and attributes
    append(directory_, std::uint32_t(offset));
    directory_ += key;
  }
  std::string encode() const {
    std::string out = body_ + directory_;
    append(out, std::uint32_t(0x06054B50)), append(out, std::uint32_t(0));
    append(out, std::uint16_t(names_.size())), append(out, std::uint16_t(names_.size()));
    append(out, std::uint32_t(directory_.size())), append(out, std::uint32_t(body_.size())), append(out, std::uint16_t(0));
    return out;
  }
  void save(const std::string& path) const {
    const std::string all = encode();
    write_atomically(path, as_byte_span(all));
  }

 private:
  template <class T> static void append(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof(T)); }
  std::string body_, directory_;
  std::map<std::string, int> names_;
};

}  // namespace ogm::data::npz
