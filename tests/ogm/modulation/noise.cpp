// The noise of generalisation enhancement: its statistics, and what it depends on.
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/optim/update_pass.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using B = backend::eigen<float>;

namespace {
/// The gradient of one parameter after scale and noise.
std::vector<float> modulated(std::vector<float> g, float scale, float noise, random::key key = {.seed = 3, .step = 9},
                             std::uint32_t stream = 5) {
  inference<B> tape;
  optim::update_pass<B, optim::sgd> pass({}, size_type(g.size()));
  std::vector<float> value(g.size());
  pass.begin();
  auto& s = pass.add(value.data(), g.data(), long(g.size()), 0, stream);
  s.scale = scale, s.noise = noise;
  pass.materialise(tape, key);
  return g;
}
std::vector<float> gradient(std::size_t n, double mean, double deviation) {
  auto x = test::numbers(n, 1);
  std::vector<float> g(n);
  for (std::size_t i = 0; i < n; ++i) g[i] = float(mean + deviation * x[i]);
  return g;
}
double unbiased_deviation(const std::vector<float>& x) {
  double mean = 0, variance = 0;
  for (const float v : x) mean += double(v) / double(x.size());
  for (const float v : x) variance += std::pow(double(v) - mean, 2);
  return std::sqrt(variance / double(x.size() - 1));
}
}  // namespace

TEST_CASE("over a hundred thousand draws the noise has mean 0 and the deviation of the gradient's elements") {
  constexpr std::size_t n = 100000;
  for (const double mean : {0.0, 0.5, -3.0}) {
    const auto g = gradient(n, mean, 0.2);
    const double sigma = unbiased_deviation(g) + 1e-8;
    const auto m = modulated(g, 0.25f, 1);
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double h = double(m[i]) - 0.25 * double(g[i]);
      sum += h, squares += h * h;
    }
    CHECK(std::abs(sum / double(n)) <= 4 * sigma / std::sqrt(double(n)));
    const double measured = std::sqrt((squares - sum * sum / double(n)) / double(n - 1));
    CHECK(std::abs(measured / sigma - 1) <= 4 / std::sqrt(2.0 * double(n)));
  }
}

TEST_CASE("the deviation is the unbiased one: with few elements n - 1 shows") {
  for (const std::size_t n : {2u, 3u, 5u, 64u, 70u}) {
    const auto g = gradient(n, 0.1, 1);
    const auto m = modulated(g, 1, 2);
    std::vector<float> normal((n + 63) / 64 * 64);
    for (std::size_t k = 0; k < normal.size(); k += 64) random::normals({3, 5, 9}, k / 64, normal.data() + k);
    for (std::size_t i = 0; i < n; ++i)
      CHECK(!test::apart(double(m[i]), double(g[i]) + 2 * unbiased_deviation(g) * double(normal[i]), 1e-5));
  }
}

TEST_CASE("a gradient of zeros, and one of a single element, get a deviation of 1e-8") {
  for (const std::size_t n : {1u, 1000u}) {
    const auto m = modulated(std::vector<float>(n), 1, 1);
    double largest = 0;
    for (const float v : m) largest = std::max(largest, std::abs(double(v)));
    CHECK(largest > 0);
    CHECK(largest <= 6e-8);
  }
}

TEST_CASE("the noise depends on seed, step and parameter, not on threads, and not on the scale") {
  const auto g = gradient(200000, 0, 1);
  const auto one = modulated(g, 0.5f, 1);
  for (const int threads : {2, 4}) {
    const use_threads pool(threads);
    CHECK(modulated(g, 0.5f, 1) == one);
  }
  CHECK(modulated(g, 0.5f, 1, {.seed = 4, .step = 9}) != one);
  CHECK(modulated(g, 0.5f, 1, {.seed = 3, .step = 10}) != one);
  CHECK(modulated(g, 0.5f, 1, {.seed = 3, .step = 9}, 6) != one);
  const auto zero = modulated(g, 0, 1);
  for (std::size_t i = 0; i < g.size(); i += 101) CHECK(!test::apart(double(one[i]) - 0.5 * double(g[i]), double(zero[i]), 1e-6));
}

TEST_CASE("the optimiser's fused pass applies what materialise shows") {
  const auto g = gradient(1000, 0.1, 1);
  const auto shown = modulated(g, 0.3f, 1);
  inference<B> tape;
  optim::update_pass<B, optim::sgd> pass({}, 1000);
  std::vector<float> value(1000), copy = g;
  pass.begin();
  auto& s = pass.add(value.data(), copy.data(), 1000, 0, 5);
  s.scale = 0.3f, s.noise = 1;
  pass.finish(tape, 0.5, {.seed = 3, .step = 9}, 1, {});
  for (std::size_t i = 0; i < 1000; ++i) CHECK(!test::apart(double(value[i]), -0.5 * double(shown[i]), 1e-6));
  CHECK(copy == g);  // the gradient itself is left alone
}
