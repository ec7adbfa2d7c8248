#pragma once
// Results as files of JSON.

#include <ogm/data/bytes.hpp>
#include <ogm/data/json.hpp>

#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace program {

inline std::string json_text(const std::string& text) { return ogm::data::json::quoted(text); }

/// Null where it is not finite.
inline std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}
/// Members with their values, which are JSON already.
inline std::string json_object(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) out += (out.size() > 1 ? ", " : "") + json_text(name) + ": " + value;
  return out += '}';
}
inline void write_json(const std::string& path, const std::vector<std::pair<std::string, std::string>>& members) {
  ogm::data::write_atomically(path, ogm::data::as_byte_span(json_object(members) + '\n'));
}

}  // namespace program
