#pragma once
// Comma-separated lists (RFC 4180), with the line and column of what is wrong.

#include <ogm/data/bytes.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace ogm::data::csv {

struct options {
  char delimiter = ',';
  int columns = 0;  // every row must have so many; 0: any number
};

struct row {
  std::vector<std::string> fields;
  long line = 0;  // of its first character, from 1

  std::size_t size() const { return fields.size(); }
  const std::string& operator[](std::size_t i) const { return fields[i]; }
};

/// The rows of a text. Lines end in LF or CRLF; empty lines and a byte-order mark are skipped.
///
/// Errors     data_error with line and column: a quote inside a bare field, text after a closing quote, a quote that is never closed,
///            a bare CR, a NUL, a row of another width than options.columns
inline std::vector<row> parse(byte_span bytes, const std::string& name, const options& how = {}) {
  std::string_view text = as_text(bytes);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  std::vector<row> rows;
  std::size_t at = 0, line_start = 0;
  long line = 1;
  const auto fail = [&](std::size_t where, const std::string& what) {
    detail::damaged(name, what + " (line " + std::to_string(line) + ", column " + std::to_string(where - line_start + 1) + ")");
  };
  const auto at_line_end = [&] {
    if (at < text.size() && text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n')) fail(at, "a CR without LF");
    return at == text.size() || text[at] == '\n' || text[at] == '\r';
  };
  const auto quoted = [&] {
    const std::size_t opened = at++;
    const long opened_line = line;
    const std::size_t opened_start = line_start;
    std::string field;
    for (;; ++at) {
      if (at == text.size()) {
        line = opened_line, line_start = opened_start;
        fail(opened, "a quote that is never closed");
      }
      if (text[at] == '\0') fail(at, "a NUL character");
      if (text[at] == '"') {
        if (at + 1 == text.size() || text[at + 1] != '"') break;
        ++at;  // "" inside quotes is one quote
      }
      field += text[at];
      if (text[at] == '\n') ++line, line_start = at + 1;
    }
    ++at;
    if (!at_line_end() && text[at] != how.delimiter) fail(at, "text after a closing quote");
    return field;
  };
  const auto bare = [&] {
    const std::size_t first = at;
    for (; !at_line_end() && text[at] != how.delimiter; ++at) {
      if (text[at] == '"') fail(at, "a quote inside a field that does not begin with one");
      if (text[at] == '\0') fail(at, "a NUL character");
    }
    return std::string(text.substr(first, at - first));
  };
  while (at < text.size()) {
    if (!at_line_end()) {
      row& r = rows.emplace_back();
      r.line = line;
      for (;;) {
        r.fields.push_back(at < text.size() && text[at] == '"' ? quoted() : bare());
        if (at_line_end()) break;
        ++at;  // the delimiter
      }
      if (how.columns != 0 && r.size() != std::size_t(how.columns))
        detail::damaged(name, "line " + std::to_string(r.line) + " has " + std::to_string(r.size()) + " fields, " +
                                  std::to_string(how.columns) + " expected");
    }
    if (at < text.size()) at += text[at] == '\r' ? 2 : 1;
    ++line, line_start = at;
  }
  return rows;
}
inline std::vector<row> read(const std::string& path, const options& how = {}) { return parse(mapped_file(path).bytes(), path, how); }

/// Field `column` as a number, all of it.
///
/// Errors     data_error with the line where it is missing, no number or out of range of T
template <class T> T number(const row& r, std::size_t column, const std::string& name) {
  const auto fail = [&](const std::string& what) {
    detail::damaged(name, "line " + std::to_string(r.line) + ", field " + std::to_string(column + 1) + ": " + what);
  };
  if (column >= r.size()) fail("missing");
  const std::string& text = r[column];
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) fail("\"" + text + "\" is no number of the expected type");
  return value;
}

}  // namespace ogm::data::csv
