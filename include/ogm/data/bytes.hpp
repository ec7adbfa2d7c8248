#pragma once
// Files as bytes: read whole, mapped, or written so that a crash leaves either the old file or the complete new one.

#include <ogm/core/error.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ogm::data {

static_assert(std::endian::native == std::endian::little, "ogm: the file formats here are little-endian, and so must be the machine.");

using byte_span = std::span<const std::byte>;

namespace detail {

[[noreturn]] inline void damaged(const std::string& where, const std::string& what) {
  throw data_error("ogm: " + where + ": " + what + ".");
}
[[noreturn]] inline void system_failed(const std::string& path, const char* action) {
  damaged(path, std::string("cannot ") + action + ": " + std::strerror(errno));
}

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

inline std::size_t regular_file_size(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) system_failed(path, "read its size");
  if (!S_ISREG(info.st_mode)) damaged(path, "not a regular file");
  return std::size_t(info.st_size);
}

/// The number at `offset`; the caller has checked that it lies inside.
template <class T> T load_number(byte_span bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// Bytes of the first character of a text that is not empty, 0 where it is no UTF-8.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? unsigned(static_cast<unsigned char>(text[i])) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  unsigned code = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 63);
  }
  static constexpr unsigned smallest[]{0, 0, 0x80, 0x800, 0x10000};  // a longer form than needed is forbidden
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return first < 0xC2 || first > 0xF4 || code < smallest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace detail

/// The bytes of an array or a text.
template <class T>
requires std::is_trivially_copyable_v<T> byte_span as_byte_span(const T* data, std::size_t count) {
  return {reinterpret_cast<const std::byte*>(data), count * sizeof(T)};
}
/// The bytes of an array or a text.
inline byte_span as_byte_span(const std::string& text) { return as_byte_span(text.data(), text.size()); }
/// Bytes as text.
inline std::string_view as_text(byte_span bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A file in memory without a copy, read-only. Another program that shortens the file while it is mapped kills this one
/// (SIGBUS): the operating system offers no better.
///
/// Errors     data_error with the path where it cannot be opened or is no regular file
class mapped_file {
 public:
  /// What the system may take for granted about the order of reading.
  enum class access {
    usual,      // what lies around a page that is touched is read from the disk too: a megabyte and more, as the system is set
    scattered,  // only the pages that are touched; will_need() has whole parts read at once
  };

  explicit mapped_file(const std::string& path, access how = access::usual) {
    const detail::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) detail::system_failed(path, "open the file");
    size_ = detail::regular_file_size(file.get(), path);
    if (size_ == 0) return;  // mmap refuses an empty file
    void* const at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at == MAP_FAILED) detail::system_failed(path, "map the file");
    data_ = static_cast<const std::byte*>(at);
    if (how == access::usual) return;
    ::madvise(at, size_, MADV_RANDOM);
    knows_memory_ = ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;  // others are told that all of it is in memory
  }
  mapped_file(mapped_file&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), knows_memory_(other.knows_memory_) {}
  mapped_file& operator=(mapped_file other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(knows_memory_, other.knows_memory_);
    return *this;
  }
  ~mapped_file() {
    if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
  }
  byte_span bytes() const { return {data_, size_}; }

  /// The disk begins to read these bytes, part of the mapping, all at once, where they are not in memory already. Advice: it cannot fail.
  void will_need(byte_span part) const {
    static const auto page = std::uintptr_t(::sysconf(_SC_PAGESIZE));
    const auto end = reinterpret_cast<std::uintptr_t>(part.data()) + part.size();
    std::array<unsigned char, 1024> in_memory;  // a page each: asking costs a tenth of advice that is not needed
    for (auto at = reinterpret_cast<std::uintptr_t>(part.data()) / page * page; at < end; at += in_memory.size() * page) {
      const std::size_t bytes = std::min<std::size_t>(end - at, in_memory.size() * page), pages = (bytes + page - 1) / page;
      auto* const first = reinterpret_cast<void*>(at);
      if (!knows_memory_ || ::mincore(first, bytes, in_memory.data()) != 0 ||
          !std::all_of(in_memory.begin(), in_memory.begin() + std::ptrdiff_t(pages), [](unsigned char p) { return p & 1; }))
        ::madvise(first, bytes, MADV_WILLNEED);
    }
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool knows_memory_ = false;
};

/// The whole file.
///
/// Errors     data_error with the path
inline std::vector<std::byte> read_bytes(const std::string& path) {
  const mapped_file file(path);
  return {file.bytes().begin(), file.bytes().end()};
}

/// A new file in the folder of `path`, which takes that name when it is finished: a reader sees the old file or the complete new one, also
/// after a loss of power. Destroyed unfinished, it leaves nothing; a program that is killed leaves it beside `path`, under its temporary
/// name PATH.XXXXXX.
///
/// Errors     data_error with the path; the old file is then untouched
class atomic_file {
 public:
  explicit atomic_file(std::string path)
      : path_(std::move(path)), temporary_(path_ + ".XXXXXX"), file_(::mkostemp(temporary_.data(), O_CLOEXEC)) {
    if (file_.get() < 0) detail::system_failed(path_, "create a file beside it");
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file() {
    if (!finished_) ::unlink(temporary_.c_str());
  }
  const std::string& path() const { return path_; }

  /// Appends.
  void write(byte_span part) {
    put(part, [&](byte_span rest) { return ::write(file_.get(), rest.data(), rest.size()); });
  }
  /// Writes at `offset`, over what is there; a gap before it is zeros. The next write() appends to what write() wrote.
  void write_at(std::size_t offset, byte_span part) {
    put(part, [&](byte_span rest) { return ::pwrite(file_.get(), rest.data(), rest.size(), ::off_t(offset + part.size() - rest.size())); });
  }
  /// Forces it to the disk and gives it its name.
  void finish() {
    const ::mode_t mask = ::umask(0);  // mkostemp makes the file private; give it the mode that open() would
    ::umask(mask);
    if (::fchmod(file_.get(), 0666 & ~mask) != 0 || ::fsync(file_.get()) != 0 || !file_.close())
      detail::system_failed(path_, "finish writing");
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) detail::system_failed(path_, "rename the finished file to it");
    finished_ = true;
    const std::size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
    const detail::descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() >= 0) ::fsync(directory.get());  // the rename itself; some file systems refuse it, and then it is late at worst
  }

 private:
  template <class Write> void put(byte_span part, const Write& write) {
    while (!part.empty()) {
      const ::ssize_t written = write(part);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) detail::system_failed(path_, "write");
      part = part.subspan(std::size_t(written));
    }
  }

  std::string path_, temporary_;
  detail::descriptor file_;
  bool finished_ = false;
};

/// Writes the parts one after the other, as an atomic_file.
///
/// Errors     data_error with the path; the old file is then untouched
inline void write_atomically(const std::string& path, std::span<const byte_span> parts) {
  atomic_file file(path);
  for (const byte_span part : parts) file.write(part);
  file.finish();
}
/// Writes one piece, whole or not at all.
inline void write_atomically(const std::string& path, byte_span bytes) { write_atomically(path, std::span<const byte_span>(&bytes, 1)); }

/// The CRC-32 of zip and PNG (reflected polynomial 0xEDB88320).
inline std::uint32_t crc32(byte_span bytes) {
  // tables[k][b]: what the byte b does to the CRC k bytes after it; eight at a time depend on each other once.
  static constexpr auto tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      t[0][i] = i;
      for (int bit = 0; bit < 8; ++bit) t[0][i] = (t[0][i] & 1 ? 0xEDB88320u : 0u) ^ (t[0][i] >> 1);
    }
    for (std::size_t k = 1; k < 8; ++k)
      for (std::size_t i = 0; i < 256; ++i) t[k][i] = t[0][t[k - 1][i] & 255] ^ (t[k - 1][i] >> 8);
    return t;
  }();
  std::uint32_t crc = ~0u;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint64_t x = detail::load_number<std::uint64_t>(bytes, 0) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= tables[7 - k][x >> 8 * k & 255];
  }
  for (const std::byte b : bytes) crc = tables[0][(crc ^ std::uint32_t(b)) & 255] ^ (crc >> 8);
  return ~crc;
}

}  // namespace ogm::data
