#pragma once
// The mean and spread of one figure over seeds.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>

namespace ogm::metrics {

/// Empty      no value -> every figure NaN. One value -> deviation NaN: one run says nothing about the spread
struct summary {
  std::size_t count = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double deviation = std::numeric_limits<double>::quiet_NaN();  ///< of the sample: divided by count - 1
  double smallest = std::numeric_limits<double>::quiet_NaN();
  double largest = std::numeric_limits<double>::quiet_NaN();
};

/// NaN in -> every figure NaN but count: a run that failed is not left out silently.
inline summary summarise(std::span<const double> values) {
  summary out;
  out.count = values.size();
  if (values.empty()) return out;
  double sum = 0, low = values[0], high = values[0];
  for (const double v : values) {
    if (std::isnan(v)) return out;
    sum += v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  out.mean = sum / double(values.size());
  out.smallest = low;
  out.largest = high;
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double v : values) squares += (v - out.mean) * (v - out.mean);
  out.deviation = std::sqrt(squares / double(values.size() - 1));
  return out;
}

/// "92.31 ± 0.42" with `digits` after the point, both times `scale` (100 for per cent); the mean alone where there is no deviation.
inline std::string summary_text(const summary& s, int digits = 2, double scale = 1) {
  char buffer[96];
  if (s.count < 2 || std::isnan(s.deviation))
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, s.mean * scale);
  else
    std::snprintf(buffer, sizeof buffer, "%.*f ± %.*f", digits, s.mean * scale, digits, s.deviation * scale);
  return std::isnan(s.mean) ? "nan" : buffer;
}

}  // namespace ogm::metrics
