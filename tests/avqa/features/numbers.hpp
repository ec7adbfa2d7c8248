#pragma once
// Numbers for the tests of the networks and of their operations, and the one comparison with what doubles give.

#include <ogm/core/random.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ogm::test {

/// In [-size, size).
inline std::vector<float> uniform_numbers(long count, std::uint64_t seed, float size = 1) {
  std::vector<float> out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (2 * ogm::random::uniform({.seed = seed}, i) - 1) * size;
  return out;
}

/// The largest difference over the largest expected number, infinity where a number is not finite or the counts differ.
template <class Given, class Expected> double apart_of_largest(const Given& given, const Expected& expected) {
  double most = 0, largest = 0;
  if (given.size() != expected.size()) return HUGE_VAL;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(double(given[i]) - double(expected[i]));
    if (!std::isfinite(difference)) return HUGE_VAL;
    most = std::max(most, difference);
    largest = std::max(largest, std::abs(double(expected[i])));
  }
  return most > 0 ? most / largest : 0;
}

}  // namespace ogm::test
