#pragma once
// PyTorch's .pt and .pth files, read without Python: what torch.save writes of tensors, state dicts and dictionaries around them, in the
// zip form (since PyTorch 1.6) and in the one before. Nothing in such a file can run: ogm/data/pickle.hpp.
// Example: pt::file f("best.pt", {.strip_module = true}); f.find("fc.weight").read<float>().

#include <ogm/data/bytes.hpp>
#include <ogm/data/pickle.hpp>
#include <ogm/data/pt_entry.hpp>
#include <ogm/data/pt_storage.hpp>
#include <ogm/data/zip.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogm::data::pt {

/// Keys from the file's own object down to a dictionary; positions in lists and tuples are numbers as text.
using path = std::vector<std::string>;

struct options {
  /// Where the tensors are. Left out: the only dictionary, of those that text keys lead to, that holds any.
  std::optional<path> inside{};
  /// Leaves out the "module." that torch.nn.DataParallel puts before every key.
  bool strip_module = false;
  /// PyTorch itself can be told to write none, and does not look at them.
  bool check_crc = true;
};

namespace detail {

/// A text or integer key as text; nothing for others.
inline std::optional<std::string> key_text(object key) {
  if (key.is(kind::text)) return std::string(key.text());
  if (key.is(kind::integer)) return std::to_string(key.integer());
  return std::nullopt;
}
/// f(key, value) for what a dictionary, list or tuple holds under a key that has a text.
template <class F> void each_child(object o, const F& f) {
  std::size_t position = 0;
  if (o.is(kind::dict))
    o.each_item([&](object key, object value) {
      if (const auto text = key_text(key)) f(*text, value);
    });
  else if (o.is(kind::list))
    o.each_element([&](object value) { f(std::to_string(position++), value); });
  else if (o.is(kind::tuple))
    for (; position < o.size(); ++position) f(std::to_string(position), o[position]);
}

inline std::string path_text(const path& keys) {
  std::string out;
  for (const std::string& key : keys) {
    if (!out.empty()) out += '/';
    out += pickle::detail::printable(key);
  }
  return out.empty() ? "the file's own object" : out;
}

/// The dictionaries that text keys lead to and that hold tensors under text keys; at most eight.
inline std::vector<std::pair<path, object>> state_dicts(const pickle::document& document) {
  struct place {
    object dict;
    std::size_t parent;
    std::string_view key;
  };
  std::vector<place> places{{document.root(), 0, {}}};
  std::vector<bool> seen(document.size(), false);
  seen[document.root().index()] = true;
  std::vector<std::pair<path, object>> out;
  for (std::size_t i = 0; i < places.size() && out.size() < 8; ++i) {
    if (!places[i].dict.is(kind::dict)) continue;
    bool holds_tensors = false;
    const object dict = places[i].dict;
    dict.each_item([&](object key, object value) {
      if (!key.is(kind::text)) return;
      holds_tensors = holds_tensors || tensor_arguments(value);
      if (!value.is(kind::dict) || seen[value.index()]) return;
      seen[value.index()] = true;
      places.push_back({value, i, key.text()});
    });
    if (!holds_tensors) continue;
    path keys;
    for (std::size_t p = i; p != 0 && keys.size() < 32; p = places[p].parent) keys.insert(keys.begin(), std::string(places[p].key));
    out.emplace_back(std::move(keys), dict);
  }
  return out;
}

}  // namespace detail

/// A file in memory. Refused: opcodes and globals that tensors and dictionaries do not need; sizes, offsets and strides that lead outside
/// of a storage; storages of another size than their tensors say; wrong CRCs; TorchScript. Memory for what the pickle says is at most
/// 100 bytes for each of its bytes, and all tensors together are at most 8 times the file and 1 MB.
///
/// Errors     data_error with the name of the file, and of the tensor or the byte
class archive {
 public:
  archive(byte_span bytes, std::string name, const options& how = {}) : name_(std::move(name)) {
    if (as_text(bytes).substr(0, 2) == "PK")
      read_zip(bytes, how);
    else
      read_legacy(bytes, how);
  }

  /// The tensors in the order of the file; one that is alone in its file has the name "".
  const std::vector<entry>& entries() const { return entries_; }
  bool contains(std::string_view tensor_name) const { return places_.find(tensor_name) != places_.end(); }
  /// Errors     data_error where there is no such tensor
  const entry& find(std::string_view tensor_name) const {
    const auto found = places_.find(tensor_name);
    if (found == places_.end()) detail::damaged(name_, "has no tensor " + std::string(tensor_name));
    return entries_[found->second];
  }
  /// All that was saved, for what is not a tensor: an epoch, an accuracy. It refers to this archive.
  pickle::object root() const { return document_->root(); }
  const std::string& name() const { return name_; }

 private:
  using kind = pickle::kind;

  void read_zip(byte_span bytes, const options& how) {
    const zip::archive members(bytes, name_);
    static constexpr std::string_view object_name = "data.pkl";
    const zip::member* object = nullptr;
    std::string folder;
    for (const auto& [key, m] : members.members()) {
      const std::size_t slash = key.rfind('/'), begin = slash == key.npos ? 0 : slash + 1;
      if (std::string_view(key).substr(begin) == "constants.pkl")
        detail::damaged(name_, "a TorchScript archive; save the module's state_dict() with torch.save instead");
      if (std::string_view(key).substr(begin) != object_name) continue;
      if (object) detail::damaged(name_, "two members are called data.pkl");
      object = &m;
      folder = key.substr(0, begin);
    }
    if (!object) detail::damaged(name_, "a zip archive without data.pkl: nothing that torch.save wrote");
    if (const auto order = members.members().find(folder + "byteorder"); order != members.members().end())
      if (as_text(members.stored(order->second, name_ + ":byteorder", how.check_crc)) != "little")
        detail::damaged(name_, "big-endian elements; little-endian ones expected");
    const std::string where = name_ + ":" + pickle::detail::printable(folder) + "data.pkl";
    const byte_span pickled = members.stored(*object, where, how.check_crc);
    document_.emplace(pickled, where, detail::role_of);
    if (document_->end() != pickled.size()) detail::damaged(where, "bytes after the pickle");
    detail::storages storages(name_, members, folder, bytes.size(), how.check_crc);
    read_tensors(storages, bytes.size(), how);
  }

  /// Five pickles (magic number, version, the machine, the object, the keys of the storages), then each storage's count and elements.
  void read_legacy(byte_span bytes, const options& how) {
    static constexpr std::string_view magic("\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", 10);
    std::size_t at = 0;
    const auto next = [&] {
      pickle::document out(bytes, name_, detail::role_of, at);
      at = out.end();
      return out;
    };
    if (bytes.empty() || bytes[0] != std::byte(0x80)) detail::damaged(name_, "nothing that torch.save wrote: neither a zip nor a pickle");
    const pickle::document first = next();
    if (!first.root().is(kind::huge) || first.root().text() != magic)
      detail::damaged(name_, "a pickle, and nothing that torch.save wrote: it does not begin with PyTorch's number");
    const pickle::document version = next();
    if (!version.root().is(kind::integer) || version.root().integer() != 1001)
      detail::damaged(name_, "a version of PyTorch's older format other than 1001");
    const pickle::document machine = next();
    if (machine.root().is(kind::dict)) {
      const auto little = machine.root().find("little_endian", machine.root());
      if (little.is(kind::boolean) && !little.boolean()) detail::damaged(name_, "big-endian elements; little-endian ones expected");
    }
    document_.emplace(next());
    const pickle::document keys = next();
    detail::storages storages(name_);
    read_storages(bytes, at, keys.root(), storages);
    read_tensors(storages, bytes.size(), how);
  }
  void read_storages(byte_span bytes, std::size_t at, pickle::object keys, detail::storages& storages) const {
    std::map<std::string_view, std::size_t> sizes;  // of an element
    document_->each_persistent([&](pickle::object o) {
      const auto id = storages.identify(o.id());
      if (sizes.emplace(id.key, size_of(id.type)).first->second != size_of(id.type))
        detail::damaged(name_, "the storage " + pickle::detail::printable(id.key) + " has elements of two sizes");
    });
    if (!keys.is(kind::list)) detail::damaged(name_, "no list of the storages' keys after the object");
    keys.each_element([&](pickle::object key) {
      const auto found = key.is(kind::text) ? sizes.find(key.text()) : sizes.end();
      if (found == sizes.end()) detail::damaged(name_, "a storage that no tensor has");
      const std::string where = "the storage " + pickle::detail::printable(found->first);
      if (bytes.size() - at < 8) detail::damaged(name_, "truncated before " + where);
      const auto count = detail::load_number<std::uint64_t>(bytes, at);
      at += 8;
      if (count > (bytes.size() - at) / found->second)
        detail::damaged(name_, "truncated: " + where + " says " + std::to_string(count) + " elements of " + std::to_string(found->second) +
                                   " bytes, the file ends after " + std::to_string(bytes.size() - at));
      const std::size_t size = std::size_t(count) * found->second;
      storages.add(found->first, bytes.subspan(at, size));
      at += size;
    });
    if (at != bytes.size()) detail::damaged(name_, std::to_string(bytes.size() - at) + " bytes after the last storage");
  }

  pickle::object chosen(const options& how) const {
    pickle::object at = document_->root();
    if (how.inside) {
      for (const std::string& step : *how.inside) {
        std::optional<pickle::object> found;
        detail::each_child(at, [&](const std::string& key, pickle::object value) {
          if (key == step) found = value;
        });
        if (!found) detail::damaged(name_, "has no " + step + " of " + detail::path_text(*how.inside));
        at = *found;
      }
      return at;
    }
    if (detail::tensor_arguments(at)) return at;
    const auto found = detail::state_dicts(*document_);
    if (found.size() == 1) return found[0].second;
    if (found.empty()) {
      bool empty = at.is(kind::dict);
      if (empty) at.each_item([&](pickle::object, pickle::object) { empty = false; });
      if (empty) return at;
      detail::damaged(name_, "holds no state dict; options::inside says where else tensors are");
    }
    std::string places;
    for (const auto& [keys, dict] : found) {
      if (!places.empty()) places += ", ";
      places += detail::path_text(keys);
    }
    detail::damaged(name_, "holds tensors in several dictionaries (" + places + "); options::inside says which");
  }

  void read_tensors(detail::storages& storages, std::size_t file_size, const options& how) {
    detail::tensor_reader reader(name_, storages, file_size);
    const auto add = [&](const std::string& key, pickle::object value) {
      const auto arguments = detail::tensor_arguments(value);
      if (!arguments) return;
      entry out;
      out.key = key;
      out.name = how.strip_module && key.compare(0, 7, "module.") == 0 ? key.substr(7) : key;
      reader.read(*arguments, out);
      if (!places_.emplace(out.name, entries_.size()).second)
        detail::damaged(name_, "two tensors are called " + pickle::detail::printable(out.name));
      entries_.push_back(std::move(out));
    };
    const pickle::object from = chosen(how);
    if (detail::tensor_arguments(from))
      add("", from);
    else
      detail::each_child(from, add);
  }

  std::string name_;
  std::optional<pickle::document> document_;
  std::vector<entry> entries_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

/// A file on disk, mapped: elements are read when they are touched, and once before to check their CRC.
class file : public archive {
 public:
  explicit file(const std::string& path, const options& how = {}) : file(mapped_file(path), path, how) {}

 private:
  file(mapped_file&& mapped, const std::string& path, const options& how)
      : archive(mapped.bytes(), path, how), mapped_(std::move(mapped)) {}
  mapped_file mapped_;
};

}  // namespace ogm::data::pt
