#include <ogm/backend/eigen.hpp>
#include <ogm/optim/update_pass.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using backend_type = backend::eigen<float>;

namespace {
/// One plain step of SGD with rate -1, so that the values become the modulated gradient.
tensor<float, dyn> modulated(const tensor<float, dyn>& gradient, float scale, float noise, int threads, long step,
                             const optim::clipping& clip = {}) {
  const use_threads pool(threads);
  tensor<float, dyn> values(gradient.count()), copy = gradient;
  inference<backend_type> tape;
  optim::update_pass<backend_type, optim::sgd> pass(optim::sgd{}, gradient.count());
  pass.begin();
  auto& s = pass.add(values.data(), copy.data(), long(gradient.count()), 0, random::stream_of(random::purpose::noise, 4));
  s.scale = scale, s.noise = noise;
  pass.finish(tape, -1, {9, 0, std::uint32_t(step)}, 1, clip);
  return values;
}
tensor<float, dyn> ramp(size_type n) {
  tensor<float, dyn> g(n);
  for (size_type i = 0; i < n; ++i) g(i) = std::sin(float(i));
  return g;
}
bool same(const tensor<float, dyn>& a, const tensor<float, dyn>& b) { return std::memcmp(a.data(), b.data(), a.bytes()) == 0; }
}  // namespace

TEST_CASE("noise is the same bits on any number of threads, and other bits in another step", "[threads]") {
  const auto g = ramp(200001);
  const auto one = modulated(g, 0.5f, 1, 1, 3);
  CHECK(same(one, modulated(g, 0.5f, 1, 2, 3)));
  CHECK(same(one, modulated(g, 0.5f, 1, 4, 3)));
  CHECK_FALSE(same(one, modulated(g, 0.5f, 1, 1, 4)));
}

TEST_CASE("noise has the deviation of the unscaled gradient, unbiased") {
  const size_type n = 100000;
  const auto g = ramp(n);
  double sum = 0, squares = 0;
  for (const float x : g.flat()) sum += double(x), squares += double(x) * double(x);
  const double sigma = std::sqrt((squares - sum * sum / double(n)) / double(n - 1));
  const auto m = modulated(g, 0.25f, 1, 1, 0);
  double mean = 0, variance = 0;
  for (size_type i = 0; i < n; ++i) mean += double(m(i)) - 0.25 * double(g(i));
  mean /= double(n);
  for (size_type i = 0; i < n; ++i) variance += std::pow(double(m(i)) - 0.25 * double(g(i)) - mean, 2);
  variance /= double(n - 1);
  CHECK(std::abs(mean) <= 4 * sigma / std::sqrt(double(n)));
  CHECK(std::abs(std::sqrt(variance) / sigma - 1) <= 4 / std::sqrt(2.0 * double(n)));
}

TEST_CASE("a gradient of zeros gets a deviation of 1e-8") {
  const auto m = modulated(tensor<float, dyn>(4096), 1, 1, 1, 0);
  double squares = 0;
  for (const float x : m.flat()) squares += double(x) * double(x);
  CHECK(std::abs(std::sqrt(squares / 4096) / 1e-8 - 1) <= 0.05);
}

TEST_CASE("without scale and noise the pass is the plain optimiser's, bit for bit") {
  const auto g = ramp(1000);
  CHECK(same(modulated(g, 1, 0, 1, 0), g));
}

TEST_CASE("clipping measures the modulated gradient, noise included") {
  const auto g = ramp(5000);
  const auto whole = modulated(g, 0.5f, 1, 1, 2), clipped = modulated(g, 0.5f, 1, 1, 2, {1.0});
  double norm = 0, ratio = 0;
  for (const float x : whole.flat()) norm += double(x) * double(x);
  for (const float x : clipped.flat()) ratio += double(x) * double(x);
  CHECK(norm > 1);
  CHECK(std::abs(std::sqrt(ratio) - 1) <= 1e-4);
}
