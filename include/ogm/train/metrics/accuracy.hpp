#pragma once
// Top-1 and top-k accuracy, batch by batch.

#include <ogm/core/error.hpp>
#include <ogm/train/metrics/scores.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

namespace ogm::metrics {

/// How many classes are ranked before the label: those that score higher, and equal ones with a lower index, as argmax takes
/// the first of equals. A NaN anywhere in the row -> the number of classes: never right.
template <std::floating_point T> std::size_t rank_of_label(std::span<const T> row, std::int32_t label) {
  const auto own = std::size_t(label);
  std::size_t rank = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (std::isnan(row[c])) return row.size();
    rank += row[c] > row[own] || (row[c] == row[own] && c < own);
  }
  return rank;
}

/// The fraction of samples whose label is among the `k` highest scores.
///
/// Shapes     scores (sample, class); labels (sample)
/// Empty      no sample -> NaN. k >= number of classes -> 1, but for rows with a NaN, which are always wrong
/// Errors     shape_error, value_error of check_labels, before anything is counted; value_error where k < 1
class accuracy {
 public:
  explicit accuracy(int k = 1) : k_(std::size_t(k)) {
    if (k < 1) throw value_error("ogm: top-k accuracy needs k >= 1, not " + std::to_string(k) + ".");
  }

  template <class Scores> void add(const Scores& scores, label_span labels) {
    const auto rows = rows_of(scores);
    check_labels(rows.samples(), rows.classes(), labels);
    for (size_type i = 0; i < rows.samples(); ++i) {
      const auto rank = rank_of_label(rows.row(i), labels[std::size_t(i)]);
      correct_ += rank < k_ && rank < std::size_t(rows.classes());
    }
    samples_ += rows.samples();
  }
  void reset() { correct_ = samples_ = 0; }

  size_type correct() const { return correct_; }
  size_type samples() const { return samples_; }
  double value() const { return samples_ ? double(correct_) / double(samples_) : std::numeric_limits<double>::quiet_NaN(); }

 private:
  std::size_t k_;
  size_type correct_ = 0, samples_ = 0;
};

}  // namespace ogm::metrics
