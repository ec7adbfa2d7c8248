#pragma once
// The run as three tables for a spreadsheet or a script: steps.csv, epochs.csv, run.csv.

#include <ogm/core/error.hpp>
#include <ogm/train/observers/earlier_run.hpp>
#include <ogm/train/observers/event.hpp>
#include <ogm/train/observers/output_file.hpp>
#include <ogm/train/observers/text.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ogm::observers {

/// How tables are written.
struct csv_options {
  long every = 1;       ///< a row in steps.csv each so many steps; epochs.csv has every epoch
  bool append = false;  ///< go on with the files of an earlier run, under the columns that they have. Steps done again after a
                        ///< resume are written again: the last row of a step counts
};

namespace detail {

/// A field as RFC 4180 quotes it: in quotes where it holds a comma, a quote or a line break, with quotes doubled.
inline void append_field(std::string& out, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == field.npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

/// The fields of a table's first record; none where there is no such file.
inline std::vector<std::string> read_header(const std::filesystem::path& path) {
  std::vector<std::string> fields;
  std::ifstream in(path, std::ios::binary);
  if (!next_record(in, fields)) fields.clear();
  return fields;
}

/// Cuts a file behind its last line break: a run that was killed may have left half a row.
inline void cut_half_row(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return;
  std::streamoff size = in.tellg();
  for (; size > 0; --size)
    if (in.seekg(size - 1); in.peek() == '\n') break;
  in.close();
  std::filesystem::resize_file(path, std::uintmax_t(size));
}

/// One CSV file whose columns are fixed by its first row.
class csv_table {
 public:
  void open(const std::filesystem::path& path, bool append) {
    if (append) cut_half_row(path);
    names_ = append ? read_header(path) : std::vector<std::string>{};
    file_ = output_file(path, append ? output_file::mode::append : output_file::mode::replace);
  }

  /// Starts a row with its fixed columns; calls late(name, value) for each scalar that has no column.
  template <std::size_t N, class Late> void row(const std::array<scalar, N>& fixed, std::span<const scalar> scalars, const Late& late) {
    if (names_.empty()) write_header(fixed, scalars);
    values_.assign(names_.size(), nullptr);
    for (const scalar& s : fixed)
      if (!place(s))
        throw data_error("ogm: " + file_.path().string() + ", line 1: no column \"" + std::string(s.name) +
                         "\", so it is not this table. Give another folder, or append = false.");
    for (const scalar& s : scalars)
      if (!place(s)) late(s);
    line_.clear();
    for (const scalar* s : values_) {
      if (s) text::append(line_, s->value);
      line_ += ',';
    }
    line_.back() = '\n';
    next_ = 0;
    file_.write(line_);
  }
  void flush() { file_.flush(); }
  bool is_open() const { return file_.is_open(); }

 private:
  template <std::size_t N> void write_header(const std::array<scalar, N>& fixed, std::span<const scalar> scalars) {
    for (const scalar& s : fixed) names_.emplace_back(s.name);
    for (const scalar& s : scalars) names_.emplace_back(s.name);
    line_.clear();
    for (const std::string& name : names_) {
      append_field(line_, name);
      line_ += ',';
    }
    line_.back() = '\n';
    file_.write(line_);
  }
  /// The search begins behind the last hit: names that come in the order of the columns are found at once.
  bool place(const scalar& s) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::size_t at = (next_ + i) % names_.size();
      if (values_[at] || names_[at] != s.name) continue;
      values_[at] = &s;
      next_ = at + 1;
      return true;
    }
    return false;
  }

  output_file file_;
  std::vector<std::string> names_;
  std::vector<const scalar*> values_;
  std::string line_;
  std::size_t next_ = 0;
};

}  // namespace detail

/// Writes steps.csv, epochs.csv, run.csv and, where it is needed, late.csv into a folder.
///
/// The first row of a table fixes its columns. A scalar that a later row lacks leaves an empty field. A scalar that the
/// first row did not have (a policy that reports from its second epoch on) goes to late.csv as `table,row,name,value`,
/// where row is the step or the epoch: nothing is lost and every table stays rectangular. Numbers are the shortest that read
/// back exactly; NaN is `nan`. Everything is flushed at the end of each epoch.
///
/// Errors     data_error where a file cannot be written; value_error where every < 1
class csv {
 public:
  explicit csv(std::filesystem::path folder, const csv_options& options = {}) : folder_(std::move(folder)), options_(options) {
    if (options.every < 1) throw value_error("ogm: csv needs every >= 1, not " + std::to_string(options.every) + ".");
  }

  void on_run_begin(const run_begin& e) {
    steps_.open(folder_ / "steps.csv", options_.append);
    epochs_.open(folder_ / "epochs.csv", options_.append);
    run_ = output_file(folder_ / "run.csv");
    late_ = output_file{};
    std::error_code ignored;
    if (!options_.append) std::filesystem::remove(folder_ / "late.csv", ignored);
    run_.write("name,value\n");
    write_pair("title", e.title);
    for (const std::string& m : e.modalities) write_pair("modality", m);
    for (const auto& [name, value] : e.protocol) write_pair(name, value);
    run_.flush();
  }

  void on_step(const step_end& e) {
    if (e.step % options_.every != 0) return;
    if (!steps_.is_open()) on_run_begin({});
    const std::array<scalar, 6> fixed{{{"step", double(e.step)},
                                       {"epoch", double(e.epoch)},
                                       {"step_in_epoch", double(e.step_in_epoch)},
                                       {"loss", e.loss},
                                       {"learning_rate", e.learning_rate},
                                       {"seconds", e.seconds}}};
    steps_.row(fixed, e.scalars, [&](const scalar& s) { write_late("steps", e.step, s); });
  }

  void on_epoch_end(const epoch_end& e) {
    if (!steps_.is_open()) on_run_begin({});
    const std::array<scalar, 3> fixed{{{"epoch", double(e.epoch)}, {"train_loss", e.train_loss}, {"seconds", e.seconds}}};
    epochs_.row(fixed, e.scalars, [&](const scalar& s) { write_late("epochs", e.epoch, s); });
    steps_.flush();
    epochs_.flush();
    if (late_.is_open()) late_.flush();
  }

  void on_run_end(const run_end& e) {
    if (!steps_.is_open()) on_run_begin({});
    write_number("seconds", e.seconds);
    for (const scalar& s : e.scalars) write_number(s.name, s.value);
    run_.flush();
    steps_.flush();
    if (late_.is_open()) late_.flush();
  }

 private:
  void write_pair(std::string_view name, std::string_view value) {
    line_.clear();
    detail::append_field(line_, name);
    line_ += ',';
    detail::append_field(line_, value);
    line_ += '\n';
    run_.write(line_);
  }
  void write_number(std::string_view name, double value) {
    number_.clear();
    text::append(number_, value);
    write_pair(name, number_);
  }
  void write_late(std::string_view table, long row, const scalar& s) {
    if (!late_.is_open()) {
      const auto path = folder_ / "late.csv";
      detail::cut_half_row(path);
      const bool has_header = std::filesystem::exists(path) && std::filesystem::file_size(path) > 0;
      late_ = output_file(path, output_file::mode::append);
      if (!has_header) late_.write("table,row,name,value\n");
    }
    line_.assign(table);
    line_ += ',';
    text::append(line_, row);
    line_ += ',';
    detail::append_field(line_, s.name);
    line_ += ',';
    text::append(line_, s.value);
    line_ += '\n';
    late_.write(line_);
  }

  std::filesystem::path folder_;
  csv_options options_;
  detail::csv_table steps_, epochs_;
  output_file run_, late_;
  std::string line_, number_;
};

}  // namespace ogm::observers
