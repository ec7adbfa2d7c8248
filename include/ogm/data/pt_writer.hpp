#pragma once
// Writes state dicts that torch.load reads, with weights_only too, and converts between .pt and safetensors.
// Example: pt::writer w; w.add<float>("fc.weight", values, shape); w.save("model.pt").

#include <ogm/core/extents.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/data/pt.hpp>
#include <ogm/data/safetensors.hpp>
#include <ogm/data/zip.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ogm::data::pt {

namespace detail {

/// A pickle of protocol 2, piece by piece.
class pickler {
 public:
  void code(const char* opcodes) { out_ += opcodes; }
  void global(const std::string& module, const std::string& name) { out_ += 'c' + module + '\n' + name + '\n'; }
  void text(const std::string& value) {
    out_ += 'X';
    number(std::uint32_t(value.size()));
    out_ += value;
  }
  void integer(std::uint64_t value) {
    if (value <= 0xFF)
      out_ += 'K', number(std::uint8_t(value));
    else if (value <= 0x7FFFFFFF)
      out_ += 'J', number(std::uint32_t(value));
    else
      out_ += "\x8A\x08", number(value);
  }
  void tuple(const std::vector<size_type>& values) {
    out_ += '(';
    for (const size_type v : values) integer(std::uint64_t(v));
    out_ += 't';
  }
  const std::string& bytes() const { return out_; }

 private:
  template <class T> void number(T value) { out_.append(reinterpret_cast<const char*>(&value), sizeof(T)); }
  std::string out_;
};

}  // namespace detail

/// Collects tensors and writes them as one state dict, in their order, in PyTorch's zip form; atomically, and the same bytes every time. It
/// keeps the spans, not copies: what they point to must live until save(). Tensors that shared a storage get one each.
///
/// Errors     value_error for a name that was given before or is no UTF-8, for u16, u32 and u64, which few PyTorch read, and for a
///            file over 4 GB; shape_error where the bytes do not fill the shape
class writer {
 public:
  void add(const std::string& tensor_name, dtype type, std::span<const size_type> shape, byte_span bytes) {
    add(tensor_name, type, shape, bytes, nullptr);
  }
  template <stored_type T> void add(const std::string& tensor_name, std::span<const T> values, std::span<const size_type> shape) {
    add(tensor_name, dtype_of<T>, shape, as_byte_span(values.data(), values.size()));
  }
  /// A tensor of another file, under the key that it has there.
  void add(const entry& e) {
    const auto own = e.contiguous() ? nullptr : std::make_shared<const std::vector<std::byte>>(e.packed());
    add(e.key, e.type, e.shape, own ? byte_span(*own) : e.elements, own);
  }
  /// All tensors of another file: with replace(), what a model does not know stays as it was.
  void add(const archive& from) {
    for (const entry& e : from.entries()) add(e);
  }
  /// Other elements for a tensor that was added.
  ///
  /// Errors     value_error where there is none; shape_error where the type or the shape differs
  template <stored_type T> void replace(const std::string& tensor_name, std::span<const T> values, std::span<const size_type> shape) {
    const auto found = places_.find(tensor_name);
    if (found == places_.end()) throw value_error("ogm: no tensor " + tensor_name + " to replace.");
    tensor& t = tensors_[found->second];
    if (t.type != dtype_of<T> || !std::equal(t.shape.begin(), t.shape.end(), shape.begin(), shape.end()))
      throw shape_error("ogm: " + tensor_name + ": " + std::string(name_of(dtype_of<T>)) + ' ' +
                        shape_text(std::vector(shape.begin(), shape.end())) + " instead of " + std::string(name_of(t.type)) + ' ' +
                        shape_text(t.shape) + ".");
    check_size(tensor_name, t.type, t.shape, values.size_bytes());
    t.bytes = as_byte_span(values.data(), values.size());
    t.own = nullptr;
  }

  std::string encode() const {
    const std::string object = pickled();
    return packed(object).encode();
  }
  /// Errors     data_error where the file cannot be written; the old one is then untouched
  void save(const std::string& path) const {
    const std::string object = pickled();
    packed(object).save(path);
  }

 private:
  struct tensor {
    std::string name;
    dtype type;
    std::vector<size_type> shape;
    byte_span bytes;
    std::shared_ptr<const std::vector<std::byte>> own;  // the bytes, where nobody else has them
  };

  void add(const std::string& name, dtype type, std::span<const size_type> shape, byte_span bytes,
           std::shared_ptr<const std::vector<std::byte>> own) {
    for (std::size_t i = 0; i < name.size();) {
      const std::size_t length = data::detail::utf8_length(std::string_view(name).substr(i));
      if (length == 0) throw value_error("ogm: a tensor for a .pt file whose name is no UTF-8: " + pickle::detail::printable(name) + '.');
      i += length;
    }
    if (storage_name(type).empty())
      throw value_error("ogm: " + name + ": .pt files have no " + std::string(name_of(type)) +
                        " that every PyTorch reads. Use safetensors.");
    std::vector<size_type> sizes(shape.begin(), shape.end());
    check_size(name, type, sizes, bytes.size());
    if (!places_.emplace(name, tensors_.size()).second) throw value_error("ogm: a second tensor " + name + " for one .pt file.");
    tensors_.push_back({name, type, std::move(sizes), bytes, std::move(own)});
  }
  static void check_size(const std::string& name, dtype type, const std::vector<size_type>& shape, std::size_t bytes) {
    const auto needed = detail::packed_size(type, shape);
    if (!needed || *needed != bytes)
      throw shape_error("ogm: " + name + ": " + std::to_string(bytes) + " bytes do not fill the shape " + shape_text(shape) + " of " +
                        std::string(name_of(type)) + ".");
  }
  static std::string_view storage_name(dtype type) {
    for (const auto& [name, t] : detail::storage_types)
      if (t == type) return name.substr(name.find('.') + 1);
    return "";
  }

  /// OrderedDict of name -> _rebuild_tensor_v2(storage, 0, sizes, strides, False, OrderedDict()).
  std::string pickled() const {
    detail::pickler out;
    out.code("\x80\x02");
    out.global("collections", "OrderedDict");
    out.code(")R(");
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const tensor& t = tensors_[i];
      std::vector<size_type> strides(t.shape.size());
      size_type stride = 1;
      for (std::size_t axis = t.shape.size(); axis-- > 0; stride *= std::max<size_type>(1, t.shape[axis])) strides[axis] = stride;
      out.text(t.name);
      out.global("torch._utils", "_rebuild_tensor_v2");
      out.code("((");
      out.text("storage");
      out.global("torch", std::string(storage_name(t.type)));
      out.text(std::to_string(i));
      out.text("cpu");
      out.integer(t.bytes.size() / size_of(t.type));
      out.code("tQ");
      out.integer(0);
      out.tuple(t.shape);
      out.tuple(strides);
      out.code("\x89");
      out.global("collections", "OrderedDict");
      out.code(")RtR");
    }
    out.code("u.");
    return out.bytes();
  }
  zip::writer packed(const std::string& object) const {
    static const std::string order = "little", version = "3\n";
    static constexpr std::size_t alignment = 64;
    zip::writer out;
    out.add("archive/data.pkl", as_byte_span(object), alignment);
    out.add("archive/byteorder", as_byte_span(order), alignment);
    for (std::size_t i = 0; i < tensors_.size(); ++i) out.add("archive/data/" + std::to_string(i), tensors_[i].bytes, alignment);
    out.add("archive/version", as_byte_span(version), alignment);
    return out;
  }

  std::vector<tensor> tensors_;
  std::map<std::string, std::size_t> places_;
};

/// Writes the tensors of a PyTorch file as safetensors, under their names.
///
/// Errors     as safetensors::writer
inline void to_safetensors(const archive& from, const std::string& path) {
  std::deque<std::vector<std::byte>> own;
  safetensors::writer out;
  for (const entry& e : from.entries()) {
    if (!e.contiguous()) own.push_back(e.packed());
    out.add(e.name, e.type, e.shape, e.contiguous() ? e.elements : byte_span(own.back()));
  }
  out.save(path);
}
/// Writes the tensors of a safetensors file as PyTorch's zip form, sorted by name.
///
/// Errors     as writer
inline void from_safetensors(const safetensors::archive& from, const std::string& path) {
  writer out;
  for (const auto& [name, e] : from.entries()) out.add(name, e.type, e.shape, e.bytes);
  out.save(path);
}

}  // namespace ogm::data::pt
