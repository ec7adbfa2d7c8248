#pragma once
// Average precision of a ranking, and its mean over classes, each against the rest.

#include <ogm/core/error.hpp>
#include <ogm/train/metrics/scores.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace ogm::metrics {

/// The area under precision over recall as a sum of steps, without interpolation:
///
///     AP = sum_n (R_n - R_{n-1}) P_n
///
/// where n runs over the distinct scores from the highest, and P_n, R_n are precision and recall when everything with at least
/// that score is retrieved. Equal scores are therefore retrieved together, whatever their order.
///
/// Shapes     scores (sample); relevant (sample), not 0 for a positive
/// Empty      no positive -> NaN (scikit-learn: 0 with a warning). NaN in -> NaN out
/// Errors     shape_error where the two differ in number
/// Source     the definition of scikit-learn's average_precision_score
template <std::floating_point T> double average_precision(std::span<const T> scores, std::span<const std::uint8_t> relevant) {
  if (scores.size() != relevant.size())
    throw shape_error("ogm: average precision of " + std::to_string(scores.size()) + " scores and " + std::to_string(relevant.size()) +
                      " marks.");
  double positives = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) return std::numeric_limits<double>::quiet_NaN();
    positives += relevant[i] != 0;
  }
  if (positives == 0) return std::numeric_limits<double>::quiet_NaN();

  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  double sum = 0, hits = 0;
  for (std::size_t i = 0; i < order.size();) {
    const double before = hits;
    const T level = scores[order[i]];
    for (; i < order.size() && scores[order[i]] == level; ++i) hits += relevant[order[i]] != 0;
    sum += (hits - before) * (hits / double(i));
  }
  return sum / positives;
}

/// What the ranking of a class compares between samples: logits and softmax order the classes of a sample alike, but not
/// the samples of a class.
enum class ranking { scores_as_given, softmax };

/// Mean average precision (mAP): average_precision of each class's score against the rest, mean over classes.
///
/// Shapes     scores (sample, class); labels (sample)
/// Empty      a class without a sample is left out of the mean (its own value is NaN); no sample -> NaN
/// NaN        a NaN in a class's scores makes its value and the mean NaN; with ranking::softmax it spreads over its row,
///            as an infinite highest logit does
/// Numerics   softmax in double. Probabilities that are equal on paper may differ in the last bit, and then are no tie: with
///            coarse logits the value depends on rounding (1e-4 seen with logits in steps of 0.5)
/// Errors     shape_error, value_error of check_labels; shape_error for scores of another number of classes
/// Cost       keeps every score: 8 bytes a sample and class
class mean_average_precision {
 public:
  explicit mean_average_precision(int classes, ranking by = ranking::softmax) : by_(by) {
    if (classes < 1) throw value_error("ogm: mean average precision of " + std::to_string(classes) + " classes. It needs at least one.");
    columns_.resize(std::size_t(classes));
  }

  template <class Scores> void add(const Scores& scores, label_span labels) {
    const auto rows = rows_of(scores);
    if (rows.classes() != classes())
      throw shape_error("ogm: mean average precision of " + std::to_string(classes()) + " classes was given scores of " +
                        std::to_string(rows.classes()) + ".");
    check_labels(rows.samples(), rows.classes(), labels);
    for (size_type i = 0; i < rows.samples(); ++i) add_row(rows.row(i));
    labels_.insert(labels_.end(), labels.begin(), labels.end());
  }
  void reset() {
    for (auto& column : columns_) column.clear();
    labels_.clear();
  }

  int classes() const { return int(columns_.size()); }
  size_type samples() const { return size_type(labels_.size()); }

  double of_class(int c) const {
    if (c < 0 || c >= classes()) throw value_error("ogm: class " + std::to_string(c) + " among " + std::to_string(classes()) + " classes.");
    std::vector<std::uint8_t> relevant(labels_.size());
    for (std::size_t i = 0; i < labels_.size(); ++i) relevant[i] = labels_[i] == c;
    return average_precision<double>(columns_[std::size_t(c)], relevant);
  }
  double value() const {
    double sum = 0;
    int present = 0;
    for (int c = 0; c < classes(); ++c) {
      if (std::find(labels_.begin(), labels_.end(), c) == labels_.end()) continue;
      sum += of_class(c);
      ++present;
    }
    return present ? sum / present : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  template <class T> void add_row(std::span<const T> row) {
    double largest = 0, total = 1;
    if (by_ == ranking::softmax) {
      largest = double(*std::max_element(row.begin(), row.end()));
      total = 0;
      for (const T v : row) total += std::exp(double(v) - largest);
    }
    for (std::size_t c = 0; c < row.size(); ++c)
      columns_[c].push_back(by_ == ranking::softmax ? std::exp(double(row[c]) - largest) / total : double(row[c]));
  }

  ranking by_;
  std::vector<std::vector<double>> columns_;  // (class)(sample)
  std::vector<std::int32_t> labels_;
};

}  // namespace ogm::metrics
