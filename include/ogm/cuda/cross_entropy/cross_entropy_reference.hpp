#pragma once
// What cross-entropy on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/cross_entropy/cross_entropy.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace ogm::cuda {

/// In double: row_loss (rows); dlogits (rows, columns), none where they are not wanted; scores (probes).
struct cross_entropy_reference_result {
  std::vector<double> row_loss, dlogits;
  cross_entropy_result whole;
  std::vector<probe_score> scores;
};

namespace detail {
/// The logarithm of the softmax of a row.
template <class T> std::vector<double> log_softmax(const T* x, long columns) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (long c = 0; c < columns; ++c) top = double(to_float(x[c])) > top ? double(to_float(x[c])) : top;
  for (long c = 0; c < columns; ++c) sum += std::exp(double(to_float(x[c])) - top);
  std::vector<double> all;
  for (long c = 0; c < columns; ++c) all.push_back(double(to_float(x[c])) - top - std::log(sum));
  return all;
}
inline double first_bad_row(const std::int32_t* labels, long rows, long columns, bool absent) {
  for (long r = 0; r < rows; ++r)
    if (labels[r] < (absent ? -1 : 0) || labels[r] >= columns) return double(r);
  return -1;
}
template <class T> probe_score score_reference(const probe_logits<T>& probe, long rows, long columns) {
  probe_score s{0, 0, 0, 0, first_bad_row(probe.labels, rows, columns, true)};
  if (s.bad_row >= 0) s.probability = s.cross_entropy = s.correct = s.rows = std::numeric_limits<double>::quiet_NaN();
  for (long r = 0; r < rows && s.bad_row < 0; ++r) {
    const long y = probe.labels[r];
    if (y < 0) continue;
    const T* const x = probe.logits + r * columns;
    const double log_probability = log_softmax(x, columns)[std::size_t(y)];
    bool right = true;
    for (long c = 0; c < columns; ++c) right = right && (c < y ? to_float(x[c]) < to_float(x[y]) : to_float(x[c]) <= to_float(x[y]));
    const double weight = probe.sample_weight ? double(to_float(probe.sample_weight[r])) : 1;
    s.probability += weight * std::exp(log_probability);
    s.cross_entropy -= weight * log_probability;
    s.correct += right ? 1 : 0;
    s.rows += 1;
  }
  return s;
}
}  // namespace detail

/// Pointers to host memory, dlogits as it was before.
template <class T> cross_entropy_reference_result cross_entropy_reference(const cross_entropy_params<T>& p) {
  cross_entropy_reference_result result;
  const double smooth = double(p.label_smoothing), n = double(p.columns);
  const auto weight = [&](long c) { return p.class_weight ? double(to_float(p.class_weight[c])) : 1; };
  const auto is_class = [&](long y) { return y >= 0 && y < p.columns; };
  double weights = 0, divisor = 0, total = 0;
  for (long c = 0; c < p.columns; ++c) weights += weight(c);
  for (long r = 0; r < p.rows; ++r) divisor += is_class(p.labels[r]) ? weight(p.labels[r]) : 0;
  if (!p.mean || (p.absent && divisor == 0)) divisor = 1;

  for (long r = 0; r < p.rows; ++r) {
    const long y = p.labels[r];
    const bool absent = p.absent && y == -1, bad = !absent && !is_class(y);
    const double sample = p.sample_weight ? double(to_float(p.sample_weight[r])) : 1, scale = double(p.scale) / divisor * sample;
    const std::vector<double> log_p = detail::log_softmax(p.logits + r * p.columns, p.columns);
    double cost = bad ? std::numeric_limits<double>::quiet_NaN() : 0;
    if (!absent && !bad) cost = -(1 - smooth) * weight(y) * log_p[std::size_t(y)];
    for (long c = 0; c < p.columns && !absent && !bad && smooth != 0; ++c) cost -= smooth / n * weight(c) * log_p[std::size_t(c)];
    result.row_loss.push_back(absent ? 0 : sample * cost);
    total += result.row_loss.back();
    for (long c = 0; p.dlogits && c < p.columns; ++c) {
      const double hard = bad ? std::numeric_limits<double>::quiet_NaN() : absent ? 0 : (1 - smooth) * weight(y);
      const double d = std::exp(log_p[std::size_t(c)]) * (hard + smooth / n * weights) - smooth / n * weight(c) - (c == y ? hard : 0);
      result.dlogits.push_back((p.add ? double(to_float(p.dlogits[r * p.columns + c])) : 0) + (absent ? 0 : scale * d));
    }
  }
  result.whole = {total / divisor, divisor, detail::first_bad_row(p.labels, p.rows, p.columns, p.absent), weights};
  for (int u = 0; u < p.probes; ++u) result.scores.push_back(detail::score_reference(p.probe[u], p.rows, p.columns));
  return result;
}

}  // namespace ogm::cuda
