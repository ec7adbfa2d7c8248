#pragma once
// The one comparator of the tests.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace ogm::test {

/// Whether two numbers differ by more than `tolerance`, relative where they are above 1. NaN and infinity are apart from everything, and
/// from themselves.
inline bool apart(double a, double b, double tolerance) {
  const double difference = std::abs(a - b), scale = std::max({1.0, std::abs(a), std::abs(b)});
  return !(difference <= tolerance * scale) || !std::isfinite(scale);
}

template <class T> bool same_bits(const T* a, const T* b, std::size_t n) { return n == 0 || std::memcmp(a, b, n * sizeof(T)) == 0; }

}  // namespace ogm::test
