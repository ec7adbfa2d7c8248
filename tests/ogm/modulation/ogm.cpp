#include <ogm/fusion/film.hpp>
#include <ogm/fusion/gated.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm.hpp>

#include "support.hpp"

using namespace ogm;
using test::gradients_of;

TEST_CASE("k is the published table, to three decimals") {
  const double rho[]{1 + 1e-12, 1.25, 1.5, 2, 3, 5, 10};
  const double table[][7]{{0.900, 0.876, 0.851, 0.803, 0.709, 0.538, 0.238},
                          {0.709, 0.642, 0.578, 0.463, 0.284, 0.095, 0.005},
                          {0.336, 0.238, 0.166, 0.078, 0.016, 0.001, 0.000}};
  const double alpha[]{0.1, 0.3, 0.8};
  for (int a = 0; a < 3; ++a)
    for (int r = 0; r < 7; ++r) CHECK(std::abs(modulation::ogm{.alpha = alpha[a]}.coefficient(rho[r], false) - table[a][r]) <= 5.001e-4);
}

TEST_CASE("k is exactly 1 up to a ratio of 1; a tie falls on the first modality only where the published code is followed") {
  const modulation::ogm paper{.alpha = 0.8};
  CHECK(paper.coefficient(0.2, true) == 1);
  CHECK(paper.coefficient(1, true) == 1);
  modulation::ogm published{.alpha = 0.8};
  published.tie = modulation::tie::first;
  CHECK(std::abs(published.coefficient(1, true) - (1 - std::tanh(0.8))) <= 1e-15);
  CHECK(published.coefficient(1, false) == 1);
  CHECK(std::abs(modulation::basic_ogm<modulation::shape::shifted>{.alpha = 0.8}.coefficient(1 + 1e-9, false) - 1) <= 1e-8);
  CHECK(modulation::basic_ogm<modulation::dead_zone<modulation::shape::paper, 5>>{.alpha = 0.8}.coefficient(1.04, false) == 1);
}

TEST_CASE("the modulated gradient is k times the raw one, and what is not selected keeps its bits") {
  const auto seen = gradients_of(modulation::ogm{.alpha = 0.3});
  const double k = seen.reported("coefficient/audio");
  REQUIRE(seen.reported("ratio/audio") > 1);
  CHECK(std::abs(k - (1 - std::tanh(0.3 * seen.reported("ratio/audio")))) <= 1e-15);
  CHECK(seen.reported("coefficient/visual") == 1);
  int scaled = 0;
  for (const auto& s : seen.slots) {
    const bool touched = s.tag.modality == 0 && s.tag.role == role::encoder && s.tag.kind == kind::dense;
    scaled += touched;
    for (std::size_t i = 0; i < s.raw.size(); ++i) CHECK(s.modulated[i] == (touched ? k * s.raw[i] : s.raw[i]));
  }
  CHECK(scaled == 2);
}

TEST_CASE("alpha 0 is no modulation, bit for bit") {
  for (const auto& s : gradients_of(modulation::ogm{.alpha = 0}).slots)
    CHECK(std::memcmp(s.raw.data(), s.modulated.data(), s.raw.size() * sizeof(double)) == 0);
}

TEST_CASE("film and gated are modulated too") {
  using film = modulation::with_probe<modulation::ogm, probe::self_head>;
  using zero = modulation::with_probe<modulation::ogm, probe::zero_feature>;
  CHECK(std::isfinite(gradients_of<film, test::small_model<fusion::film<4>>>(film{{.alpha = 0.3}}).reported("ratio/audio")));
  CHECK(std::isfinite(gradients_of<zero, test::small_model<fusion::film<4>>>(zero{{.alpha = 0.3}}).reported("ratio/audio")));
  CHECK(std::isfinite(gradients_of<film, test::small_model<fusion::gated<4, 5>>>(film{{.alpha = 0.3}}).reported("ratio/audio")));
  CHECK(std::isfinite(gradients_of<zero, test::small_model<fusion::gated<4, 5>>>(zero{{.alpha = 0.3}}).reported("ratio/audio")));
}

TEST_CASE("ratios for more than two modalities") {
  const std::array<double, 3> s{0.6, 0.3, 0.2};
  CHECK(std::abs(modulation::ratio::mean_pairwise::of(s, 0) - (2 + 3) / 2.0) <= 1e-12);
  CHECK(std::abs(modulation::ratio::vs_min::of(s, 0) - 3) <= 1e-12);
  CHECK(std::abs(modulation::ratio::vs_rest::of(s, 0) - 1.2) <= 1e-12);
  const std::array<double, 2> two{0.6, 0.3};
  CHECK(modulation::ratio::mean_pairwise::of(two, 0) == modulation::ratio::vs_rest::of(two, 0));
  CHECK(modulation::ratio::mean_pairwise::of(two, 1) == modulation::ratio::vs_min::of(two, 1));
}
