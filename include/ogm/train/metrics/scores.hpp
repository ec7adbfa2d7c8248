#pragma once
// What every metric of classification reads: a row of scores a sample, and its label.

#include <ogm/core/error.hpp>
#include <ogm/core/tensor.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace ogm::metrics {

/// Rows of scores (logits or probabilities), (sample, class), row-major, somewhere else. Made from any host tensor or view of
/// rank 2, or from a pointer.
template <std::floating_point T> class score_rows {
 public:
  score_rows(const T* data, size_type samples, size_type classes) : data_(data), samples_(samples), classes_(classes) {
    if (samples < 0 || classes < 1)
      throw shape_error("ogm: scores of shape (sample, class) expected, (" + std::to_string(samples) + ", " + std::to_string(classes) +
                        ") given.");
  }
  size_type samples() const { return samples_; }
  size_type classes() const { return classes_; }
  std::span<const T> row(size_type i) const { return {data_ + i * classes_, std::size_t(classes_)}; }

 private:
  const T* data_;
  size_type samples_, classes_;
};

/// The rows of a tensor, a view, or rows already.
template <std::floating_point T> const score_rows<T>& rows_of(const score_rows<T>& rows) { return rows; }
/// Scores as rows.
template <class Scores> auto rows_of(const Scores& scores) {
  const auto v = as_view(scores);
  using view_type = std::remove_const_t<decltype(v)>;
  static_assert(view_type::rank == 2, "ogm: a metric reads scores of shape (sample, class). Reshape them to rank 2.");
  static_assert(std::same_as<typename view_type::space, memory::host>,
                "ogm: a metric reads host memory. Copy the scores with copy_to<memory::host>.");
  return score_rows<typename view_type::value_type>(v.data(), v.size(0), v.size(1));
}

using label_span = std::span<const std::int32_t>;

/// Errors     shape_error where there are not as many labels as rows; value_error for a label outside [0, class)
inline void check_labels(size_type samples, size_type classes, label_span labels) {
  if (size_type(labels.size()) != samples)
    throw shape_error("ogm: scores of " + std::to_string(samples) + " samples and " + std::to_string(labels.size()) + " labels.");
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      throw value_error("ogm: label " + std::to_string(labels[i]) + " of sample " + std::to_string(i) + " among " +
                        std::to_string(classes) + " classes.");
}

/// No class: what a row with a NaN predicts.
inline constexpr std::int32_t no_prediction = -1;

/// The class of the highest score; of equal ones the first. A NaN anywhere in the row -> no_prediction.
template <std::floating_point T> std::int32_t predicted_class(std::span<const T> row) {
  std::size_t best = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (std::isnan(row[c])) return no_prediction;
    if (row[c] > row[best]) best = c;
  }
  return row.empty() ? no_prediction : std::int32_t(best);
}

}  // namespace ogm::metrics
