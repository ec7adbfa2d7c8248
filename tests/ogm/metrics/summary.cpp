#include <ogm/train/metrics/summary.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

using ogm::metrics::summarise;
using ogm::metrics::summary_text;

TEST_CASE("mean and deviation of a sample") {
  const std::vector<double> v{2, 4, 4, 4, 5, 5, 7, 9};
  const auto s = summarise(v);
  CHECK(s.count == 8);
  CHECK(s.mean == 5);
  CHECK(!(std::abs(s.deviation - std::sqrt(32 / 7.0)) > 1e-15));
  CHECK(s.smallest == 2);
  CHECK(s.largest == 9);
  CHECK(summary_text(s) == "5.00 ± 2.14");
  CHECK(summary_text(s, 0, 100) == "500 ± 214");

  const std::vector<double> shifted{1e9 + 1, 1e9 + 2, 1e9 + 3};
  CHECK(summarise(shifted).deviation == 1);  // no cancellation
}

TEST_CASE("one value has no deviation, none has no mean, a NaN is not left out") {
  const std::vector<double> one{0.875}, broken{1, std::numeric_limits<double>::quiet_NaN(), 3};
  CHECK(summarise(one).mean == 0.875);
  CHECK(std::isnan(summarise(one).deviation));
  CHECK(summary_text(summarise(one), 1, 100) == "87.5");
  CHECK(std::isnan(summarise({}).mean));
  CHECK(summary_text(summarise({})) == "nan");
  CHECK(summarise(broken).count == 3);
  CHECK(std::isnan(summarise(broken).mean));
  CHECK(std::isnan(summarise(broken).smallest));
  CHECK(summary_text(summarise(broken)) == "nan");
}
