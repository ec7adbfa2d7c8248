#pragma once
// NumPy's .npy files, versions 1 to 3. Every size is checked against the length of the file before memory is asked for.

#include <ogm/core/tensor.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ogm::data {

/// Elements and their shape as they come out of a file, row-major.
template <class T> struct array {
  std::vector<size_type> shape;
  std::vector<T> values;

  /// The elements as a tensor's view.
  ///
  /// Errors     shape_error where the rank or a static extent differs
  template <int... E> ogm::view<const T, E...> as() const {
    std::array<size_type, sizeof...(E)> sizes{};
    if (shape.size() != sizes.size())
      throw shape_error("ogm: a file with an array of shape " + shape_text(shape) + ", one of shape " + extents<E...>::static_text() +
                        " expected.");
    std::copy(shape.begin(), shape.end(), sizes.begin());
    return {values.data(), extents<E...>(sizes)};
  }
};

namespace npy {

struct header_info {
  dtype type = dtype::u8;
  bool fortran_order = false;
  std::vector<size_type> shape;
  size_type count = 0;          // of elements
  std::size_t data_offset = 0;  // in the file
};

namespace detail {
using data::detail::damaged;

/// The header is a Python dict of three literals: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class dict_parser {
 public:
  dict_parser(std::string_view text, const std::string& name, std::size_t offset) : text_(text), name_(name), offset_(offset) {}

  header_info parse() {
    header_info out;
    bool seen[3]{};
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (which == 3) fail("a key other than descr, fortran_order and shape");
      if (std::exchange(seen[which], true)) fail("the key " + std::string(key) + " twice");
      expect(':');
      if (which == 0)
        out.type = descr();
      else if (which == 1)
        out.fortran_order = boolean();
      else
        shape(out);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    space();
    if (at_ != text_.size()) fail("text after the dict");
    if (!seen[0] || !seen[1] || !seen[2]) fail("descr, fortran_order or shape is missing");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    damaged(name_, what + " (npy header, byte " + std::to_string(offset_ + at_) + ")");
  }
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) {
    space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("'") + c + "' expected");
  }
  std::string_view string() {
    space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("a string expected");
    const std::size_t first = ++at_;
    while (at_ < text_.size() && text_[at_] != quote)
      if (text_[at_++] == '\\') fail("an escape in a string");
    if (at_ == text_.size()) fail("a string without its end");
    return text_.substr(first, at_++ - first);
  }
  bool boolean() {
    space();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word == "True";
      }
    fail("True or False expected");
  }
  dtype descr() {
    space();
    if (at_ < text_.size() && text_[at_] == '[') fail("a structured dtype; an array of plain numbers expected");
    const std::string_view d = string();
    static constexpr std::pair<std::string_view, dtype> known[]{
        {"f8", dtype::f64}, {"f4", dtype::f32}, {"f2", dtype::f16}, {"i8", dtype::i64}, {"i4", dtype::i32}, {"i2", dtype::i16},
        {"i1", dtype::i8},  {"u8", dtype::u64}, {"u4", dtype::u32}, {"u2", dtype::u16}, {"u1", dtype::u8},  {"b1", dtype::boolean}};
    if (d.size() == 3)
      for (const auto& [code, type] : known)
        if (d.substr(1) == code) {
          if (d[0] == '>' && size_of(type) > 1) fail("big-endian elements (" + std::string(d) + "); little-endian ones expected");
          if (d[0] == '<' || d[0] == '|' || d[0] == '=' || d[0] == '>') return type;
        }
    fail("the dtype '" + std::string(d.substr(0, 40)) + "' is not supported; one of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 expected");
  }
  void shape(header_info& out) {
    expect('(');
    bool comma = true;
    while (!accept(')')) {
      if (!comma) fail("',' or ')' expected");
      space();
      size_type size = 0;
      const char *first = text_.data() + at_, *last = text_.data() + text_.size();
      const auto [end, error] = std::from_chars(first, last, size);
      if (error != std::errc() || size < 0) fail("a size in [0, 2^63) expected");
      at_ += std::size_t(end - first);
      if (out.shape.size() == 32) fail("more than 32 axes");
      out.shape.push_back(size);
      comma = accept(',');
    }
    if (out.shape.size() == 1 && !comma) fail("a tuple of one size is written with a comma");
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t offset_, at_ = 0;
};

/// Row-major copies of column-major elements.
template <class T> void transpose(const std::vector<size_type>& shape, std::vector<T>& values) {
  if (shape.size() < 2 || values.empty()) return;
  std::vector<T> out(values.size());
  std::vector<size_type> index(shape.size(), 0);
  std::vector<std::size_t> stride(shape.size(), 1);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) stride[axis] = stride[axis - 1] * std::size_t(shape[axis - 1]);
  std::size_t from = 0;
  for (T& element : out) {
    element = values[from];
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * std::size_t(shape[axis]);
      index[axis] = 0;
    }
  }
  values.swap(out);
}

template <class T> void require_type(const header_info& info, const std::string& name) {
  if (info.type != dtype_of<T>)
    damaged(name, "elements of type " + std::string(name_of(info.type)) + ", " + std::string(name_of(dtype_of<T>)) + " expected");
}

}  // namespace detail

/// What the file says about itself, checked: the elements are there, and nothing follows them.
///
/// Errors     data_error with the name and the byte
inline header_info parse_header(byte_span bytes, const std::string& name) {
  using data::detail::load_number;
  if (bytes.size() < 10 || as_text(bytes).substr(0, 6) != "\x93NUMPY")
    detail::damaged(name, "no .npy file: it does not begin with \\x93NUMPY");
  const int major = int(bytes[6]), minor = int(bytes[7]);
  if (major < 1 || major > 3 || minor != 0)
    detail::damaged(name, "version " + std::to_string(major) + "." + std::to_string(minor) + " of the format; 1.0, 2.0 or 3.0 expected");
  const std::size_t prefix = major == 1 ? 10 : 12;
  if (bytes.size() < prefix) detail::damaged(name, "truncated inside the header");
  const std::size_t length = major == 1 ? load_number<std::uint16_t>(bytes, 8) : load_number<std::uint32_t>(bytes, 8);
  if (length > bytes.size() - prefix)
    detail::damaged(
        name, "truncated: a header of " + std::to_string(length) + " bytes, the file ends after " + std::to_string(bytes.size() - prefix));
  header_info out = detail::dict_parser(as_text(bytes.subspan(prefix, length)), name, prefix).parse();
  out.data_offset = prefix + length;
  size_type needed = size_type(size_of(out.type));
  out.count = 1;
  for (const size_type size : out.shape)
    if (__builtin_mul_overflow(out.count, size, &out.count) || __builtin_mul_overflow(needed, size, &needed))
      detail::damaged(name, "the shape " + shape_text(out.shape) + " has more elements than memory");
  const std::size_t present = bytes.size() - out.data_offset;
  if (std::size_t(needed) != present)
    detail::damaged(name, std::string(present < std::size_t(needed) ? "truncated: " : "bytes after the elements: ") + "shape " +
                              shape_text(out.shape) + " of " + std::string(name_of(out.type)) + " takes " + std::to_string(needed) +
                              " bytes, " + std::to_string(present) + " follow the header");
  return out;
}
inline header_info header(const std::string& path) { return parse_header(mapped_file(path).bytes(), path); }

/// An array whose elements have exactly the type T; column-major files are transposed.
///
/// Errors     data_error that names both types, or says what is damaged
template <stored_type T> array<T> parse(byte_span bytes, const std::string& name) {
  header_info info = parse_header(bytes, name);
  detail::require_type<T>(info, name);
  array<T> out{std::move(info.shape), std::vector<T>(std::size_t(info.count))};
  memory::host::copy(out.values.data(), bytes.data() + info.data_offset, out.values.size() * sizeof(T));
  if (info.fortran_order) detail::transpose(out.shape, out.values);
  return out;
}
template <stored_type T> array<T> read(const std::string& path) { return parse<T>(mapped_file(path).bytes(), path); }

/// An array of any stored type, converted to T; bool becomes 0 and 1, what T cannot hold its nearest limit.
///
/// Errors     data_error
template <stored_type T> array<T> parse_as(byte_span bytes, const std::string& name) {
  header_info info = parse_header(bytes, name);
  array<T> out{std::move(info.shape), std::vector<T>(std::size_t(info.count))};
  convert(info.type, bytes.subspan(info.data_offset), out.values.data());
  if (info.fortran_order) detail::transpose(out.shape, out.values);
  return out;
}
template <stored_type T> array<T> read_as(const std::string& path) { return parse_as<T>(mapped_file(path).bytes(), path); }

/// Elements that stay in the file: pages are read when they are touched.
template <class T> struct mapped {
  mapped_file file;
  std::vector<size_type> shape;
  std::span<const T> values;

  /// The elements at index i of the first axis.
  ///
  /// Errors     value_error where there is no such index
  std::span<const T> row(size_type i) const {
    const size_type rows = shape.empty() ? 0 : shape[0];
    if (i < 0 || i >= rows) throw value_error("ogm: row " + std::to_string(i) + " of an array of shape " + shape_text(shape) + ".");
    const std::size_t width = values.size() / std::size_t(rows);
    return values.subspan(std::size_t(i) * width, width);
  }
};

/// Errors     data_error also where the order is column-major or the elements are not aligned: use read() for those
template <stored_type T> mapped<T> map(const std::string& path, mapped_file::access how = mapped_file::access::usual) {
  mapped_file file(path, how);
  header_info info = parse_header(file.bytes(), path);
  detail::require_type<T>(info, path);
  if (info.fortran_order && info.shape.size() > 1) detail::damaged(path, "column-major elements cannot be mapped; read() transposes them");
  if (info.data_offset % alignof(T) != 0) detail::damaged(path, "elements off their alignment cannot be mapped; read() copies them");
  const auto* first = reinterpret_cast<const T*>(file.bytes().data() + info.data_offset);
  return {std::move(file), std::move(info.shape), {first, std::size_t(info.count)}};
}

/// The header that goes before the elements; its length makes them begin at a multiple of 64.
inline std::string encode_header(dtype type, std::span<const size_type> shape) {
  static constexpr std::string_view codes[]{"<f8", "<f4", "<f2", "", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1"};
  if (type == dtype::bf16) throw value_error("ogm: .npy has no bf16. Convert to f32, or use safetensors.");
  std::string dict = "{'descr': '" + std::string(codes[std::size_t(type)]) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i)
    dict += std::to_string(shape[i]) + (i + 1 < shape.size() ? ", " : shape.size() == 1 ? "," : "");
  dict += "), }";
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  const auto length = std::uint16_t(dict.size());  // 32 axes of 20 digits stay far below its limit
  std::string out("\x93NUMPY\x01\x00", 8);
  out += char(length & 255);
  out += char(length >> 8);
  return out + dict;
}

/// Writes row-major elements, atomically.
///
/// Errors     shape_error where the count differs from the shape's; data_error where the file cannot be written
template <stored_type T> void write(const std::string& path, std::span<const T> values, std::span<const size_type> shape) {
  size_type count = 1;
  for (const size_type size : shape) count *= size;
  if (std::size_t(count) != values.size())
    throw shape_error("ogm: " + path + ": " + std::to_string(values.size()) + " elements do not fill the shape " +
                      shape_text(std::vector(shape.begin(), shape.end())) + ".");
  const std::string head = encode_header(dtype_of<T>, shape);
  const byte_span parts[]{as_byte_span(head), as_byte_span(values.data(), values.size())};
  write_atomically(path, parts);
}
template <class T, int... E> void write(const std::string& path, const ogm::view<T, E...>& values) {
  write<std::remove_const_t<T>>(path, {values.data(), std::size_t(values.count())}, values.shape().sizes);
}
template <class T, int... E> void write(const std::string& path, const ogm::tensor<T, E...>& values) { write(path, values.view()); }

}  // namespace npy
}  // namespace ogm::data
