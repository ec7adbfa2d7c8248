#pragma once
// A tensor of a PyTorch file: see ogm/data/pt.hpp.

#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/data/npy.hpp>

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace ogm::data::pt {

/// A tensor of a file: a view of a storage, which others may share.
struct entry {
  std::string name;  // what it is found by
  std::string key;   // what the file calls it: name, or "module." and name
  dtype type = dtype::u8;
  std::vector<size_type> shape, strides;  // strides in elements
  byte_span elements;                     // of the storage, from the first to the last that the tensor has

  size_type count() const {
    size_type n = 1;
    for (const size_type size : shape) n *= size;
    return n;
  }
  /// Whether the elements lie row-major, without holes.
  bool contiguous() const {
    size_type expected = 1;
    for (std::size_t axis = shape.size(); axis-- > 0; expected *= shape[axis])
      if (shape[axis] != 1 && strides[axis] != expected) return elements.empty();
    return true;
  }
  /// The elements in place.
  ///
  /// Errors     data_error where the type is another one, the elements are off their alignment or not row-major: read() copies those
  template <stored_type T> std::span<const T> as() const {
    require_type<T>();
    if (!contiguous()) data::detail::damaged(key, "elements that are not row-major");
    if (reinterpret_cast<std::uintptr_t>(elements.data()) % alignof(T) != 0) data::detail::damaged(key, "elements off their alignment");
    return {reinterpret_cast<const T*>(elements.data()), std::size_t(count())};
  }
  /// The elements row-major, as bytes.
  std::vector<std::byte> packed() const;
  /// The elements row-major, whose type is exactly T.
  ///
  /// Errors     data_error that names both types
  template <stored_type T> array<T> read() const {
    require_type<T>();
    array<T> out{shape, std::vector<T>(std::size_t(count()))};
    gather(reinterpret_cast<std::byte*>(out.values.data()));
    return out;
  }
  /// The elements row-major, converted to T; bool becomes 0 and 1, what T cannot hold its nearest limit.
  template <stored_type T> array<T> read_as() const {
    array<T> out{shape, std::vector<T>(std::size_t(count()))};
    convert(type, contiguous() ? elements : byte_span(packed()), out.values.data());
    return out;
  }

 private:
  template <class T> void require_type() const {
    if (type != dtype_of<T>)
      data::detail::damaged(key, "elements of type " + std::string(name_of(type)) + ", " + std::string(name_of(dtype_of<T>)) + " expected");
  }
  void gather(std::byte* out) const;
};

inline void entry::gather(std::byte* out) const {
  const std::size_t size = size_of(type), total = std::size_t(count()) * size;
  if (total == 0) return;
  if (contiguous()) return void(std::memcpy(out, elements.data(), total));
  const std::size_t inner = shape.size() - 1;
  std::vector<size_type> index(shape.size(), 0), step = strides;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    if (shape[axis] == 1) step[axis] = 0;  // an axis of one may have any stride
  for (size_type from = 0;;) {
    for (size_type i = 0; i < shape[inner]; ++i, out += size)
      std::memcpy(out, elements.data() + std::size_t(from + i * step[inner]) * size, size);
    std::size_t axis = inner;
    for (;;) {  // the next row
      if (axis-- == 0) return;
      from += step[axis];
      if (++index[axis] < shape[axis]) break;
      from -= step[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}
inline std::vector<std::byte> entry::packed() const {
  std::vector<std::byte> out(std::size_t(count()) * size_of(type));
  gather(out.data());
  return out;
}

}  // namespace ogm::data::pt
