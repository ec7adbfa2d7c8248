// The heads that are not separable, trained by a trainer: with every probe that reads them, and a policy that acts by it.
#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/film.hpp>
#include <ogm/fusion/gated.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/mlp.hpp>
#include <ogm/train/observers/collect.hpp>
#include <ogm/train/trainer.hpp>

#include <support/compare.hpp>

#include <catch2/catch.hpp>

namespace heads_test {

using namespace ogm;

namespace {

using B = backend::eigen<float>;
constexpr int classes = 4;
template <class Head> using model = late_fusion<Head, modality<"audio", nn::mlp<8, 16, 8, B>>, modality<"visual", nn::mlp<6, 16, 8, B>>>;

/// Clusters, clear in audio and blurred in visual.
auto clusters(size_type items, std::uint64_t seed) {
  tensor<float, dyn, 8> a(items);
  tensor<float, dyn, 6> v(items);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(items));
  random::generator draw({.seed = seed, .stream = 0, .step = 0});
  for (size_type i = 0; i < items; ++i) {
    labels[std::size_t(i)] = std::int32_t(i % classes);
    for (int k = 0; k < 8; ++k) a(i, k) = draw.normal() + (k % classes == i % classes ? 2.f : 0.f);
    for (int k = 0; k < 6; ++k) v(i, k) = draw.normal() + (k % classes == i % classes ? 0.7f : 0.f);
  }
  return data::in_memory(labels, a, v);
}

/// `least` is the accuracy that audio's probe reaches at least.
template <class Head, probe K> void trains(double least) {
  const auto train = clusters(400, 1), test = clusters(200, 2);
  using policy = modulation::with_probe<modulation::ogm_ge, K>;
  const auto run_once = [&](int threads) {
    const use_threads pool(threads);
    trainer run{model<Head>{}, policy{{.alpha = 0.5, .noise = 0.1f}}, optim::sgd{.lr = 0.05, .momentum = 0.9}, {.seed = 1}};
    observers::collect seen;
    run.observe(seen);
    const auto r = run.fit(train, {.epochs = 8, .batch = 32, .validate_on = test});
    CHECK(r.last.fused.accuracy > 0.7);
    REQUIRE(r.last.modalities.size() == 2);
    for (const auto& m : r.last.modalities) CHECK(std::isfinite(m.loss));
    CHECK(r.last.modalities[0].accuracy >= least);
    CHECK(seen.last("validation/accuracy") == r.last.fused.accuracy);
    const auto ratio = seen.steps("ratio/audio").value, audio = seen.steps("coefficient/audio").value,
               visual = seen.steps("coefficient/visual").value;
    REQUIRE(ratio.size() == std::size_t(r.steps));
    int led = 0;
    for (std::size_t i = 0; i < ratio.size(); ++i) {
      led += ratio[i] > 1;
      // Whoever leads is slowed by 1 - tanh(alpha ratio), and nobody else.
      const double slowed = 1 - std::tanh(0.5 * std::max(ratio[i], 1 / ratio[i]));
      CHECK_FALSE(ogm::test::apart(ratio[i] > 1 ? audio[i] : visual[i], slowed, 1e-4));
      CHECK((ratio[i] > 1 ? visual[i] : audio[i]) == 1);
    }
    CHECK(led > 0);
    std::vector<float> weights;
    for_each_parameter_quietly(run.model(),
                               [&](auto, auto& p) { weights.insert(weights.end(), p.value.flat().begin(), p.value.flat().end()); });
    return weights;
  };
  CHECK(run_once(1) == run_once(3));
}

}  // namespace

TEST_CASE("film is trained and modulated by what either of its probes says") {
  trains<fusion::film<classes>, probe::self_head>(1.5 / classes);
  trains<fusion::film<classes>, probe::zero_feature>(1.5 / classes);
}
TEST_CASE("gated is trained and modulated by what either of its probes says") {
  trains<fusion::gated<classes, 12>, probe::self_head>(0);  // reads a gate as if it were a feature: it may say anything
  trains<fusion::gated<classes, 12>, probe::zero_feature>(1.5 / classes);
}

}  // namespace heads_test
