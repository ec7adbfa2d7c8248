#include <ogm/train/metrics/shapley.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace ogm;
using metrics::modality_set;
using metrics::shapley_values;

namespace {
bool near(double a, double b, double tolerance = 1e-12) { return !(std::abs(a - b) > tolerance) && a == a; }
/// A number in [0, 1) for each subset, without structure.
double noise(modality_set s) {
  std::uint64_t z = (s + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  return double((z ^ (z >> 31)) >> 11) / double(1ull << 53);
}
bool has(modality_set s, int m) { return (s >> m & 1) != 0; }
}  // namespace

TEST_CASE("Shapley values add up to what all have over none") {
  for (const int modalities : {1, 2, 3, 5, 9, 16}) {
    const auto phi = shapley_values(modalities, noise);
    REQUIRE(phi.size() == std::size_t(modalities));
    const double sum = std::accumulate(phi.begin(), phi.end(), 0.0);
    CHECK(near(sum, noise((modality_set(1) << modalities) - 1) - noise(0)));
  }
}

TEST_CASE("interchangeable modalities have equal values, a dummy has none") {
  const auto phi = shapley_values(4, [](modality_set s) {
    const int twins = int(has(s, 0)) + int(has(s, 2));
    return noise(modality_set(twins * 2 + int(has(s, 1))));  // 3 changes nothing
  });
  CHECK(near(phi[0], phi[2]));
  CHECK(!near(phi[0], phi[1], 1e-3));
  CHECK(phi[3] == 0);
}

TEST_CASE("Shapley values are the mean gain over all orders of arrival") {
  constexpr int modalities = 5;
  std::vector<double> expected(modalities, 0.0);
  std::vector<int> order(modalities);
  std::iota(order.begin(), order.end(), 0);
  int orders = 0;
  do {
    modality_set present = 0;
    for (const int m : order) {
      expected[std::size_t(m)] += noise(present | modality_set(1) << m) - noise(present);
      present |= modality_set(1) << m;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  REQUIRE(orders == 120);
  const auto phi = shapley_values(modalities, noise);
  for (std::size_t m = 0; m < modalities; ++m) CHECK(near(phi[m], expected[m] / orders));
}

TEST_CASE("two modalities by hand; each subset is measured once") {
  int calls = 0;
  const auto phi = shapley_values(2, [&](modality_set s) {
    ++calls;
    return std::vector<double>{0.1, 0.6, 0.3, 0.9}[s];
  });
  CHECK(calls == 4);
  CHECK(near(phi[0], 0.5 * ((0.9 - 0.3) + (0.6 - 0.1))));
  CHECK(near(phi[1], 0.5 * ((0.9 - 0.6) + (0.3 - 0.1))));
}

TEST_CASE("batches count by their samples") {
  metrics::shapley total(2);
  CHECK(std::isnan(total.worth(3)));
  CHECK(std::isnan(total.values()[0]));
  // Right answers by subset: of 10 samples, then of 30.
  const std::vector<double> first{1, 6, 3, 9}, second{3, 9, 21, 27};
  total.add(10, [&](modality_set s) { return first[s]; });
  total.add(30, [&](modality_set s) { return second[s]; });
  total.add(0, [](modality_set) { return 0; });
  CHECK(total.samples() == 40);
  CHECK(near(total.worth(0), 0.1));
  CHECK(near(total.worth(1), 15 / 40.0));
  CHECK(near(total.worth(2), 24 / 40.0));
  const auto phi = total.values();
  CHECK(near(phi[0] + phi[1], 36 / 40.0 - 0.1));
  CHECK(near(phi[0], 0.5 * (36 - 24 + 15 - 4) / 40));
  total.reset();
  CHECK(total.samples() == 0);
  CHECK_THROWS_AS(total.add(-1, noise), value_error);
  CHECK_THROWS_AS(total.worth(4), value_error);
}

TEST_CASE("a NaN is seen, and impossible sizes are refused") {
  const auto phi = shapley_values(2, [](modality_set s) { return s == 3 ? std::numeric_limits<double>::quiet_NaN() : 0.0; });
  CHECK(std::isnan(phi[0]));
  CHECK(std::isnan(phi[1]));
  CHECK_THROWS_AS(shapley_values(0, noise), value_error);
  CHECK_THROWS_WITH(shapley_values(17, noise), Catch::Contains("17 modalities"));
  CHECK_THROWS_WITH(shapley_values(2, std::vector<double>(3)), Catch::Contains("4 subsets, not of 3"));
  CHECK_THROWS_AS(metrics::shapley(-1), value_error);
}
