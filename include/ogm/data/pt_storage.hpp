#pragma once
// How PyTorch's files say what a tensor is: the globals that they may name, storages, and the calls that make views of them.

#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/data/pickle.hpp>
#include <ogm/data/pt_entry.hpp>
#include <ogm/data/zip.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogm::data::pt {
namespace detail {
using data::detail::damaged;
using data::detail::load_number;
using pickle::kind;
using pickle::object;

inline constexpr std::pair<std::string_view, dtype> storage_types[]{
    {"torch.DoubleStorage", dtype::f64},    {"torch.FloatStorage", dtype::f32},         {"torch.HalfStorage", dtype::f16},
    {"torch.BFloat16Storage", dtype::bf16}, {"torch.LongStorage", dtype::i64},          {"torch.IntStorage", dtype::i32},
    {"torch.ShortStorage", dtype::i16},     {"torch.CharStorage", dtype::i8},           {"torch.ByteStorage", dtype::u8},
    {"torch.BoolStorage", dtype::boolean},  {"torch.storage.UntypedStorage", dtype::u8}};
inline constexpr std::pair<std::string_view, dtype> element_types[]{
    {"torch.float64", dtype::f64}, {"torch.float32", dtype::f32}, {"torch.float16", dtype::f16}, {"torch.bfloat16", dtype::bf16},
    {"torch.int64", dtype::i64},   {"torch.int32", dtype::i32},   {"torch.int16", dtype::i16},   {"torch.int8", dtype::i8},
    {"torch.uint64", dtype::u64},  {"torch.uint32", dtype::u32},  {"torch.uint16", dtype::u16},  {"torch.uint8", dtype::u8},
    {"torch.bool", dtype::boolean}};
inline constexpr std::string_view rebuild_1 = "torch._utils._rebuild_tensor", rebuild_2 = "torch._utils._rebuild_tensor_v2",
                                  rebuild_3 = "torch._utils._rebuild_tensor_v3", parameter = "torch._utils._rebuild_parameter";

template <std::size_t N> std::optional<dtype> type_named(const std::pair<std::string_view, dtype> (&table)[N], object o) {
  if (o.is(kind::global))
    for (const auto& [name, type] : table)
      if (name == o.text()) return type;
  return std::nullopt;
}

inline pickle::role role_of(std::string_view name) {
  const auto in = [&](const auto& table) {
    return std::any_of(std::begin(table), std::end(table), [&](const auto& t) { return t.first == name; });
  };
  if (in(storage_types) || in(element_types)) return pickle::role::constant;
  if (name == rebuild_1 || name == rebuild_2 || name == rebuild_3 || name == parameter) return pickle::role::function;
  if (name == "collections.OrderedDict" || name == "collections.Counter") return pickle::role::dictionary;
  return name == "torch.Size" ? pickle::role::wrapper : pickle::role::forbidden;
}

/// Bytes of the elements of a shape, nothing where a size is negative or the product of those that are not 0 overflows: after it, no
/// product of sizes does, in whatever order.
inline std::optional<std::uint64_t> packed_size(dtype type, const std::vector<size_type>& shape) {
  auto bytes = size_type(size_of(type));
  bool empty = false;
  for (const size_type size : shape) {
    empty = empty || size == 0;
    if (size < 0 || (size > 0 && __builtin_mul_overflow(bytes, size, &bytes))) return std::nullopt;
  }
  return empty ? 0 : std::uint64_t(bytes);
}

/// The storages of a file by their keys: all known at once in the older form, looked up when they are needed in the zip form.
class storages {
 public:
  explicit storages(const std::string& name) : name_(name) {}
  storages(const std::string& name, const zip::archive& members, std::string folder, std::size_t file_size, bool check_crc)
      : name_(name), members_(&members), folder_(std::move(folder)), unread_(file_size), check_crc_(check_crc) {}

  struct identity {
    dtype type;
    std::string_view key;
    std::uint64_t size;                                             // in bytes
    std::optional<std::pair<std::uint64_t, std::uint64_t>> part{};  // a storage within it, of very old files: first byte and size
  };
  /// A persistent id: ("storage", type, key, place, elements), in the older form with a view of it or None.
  identity identify(object id) const {
    const auto number = [&](object o) { return o.is(kind::integer) && o.integer() >= 0 ? std::uint64_t(o.integer()) : ~std::uint64_t(0); };
    const auto fail = [&] { damaged(name_, "a persistent id that is no storage's: 'storage', type, key, place and size expected"); };
    if ((id.size() != 5 && id.size() != 6) || !id[0].is(kind::text) || id[0].text() != "storage" || !id[2].is(kind::text)) fail();
    const auto type = type_named(storage_types, id[1]);
    if (!type) fail();
    identity out{*type, id[2].text(), 0};
    const auto bytes = [&](object elements) {
      std::uint64_t n = 0;
      if (__builtin_mul_overflow(number(elements), std::uint64_t(size_of(*type)), &n) || n > std::uint64_t(PTRDIFF_MAX))
        damaged(name_, "the storage " + pickle::detail::printable(out.key) + " has a negative size, or more bytes than memory");
      return n;
    };
    out.size = bytes(id[4]);
    if (id.size() == 6 && !id[5].is(kind::none)) {
      if (!id[5].is(kind::tuple) || id[5].size() != 3) fail();
      out.part.emplace(bytes(id[5][1]), bytes(id[5][2]));
    }
    return out;
  }
  byte_span find(const identity& wanted) {
    const auto known = known_.find(wanted.key);
    const byte_span whole = known != known_.end() ? known->second : known_.emplace(wanted.key, look_up(wanted.key)).first->second;
    if (whole.size() != wanted.size)
      damaged(name_, "the storage " + pickle::detail::printable(wanted.key) + " has " + std::to_string(whole.size()) +
                         " bytes, and its tensors say " + std::to_string(wanted.size));
    if (!wanted.part) return whole;
    const auto [first, size] = *wanted.part;
    if (first > whole.size() || size > whole.size() - first)
      damaged(name_, "a part of the storage " + pickle::detail::printable(wanted.key) + " that lies outside of it");
    return whole.subspan(std::size_t(first), std::size_t(size));
  }
  void add(std::string_view key, byte_span bytes) {
    if (!known_.emplace(key, bytes).second) damaged(name_, "the storage " + pickle::detail::printable(key) + " occurs twice");
  }

 private:
  byte_span look_up(std::string_view key) {
    const std::string member = folder_ + "data/" + std::string(key);
    const auto found = members_ ? members_->members().find(member) : decltype(members_->members().end()){};
    if (!members_ || found == members_->members().end()) damaged(name_, "has no storage " + pickle::detail::printable(key));
    // Members that overlap would cost far more time than the file is long.
    if (found->second.stored > unread_) damaged(name_, "storages that take more bytes than the file has");
    unread_ -= found->second.stored;
    return members_->stored(found->second, name_ + ":" + pickle::detail::printable(member), check_crc_);
  }

  const std::string& name_;
  std::map<std::string_view, byte_span> known_;
  const zip::archive* members_ = nullptr;
  std::string folder_;
  std::uint64_t unread_ = 0;
  bool check_crc_ = true;
};

/// The arguments of the call that makes a tensor, where o is such a call.
inline std::optional<object> tensor_arguments(object o) {
  if (o.is(kind::call) && o.callee().text() == parameter && o.arguments().size() > 0) o = o.arguments()[0];
  if (!o.is(kind::call) || o.callee().text() == parameter) return std::nullopt;
  return o.arguments();
}

/// Makes a tensor's shape and strides, and finds its elements.
class tensor_reader {
 public:
  tensor_reader(const std::string& name, storages& from, std::size_t file_size)
      : name_(name), from_(from), axes_left_(file_size), bytes_left_(8 * std::uint64_t(file_size) + (1u << 20)) {}

  void read(object arguments, entry& out) {
    key_ = &out.key;
    const std::size_t n = arguments.size();
    if (n < 4 || !arguments[0].is(kind::persistent) || !arguments[1].is(kind::integer) || !arguments[2].is(kind::tuple) ||
        !arguments[3].is(kind::tuple))
      fail("storage, offset, size and strides expected of the call that makes it");
    const storages::identity storage = from_.identify(arguments[0].id());
    out.type = storage.type;
    if (n >= 7) {  // the only call with seven says the type of a storage that does not know it
      const auto type = type_named(element_types, arguments[6]);
      if (!type) fail("no element type that can be read");
      out.type = *type;
    }
    out.shape = sizes(arguments[2]);
    out.strides = sizes(arguments[3]);
    if (out.shape.size() != out.strides.size())
      fail(std::to_string(out.shape.size()) + " sizes and " + std::to_string(out.strides.size()) + " strides");
    const byte_span bytes = from_.find(storage);
    const auto packed = packed_size(out.type, out.shape);
    if (!packed) fail("the shape " + shape_text(out.shape) + " has more elements than memory");
    // Tensors that share elements, or repeat them with strides of 0, take more memory than their file. Sane files take a little more.
    if (*packed > bytes_left_)
      fail("shape " + shape_text(out.shape) + ": this and the tensors before it take over 8 times the bytes of the file");
    bytes_left_ -= *packed;
    out.elements = elements(bytes, arguments[1].integer(), out);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { damaged(name_, "the tensor " + pickle::detail::printable(*key_) + ": " + what); }

  std::vector<size_type> sizes(object tuple) {
    if (tuple.size() > 32) fail("more than 32 axes");
    if (tuple.size() > axes_left_) fail("more axes than the file has bytes");
    axes_left_ -= tuple.size();
    std::vector<size_type> out;
    for (std::size_t i = 0; i < tuple.size(); ++i) {
      if (!tuple[i].is(kind::integer) || tuple[i].integer() < 0) fail("a size or stride that is no integer of at least 0");
      out.push_back(size_type(tuple[i].integer()));
    }
    return out;
  }
  byte_span elements(byte_span storage, std::int64_t offset, const entry& t) const {
    const std::size_t size = size_of(t.type);
    const auto present = std::int64_t(storage.size() / size);
    if (offset < 0) fail("begins at element " + std::to_string(offset));
    if (t.count() == 0) return storage.first(0);
    std::int64_t last = offset;
    bool outside = false;
    for (std::size_t axis = 0; axis < t.shape.size(); ++axis) {
      std::int64_t steps = 0;
      outside = outside || __builtin_mul_overflow(t.shape[axis] - 1, t.strides[axis], &steps) || __builtin_add_overflow(last, steps, &last);
    }
    if (outside || last >= present)
      fail("shape " + shape_text(t.shape) + " with strides " + shape_text(t.strides) + " from element " + std::to_string(offset) +
           " reaches outside of its storage of " + std::to_string(present) + " elements");
    return storage.subspan(std::size_t(offset) * size, std::size_t(last - offset + 1) * size);
  }

  const std::string& name_;
  storages& from_;
  const std::string* key_ = nullptr;
  std::size_t axes_left_;
  std::uint64_t bytes_left_;
};

}  // namespace detail
}  // namespace ogm::data::pt
