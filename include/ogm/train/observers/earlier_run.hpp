#pragma once
// Reads back what csv wrote: for who goes on with a run, and draws all of it.

#include <ogm/core/error.hpp>
#include <ogm/train/observers/event.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <istream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ogm::observers {

namespace detail {

/// Reads the fields of the next record of a CSV file, as RFC 4180 quotes them; false where no line break ends it: there is none, or half of
/// one that a killed run left.
inline bool next_record(std::istream& in, std::vector<std::string>& fields) {
  fields.clear();
  std::string field;
  bool quoted = false;
  for (char c; in.get(c);) {
    if (quoted) {
      if (c != '"')
        field += c;
      else if (in.peek() == '"')
        field += char(in.get());
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      fields.push_back(std::exchange(field, {}));
    } else if (c == '\n') {
      fields.push_back(std::move(field));
      return true;
    } else if (c != '\r') {
      field += c;
    }
  }
  return false;
}

/// Errors     data_error with file and line for a field that is no number
inline double number_of(const std::string& field, const std::filesystem::path& path, long line) {
  double value = 0;
  const auto [end, wrong] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (wrong != std::errc() || end != field.data() + field.size())
    throw data_error("ogm: " + path.string() + ", line " + std::to_string(line) + ": \"" + field + "\" is no number.");
  return value;
}

}  // namespace detail

/// A table of csv. A row's first value is its number, a step or an epoch; rows are in that order, each number once: of rows that were
/// written again the last. A field that is empty has no value.
struct earlier_table {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<double>>> rows;

  /// Values of a column, without those that are missing.
  std::vector<double> column(std::string_view name) const {
    std::vector<double> out;
    if (const auto at = place(name))
      for (const auto& row : rows)
        if (row[*at]) out.push_back(*row[*at]);
    return out;
  }
  std::optional<std::size_t> place(std::string_view name) const {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return std::size_t(found - names.begin());
  }
};

/// Reads one table; empty where there is no such file.
///
/// Errors     data_error with file and line: a row of another number of fields than the first, a field that is no number
inline earlier_table read_earlier_table(const std::filesystem::path& path) {
  earlier_table out;
  std::ifstream in(path, std::ios::binary);
  if (!detail::next_record(in, out.names)) return {};
  std::vector<std::string> fields;
  for (long line = 2; detail::next_record(in, fields); ++line) {
    const auto fail = [&](const std::string& what) {
      throw data_error("ogm: " + path.string() + ", line " + std::to_string(line) + ": " + what + ".");
    };
    if (fields.size() != out.names.size())
      fail(std::to_string(fields.size()) + " fields; the first line has " + std::to_string(out.names.size()));
    std::vector<std::optional<double>> row;
    for (const std::string& field : fields) {
      row.push_back(field.empty() ? std::nullopt : std::optional(detail::number_of(field, path, line)));
    }
    if (!row[0]) fail("the row has no number");
    while (!out.rows.empty() && !(*out.rows.back()[0] < *row[0])) out.rows.pop_back();  // done again after a resume
    out.rows.push_back(std::move(row));
  }
  return out;
}

/// What steps.csv, epochs.csv and late.csv of a folder hold.
///
/// Errors     data_error, see read_earlier_table(); for a table without the columns of a run, and for an epoch or step that is no whole
///            number
/// Example    include/ogm/train/observers/plots.hpp
class earlier_run {
 public:
  earlier_run() = default;
  explicit earlier_run(const std::filesystem::path& folder)
      : steps_(read_earlier_table(folder / "steps.csv")), epochs_(read_earlier_table(folder / "epochs.csv")) {
    require(steps_, folder / "steps.csv", {"step", "epoch", "step_in_epoch"});
    require(epochs_, folder / "epochs.csv", {"epoch"});
    const std::filesystem::path late = folder / "late.csv";
    std::ifstream in(late, std::ios::binary);
    std::vector<std::string> fields;
    detail::next_record(in, fields);
    for (long line = 2; detail::next_record(in, fields); ++line) {
      if (fields.size() != 4 || (fields[0] != "steps" && fields[0] != "epochs"))
        throw data_error("ogm: " + late.string() + ", line " + std::to_string(line) +
                         ": no row of late values; table,row,name,value expected, of the table steps or epochs.");
      const auto number = [&](const std::string& field) { return detail::number_of(field, late, line); };
      add_late(fields[0] == "steps" ? steps_ : epochs_, number(fields[1]), fields[2], number(fields[3]));
    }
  }
  bool empty() const { return steps_.rows.empty() && epochs_.rows.empty(); }

  /// Tells of what was before a step of an epoch, in the order in which it happened.
  template <class OnStep, class OnEpoch>
  void tell(long before_step, int before_epoch, const OnStep& on_step, const OnEpoch& on_epoch) const {
    std::size_t epoch = 0;
    const auto epochs_before = [&](double last) {
      for (; epoch < epochs_.rows.size() && *epochs_.rows[epoch][0] < last; ++epoch) {
        const auto scalars = scalars_of(epochs_, epoch);
        on_epoch(epoch_end{.epoch = int(value(epochs_, epoch, "epoch")),
                           .train_loss = value(epochs_, epoch, "train_loss"),
                           .seconds = value(epochs_, epoch, "seconds"),
                           .scalars = scalars});
      }
    };
    for (std::size_t i = 0; i < steps_.rows.size() && *steps_.rows[i][0] < double(before_step); ++i) {
      epochs_before(value(steps_, i, "epoch"));
      const auto scalars = scalars_of(steps_, i);
      on_step(step_end{.step = long(value(steps_, i, "step")),
                       .epoch = int(value(steps_, i, "epoch")),
                       .step_in_epoch = long(value(steps_, i, "step_in_epoch")),
                       .loss = value(steps_, i, "loss"),
                       .learning_rate = value(steps_, i, "learning_rate"),
                       .seconds = value(steps_, i, "seconds"),
                       .scalars = scalars});
    }
    epochs_before(double(before_epoch));
  }

 private:
  /// Whether a table that has rows has these columns, first the one it is ordered by, with whole numbers in them.
  static void require(const earlier_table& table, const std::filesystem::path& path, std::initializer_list<std::string_view> whole) {
    if (table.rows.empty()) return;
    const auto fail = [&](const std::string& what) { throw data_error("ogm: " + path.string() + ": " + what + "."); };
    if (table.names.front() != *whole.begin())
      fail("the first column is \"" + table.names.front() + "\"; \"" + std::string(*whole.begin()) + "\" expected");
    for (const std::string_view name : whole) {
      const auto at = table.place(name);
      if (!at) fail("no column \"" + std::string(name) + "\", so it is not the table of a run");
      for (const auto& row : table.rows)
        if (!row[*at] || !(std::abs(*row[*at]) < 1e9) || *row[*at] != std::floor(*row[*at]))
          fail("a \"" + std::string(name) + "\" is no whole number");
    }
  }
  static double value(const earlier_table& from, std::size_t row, std::string_view name) {
    const auto at = from.place(name);
    return at && from.rows[row][*at] ? *from.rows[row][*at] : std::numeric_limits<double>::quiet_NaN();
  }
  static std::vector<scalar> scalars_of(const earlier_table& from, std::size_t row) {
    static constexpr std::string_view fixed[]{"step", "epoch", "step_in_epoch", "loss", "learning_rate", "seconds", "train_loss"};
    std::vector<scalar> out;
    for (std::size_t i = 0; i < from.names.size(); ++i)
      if (from.rows[row][i] && std::find(std::begin(fixed), std::end(fixed), from.names[i]) == std::end(fixed))
        out.push_back({from.names[i], *from.rows[row][i]});
    return out;
  }
  static void add_late(earlier_table& to, double number, const std::string& name, double late) {
    const auto row = std::lower_bound(to.rows.begin(), to.rows.end(), number, [](const auto& r, double n) { return *r[0] < n; });
    if (row == to.rows.end() || *row->front() != number) return;
    if (!to.place(name)) {
      to.names.push_back(name);
      for (auto& r : to.rows) r.emplace_back();
    }
    (*row)[*to.place(name)] = late;
  }

  earlier_table steps_, epochs_;
};

}  // namespace ogm::observers
