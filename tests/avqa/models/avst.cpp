#include <avqa/models/avst.hpp>
#include <avqa/models/grounding_pretraining.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/update_pass.hpp>
#include <support/backends.hpp>
#include <support/golden.hpp>

#include <catch2/catch.hpp>

using namespace ogm;

namespace {

/// A golden case of the AVQA networks: parameters and inputs by its rule, three Adam steps.
template <class Model> class golden_run {
 public:
  using backend_type = typename Model::backend_type;
  using T = typename backend_type::value_type;
  static constexpr double tight = std::same_as<T, float> ? 1e-5 : 1e-10, loose = std::same_as<T, float> ? 1e-4 : 1e-9;

  explicit golden_run(const std::string& file)
      : file_(test::golden_file(file)), name_(file_.at("case")), store_(model_), update_({.lr = file_.at("lr")}, store_.values().count()) {
    for_each_parameter(model_, [&](auto, const std::string& name, auto& p) {
      const auto& rule = file_.at("params").at(name);
      auto values = test::fill(name, p.value.count(), rule.at("scale"));
      for (double& v : values) v = double(float(v + rule.at("offset").template get<double>()));
      std::copy(values.begin(), values.end(), p.value.data());
    });
    tape_.bind(store_);
  }
  Model& model() { return model_; }
  const test::json& file() const { return file_; }
  tape<backend_type>& recorder() { return tape_; }
  long batch() const { return file_.at("B"); }
  long time() const { return file_.at("T"); }

  template <int... E> tensor<T, E...> input(const std::string& name, const extents<E...>& shape, bool positive) const {
    tensor<T, E...> x(shape);
    const auto values = test::fill(name_ + "/" + name, x.count());
    std::transform(values.begin(), values.end(), x.data(), [&](double v) { return T(positive && v < 0 ? 0 : v); });
    return x;
  }
  tensor<std::int32_t, dyn> labels() const { return integers(file_.at("label")); }
  tensor<std::int32_t, dyn, dyn> questions() const {
    const auto& q = file_.at("question");
    tensor<std::int32_t, dyn, dyn> out(long(q.size()), long(q.at(0).size()));
    for (long i = 0; i < out.size(0); ++i)
      for (long j = 0; j < out.size(1); ++j) out(i, j) = q.at(std::size_t(i)).at(std::size_t(j));
    return out;
  }
  static tensor<std::int32_t, dyn> integers(const test::json& list) {
    tensor<std::int32_t, dyn> out(long(list.size()));
    for (long i = 0; i < out.count(); ++i) out(i) = list.at(std::size_t(i));
    return out;
  }
  template <class X> static void check_rows(const X& x, const test::json& rows) {
    std::vector<double> expected;
    for (const auto& row : rows)
      for (const auto& v : row) expected.push_back(v);
    CHECK(test::golden_distance({x.data(), x.data() + x.count()}, {{"values", expected}}) <= tight);
  }
  void check_gradients() {
    for_each_parameter(model_, [&](auto, const std::string& name, auto& p) {
      INFO(name);
      REQUIRE(store_.reached(p));
      double squares = 0, expected = file_.at("grads").at(name).at("l2");
      for (long i = 0; i < p.value.count(); ++i) squares += double(store_.data(p)[i]) * double(store_.data(p)[i]);
      INFO("a gradient of norm " << std::sqrt(squares) << " where " << expected << " is expected: apart by "
                                 << std::abs(std::sqrt(squares) / expected - 1));
      CHECK(std::abs(std::sqrt(squares) - expected) <= loose * expected);  // false for NaN
    });
  }
  /// Three steps: forward(tape) gives the loss; check(step) sees the first one.
  template <class Forward> void train(const Forward& forward) {
    for (std::size_t step = 0; step < 3; ++step) {
      tape_.rewind();
      store_.clear();
      const auto loss = forward(tape_, step);
      const double expected = file_.at("steps").at(step).at("loss"), given = double(tape_.read(as_view(loss)));
      INFO("step " << step << ": " << given << " for " << expected);
      CHECK(std::abs(given - expected) <= tight * expected);
      tape_.backward(loss);
      if (step == 0) check_gradients();
      update_.begin();
      for_each_parameter_quietly(
          model_, [&](auto, auto& p) { update_.add(p.value.data(), store_.data(p), long(p.value.count()), long(p.offset), 0); });
      update_.finish(tape_, file_.at("lr"), {}, 1, {});
    }
  }

 private:
  const test::json& file_;
  std::string name_;
  Model model_;
  gradient_store<backend_type> store_;
  tape<backend_type> tape_;
  optim::update_pass<backend_type, optim::adam> update_;
};

tensor<std::int32_t, dyn> all(long n, std::int32_t value) {
  tensor<std::int32_t, dyn> x(n);
  std::fill_n(x.data(), n, value);
  return x;
}
}  // namespace

TEMPLATE_TEST_CASE("AVST agrees with the published network over three steps", "[avqa]", OGM_TEST_BACKENDS) {
  golden_run<avqa::avst<avqa::music_avqa_widths, TestType>> run("avst_b3_t4.json");
  run.model().set_dropout(0);
  const auto audio = run.input("audio", extents<dyn, dyn, 128>(run.batch(), run.time()), true);
  const extents<dyn, dyn, 512, 14, 14> maps(run.batch(), run.time());
  const auto own = run.input("visual_posi", maps, true), others = run.input("visual_nega", maps, true);
  const auto tokens = run.questions();
  const auto labels = run.labels(), ones = all(run.batch() * run.time(), 1), zeros = all(run.batch() * run.time(), 0);
  run.train([&](auto& tape, std::size_t step) {
    const auto out = run.model()(tape, audio, own, tokens, others);
    if (step == 0) {
      run.check_rows(out.answers, run.file().at("out_qa"));
      run.check_rows(out.positive, run.file().at("out_match_posi"));
      run.check_rows(out.negative, run.file().at("out_match_nega"));
    }
    return avqa::avst_loss(tape, out, labels, ones, zeros, run.file().at("loss_match_weight"));
  });
}

TEMPLATE_TEST_CASE("the network without spatial grounding agrees with the published one over three steps", "[avqa]", OGM_TEST_BACKENDS) {
  golden_run<avqa::without_spatial_grounding<avqa::music_avqa_widths, TestType>> run("avqa_without_grounding_b3_t4.json");
  run.model().set_dropout(0);
  const auto audio = run.input("audio", extents<dyn, dyn, 128>(run.batch(), run.time()), true);
  const auto maps = run.input("visual_posi", extents<dyn, dyn, 512, 14, 14>(run.batch(), run.time()), true);
  const auto tokens = run.questions();
  const auto labels = run.labels();
  run.train([&](auto& tape, std::size_t step) {
    const auto logits = run.model()(tape, audio, maps, tokens);
    if (step == 0) run.check_rows(logits, run.file().at("out_qa"));
    return nn::cross_entropy(tape, logits, labels);
  });
}

TEMPLATE_TEST_CASE("the grounding stage agrees with the published network over three steps", "[avqa]", OGM_TEST_BACKENDS) {
  golden_run<avqa::grounding_pretraining<avqa::music_avqa_widths, TestType>> run("grounding_pretrain_b2_t3.json");
  const auto audio = run.input("audio", extents<dyn, dyn, 128>(run.batch(), run.time()), true);
  const auto maps = run.input("visual", extents<dyn, dyn, 512, 14, 14>(run.batch(), run.time()), true);
  const auto labels = run.labels();
  run.train([&](auto& tape, std::size_t step) {
    const auto logits = run.model()(tape, audio, maps);
    if (step == 0) run.check_rows(logits, run.file().at("out_match"));
    return nn::cross_entropy(tape, logits, labels);
  });
}

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
  const auto labels = golden_run<decltype(model)>::integers({7, 23});

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
  const auto loss = avqa::avst_loss(t, out, labels, all(20, 1), all(20, 0));
  CHECK(std::abs(t.read(as_view(loss)) - 4.15961270) <= 1e-7);

  avqa::without_spatial_grounding<avqa::music_avqa_widths, D> plain;
  plain.set_dropout(0);
  fill_fixture(plain);
  const auto logits = plain(t, audio, own, tokens);
  const std::vector<double> expected{-0.193989, 0.543724, -0.061058, 0.127987, -0.003111, 0.410640};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(logits(0, long(i)) - expected[i]) <= 1e-6);
}
