#pragma once
// What the tests of the readers share: a folder that goes away, messages of errors, and damage done to every byte.

#include <ogm/data/bytes.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace ogm::test {

class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ogm-data-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const {
    const std::filesystem::path p = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(p.parent_path());
    return p.string();
  }
  std::string write(const std::string& name, const std::string& content) const {
    const std::string p = *this / name;
    ogm::data::write_atomically(p, ogm::data::as_byte_span(content));
    return p;
  }

 private:
  std::string path_;
};

/// The text of the Error that f throws, "" where it throws nothing; anything else passes through and fails the test.
template <class Error = ogm::data_error, class F> std::string message_of(const F& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline std::string text_of(const std::string& path) {
  const auto bytes = ogm::data::read_bytes(path);
  return std::string(ogm::data::as_text(bytes));
}
inline std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += char(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

/// Prefixes of the file that parse accepts. Each is in memory of its own length, so that a sanitizer sees the first byte too far.
template <class Parse> std::size_t accepted_prefixes(const std::string& whole, const Parse& parse) {
  std::size_t accepted = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::vector<char> cut(whole.begin(), whole.begin() + std::ptrdiff_t(n));
    accepted += message_of([&] { parse(ogm::data::as_byte_span(cut.data(), cut.size())); }).empty();
  }
  return accepted;
}

/// Single flipped bits that parse accepts; every other one must be a data_error.
template <class Parse> std::size_t accepted_flips(const std::string& whole, const Parse& parse) {
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::vector<char> flipped(whole.begin(), whole.end());
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << bit % 8));
    accepted += message_of([&] { parse(ogm::data::as_byte_span(flipped.data(), flipped.size())); }).empty();
  }
  return accepted;
}

/// The folder of the shared data, or nothing, said aloud.
inline std::optional<std::string> shared(const std::string& below) {
  const char* const given = std::getenv("OGM_SHARED");
#ifdef OGM_SOURCE_DIR
  const std::string fallback = OGM_SOURCE_DIR "/../shared";
#else
  const std::string fallback = "../shared";
#endif
  const std::string path = (given ? std::string(given) : fallback) + '/' + below;
  if (std::filesystem::exists(path)) return path;
  std::cout << "skipped: " << path << " is not there (OGM_SHARED names the folder)\n";
  return std::nullopt;
}

}  // namespace ogm::test
