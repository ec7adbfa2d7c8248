#include <ogm/core/math.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace ogm;

namespace {
/// The largest relative difference of f on packs from g in double, over a range.
template <class F, class G> double worst(double from, double to, const F& f, const G& g) {
  double largest = 0;
  for (int i = 0; i < 100000; ++i) {
    float x[lanes], y[lanes];
    for (int k = 0; k < lanes; ++k) x[k] = float(from + (to - from) * (i + k / double(lanes)) / 100000);
    store(y, f(load<float_pack>(x, position<lanes>{})), position<lanes>{});
    for (int k = 0; k < lanes; ++k) {
      const double expected = g(double(x[k])), d = std::abs(double(y[k]) - expected) / std::max(std::abs(expected), 1e-30);
      if (!(d <= largest)) largest = std::isnan(d) ? INFINITY : d;
    }
  }
  return largest;
}
}  // namespace

TEST_CASE("functions of packs are those of the standard library to a few units in the last place") {
  CHECK(worst(
            -80, 80, [](float_pack x) { return math::exp(x); }, [](double x) { return std::exp(x); }) <= 4e-7);
  CHECK(worst(
            -9, 9, [](float_pack x) { return math::tanh(x); }, [](double x) { return std::tanh(x); }) <= 4e-7);
  CHECK(worst(
            -20, 20, [](float_pack x) { return math::sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }) <= 4e-7);
  CHECK(worst(
            1.5, 1e6, [](float_pack x) { return math::log(x); }, [](double x) { return std::log(x); }) <= 4e-7);
  CHECK(worst(
            1e-6, 0.7, [](float_pack x) { return math::log(x); }, [](double x) { return std::log(x); }) <= 4e-7);
  CHECK(worst(
            1e-6, 1e6, [](float_pack x) { return math::sqrt(x); }, [](double x) { return std::sqrt(x); }) <= 4e-7);
  CHECK(worst(
            1e-4, 1e-3, [](float_pack x) { return math::tanh(x); }, [](double x) { return std::tanh(x); }) <= 4e-7);  // relative near 0
}

TEST_CASE("the normal distribution function keeps its relative accuracy in the lower tail") {
  const auto cdf = [](float_pack x) { return math::normal(x).cdf; };
  const auto by_erfc = [](double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); };
  CHECK(worst(0, 12, cdf, by_erfc) <= 5e-7);
  CHECK(worst(-3, 0, cdf, by_erfc) <= 1e-6);
  CHECK(worst(-12, -3, cdf, by_erfc) <= 1e-5);  // the rounding of x^2 / 2 before the exponential
  CHECK(std::abs(math::normal(0.).cdf - 0.5) <= 1e-16);
  CHECK(math::normal(1e4f).cdf == 1);
}

TEST_CASE("turn gives cosine and sine of a turn") {
  for (int i = 0; i < 10000; ++i) {
    const float u = float(i) / 10000;
    const auto [c, s] = math::turn(u);
    CHECK(std::abs(double(c) - std::cos(2 * M_PI * double(u))) <= 1e-6);
    CHECK(std::abs(double(s) - std::sin(2 * M_PI * double(u))) <= 1e-6);
  }
}

TEST_CASE("NaN in, NaN out") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(math::exp(nan)));
  CHECK(std::isnan(math::tanh(nan)));
  CHECK(std::isnan(math::sigmoid(nan)));
  CHECK(std::isnan(math::relu(nan)));
  CHECK(std::isnan(math::log(nan)));
  CHECK(std::isnan(math::sqrt(nan)));
  CHECK(std::isnan(math::normal(nan).cdf));
  CHECK(std::isnan(math::normal(nan).bell));
  const auto packs = float_pack{} + nan;
  CHECK(std::isnan(math::exp(packs)[0]));
  CHECK(std::isnan(math::log(packs)[0]));
  CHECK(std::isnan(math::sqrt(packs)[0]));
  CHECK(std::isnan(math::tanh(packs)[0]));
  CHECK(std::isnan(math::relu(packs)[0]));
}

TEST_CASE("the ends of the ranges") {
  const float inf = std::numeric_limits<float>::infinity();
  const auto both = [](const auto& f, float x) {  // of a scalar and of a pack: the same
    const float one = f(x), lane = f(float_pack{} + x)[lanes - 1];
    CHECK((one == lane || (std::isnan(one) && std::isnan(lane))));
    return one;
  };
  const auto log = [](auto x) { return math::log(x); };
  CHECK(both(log, 0.f) == -inf);
  CHECK(both(log, inf) == inf);
  CHECK(std::isnan(both(log, -1.f)));
  CHECK(std::isnan(both(log, -inf)));
  CHECK(std::abs(double(both(log, 1e-40f)) - std::log(double(1e-40f))) <= 1e-4);
  const auto sqrt = [](auto x) { return math::sqrt(x); };
  CHECK(both(sqrt, 0.f) == 0);
  CHECK(both(sqrt, inf) == inf);
  CHECK(std::isnan(both(sqrt, -1.f)));
  CHECK(std::isnan(both(sqrt, -1e-40f)));
  CHECK(both(sqrt, -0.f) == 0);
  CHECK(both(log, -0.f) == -inf);
  CHECK(std::isnan(both(log, -1e-40f)));
  for (const float x : {1e-45f, 1e-40f, 1.2e-38f, 3e-38f, 1e-30f, 5e-20f, 2e19f, 1e38f, std::numeric_limits<float>::max()}) {
    const double root = std::sqrt(double(x));
    CHECK(std::abs(double(both(sqrt, x)) - root) <= 4e-7 * root);
  }
  const auto tanh = [](auto x) { return math::tanh(x); };
  CHECK(both(tanh, inf) == 1);
  CHECK(both(tanh, -inf) == -1);
  CHECK(both(tanh, 0.f) == 0);
  const auto sigmoid = [](auto x) { return math::sigmoid(x); };
  CHECK(both(sigmoid, inf) == 1);
  CHECK(both(sigmoid, -inf) < 1e-37f);
  CHECK(both([](auto x) { return math::exp(x); }, -inf) < 2e-38f);
  CHECK(both([](auto x) { return math::exp(x); }, 0.f) == 1);
  CHECK(std::abs(both([](auto x) { return math::normal(x).cdf; }, 0.f) - 0.5f) <= 1e-7f);
}
