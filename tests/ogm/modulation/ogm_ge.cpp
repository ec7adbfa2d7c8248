#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>

#include "support.hpp"

using namespace ogm;
using test::gradients_of;

namespace {
double deviation(const std::vector<double>& x) {
  double mean = 0, variance = 0;
  for (const double v : x) mean += v / double(x.size());
  for (const double v : x) variance += (v - mean) * (v - mean);
  return std::sqrt(variance / double(x.size() - 1)) + 1e-8;
}
/// What was added to each element, in units of the raw gradient's deviation.
double spread_of_noise(const test::seen_slot& s, double k) {
  double squares = 0;
  for (std::size_t i = 0; i < s.raw.size(); ++i) squares += std::pow((s.modulated[i] - k * s.raw[i]) / deviation(s.raw), 2);
  return std::sqrt(squares / double(s.raw.size()));
}
}  // namespace

TEST_CASE("noise falls on both modalities, or on the modulated one") {
  const modulation::ogm_ge both{.alpha = 0.3};
  const auto seen = gradients_of(both);
  const double k = seen.reported("coefficient/audio");
  for (const auto& s : seen.slots)
    if (s.tag.kind == kind::dense && s.tag.role == role::encoder)
      CHECK(std::abs(spread_of_noise(s, s.tag.modality == 0 ? k : 1) - 1) <= 0.6);
    else
      CHECK(s.raw == s.modulated);
  modulation::ogm_ge one{.alpha = 0.3};
  one.scope = modulation::ge_scope::modulated_only;
  for (const auto& s : gradients_of(one).slots)
    if (s.tag.modality == 1) CHECK(s.raw == s.modulated);
}

TEST_CASE("a deviation after scaling is k times that before") {
  modulation::ogm_ge before{.alpha = 0.3}, after{.alpha = 0.3};
  after.std_of = modulation::std_of::after_scale;
  const auto a = gradients_of(before), b = gradients_of(after);
  const double k = a.reported("coefficient/audio");
  for (std::size_t i = 0; i < a.slots[0].raw.size(); ++i) {
    const double n = a.slots[0].modulated[i] - k * a.slots[0].raw[i], m = b.slots[0].modulated[i] - k * b.slots[0].raw[i];
    CHECK(std::abs(m - k * n) <= 1e-6 * std::abs(n) + 1e-12);
  }
}

TEST_CASE("the same step draws the same noise, another step another") {
  const modulation::ogm_ge ge{.alpha = 0.3};
  modulation::progress at;
  at.step = 7;
  CHECK(gradients_of(ge, at).slots[0].modulated == gradients_of(ge, at).slots[0].modulated);
  modulation::progress other = at;
  other.step = 8;
  CHECK(gradients_of(ge, at).slots[0].modulated != gradients_of(ge, other).slots[0].modulated);
}

TEST_CASE("the paper's covariance is that of the gradients of single samples") {
  const auto policy = modulation::ogm_ge_as_in_paper(0.3);
  const auto seen = gradients_of(policy);
  const double k = seen.reported("coefficient/audio");
  // Every sample's gradient by a batch of one.
  using model = test::small_model<>;
  const test::small_batch batch;
  training_step<model, modulation::none, optim::sgd> plain(model{}, {}, optim::sgd{});
  nn::initialise(plain.modules(), 5);
  modulation::progress p;
  p.learning_rate = 0.1;
  for (int i = 0; i < 20; ++i) plain.step(std::tie(batch.audio, batch.visual), as_view(batch.labels), p);
  const std::size_t count = seen.slots[0].raw.size();
  std::vector<double> sum(count), squares(count);
  for (int i = 0; i < 12; ++i) {
    tensor<double, dyn, 5> a(1);
    tensor<double, dyn, 4> v(1);
    tensor<std::int32_t, dyn> y(1);
    std::copy_n(batch.audio.data() + i * 5, 5, a.data());
    std::copy_n(batch.visual.data() + i * 4, 4, v.data());
    y(0) = batch.labels(i);
    plain.begin();
    plain.accumulate(std::tie(a, v), as_view(y), p, 1);
    for (std::size_t j = 0; j < count; ++j) sum[j] += plain.slots()[0].gradient[j], squares[j] += std::pow(plain.slots()[0].gradient[j], 2);
  }
  // The noise is the normals of the first parameter's stream times the deviation of the batch's mean.
  std::vector<float> normal(64 * (count / 64 + 1));
  for (std::size_t g = 0; g * 64 < normal.size(); ++g)
    random::normals({0, random::stream_of(random::purpose::noise, 0), 0}, g, normal.data() + 64 * g);
  for (std::size_t j = 0; j < count; ++j) {
    const double mean = sum[j] / 12, d = std::sqrt(std::max(0.0, squares[j] / 12 - mean * mean) / 12);
    CHECK(std::abs(seen.slots[0].modulated[j] - (k * seen.slots[0].raw[j] + d * double(normal[j]))) <=
          1e-6 * (1 + std::abs(seen.slots[0].raw[j])));
  }
}

TEST_CASE("windows include both ends; a chain runs in order and unites needs") {
  using ge = modulation::windowed<modulation::ogm, 2, 3>;
  for (const int epoch : {0, 1, 2, 3, 4}) {
    modulation::progress at;
    at.epoch = epoch;
    const auto seen = gradients_of(ge{{.alpha = 0.3}}, at);
    CHECK((seen.slots[0].raw != seen.slots[0].modulated) == (epoch == 2 || epoch == 3));
  }
  for (const long step : {0, 1, 2, 3}) {
    modulation::progress at;
    at.step = step;
    const auto seen = gradients_of(modulation::every_n<modulation::ogm, 3>{{.alpha = 0.3}}, at);
    CHECK((seen.slots[0].raw != seen.slots[0].modulated) == (step % 3 == 0));
  }
  using both = modulation::chain<modulation::ogm, modulation::gaussian_enhance>;
  static_assert(both::requirements.probe == probe::split && both::requirements.min_modalities == 2);
  const auto chained = gradients_of(both{modulation::ogm{.alpha = 0.3}, modulation::gaussian_enhance{}}),
             whole = gradients_of(modulation::ogm_ge{.alpha = 0.3});
  CHECK(chained.slots[0].modulated == whole.slots[0].modulated);
  CHECK(gradients_of(modulation::any_policy<modulation::uniform, modulation::ogm>{modulation::ogm{.alpha = 0.3}}).reported("ratio/audio") >
        0);
}

TEST_CASE("the gradient of uniform is the sum of the gradients of its losses") {
  const auto plain = gradients_of(modulation::uniform{.unimodal = 0}), only = gradients_of(modulation::uniform{.fused = 0}),
             both = gradients_of(modulation::uniform{.fused = 0.5, .unimodal = 2});
  for (std::size_t s = 0; s < plain.slots.size(); ++s)
    for (std::size_t i = 0; i < plain.slots[s].raw.size(); ++i)
      CHECK(std::abs(both.slots[s].raw[i] - 0.5 * plain.slots[s].raw[i] - 2 * only.slots[s].raw[i]) <= 1e-12);
}
