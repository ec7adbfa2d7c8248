#pragma once
// The confusion matrix, and precision, recall and F1 from it.

#include <ogm/core/error.hpp>
#include <ogm/train/metrics/scores.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace ogm::metrics {

/// Counts of (actual class, predicted class), batch by batch.
///
///     precision(c) = TP / (TP + FP)    recall(c) = TP / (TP + FN)    f1(c) = 2 TP / (2 TP + FP + FN)
///
/// Empty      0 / 0 -> NaN: precision of a class never predicted, recall of one without samples, F1 of one with neither. The
///            macro means leave those classes out (F1 as scikit-learn's f1_score does, whose labels are those that occur on
///            either side); no class left -> NaN
/// NaN        a row with a NaN predicts no class: it counts against recall and accuracy and for no class's precision
/// Errors     shape_error, value_error of check_labels; shape_error for scores of another number of classes
class confusion_matrix {
 public:
  explicit confusion_matrix(int classes) : classes_(classes) {
    if (classes < 1) throw value_error("ogm: a confusion matrix of " + std::to_string(classes) + " classes. It needs at least one.");
    counts_.assign(std::size_t(classes) * std::size_t(classes + 1), 0);
  }

  template <class Scores> void add(const Scores& scores, label_span labels) {
    const auto rows = rows_of(scores);
    if (rows.classes() != classes_)
      throw shape_error("ogm: a confusion matrix of " + std::to_string(classes_) + " classes was given scores of " +
                        std::to_string(rows.classes()) + ".");
    check_labels(rows.samples(), classes_, labels);
    for (size_type i = 0; i < rows.samples(); ++i) ++at(labels[std::size_t(i)], predicted_class(rows.row(i)));
  }
  /// Predictions as classes; no_prediction is allowed there.
  void add_predictions(label_span predicted, label_span labels) {
    check_labels(size_type(predicted.size()), classes_, labels);
    for (std::size_t i = 0; i < predicted.size(); ++i)
      if (predicted[i] < no_prediction || predicted[i] >= classes_)
        throw value_error("ogm: prediction " + std::to_string(predicted[i]) + " of sample " + std::to_string(i) + " among " +
                          std::to_string(classes_) + " classes.");
    for (std::size_t i = 0; i < predicted.size(); ++i) ++at(labels[i], predicted[i]);
  }
  void reset() { counts_.assign(counts_.size(), 0); }

  int classes() const { return classes_; }
  /// Samples of class `actual` taken for `predicted` (which may be no_prediction).
  size_type count(int actual, int predicted) const {
    check_class(actual);
    if (predicted != no_prediction) check_class(predicted);
    return counts_[index(actual, predicted)];
  }
  /// Samples of the class.
  size_type support(int c) const {
    size_type n = count(c, no_prediction);
    for (int p = 0; p < classes_; ++p) n += counts_[index(c, p)];
    return n;
  }
  /// How often the class was predicted.
  size_type predicted(int c) const {
    check_class(c);
    size_type n = 0;
    for (int a = 0; a < classes_; ++a) n += counts_[index(a, c)];
    return n;
  }
  size_type samples() const {
    size_type n = 0;
    for (const size_type c : counts_) n += c;
    return n;
  }

  double precision(int c) const { return ratio(count(c, c), predicted(c)); }
  double recall(int c) const { return ratio(count(c, c), support(c)); }
  double f1(int c) const { return ratio(2 * count(c, c), support(c) + predicted(c)); }

  double accuracy() const {
    size_type right = 0;
    for (int c = 0; c < classes_; ++c) right += counts_[index(c, c)];
    return ratio(right, samples());
  }
  double macro_precision() const {
    return mean([this](int c) { return precision(c); });
  }
  /// Also known as balanced accuracy.
  double macro_recall() const {
    return mean([this](int c) { return recall(c); });
  }
  double macro_f1() const {
    return mean([this](int c) { return f1(c); });
  }

 private:
  // The last column of a row counts its samples without a prediction.
  std::size_t index(int actual, int predicted) const {
    return std::size_t(actual) * std::size_t(classes_ + 1) + std::size_t(predicted == no_prediction ? classes_ : predicted);
  }
  size_type& at(int actual, int predicted) { return counts_[index(actual, predicted)]; }
  void check_class(int c) const {
    if (c < 0 || c >= classes_) throw value_error("ogm: class " + std::to_string(c) + " among " + std::to_string(classes_) + " classes.");
  }
  static double ratio(size_type a, size_type b) { return b ? double(a) / double(b) : std::numeric_limits<double>::quiet_NaN(); }
  template <class F> double mean(const F& of_class) const {
    double sum = 0;
    int defined = 0;
    for (int c = 0; c < classes_; ++c) {
      const double v = of_class(c);
      if (v == v) sum += v, ++defined;
    }
    return defined ? sum / defined : std::numeric_limits<double>::quiet_NaN();
  }

  int classes_;
  std::vector<size_type> counts_;
};

}  // namespace ogm::metrics
