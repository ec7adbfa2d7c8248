#pragma once
// Pickles and PyTorch files by hand, for what PyTorch itself would never write.

#include <ogm/data/zip.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace ogm::test {

template <class T> std::string raw(T value) { return std::string(reinterpret_cast<const char*>(&value), sizeof(T)); }

inline std::string text(const std::string& value) { return 'X' + raw(std::uint32_t(value.size())) + value; }
inline std::string integer(std::int64_t value) { return "\x8A\x08" + raw(value); }
inline std::string global(const std::string& module, const std::string& name) { return 'c' + module + '\n' + name + '\n'; }
inline std::string tuple(const std::vector<std::string>& parts) {
  std::string out = "(";
  for (const std::string& p : parts) out += p;
  return out + 't';
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> parts;
  for (const std::int64_t v : values) parts.push_back(integer(v));
  return tuple(parts);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string out = "}(";
  for (const auto& [key, value] : items) out += text(key) + value;
  return out + 'u';
}
inline std::string pickle(const std::string& body) { return "\x80\x02" + body + '.'; }

inline std::string storage(const std::string& type, const std::string& key, std::int64_t count) {
  return tuple({text("storage"), global("torch", type + "Storage"), text(key), text("cpu"), integer(count)}) + 'Q';
}
struct view {
  std::string storage = test::storage("Float", "0", 6);
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes = {2, 3}, strides = {3, 1};
};
inline std::string tensor(const view& v = {}) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({v.storage, integer(v.offset), integers(v.sizes), integers(v.strides), "\x89", "}"}) + 'R';
}

using members = std::vector<std::pair<std::string, std::string>>;

/// A file in the zip form whose object is the pickle and whose members are the storages.
inline std::string pt_zip(const std::string& object, const members& more) {
  ogm::data::zip::writer out;
  out.add("archive/data.pkl", ogm::data::as_byte_span(object), 64);
  for (const auto& [key, bytes] : more) out.add("archive/" + key, ogm::data::as_byte_span(bytes), 64);
  return out.encode();
}
/// The same with six floats, 0 to 5, as its only storage.
inline std::string pt_zip(const std::string& object) {
  std::string bytes;
  for (int i = 0; i < 6; ++i) bytes += raw(float(i));
  return pt_zip(object, members{{"data/0", bytes}});
}
/// A file in the older form; `rest` are the counts and elements.
inline std::string pt_legacy(const std::string& object, const std::vector<std::string>& keys, const std::string& rest,
                             const std::string& machine = dict({{"little_endian", "\x88"}})) {
  std::string list = "](";
  for (const std::string& key : keys) list += text(key);
  return std::string("\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19.", 15) + pickle("M\xE9\x03") + pickle(machine) + object +
         pickle(list + 'e') + rest;
}

}  // namespace ogm::test
