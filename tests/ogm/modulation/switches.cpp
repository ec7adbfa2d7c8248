// Every switch of ogm and ogm_ge, one by one, in the engine.
#include <ogm/fusion/sum.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/pooling.hpp>

#include "support.hpp"

#include <support/compare.hpp>

namespace switches_test {

using namespace ogm;
using namespace ogm::modulation;
using test::gradients_of;

namespace {
bool untouched(const test::seen_slot& s) { return s.raw == s.modulated; }

/// Two modalities that are the same in every number.
using twins = late_fusion<fusion::sum<4>, modality<"audio", nn::mlp<5, 7, 6, test::B>>, modality<"visual", nn::mlp<5, 7, 6, test::B>>>;

/// Coefficients of one step of `Model` with identical encoders, head parts and inputs.
template <class Policy> std::array<double, 2> coefficients_of_twins(const Policy& policy) {
  const test::small_batch b;
  training_step<twins, Policy, optim::sgd> step({}, policy, {});
  nn::initialise(step.modules(), 5);
  std::get<1>(step.model().encoders).first = std::get<0>(step.model().encoders).first;
  std::get<1>(step.model().encoders).second = std::get<0>(step.model().encoders).second;
  std::get<1>(step.model().head.parts) = std::get<0>(step.model().head.parts);
  training_step<twins, Policy, optim::sgd> same(step.model(), policy, {});
  same.step(std::tie(b.audio, b.audio), as_view(b.labels), {});
  std::array<double, 2> k{};
  for (const auto& e : same.report().entries())
    if (e.name == "coefficient/audio")
      k[0] = e.value;
    else if (e.name == "coefficient/visual")
      k[1] = e.value;
    else if (e.name == "ratio/audio")
      CHECK(e.value == 1);
  return k;
}
}  // namespace

TEST_CASE("a tie: nobody is modulated, or the first as in the published code") {
  CHECK(coefficients_of_twins(modulation::ogm{.alpha = 0.3}) == std::array{1.0, 1.0});
  modulation::ogm published{.alpha = 0.3};
  published.tie = tie::first;
  CHECK(coefficients_of_twins(published) == std::array{1 - std::tanh(0.3), 1.0});
  CHECK(coefficients_of_twins(with_selection<decltype(ogm_ge_as_published()), select::weights>{.alpha = 0.3, .tie = tie::first})[0] < 1);
}

TEST_CASE("noise_source::none is ogm alone") {
  const auto ge = gradients_of(basic_ogm_ge<shape::paper, select::weights, ratio::mean_pairwise, noise_source::none>{.alpha = 0.3}),
             plain = gradients_of(modulation::ogm{.alpha = 0.3});
  for (std::size_t s = 0; s < ge.slots.size(); ++s) CHECK(ge.slots[s].modulated == plain.slots[s].modulated);
}

TEST_CASE("the amount of noise is a factor") {
  const auto one = gradients_of(ogm_ge{.alpha = 0.3}), half = gradients_of(ogm_ge{.alpha = 0.3, .noise = 0.5f}),
             off = gradients_of(ogm_ge{.alpha = 0.3, .noise = 0});
  const auto plain = gradients_of(modulation::ogm{.alpha = 0.3});
  for (std::size_t i = 0; i < one.slots[0].raw.size(); ++i) {
    const double k = plain.slots[0].modulated[i];
    CHECK(!test::apart(half.slots[0].modulated[i] - k, 0.5 * (one.slots[0].modulated[i] - k), 1e-9));
    CHECK(off.slots[0].modulated[i] == k);
  }
}

TEST_CASE("the shape of the coefficient is a type") {
  const auto seen = gradients_of(basic_ogm_ge<shape::shifted>{.alpha = 0.3});
  const double rho = seen.reported("ratio/audio");
  REQUIRE(rho > 1);
  CHECK(!test::apart(seen.reported("coefficient/audio"), 1 - std::tanh(0.3 * (rho - 1)), 1e-14));
}

TEST_CASE("apply_to::update leaves the gradient and scales the step") {
  modulation::ogm policy{.alpha = 0.3};
  policy.apply_to = apply_to::update;
  const auto seen = gradients_of(policy);
  REQUIRE(seen.reported("coefficient/audio") < 1);
  for (const auto& s : seen.slots) CHECK(untouched(s));
  const test::small_batch b;
  const auto change = [&](const auto& p) {  // of the first parameter of the modality that is ahead: the visual one here
    training_step<test::small_model<>, std::remove_cvref_t<decltype(p)>, optim::adam> step({}, p, {});
    nn::initialise(step.modules(), 5);
    const auto& s = step.slots()[4];
    std::vector<double> before(s.value, s.value + s.count);
    step.step(std::tie(b.audio, b.visual), as_view(b.labels), {.learning_rate = 0.01});
    double k = 1;
    for (const auto& e : step.report().entries())
      if (e.name == "coefficient/visual") k = e.value;
    for (std::size_t i = 0; i < before.size(); ++i) before[i] = s.value[i] - before[i];
    return std::pair{before, k};
  };
  const auto plain = change(none{}).first;
  const auto [scaled, k] = change(policy);
  const auto cancelled = change(modulation::ogm{.alpha = 0.3}).first;
  REQUIRE(k < 0.9);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(!test::apart(scaled[i] * 1e3, k * plain[i] * 1e3, 1e-5));
    if (std::abs(plain[i]) > 9e-3) CHECK(std::abs(cancelled[i] / plain[i] - 1) < 1e-3);  // what Adam makes of a factor of the gradient
  }
}

namespace {
/// A convolution, so that there is a gradient of four axes.
struct convolved {
  using backend_type = test::B;
  static constexpr int width = 6;
  nn::conv2d<1, 6, nn::kernel<3>, nn::padding<1>, test::B> conv;
  nn::linear<6, 6, test::B> fc;
  OGM_FIELDS(conv, fc)
  auto operator()(auto& tape, const auto& x) const { return fc(tape, nn::global_mean{}(tape, relu(conv(tape, x)))); }
};
}  // namespace

TEST_CASE("the published selection is convolution weights: nothing else is scaled, nothing else gets noise") {
  using model = late_fusion<fusion::concat<4>, modality<"audio", convolved>, modality<"visual", convolved>>;
  tensor<double, dyn, 1, 4, 4> a(8), v(8);
  tensor<std::int32_t, dyn> y(8);
  for (size_type i = 0; i < a.count(); ++i) a.data()[i] = std::sin(1.1 * double(i)), v.data()[i] = std::cos(0.3 * double(i));
  for (int i = 0; i < 8; ++i) y(i) = i % 4;
  auto policy = ogm_ge_as_published(0.3);
  training_step<model, decltype(policy), optim::sgd> step({}, policy, {});
  nn::initialise(step.modules(), 5);
  step.begin();
  auto result = step.accumulate(std::tie(a, v), as_view(y), {}, 1);
  std::vector<std::vector<double>> raw;
  for (const auto& s : step.slots()) raw.emplace_back(s.gradient, s.gradient + s.count);
  int changed = 0;
  step.observe_gradients([&](auto slots) {
    for (const auto& s : slots) {
      const bool same = test::same_bits(raw[s.id].data(), s.gradient, raw[s.id].size());
      CHECK(same == (s.tag.kind != kind::conv));
      changed += !same;
      if (s.tag.kind == kind::conv) CHECK(s.tag.rank == 4);
    }
  });
  step.finish(result, {}, {});
  CHECK(changed == 2);
}

TEST_CASE("three and four modalities are modulated by every ratio") {
  using encoder = nn::mlp<5, 7, 6, test::B>;
  using three = late_fusion<fusion::concat<4>, modality<"a", encoder>, modality<"b", encoder>, modality<"c", encoder>>;
  using four = late_fusion<fusion::sum<4>, modality<"a", encoder>, modality<"b", encoder>, modality<"c", encoder>, modality<"d", encoder>>;
  const test::small_batch batch;
  const auto check = [&]<class Model, class Ratio>(std::type_identity<Model>, Ratio) {
    constexpr std::size_t M = std::size_t(Model::modalities);
    training_step<Model, basic_ogm<shape::paper, select::weights, Ratio>, optim::sgd> step({}, {.alpha = 0.3}, {});
    nn::initialise(step.modules(), 5);
    const auto r = [&] {
      if constexpr (M == 3)
        return step.step(std::tie(batch.audio, batch.audio, batch.audio), as_view(batch.labels), {});
      else
        return step.step(std::tie(batch.audio, batch.audio, batch.audio, batch.audio), as_view(batch.labels), {});
    }();
    std::size_t u = 0;
    for (const auto& e : step.report().entries()) {
      if (!e.name.starts_with("ratio/")) continue;
      CHECK(e.value == Ratio::of(r.scores.means(), u));
      ++u;
    }
    CHECK(u == M);
  };
  check(std::type_identity<three>{}, ratio::mean_pairwise{});
  check(std::type_identity<three>{}, ratio::vs_min{});
  check(std::type_identity<three>{}, ratio::vs_rest{});
  check(std::type_identity<four>{}, ratio::mean_pairwise{});
}

}  // namespace switches_test
