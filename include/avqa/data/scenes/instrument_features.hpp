#pragma once
// Features of photographs and of notes of instruments, made narrow, from which scenes are composed.

#include <avqa/data/scenes/collection.hpp>
#include <avqa/question/answers.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>
#include <ogm/data/npy.hpp>
#include <ogm/data/principal_components.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace avqa {

/// Which rows of a folder of photographs or notes belong to which instrument and part.
///
/// Part       the rows marked 1 are for the test; of the others of each kind every eighth is for validation
class instrument_rows {
 public:
  /// Rows of each instrument by what `kind` tells apart: the soundfont of a note, nothing for photographs.
  instrument_rows(std::span<const std::uint8_t> classes, std::span<const std::uint8_t> held_out, std::span<const std::uint8_t> kinds)
      : rows_(instruments.size()), parts_(classes.size()) {
    std::array<std::array<std::size_t, 256>, instruments.size()> seen{};
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const std::uint8_t kind = kinds.empty() ? std::uint8_t(0) : kinds[i];
      parts_[i] = held_out[i] ? part::test : ++seen[classes[i]][kind] % 8 == 0 ? part::val : part::train;
      auto& voices = rows_[classes[i]][std::size_t(parts_[i])];
      const auto known = std::find_if(voices.begin(), voices.end(), [&](const voice& v) { return v.kind == kind; });
      (known == voices.end() ? voices.emplace_back(voice{kind, {}}) : *known).rows.push_back(std::uint32_t(i));
    }
  }

  bool has(std::uint8_t instrument, part p) const { return !rows_[instrument][std::size_t(p)].empty(); }
  bool has_all_parts(std::uint8_t instrument) const {
    return has(instrument, part::train) && has(instrument, part::val) && has(instrument, part::test);
  }
  part part_of(std::size_t row) const { return parts_[row]; }
  std::size_t size() const { return parts_.size(); }
  /// The rows of one kind, which the number chooses.
  ///
  /// Errors     value_error where there are none
  std::span<const std::uint32_t> of(std::uint8_t instrument, part p, std::uint32_t number) const {
    const auto& voices = rows_[instrument][std::size_t(p)];
    if (voices.empty())
      throw ogm::value_error("avqa: there is nothing of the instrument \"" + std::string(instruments[instrument]) + "\" for " +
                             std::string(name_of(p)) + "; draw scenes of the classes that have pictures and sounds.");
    return voices[number % voices.size()].rows;
  }

 private:
  struct voice {
    std::uint8_t kind;
    std::vector<std::uint32_t> rows;
  };
  std::vector<std::array<std::vector<voice>, 3>> rows_;  // (instrument, part)
  std::vector<part> parts_;
};

namespace detail {

/// One number a row, below a limit.
inline std::vector<std::uint8_t> small_numbers(const std::string& path, std::size_t rows, std::size_t limit) {
  auto read = ogm::data::npy::read<std::uint8_t>(path);
  if (read.shape.size() != 1 || read.values.size() != rows)
    throw ogm::data_error("avqa: " + path + ": shape " + ogm::shape_text(read.shape) + "; one number for each of " + std::to_string(rows) +
                          " rows expected.");
  for (std::size_t i = 0; i < rows; ++i)
    if (read.values[i] >= limit)
      throw ogm::data_error("avqa: " + path + ": row " + std::to_string(i) + " is " + std::to_string(read.values[i]) + "; a number below " +
                            std::to_string(limit) + " expected.");
  return std::move(read.values);
}

/// Feature vectors along the principal components of their training rows, scaled so that an element of those has the mean square 1.
inline std::vector<float> narrowed_features(const ogm::data::array<float>& wide, const instrument_rows& rows, int width) {
  const std::size_t inputs = std::size_t(wide.shape[1]);
  std::vector<float> training;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows.part_of(i) == part::train)
      training.insert(training.end(), wide.values.begin() + std::ptrdiff_t(i * inputs),
                      wide.values.begin() + std::ptrdiff_t((i + 1) * inputs));
  const ogm::data::principal_components narrow(training, ogm::size_type(inputs), width);
  double variance = 0;
  for (const float v : narrow.variances()) variance += v;
  std::vector<float> out = narrow(wide.values);
  const float scale = variance > 0 ? float(std::sqrt(double(width) / variance)) : 1.f;
  for (float& x : out) x *= scale;
  return out;
}

}  // namespace detail

/// A folder of instruments: photo_mobilenetv2_1280.npy and sound_yamnet1024.npy (rows, features), with photo_class.npy, photo_split.npy,
/// sound_class.npy, sound_split.npy and sound_source.npy (rows). Classes are positions in avqa::instruments, a split of 1 is the test's.
///
/// Numerics   both kinds of features along the `width` principal components of their training rows, with a mean square of 1
/// Errors     data_error with the file where one is missing, of another shape, or names no instrument
class instrument_features {
 public:
  explicit instrument_features(const std::string& folder, int width = 128)
      : width_(width),
        photos_(read(folder, "photo", "photo_mobilenetv2_1280", false, width)),
        sounds_(read(folder, "sound", "sound_yamnet1024", true, width)) {
    for (std::uint8_t i = 0; i < instruments.size(); ++i)
      if (photos_.rows.has_all_parts(i) && sounds_.rows.has_all_parts(i)) classes_.push_back(i);
  }

  int width() const { return width_; }
  /// The instruments that have photographs and sounds for every part.
  const std::vector<std::uint8_t>& classes() const { return classes_; }
  const instrument_rows& photos() const { return photos_.rows; }
  const instrument_rows& sounds() const { return sounds_.rows; }
  std::span<const float> photo(std::size_t row) const { return of(photos_, row); }
  std::span<const float> sound(std::size_t row) const { return of(sounds_, row); }

 private:
  struct table {
    instrument_rows rows;
    std::vector<float> values;  // (row, width)
  };
  static table read(const std::string& folder, const std::string& what, const std::string& features, bool kinds, int width) {
    const std::string base = folder + '/';
    const auto wide = ogm::data::npy::read_as<float>(base + features + ".npy");
    if (wide.shape.size() != 2)
      throw ogm::data_error("avqa: " + base + features + ".npy: shape " + ogm::shape_text(wide.shape) + "; (rows, features) expected.");
    const auto count = std::size_t(wide.shape[0]);
    instrument_rows rows(detail::small_numbers(base + what + "_class.npy", count, instruments.size()),
                         detail::small_numbers(base + what + "_split.npy", count, 2),
                         kinds ? detail::small_numbers(base + what + "_source.npy", count, 256) : std::vector<std::uint8_t>());
    std::vector<float> values = detail::narrowed_features(wide, rows, width);
    return {std::move(rows), std::move(values)};
  }
  std::span<const float> of(const table& t, std::size_t row) const {
    return std::span(t.values).subspan(row * std::size_t(width_), std::size_t(width_));
  }

  int width_;
  table photos_, sounds_;
  std::vector<std::uint8_t> classes_;
};

}  // namespace avqa
