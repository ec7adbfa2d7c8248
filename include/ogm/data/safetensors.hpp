#pragma once
// safetensors: 8 bytes of header length, a JSON header, packed little-endian elements. Readers trust nothing in the file.

#include <ogm/core/extents.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/data/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ogm::data::safetensors {

inline constexpr std::uint64_t header_limit = 100'000'000;

struct entry {
  dtype type = dtype::u8;
  std::vector<size_type> shape;
  byte_span bytes;

  size_type count() const { return size_type(bytes.size() / size_of(type)); }
  /// The elements in place.
  ///
  /// Errors     data_error where the type is another one or the elements are off their alignment: convert() copies those
  template <stored_type T> std::span<const T> as() const {
    if (type != dtype_of<T>)
      data::detail::damaged("a safetensors entry",
                            "elements of type " + std::string(name_of(type)) + ", " + std::string(name_of(dtype_of<T>)) + " expected");
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) != 0)
      data::detail::damaged("a safetensors entry", "elements off their alignment");
    return {reinterpret_cast<const T*>(bytes.data()), std::size_t(count())};
  }
};

struct options {
  bool allow_trailing = false;  // bytes after the last tensor: some published files have a few
};

namespace detail {
using data::detail::damaged;

inline constexpr std::pair<std::string_view, dtype> codes[]{
    {"F64", dtype::f64}, {"F32", dtype::f32}, {"F16", dtype::f16},     {"BF16", dtype::bf16}, {"I64", dtype::i64},
    {"I32", dtype::i32}, {"I16", dtype::i16}, {"I8", dtype::i8},       {"U64", dtype::u64},   {"U32", dtype::u32},
    {"U16", dtype::u16}, {"U8", dtype::u8},   {"BOOL", dtype::boolean}};

inline std::string_view code_of(dtype type) {
  for (const auto& [code, t] : codes)
    if (t == type) return code;
  return "";
}

/// The number of bytes of a shape, or nothing where it overflows.
inline std::optional<std::uint64_t> bytes_of(dtype type, const std::vector<size_type>& shape) {
  size_type bytes = size_type(size_of(type));
  for (const size_type size : shape)
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  return std::uint64_t(bytes);
}

}  // namespace detail

/// A file in memory. Refused: a header over 100 MB or longer than the file, anything but one JSON object, duplicate names, unknown keys and
/// types, offsets that differ from the shape's size, overlaps, holes, and bytes after the last tensor unless allowed.
///
/// Errors     data_error with the name of the file and of the tensor
class archive {
 public:
  archive(byte_span bytes, std::string name, const options& how = {}) : name_(std::move(name)) {
    if (bytes.size() < 8) detail::damaged(name_, "truncated: shorter than the 8 bytes of the header's length");
    const auto length = data::detail::load_number<std::uint64_t>(bytes, 0);
    if (length > header_limit)
      detail::damaged(name_, "a header of " + std::to_string(length) + " bytes; at most 100 MB expected. Is it a safetensors file?");
    if (length > bytes.size() - 8)
      detail::damaged(
          name_, "truncated: a header of " + std::to_string(length) + " bytes, the file ends after " + std::to_string(bytes.size() - 8));
    const byte_span body = bytes.subspan(8 + std::size_t(length));
    if (length == 0 || bytes[8] != std::byte('{')) detail::damaged(name_, "the header does not begin with '{'");
    json::reader in(as_text(bytes.subspan(8, std::size_t(length))), name_);
    in.object([&](const std::string& key) {
      if (key == "__metadata__")
        in.object([&](const std::string& k) { metadata_.emplace(k, in.string()); });
      else
        entries_.emplace(key, read_entry(in, key, body));
    });
    in.end();
    check_cover(body, how);
  }

  const std::map<std::string, entry, std::less<>>& entries() const { return entries_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  bool contains(std::string_view tensor_name) const { return entries_.find(tensor_name) != entries_.end(); }
  /// Errors     data_error where there is no such tensor
  const entry& find(std::string_view tensor_name) const {
    const auto found = entries_.find(tensor_name);
    if (found == entries_.end()) detail::damaged(name_, "has no tensor " + std::string(tensor_name));
    return found->second;
  }
  const std::string& name() const { return name_; }

 private:
  entry read_entry(json::reader& in, const std::string& key, byte_span body) const {
    const std::string where = "the tensor " + key + ": ";
    entry out;
    std::vector<std::uint64_t> offsets;
    int seen = 0;
    in.object([&](const std::string& field) {
      ++seen;
      if (field == "dtype") {
        const std::string code = in.string();
        const auto* const found =
            std::find_if(std::begin(detail::codes), std::end(detail::codes), [&](const auto& c) { return c.first == code; });
        if (found == std::end(detail::codes)) in.fail(where + "the dtype " + code + " is not supported");
        out.type = found->second;
      } else if (field == "shape") {
        in.array([&] {
          const std::uint64_t size = in.unsigned_integer();
          if (size > std::uint64_t(PTRDIFF_MAX) || out.shape.size() == 32) in.fail(where + "more than 32 axes or a size over 2^63");
          out.shape.push_back(size_type(size));
        });
      } else if (field == "data_offsets") {
        in.array([&] {
          if (offsets.size() == 2) in.fail(where + "more than two offsets");
          offsets.push_back(in.unsigned_integer());
        });
      } else
        in.fail(where + "an unknown key " + field);
    });
    if (seen != 3 || offsets.size() != 2) in.fail(where + "dtype, shape and two data_offsets expected");
    if (offsets[0] > offsets[1] || offsets[1] > body.size())
      in.fail(where + "offsets " + std::to_string(offsets[0]) + " to " + std::to_string(offsets[1]) + " outside the " +
              std::to_string(body.size()) + " bytes of elements (truncated?)");
    const auto needed = detail::bytes_of(out.type, out.shape);
    if (!needed || *needed != offsets[1] - offsets[0])
      in.fail(where + "shape " + shape_text(out.shape) + " of " + std::string(name_of(out.type)) + " does not take the " +
              std::to_string(offsets[1] - offsets[0]) + " bytes of its offsets");
    out.bytes = body.subspan(std::size_t(offsets[0]), std::size_t(*needed));
    return out;
  }

  void check_cover(byte_span body, const options& how) const {
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    parts.reserve(entries_.size());
    for (const auto& [key, e] : entries_) parts.emplace_back(std::size_t(e.bytes.data() - body.data()), e.bytes.size());
    std::sort(parts.begin(), parts.end());
    std::size_t covered = 0;
    for (const auto& [begin, size] : parts) {
      if (begin != covered)
        detail::damaged(
            name_, std::string(begin < covered ? "tensors overlap" : "a hole") + " at byte " + std::to_string(begin) + " of the elements");
      covered += size;
    }
    if (covered != body.size() && !how.allow_trailing)
      detail::damaged(name_, std::to_string(body.size() - covered) + " bytes after the last tensor (allow_trailing accepts them)");
  }

  std::string name_;
  std::map<std::string, entry, std::less<>> entries_;
  std::map<std::string, std::string, std::less<>> metadata_;
};

/// A file on disk, mapped: elements are read when they are touched.
class file : public archive {
 public:
  explicit file(const std::string& path, const options& how = {}) : file(mapped_file(path), path, how) {}

 private:
  file(mapped_file&& mapped, const std::string& path, const options& how)
      : archive(mapped.bytes(), path, how), mapped_(std::move(mapped)) {}
  mapped_file mapped_;
};

/// Collects tensors and writes them atomically. It keeps the spans, not copies: what they point to must live until save().
///
/// Tensors are ordered by falling element size, and spaces after the JSON make the elements begin at a multiple of 64, so that all of
/// them are aligned without a hole, which the format forbids.
class writer {
 public:
  /// Errors     value_error for a name that was given before; shape_error where the bytes do not fill the shape
  void add(const std::string& tensor_name, dtype type, std::span<const size_type> shape, byte_span bytes) {
    if (tensor_name == "__metadata__" || !names_.emplace(tensor_name, 0).second)
      throw value_error("ogm: a second tensor " + tensor_name + " for one safetensors file.");
    std::vector<size_type> sizes(shape.begin(), shape.end());
    const auto needed = detail::bytes_of(type, sizes);
    if (!needed || *needed != bytes.size())
      throw shape_error("ogm: " + tensor_name + ": " + std::to_string(bytes.size()) + " bytes do not fill the shape " + shape_text(sizes) +
                        " of " + std::string(name_of(type)) + ".");
    tensors_.push_back({tensor_name, type, std::move(sizes), bytes});
  }
  template <stored_type T> void add(const std::string& tensor_name, std::span<const T> values, std::span<const size_type> shape) {
    add(tensor_name, dtype_of<T>, shape, as_byte_span(values.data(), values.size()));
  }
  void metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }

  void save(const std::string& path) const {
    std::vector<const tensor*> order;
    for (const tensor& t : tensors_) order.push_back(&t);
    std::stable_sort(order.begin(), order.end(), [](const tensor* a, const tensor* b) { return size_of(a->type) > size_of(b->type); });
    const std::string head = header(order);
    if (head.size() - 8 > header_limit) throw value_error("ogm: a safetensors header over 100 MB.");
    std::vector<byte_span> parts{as_byte_span(head)};
    for (const tensor* t : order) parts.push_back(t->bytes);
    write_atomically(path, parts);
  }

 private:
  struct tensor {
    std::string name;
    dtype type;
    std::vector<size_type> shape;
    byte_span bytes;
  };

  std::string header(const std::vector<const tensor*>& order) const {
    std::string out(8, '\0');
    out += '{';
    const auto comma = [&] {
      if (out.back() != '{') out += ',';
    };
    if (!metadata_.empty()) {
      out += "\"__metadata__\":{";
      for (const auto& [key, value] : metadata_) comma(), out += json::quoted(key) + ':' + json::quoted(value);
      out += '}';
    }
    std::size_t at = 0;
    for (const tensor* t : order) {
      comma();
      out += json::quoted(t->name) + ":{\"dtype\":\"" + std::string(detail::code_of(t->type)) + "\",\"shape\":[";
      for (std::size_t i = 0; i < t->shape.size(); ++i) {
        if (i > 0) out += ',';
        out += std::to_string(t->shape[i]);
      }
      out += "],\"data_offsets\":[" + std::to_string(at) + ',' + std::to_string(at + t->bytes.size()) + "]}";
      at += t->bytes.size();
    }
    out += '}';
    out.append((64 - out.size() % 64) % 64, ' ');
    const std::uint64_t length = out.size() - 8;
    std::memcpy(out.data(), &length, 8);
    return out;
  }

  std::vector<tensor> tensors_;
  std::map<std::string, int> names_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace ogm::data::safetensors
