#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm.hpp>
#include <ogm/modulation/ratio.hpp>

#include <support/compare.hpp>

#include <catch2/catch.hpp>

namespace ratio_test {

using namespace ogm;
using namespace ogm::modulation;

TEST_CASE("ratios of four modalities") {
  const std::array<double, 4> s{0.8, 0.4, 0.2, 0.1};
  CHECK(!test::apart(ratio::mean_pairwise::of(s, 0), (2 + 4 + 8) / 3.0, 1e-14));
  CHECK(!test::apart(ratio::mean_pairwise::of(s, 3), (0.125 + 0.25 + 0.5) / 3, 1e-14));
  CHECK(!test::apart(ratio::vs_min::of(s, 1), 4, 1e-14));
  CHECK(!test::apart(ratio::vs_min::of(s, 3), 1, 1e-14));
  CHECK(!test::apart(ratio::vs_rest::of(s, 0), 0.8 / 0.7, 1e-14));
  CHECK(!test::apart(ratio::vs_rest::of(s, 2), 0.2 / 1.3, 1e-14));
}

TEST_CASE("for two modalities all ratios are the same quotient, and each other's inverse") {
  const std::array<double, 2> s{0.7, 0.2};
  const auto check = [&]<class R>(R) {
    CHECK(!test::apart(R::of(s, 0), 3.5, 1e-14));
    CHECK(!test::apart(R::of(s, 0) * R::of(s, 1), 1, 1e-14));
  };
  check(ratio::mean_pairwise{});
  check(ratio::vs_min{});
  check(ratio::vs_rest{});
}

TEST_CASE("one modality alone is level") {
  const std::array<double, 1> s{0.3};
  CHECK(ratio::mean_pairwise::of(s, 0) == 1);
  CHECK(ratio::vs_min::of(s, 0) == 1);
  CHECK(ratio::vs_rest::of(s, 0) == 1);
}

TEST_CASE("a modality without a sample in the batch is no rival, whichever the ratio") {
  batch_scores<3> s;
  s.sums = {6, 0, 2}, s.present = {10, 0, 5};  // means 0.6, none, 0.4
  CHECK(!test::apart(s.ratio<ratio::mean_pairwise>(0), 1.5, 1e-14));
  CHECK(!test::apart(s.ratio<ratio::vs_min>(0), 1.5, 1e-14));
  CHECK(!test::apart(s.ratio<ratio::vs_rest>(2), 2.0 / 3, 1e-14));
  CHECK(s.ratio<ratio::mean_pairwise>(1) == 1);
  s.present[2] = 0;
  CHECK(s.ratio<ratio::mean_pairwise>(0) == 1);
  CHECK(s.ratio<ratio::vs_rest>(0) == 1);
}

TEST_CASE("a score of nothing makes the other lead by far, and no infinity") {
  const std::array<double, 2> s{0.5, 0};
  CHECK(std::isfinite(ratio::mean_pairwise::of(s, 0)));
  CHECK(modulation::ogm{.alpha = 0.1}.coefficient(ratio::mean_pairwise::of(s, 0), false) == 0);
  CHECK(ratio::mean_pairwise::of(s, 1) == 0);
}

TEST_CASE("dead zones and the continuous shape") {
  using zone = dead_zone<shape::paper, 10>;
  CHECK(zone::coefficient(0.3, 1.1) == 1);
  CHECK(zone::coefficient(0.3, 1.11) == shape::paper::coefficient(0.3, 1.11));
  CHECK(shape::shifted::coefficient(0.3, 1) == 1);
  CHECK(shape::shifted::coefficient(0.3, 2) == shape::paper::coefficient(0.3, 1));
}

}  // namespace ratio_test
