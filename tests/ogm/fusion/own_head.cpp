// Heads within a model and a training step: a user's own, and the two that are not separable.
#include <ogm/fusion/film.hpp>
#include <ogm/fusion/gated.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/training_step.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using B = backend::eigen<double>;

namespace {

/// A head of a user's own: no more than a call, two numbers and its fields. f = W tanh(z_0 .* z_1).
struct bilinear {
  static constexpr int modalities = 2, classes = 4;
  nn::linear<6, 4, B> out;
  OGM_FIELDS(out)
  auto operator()(auto& tape, const auto& a, const auto& v) const { return out(tape, tanh(a * v)); }
};
/// One with a probe of its own besides.
struct halves : bilinear {
  static constexpr bool separable = true;
  OGM_FIELDS(out)
  template <int U> auto probe(auto& tape, const auto&... z) const { return evaluate(tape, (*this)(tape, z...) * (U == 0 ? 0.25 : 0.75)); }
};
template <class Head> using model = late_fusion<Head, modality<"audio", nn::mlp<5, 7, 6, B>>, modality<"visual", nn::mlp<4, 8, 6, B>>>;

struct run_of {
  double first = 0, last = 0, ratio = NAN;
};
template <class Head, class Policy> run_of train(const Policy& policy) {
  tensor<double, dyn, 5> a(12);
  tensor<double, dyn, 4> v(12);
  tensor<std::int32_t, dyn> y(12);
  for (int i = 0; i < 12; ++i) {
    y(i) = i % 4;
    for (int c = 0; c < 5; ++c) a(i, c) = std::sin(1.3 * i + c) + 2 * (c == i % 4);
    for (int c = 0; c < 4; ++c) v(i, c) = std::cos(0.7 * i + 2 * c) + 0.2 * (c == i % 4);
  }
  training_step<model<Head>, Policy, optim::sgd> step(model<Head>{}, policy, optim::sgd{});
  nn::initialise(step.modules(), 5);
  run_of out;
  for (int i = 0; i < 60; ++i) {
    out.last = step.step(std::tie(a, v), as_view(y), {.step = i, .learning_rate = 0.2}).loss;
    if (i == 0) out.first = out.last;
  }
  for (const auto& e : step.report().entries())
    if (e.name == "ratio/audio") out.ratio = e.value;
  return out;
}
template <class Head, probe K> void trains() {
  using policy = modulation::with_probe<modulation::ogm_ge, K>;
  const auto seen = train<Head>(policy{{.alpha = 0.1, .noise = 0.1f}});
  CHECK(seen.last < 0.98 * seen.first);
  CHECK(seen.ratio > 0);
}
}  // namespace

TEST_CASE("heads that are not separable train with every probe that they offer") {
  trains<fusion::film<4>, probe::self_head>();
  trains<fusion::film<4>, probe::zero_feature>();
  trains<fusion::gated<4, 9>, probe::self_head>();
  trains<fusion::gated<4, 9>, probe::zero_feature>();
  trains<fusion::film<4>, probe::aux_head>();
  trains<fusion::film<4>, probe::zero_input>();
  trains<fusion::gated<4, 9>, probe::shapley>();
}

TEST_CASE("a user's own head needs a call, two numbers and its fields") {
  static_assert(fusion::any_head<bilinear> && !fusion::separable<bilinear> && !fusion::self_probing<bilinear>);
  static_assert(fusion::probe_available<bilinear, probe::zero_feature>() && !fusion::probe_available<bilinear, probe::split>());
  static_assert(fusion::probe_available<halves, probe::split>());
  trains<bilinear, probe::zero_feature>();
  trains<bilinear, probe::shapley>();
  trains<halves, probe::split>();
}

TEST_CASE("self_head conditions a modality on itself, with its share of the bias") {
  const auto a = test::numbers_like(extents<dyn, 6>(3), 1), v = test::numbers_like(extents<dyn, 6>(3), 2);
  inference<B> t;
  fusion::gated<4, 5>::over<B, 6, 6, 6> gated;
  test::randomise(gated, 3);
  const auto own = fusion::probe_of<probe::self_head, 1>(gated, t, as_view(a), as_view(v), as_view(a));
  const auto whole = gated.out(t, std::get<1>(gated.in)(t, v));
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 4; ++c) CHECK(!test::apart(own(i, c), whole(i, c) - gated.out.bias.value(c) * 2 / 3, 1e-14));
  fusion::film<4>::over<B, 6, 6> film;
  test::randomise(film, 4);
  const auto of_a = fusion::probe_of<probe::self_head, 0>(film, t, as_view(a), as_view(v));
  const auto twice = film(t, a, a);
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 4; ++c) CHECK(!test::apart(of_a(i, c), twice(i, c) - film.out.bias.value(c) / 2, 1e-14));
}

TEST_CASE("zero_feature is the head with the others' features 0, whole bias") {
  const auto a = test::numbers_like(extents<dyn, 6>(3), 1), v = test::numbers_like(extents<dyn, 6>(3), 2);
  const tensor<double, dyn, 6> zero(3);
  inference<B> t;
  fusion::gated<4, 5>::over<B, 6, 6> gated;
  test::randomise(gated, 3);
  const auto probe_0 = fusion::probe_of<probe::zero_feature, 0>(gated, t, as_view(a), as_view(v));
  const auto probe_1 = fusion::probe_of<probe::zero_feature, 1>(gated, t, as_view(a), as_view(v));
  CHECK(test::same_bits(probe_0.data(), gated(t, a, zero).data(), 12));
  CHECK(test::same_bits(probe_1.data(), gated(t, zero, v).data(), 12));
}

TEST_CASE("a head that is given other batches tells so") {
  inference<B> t;
  fusion::concat<4>::over<B, 6, 6> concat;
  const tensor<double, dyn, 6> five(5), four(4);
  CHECK_THROWS_WITH(concat(t, five, four), Catch::Contains("5") && Catch::Contains("4 samples"));
}
