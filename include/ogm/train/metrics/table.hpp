#pragma once
// A table of text with aligned columns, for a terminal or for Markdown.

#include <ogm/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogm::metrics {

/// Text cells in columns: the first column is flush left, the others flush right.
///
/// Widths     a column for each code point of UTF-8, so that "±" keeps the columns straight
/// Errors     value_error for a table without columns, or a row with another number of cells
class table {
 public:
  using row_type = std::vector<std::string>;

  explicit table(row_type header) : header_(std::move(header)) {
    if (header_.empty()) throw value_error("ogm: a table without columns.");
  }
  table& row(row_type cells) {
    if (cells.size() != header_.size())
      throw value_error("ogm: a row of " + std::to_string(cells.size()) + " cells in a table of " + std::to_string(header_.size()) +
                        " columns.");
    rows_.push_back(std::move(cells));
    return *this;
  }
  std::size_t rows() const { return rows_.size(); }

  /// Columns two spaces apart, a rule below the header, no spaces at the ends of lines.
  std::string text() const {
    const auto wide = widths({});
    std::string out = line(header_, wide, "", "  ", "", {});
    std::size_t total = 2 * (wide.size() - 1);
    for (const std::size_t w : wide) total += w;
    out += std::string(total, '-') + '\n';
    for (const row_type& r : rows_) out += line(r, wide, "", "  ", "", {});
    return out;
  }
  /// A pipe table; '|' inside a cell is escaped.
  std::string markdown() const {
    auto wide = widths("|");
    for (std::size_t& w : wide) w = std::max<std::size_t>(w, 3);
    std::string out = line(header_, wide, "| ", " | ", " |", "|");
    for (std::size_t c = 0; c < wide.size(); ++c)
      out += c == 0 ? "| :" + std::string(wide[c] - 1, '-') : " | " + std::string(wide[c] - 1, '-') + ':';
    out += " |\n";
    for (const row_type& r : rows_) out += line(r, wide, "| ", " | ", " |", "|");
    return out;
  }

 private:
  static std::size_t columns(std::string_view s) {
    return std::size_t(std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }
  /// A cell on one line, with `special` behind a backslash.
  static std::string cell(std::string_view s, std::string_view special) {
    std::string out;
    for (const char c : s) {
      if (!special.empty() && special.find(c) != special.npos) out += '\\';
      out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    return out;
  }
  std::vector<std::size_t> widths(std::string_view special) const {
    std::vector<std::size_t> out;
    for (std::size_t c = 0; c < header_.size(); ++c) {
      out.push_back(columns(cell(header_[c], special)));
      for (const row_type& r : rows_) out.back() = std::max(out.back(), columns(cell(r[c], special)));
    }
    return out;
  }
  static std::string line(const row_type& cells, const std::vector<std::size_t>& wide, std::string_view begin, std::string_view between,
                          std::string_view end, std::string_view special) {
    std::string out(begin);
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string text = cell(cells[c], special);
      const std::string fill(wide[c] - columns(text), ' ');
      if (c > 0) out += between;
      out += c == 0 ? text + fill : fill + text;
    }
    out += end;
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
  }

  row_type header_;
  std::vector<row_type> rows_;
};

}  // namespace ogm::metrics
