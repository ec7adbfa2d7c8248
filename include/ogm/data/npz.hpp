#pragma once
// NumPy's .npz archives: zip files of .npy members, stored or deflated. Deflate needs zlib (OGM_WITH_ZLIB).

#include <ogm/data/npy.hpp>
#include <ogm/data/zip.hpp>

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ogm::data::npz {

namespace detail {
using data::detail::damaged;
}

/// An archive in memory: its members are read one by one, checked by their CRC.
///
/// Errors     data_error with the name of the archive and of the member: not a zip, truncated, encrypted, a method other than stored and
///            deflated, two members of one name, a wrong CRC
class archive {
 public:
  archive(byte_span bytes, std::string name) : zip_(bytes, std::move(name)) {
    for (const auto& [member_name, m] : zip_.members()) {
      std::string key = member_name;
      if (key.size() > 4 && key.compare(key.size() - 4, 4, ".npy") == 0) key.resize(key.size() - 4);
      if (!arrays_.emplace(key, m).second) detail::damaged(zip_.name(), "two members are called " + key);
    }
  }

  /// The arrays' names, without ".npy", sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [key, m] : arrays_) out.push_back(key);
    return out;
  }
  bool contains(const std::string& array_name) const { return arrays_.count(array_name) != 0; }
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
  template <class F> std::invoke_result_t<F, byte_span, const std::string&> with_member(const std::string& key, const F& f) const {
    const auto found = arrays_.find(key);
    if (found == arrays_.end()) detail::damaged(zip_.name(), "has no array " + key);
    const std::string where = zip_.name() + ":" + key;
    return zip_.read(found->second, where, [&](byte_span b) { return f(b, where); });
  }

  zip::archive zip_;
  std::map<std::string, zip::member> arrays_;
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
    if (!names_.insert(array_name).second) throw value_error("ogm: a second array " + array_name + " for one .npz.");
    std::string payload = npy::encode_header(dtype_of<T>, shape);
    payload.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    npy::parse_header(as_byte_span(payload), array_name);  // a count that differs from the shape's
    arrays_.emplace_back(array_name + ".npy", std::move(payload));
  }
  std::string encode() const { return packed().encode(); }
  void save(const std::string& path) const { packed().save(path); }

 private:
  zip::writer packed() const {
    zip::writer out;
    for (const auto& [key, payload] : arrays_) out.add(key, as_byte_span(payload));
    return out;
  }
  std::vector<std::pair<std::string, std::string>> arrays_;
  std::set<std::string> names_;
};

}  // namespace ogm::data::npz
