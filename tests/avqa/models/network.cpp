#include <avqa/models/grounding_pretraining.hpp>
#include <avqa/models/network.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/train/trainer.hpp>
#include <support/backends.hpp>
#include <support/gradient_check.hpp>

#include <catch2/catch.hpp>

namespace network_test {

using namespace ogm;

namespace {

/// The congruential generator of the second fixture: numbers in +-0.5.
std::vector<double> congruential(std::uint32_t seed, size_type count) {
  std::vector<double> out(static_cast<std::size_t>(count));
  std::uint64_t x = seed;
  for (double& v : out) {
    x = (1103515245u * x + 12345) % 2147483648u;
    v = double(x) / 2147483648.0 - 0.5;
  }
  return out;
}
/// The tensors of the fixture in its order.
const std::vector<std::string> fixture_order{"fc_a1.weight",
                                             "fc_a1.bias",
                                             "fc_a2.weight",
                                             "fc_a2.bias",
                                             "fc_fusion.weight",
                                             "fc_fusion.bias",
                                             "linear11.weight",
                                             "linear11.bias",
                                             "linear12.weight",
                                             "linear12.bias",
                                             "linear21.weight",
                                             "linear21.bias",
                                             "linear22.weight",
                                             "linear22.bias",
                                             "norm1.weight",
                                             "norm1.bias",
                                             "norm2.weight",
                                             "norm2.bias",
                                             "attn_a.in_proj_weight",
                                             "attn_a.in_proj_bias",
                                             "attn_a.out_proj.weight",
                                             "attn_a.out_proj.bias",
                                             "attn_v.in_proj_weight",
                                             "attn_v.in_proj_bias",
                                             "attn_v.out_proj.weight",
                                             "attn_v.out_proj.bias",
                                             "question_encoder.word2vec.weight",
                                             "question_encoder.lstm.weight_ih_l0",
                                             "question_encoder.lstm.weight_hh_l0",
                                             "question_encoder.lstm.bias_ih_l0",
                                             "question_encoder.lstm.bias_hh_l0",
                                             "question_encoder.fc.weight",
                                             "question_encoder.fc.bias",
                                             "fc_ans.weight",
                                             "fc_ans.bias",
                                             "fc_gl.weight",
                                             "fc_gl.bias",
                                             "fc1.weight",
                                             "fc1.bias",
                                             "fc2.weight",
                                             "fc2.bias",
                                             "fc3.weight",
                                             "fc3.bias",
                                             "fc4.weight",
                                             "fc4.bias"};

template <class Model> void fill_fixture(Model& model) {
  for_each_parameter(model, [&](auto, const std::string& name, auto& p) {
    const auto at = std::find(fixture_order.begin(), fixture_order.end(), name) - fixture_order.begin();
    const auto u = congruential(std::uint32_t(1000 + at), p.value.count());
    constexpr int rank = std::remove_cvref_t<decltype(p.value)>::rank;
    const double scale = name.ends_with("word2vec.weight") ? 4
                         : rank == 2                       ? 2 * 1.7320508 / std::sqrt(double(p.value.shape()[rank - 1]))
                                                           : 0.1;
    for (long i = 0; i < p.value.count(); ++i)
      p.value.data()[i] = (name.starts_with("norm") && name.ends_with("weight") ? 1 : 0) + scale * u[std::size_t(i)];
  });
}
template <int... E> tensor<double, E...> fixture_input(std::uint32_t seed, double scale, const extents<E...>& shape) {
  tensor<double, E...> x(shape);
  const auto u = congruential(seed, x.count());
  for (long i = 0; i < x.count(); ++i) x.data()[i] = std::max(scale * u[std::size_t(i)], 0.0);
  return x;
}
}  // namespace

TEST_CASE("AVST gives the published network's answers on the second fixture", "[avqa]") {
  using D = backend::eigen<double>;
  avqa::avst<avqa::music_avqa_widths, D> model;
  model.set_dropout(0);
  fill_fixture(model);
  CHECK(std::abs(model.fc_a1.weight.value(0, 0) - 0.11155445) <= 1e-8);
  CHECK(std::abs(model.question.word2vec.weight.value(0, 0) + 1.10076853) <= 1e-8);
  const auto audio = fixture_input(1, 2, extents<dyn, dyn, 128>(2, 10));
  const extents<dyn, dyn, 512, 14, 14> shape(2, 10);
  const auto own = fixture_input(2, 4, shape), others = fixture_input(3, 4, shape);
  tensor<std::int32_t, dyn, 14> tokens(2);
  const int asked[2][14]{{24, 7, 59, 6, 7, 8, 33, 34}, {9, 13, 7, 12, 25, 7, 26, 11, 55}};
  for (int i = 0; i < 28; ++i) tokens.data()[i] = asked[i / 14][i % 14];
  tensor<std::int32_t, dyn> labels(2);
  labels(0) = 7, labels(1) = 23;

  tape<D> t;
  const auto out = model(t, audio, own, tokens, others);
  const std::vector<double> first{-0.161922, 0.085977, 0.187398, 0.071462, 0.162783, 0.254359},
      second{-0.175321, 0.109031, 0.146623, 0.124225, 0.287857, 0.235204};
  double sum = 0, magnitude = 0;
  for (long i = 0; i < out.answers.count(); ++i) sum += out.answers.data()[i], magnitude += std::abs(out.answers.data()[i]);
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(std::abs(out.answers(0, long(i)) - first[i]) <= 1e-6);
    CHECK(std::abs(out.answers(1, long(i)) - second[i]) <= 1e-6);
  }
  CHECK(std::abs(sum - 0.54071997) <= 1e-7);
  CHECK(std::abs(magnitude - 16.04409664) <= 1e-7);
  CHECK(std::abs(out.positive(0, 0, 0) + 0.03048253) <= 1e-8);
  CHECK(std::abs(out.negative(0, 0, 1) - 0.01562159) <= 1e-8);
  const auto loss = avqa::avst_loss(t, out, labels);
  CHECK(std::abs(t.read(as_view(loss)) - 4.15961270) <= 1e-7);

  avqa::without_spatial_grounding<avqa::music_avqa_widths, D> plain;
  plain.set_dropout(0);
  fill_fixture(plain);
  const auto logits = plain(t, audio, own, tokens);
  const std::vector<double> expected{-0.193989, 0.543724, -0.061058, 0.127987, -0.003111, 0.410640};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(logits(0, long(i)) - expected[i]) <= 1e-6);
}

namespace {
/// Small, and odd where nothing asks for more; maps as wide as the network, or not.
template <int Channels> struct small_widths {
  static constexpr int audio = 5, channels = Channels, width = 8, words = 11, answers = 6, heads = 2;
};
template <class Model, class T = typename Model::value_type> struct clips {
  tensor<T, dyn, dyn, 5> audio;
  tensor<T, dyn, dyn, Model::channels, 2, 3> maps, others;
  tensor<std::int32_t, dyn, 4> tokens;
  tensor<std::int32_t, dyn> labels;

  explicit clips(long batch, long time) : audio(batch, time), maps(batch, time), others(batch, time), tokens(batch), labels(batch) {
    const auto fill = [](auto& x, std::uint64_t key) {
      const auto values = test::numbers(std::size_t(x.count()), key);
      for (long i = 0; i < x.count(); ++i) x.data()[i] = T(std::abs(values[std::size_t(i)]));
    };
    fill(audio, 1), fill(maps, 2), fill(others, 3);
    for (long i = 0; i < tokens.count(); ++i) tokens.data()[i] = std::int32_t(i * 7 % 11);
    for (long i = 0; i < batch; ++i) labels(i) = std::int32_t(i % 6);
  }
  auto inputs() const {
    const auto parts = [&](auto part, const auto& x) {
      if constexpr (part)
        return std::tuple(as_view(x));
      else
        return std::tuple<>();
    };
    return std::tuple_cat(parts(std::bool_constant<Model::hears>{}, audio), parts(std::bool_constant<Model::looks>{}, maps),
                          std::tuple(as_view(tokens)), parts(std::bool_constant<Model::grounds>{}, others));
  }
};

using D = backend::eigen<double>;
using rows_of_ablation =
    std::tuple<avqa::network<avqa::ablation::question, small_widths<8>, D>, avqa::network<avqa::ablation::audio, small_widths<8>, D>,
               avqa::network<avqa::ablation::visual, small_widths<8>, D>, avqa::network<avqa::ablation::visual, small_widths<3>, D>,
               avqa::network<avqa::ablation::audio_visual, small_widths<3>, D>,
               avqa::network<avqa::ablation::temporal_grounding, small_widths<8>, D>,
               avqa::network<avqa::ablation::temporal_grounding, small_widths<3>, D>,
               avqa::network<avqa::ablation::spatial_grounding, small_widths<8>, D>,
               avqa::network<avqa::ablation::spatial_grounding, small_widths<3>, D>>;

/// The loss that a trainer takes: of the answers, and what the network adds.
template <class Model> double loss_of(const Model& model, tape<D>& t, const clips<Model>& c, bool backward) {
  t.rewind();
  const auto e = encode_all(model, t, c.inputs());
  auto loss = nn::cross_entropy(t, logits_of(t, e), c.labels);
  if constexpr (Model::grounds)
    e.add_losses(t, [&](std::string_view, const auto& value, float weight) { loss = evaluate(t, loss + value * double(weight)); });
  if (backward) t.backward(loss);
  return t.read(as_view(loss));
}
}  // namespace

TEMPLATE_LIST_TEST_CASE("every row's gradients are those of central differences", "[avqa]", rows_of_ablation) {
  TestType model;
  nn::initialise(model, 3);
  model.set_dropout(0);
  const clips<TestType> c(3, 4);
  gradient_store<D> store(model);
  tape<D> t;
  t.bind(store);
  loss_of(model, t, c, true);
  for_each_parameter(model, [&](auto, const std::string& name, auto& p) {
    INFO(name);
    REQUIRE(store.reached(p));
    for (long i = 0; i < p.value.count(); i += 1 + p.value.count() / 9) {
      double& v = p.value.data()[i];
      const double kept = v, step = 1e-5;
      v = kept + step;
      const double above = loss_of(model, t, c, false);
      v = kept - step;
      const double below = loss_of(model, t, c, false);
      v = kept;
      const double expected = (above - below) / (2 * step), given = store.data(p)[i];
      INFO("element " << i << ": " << given << " for " << expected);
      CHECK(std::abs(given - expected) <= 1e-7 + 1e-5 * std::abs(expected));
    }
  });
}

TEMPLATE_LIST_TEST_CASE("every row trains under ogm's trainer, and learns its few clips by heart", "[avqa]", rows_of_ablation) {
  const clips<TestType> c(6, 4);
  ogm::trainer run{TestType{}, modulation::none{}, optim::adam{.lr = 1e-2}};
  run.model().set_dropout(0);
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    const auto r = run.step(c.inputs(), c.labels);
    (step == 0 ? first : last) = r.loss;
  }
  CHECK(last < 0.5 * first);
  CHECK(parameter_count(run.model()) > 0);
}

TEST_CASE("OGM-GE slows the modality of AVST that is ahead, by the probe that a head with a question in it has", "[avqa]") {
  using model = avqa::network<avqa::ablation::spatial_grounding, small_widths<3>, backend::eigen<float>>;
  const clips<model> c(12, 4);
  ogm::trainer run{model{}, modulation::with_probe<modulation::ogm_ge, probe::zero_feature>{{.alpha = 0.8}}, optim::adam{.lr = 1e-2}};
  bool slowed = false;
  for (int step = 0; step < 40; ++step) {
    const auto r = run.step(c.inputs(), c.labels);
    for (std::size_t u = 0; u < 2; ++u) {
      CHECK((r.scores.sums[u] > 0 && r.scores.sums[u] < 12));
      CHECK(r.scores.present[u] == 12);
    }
    for (const auto& e : run.engine().report().entries())
      if (e.name.starts_with("coefficient")) {
        CHECK((e.value > 0 && e.value <= 1));
        slowed = slowed || e.value < 1;
      }
  }
  CHECK(slowed);
}

using rows_with_evidence = std::tuple<avqa::network<avqa::ablation::temporal_grounding, small_widths<3>, D>,
                                      avqa::network<avqa::ablation::spatial_grounding, small_widths<8>, D>>;

TEMPLATE_LIST_TEST_CASE("the evidence goes with the answers", "[avqa]", rows_with_evidence) {
  TestType model;
  nn::initialise(model, 5);
  const clips<TestType> c(2, 4);
  inference<D> t;
  const auto plain = model(t, c.audio, c.maps, c.tokens);
  const auto told = model.explain(t, c.audio, c.maps, c.tokens);
  REQUIRE(told.answers.count() == plain.count());
  for (long i = 0; i < plain.count(); ++i) CHECK(told.answers.data()[i] == plain.data()[i]);
  const auto sums_to_one = [](const auto& weights, long rows) {
    const long each = weights.count() / rows;
    for (long r = 0; r < rows; ++r) {
      double sum = 0;
      for (long i = 0; i < each; ++i) sum += weights.data()[r * each + i];
      CHECK(sum == Approx(1));
    }
  };
  sums_to_one(told.seen, 2 * 2), sums_to_one(told.heard, 2 * 2);
  if constexpr (TestType::grounds) sums_to_one(told.where, 2 * 4);
}

TEST_CASE("batches and clips of nothing, and maps of other channels", "[avqa]") {
  using model_type = avqa::network<avqa::ablation::spatial_grounding, small_widths<3>, D>;
  model_type model;
  nn::initialise(model, 5);
  inference<D> t;
  const clips<model_type> none(0, 4);
  CHECK(model(t, none.audio, none.maps, none.tokens).count() == 0);
  const clips<model_type> c(2, 4);
  const tensor<double, dyn, dyn, dyn, dyn, dyn> wide(2, 4, 4, 2, 3);
  CHECK_THROWS_WITH(model(t, c.audio, wide, c.tokens), Catch::Contains("(2, 4, 4, 2, 3)"));
  avqa::network<avqa::ablation::visual, small_widths<3>, D> seen;
  nn::initialise(seen, 5);
  CHECK_THROWS_WITH(seen(t, wide, c.tokens), Catch::Contains("3 channels"));
}

}  // namespace network_test
