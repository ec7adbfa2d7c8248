#pragma once
// A golden file, and the comparison with it.

#include <support/golden.hpp>

#include <ogm/core/tensor.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace golden {

using json = nlohmann::json;

/// The rule that makes weights and inputs.
using ogm::test::fill;

/// The largest relative difference of each quantity, and its tolerance.
class comparison {
 public:
  /// Relative to the largest magnitude of what is expected, so that an element near 0 is measured by its tensor.
  void tensor(const std::string& what, std::span<const double> got, std::span<const double> expected, double tolerance) {
    double largest = 0, worst = got.size() == expected.size() ? 0 : INFINITY;
    for (const double e : expected) largest = std::max(largest, std::abs(e));
    for (std::size_t i = 0; i < std::min(got.size(), expected.size()); ++i)
      note(worst, std::abs(got[i] - expected[i]) / (largest > 0 ? largest : 1));
    add(what, worst, tolerance);
  }
  void number(const std::string& what, double got, double expected, double tolerance) {
    tensor(what, {&got, 1}, {&expected, 1}, tolerance);
  }
  /// The difference of one of several things of one name; the largest is kept.
  void add(const std::string& what, double difference, double tolerance) {
    auto [at, fresh] = rows_.try_emplace(what, row{0, tolerance, rows_.size()});
    note(at->second.worst, difference);
  }
  /// Prints every quantity; whether all are within tolerance.
  bool print(const std::string& title) const {
    bool good = !rows_.empty();
    std::printf("%s\n", title.c_str());
    std::vector<const std::pair<const std::string, row>*> order(rows_.size());
    for (const auto& r : rows_) order[r.second.position] = &r;
    for (const auto* r : order) {
      const bool fine = r->second.worst <= r->second.tolerance;
      good &= fine;
      std::printf("  %-34s %9.2e  tolerance %.0e  %s\n", r->first.c_str(), r->second.worst, r->second.tolerance, fine ? "ok" : "OUT");
    }
    return good;
  }

 private:
  struct row {
    double worst, tolerance;
    std::size_t position;
  };
  static void note(double& worst, double d) {
    if (!(d <= worst)) worst = std::isnan(d) ? INFINITY : d;  // a NaN is the worst there is
  }
  std::map<std::string, row> rows_;
};

inline std::vector<double> flat(const json& rows) {
  std::vector<double> out;
  if (rows.is_number())
    out.push_back(rows.get<double>());
  else
    for (const auto& r : rows) {
      const auto more = flat(r);
      out.insert(out.end(), more.begin(), more.end());
    }
  return out;
}

/// l2, sum and head of a tensor against a summary of it.
inline void summary(comparison& c, const std::string& what, std::span<const double> got, const json& expected, double tolerance) {
  double squares = 0, sum = 0;
  for (const double g : got) squares += g * g, sum += g;
  const double l2 = expected.at("l2").get<double>(), scale = l2 > 0 ? l2 : 1;
  c.add(what + ": norm", std::abs(std::sqrt(squares) - l2) / scale, tolerance);
  c.add(what + ": sum, of the norm",
        std::abs(sum - expected.at("sum").get<double>()) / (scale * std::sqrt(double(std::max<std::size_t>(1, got.size())))), tolerance);
  const auto head = flat(expected.at("head"));
  for (std::size_t i = 0; i < std::min(head.size(), got.size()); ++i)
    c.add(what + ": first elements, of the norm", std::abs(got[i] - head[i]) / scale, tolerance);
}

}  // namespace golden
