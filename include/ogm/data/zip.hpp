#pragma once
// Zip archives, as far as .npz and .pt need them: members stored or deflated, zip64 read; written stored and below 4 GB. Deflate needs zlib
// (OGM_WITH_ZLIB).

#include <ogm/data/bytes.hpp>

#ifdef OGM_WITH_ZLIB
#include <zlib.h>
#endif

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace ogm::data::zip {

/// Where a member lies, as the directory says.
struct member {
  std::uint64_t offset = 0, stored = 0, size = 0;  // offset: of the local header
  std::uint32_t crc = 0;
  int method = 0;
};

namespace detail {
using data::detail::damaged;
using data::detail::load_number;

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

/// The directory of an archive in memory, and its members one by one, checked by their CRC.
///
/// Errors     data_error with the name of the archive and of the member: not a zip, truncated, encrypted, a method other than stored and
///            deflated, two members of one name, a wrong CRC
class archive {
 public:
  archive(byte_span bytes, std::string name) : bytes_(bytes), name_(std::move(name)) { read_directory(); }

  const std::map<std::string, member, std::less<>>& members() const { return members_; }
  const std::string& name() const { return name_; }

  /// The bytes of a stored member in place. `where` names it in messages.
  ///
  /// Errors     data_error also for a deflated one: read() takes those
  byte_span stored(const member& m, const std::string& where, bool check_crc = true) const {
    if (m.method != 0) detail::damaged(where, "compression method " + std::to_string(m.method) + "; a stored member expected");
    if (m.stored != m.size) detail::damaged(where, "a stored member with two sizes");
    const byte_span bytes = raw(m, where);
    return check_crc ? checked(bytes, m, where) : bytes;
  }

  /// f(bytes) of a member, inflated where it is deflated.
  template <class F> std::invoke_result_t<F, byte_span> read(const member& m, const std::string& where, const F& f) const {
    if (m.method == 0) return f(stored(m, where));
    if (m.method != 8) detail::damaged(where, "compression method " + std::to_string(m.method) + "; stored or deflated expected");
#ifdef OGM_WITH_ZLIB
    return f(checked(detail::inflate_member(raw(m, where), m.size, where), m, where));
#else
    detail::damaged(where,
                    "deflated, and this program is built without zlib (OGM_WITH_ZLIB); write it with numpy.savez, not savez_compressed");
#endif
  }

 private:
  byte_span raw(const member& m, const std::string& where) const {
    part(m.offset, 30, "a local header");
    if (number<std::uint32_t>(m.offset) != 0x04034B50) detail::damaged(where, "its local header is damaged");
    // The local header has its own name and padding, whose lengths differ from the directory's.
    const std::uint64_t begin = m.offset + 30 + number<std::uint16_t>(m.offset + 26) + number<std::uint16_t>(m.offset + 28);
    return part(begin, m.stored, "a member");
  }
  template <class Bytes> static Bytes checked(Bytes bytes, const member& m, const std::string& where) {
    if (crc32(bytes) != m.crc) detail::damaged(where, "damaged: its CRC differs from the directory's");
    return bytes;
  }
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
    member m;
    m.method = number<std::uint16_t>(at + 10);
    m.crc = number<std::uint32_t>(at + 16);
    m.stored = number<std::uint32_t>(at + 20);
    m.size = number<std::uint32_t>(at + 24);
    m.offset = number<std::uint32_t>(at + 42);
    if (number<std::uint16_t>(at + 8) & 1) detail::damaged(name_, "the member " + key + " is encrypted");
    read_zip64(m, at + 46 + name_size, extra_size);
    if (!members_.emplace(key, m).second) detail::damaged(name_, "two members are called " + key);
    return next;
  }

  void read_zip64(member& m, std::uint64_t at, std::uint64_t size) const {
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

  byte_span bytes_;
  std::string name_;
  std::map<std::string, member, std::less<>> members_;
};

/// Collects members and writes them stored, without compression: the same bytes every time. It keeps the spans, not copies: what they
/// point to must live until encode() or save().
///
/// Errors     value_error for a second member of one name, more than 65534 members, or an archive over 4 GB
class writer {
 public:
  /// The member's bytes begin at a multiple of `alignment` of the file, at most 32768, behind padding in the local header.
  void add(const std::string& key, byte_span bytes, std::size_t alignment = 1) {
    if (!names_.insert(key).second) throw value_error("ogm: a second member " + key + " for one zip archive.");
    std::size_t padding = (alignment - (size_ + 30 + key.size()) % alignment) % alignment;
    while (padding > 0 && padding < 4) padding += alignment;  // an extra field has a head of four bytes
    const std::size_t end = size_ + 30 + key.size() + padding + bytes.size();
    if (key.size() > 65535 || bytes.size() > limit || end + directory_.size() + key.size() + 46 + 22 > limit || pieces_.size() == 65534)
      throw value_error("ogm: a zip archive over 4 GB or with more than 65534 members. Use safetensors.");
    std::string common;
    append(common, std::uint16_t(20)), append(common, std::uint16_t(0)), append(common, std::uint16_t(0));  // version, flags, stored
    append(common, std::uint32_t(0x00210000));                                                              // 1980-01-01
    append(common, crc32(bytes));
    append(common, std::uint32_t(bytes.size())), append(common, std::uint32_t(bytes.size()));
    append(common, std::uint16_t(key.size()));
    std::string head;
    append(head, std::uint32_t(0x04034B50));
    head += common;
    append(head, std::uint16_t(padding));
    head += key;
    if (padding > 0) {
      append(head, std::uint16_t(0x4246)), append(head, std::uint16_t(padding - 4));  // the id that PyTorch gives its padding
      head.append(padding - 4, '\0');
    }
    append(directory_, std::uint32_t(0x02014B50)), append(directory_, std::uint16_t(20));
    directory_ += common;
    directory_.append(12, '\0');  // extra field, comment, disk and attributes
    append(directory_, std::uint32_t(size_));
    directory_ += key;
    pieces_.push_back({std::move(head), bytes});
    size_ = end;
  }
  std::string encode() const {
    const std::string tail = end_record();
    std::string out;
    out.reserve(size_ + tail.size());
    for (const byte_span part : parts(tail)) out += as_text(part);
    return out;
  }
  /// Errors     data_error where the file cannot be written
  void save(const std::string& path) const {
    const std::string tail = end_record();
    write_atomically(path, parts(tail));
  }

 private:
  static constexpr std::size_t limit = 0xFFFFFFFE;  // all ones, and 65535 members, would say zip64
  struct piece {
    std::string head;
    byte_span bytes;
  };

  std::vector<byte_span> parts(const std::string& tail) const {
    std::vector<byte_span> out;
    for (const piece& p : pieces_) out.insert(out.end(), {as_byte_span(p.head), p.bytes});
    out.push_back(as_byte_span(tail));
    return out;
  }
  std::string end_record() const {
    std::string out = directory_;
    append(out, std::uint32_t(0x06054B50)), append(out, std::uint32_t(0));
    append(out, std::uint16_t(pieces_.size())), append(out, std::uint16_t(pieces_.size()));
    append(out, std::uint32_t(directory_.size())), append(out, std::uint32_t(size_)), append(out, std::uint16_t(0));
    return out;
  }
  template <class T> static void append(std::string& out, T value) { out.append(reinterpret_cast<const char*>(&value), sizeof(T)); }

  std::vector<piece> pieces_;
  std::set<std::string> names_;
  std::string directory_;
  std::size_t size_ = 0;  // of the pieces
};

}  // namespace ogm::data::zip
