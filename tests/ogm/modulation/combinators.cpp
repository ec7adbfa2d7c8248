#include <ogm/modulation/combinators.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/modulation/uniform.hpp>

#include "support.hpp"

namespace combinators_test {

using namespace ogm;
using namespace ogm::modulation;
using test::gradients_of;

namespace {
/// Multiplies every gradient of the first modality, and notes that it ran.
struct times {
  static constexpr needs requirements{.weight_snapshot = true, .max_modalities = 3};
  double factor = 1;
  std::vector<double>* ran = nullptr;
  void on_gradients(auto& step) const {
    if (ran) ran->push_back(factor);
    for_each_modality(step, [&](auto& m) {
      if (m.index() == 0) m.template gradients<select::all_encoder>() *= factor;
    });
  }
};
struct noisy {
  static constexpr needs requirements{.probe = probe::split};
  void on_gradients(auto& step) const {
    for_each_modality(step, [&](auto& m) { m.gradients().add_noise(1); });
  }
};
/// Which hooks a combinator lets through.
struct listening {
  static constexpr needs requirements{.probe = probe::split};
  std::vector<std::string>* heard;
  void setup(auto&) const { heard->push_back("setup"); }
  void on_epoch_begin(auto&) const { heard->push_back("on_epoch_begin"); }
  void plan(auto&) const { heard->push_back("plan"); }
  void on_gradients(auto&) const { heard->push_back("on_gradients"); }
  void predict(auto&) const { heard->push_back("predict"); }
  void save(auto&) const { heard->push_back("save"); }
};
static_assert(modulation::policy<listening> && listening::requirements.probe == probe::split);
struct at_progress {
  progress where;
  const progress& at() const { return where; }
};
struct epoch_like : at_progress {
  static constexpr bool outside_steps = true;
};
struct always_like : at_progress {
  static constexpr bool never_gated = true;
};
struct archive {};

template <class Policy> std::vector<std::string> heard_by(Policy policy, std::vector<std::string>& heard, const progress& where) {
  heard.clear();
  always_like always{{where}};
  epoch_like epoch{{where}};
  at_progress step{where};
  archive a;
  policy.setup(always);
  policy.on_epoch_begin(epoch);
  policy.plan(epoch);
  policy.on_gradients(step);
  policy.predict(always);
  policy.save(a);
  return heard;
}
using words = std::vector<std::string>;
}  // namespace

TEST_CASE("a chain unites needs") {
  using both = chain<times, noisy, uniform>;
  static_assert(both::requirements.probe == probe::split);
  static_assert(both::requirements.weight_snapshot && !both::requirements.own_step);
  static_assert(both::requirements.max_modalities == 3);
  static_assert(chain<modulation::ogm, times>::requirements.min_modalities == 2);
  static_assert((needs{.probe = probe::none} | needs{.probe = probe::aux_head}).probe == probe::aux_head);
}

TEST_CASE("members of a chain run in order") {
  std::vector<double> ran;
  const auto seen = gradients_of(chain{times{3, &ran}, times{0.5, &ran}});
  CHECK(ran == std::vector<double>{3, 0.5});
  for (const auto& s : seen.slots)
    if (s.tag.modality == 0)
      for (std::size_t i = 0; i < s.raw.size(); ++i) CHECK(!(std::abs(s.modulated[i] - 1.5 * s.raw[i]) > 1e-12));
}

TEST_CASE("noise that is added before a scaling is scaled with the gradient, after it is not") {
  const auto before = gradients_of(chain{noisy{}, times{0.5}}), after = gradients_of(chain{times{0.5}, noisy{}});
  const auto &a = before.slots[0], &b = after.slots[0];
  REQUIRE(a.tag.kind == kind::dense);
  for (std::size_t i = 0; i < a.raw.size(); ++i) {
    const double first = a.modulated[i] - 0.5 * a.raw[i], second = b.modulated[i] - 0.5 * b.raw[i];
    CHECK(!(std::abs(first - 0.5 * second) > 1e-6 * (1 + std::abs(second))));
    CHECK(second != 0);
  }
}

TEST_CASE("a window of epochs holds back all but setup, predict, save and load") {
  words heard;
  const windowed<listening, 2, 3> policy{{&heard}};
  const words all{"setup", "on_epoch_begin", "plan", "on_gradients", "predict", "save"}, few{"setup", "predict", "save"};
  for (const int epoch : {0, 1, 2, 3, 4}) {
    INFO(epoch);
    progress at;
    at.epoch = epoch;
    CHECK(heard_by(policy, heard, at) == (epoch == 2 || epoch == 3 ? all : few));
    CHECK(heard_by(warmup<listening, 2>{{&heard}}, heard, at) == (epoch >= 2 ? all : few));
  }
}

TEST_CASE("every_n holds back the hooks of steps alone") {
  words heard;
  const words all{"setup", "on_epoch_begin", "plan", "on_gradients", "predict", "save"},
      but_one{"setup", "on_epoch_begin", "plan", "predict", "save"};
  for (const long step : {0, 1, 2, 3, 4, 5, 6}) {
    progress at;
    at.step = step;
    CHECK(heard_by(every_n<listening, 3>{{&heard}}, heard, at) == (step % 3 == 0 ? all : but_one));
  }
}

TEST_CASE("combinators combine") {
  progress at;
  at.epoch = 1, at.step = 4;
  using deep = windowed<chain<every_n<times, 2>, every_n<times, 3>>, 1, 1>;
  const auto seen = gradients_of(deep{chain{every_n<times, 2>{{2}}, every_n<times, 3>{{5}}}}, at);
  for (std::size_t i = 0; i < seen.slots[0].raw.size(); ++i)
    CHECK(!(std::abs(seen.slots[0].modulated[i] - 2 * seen.slots[0].raw[i]) > 1e-12));
}

TEST_CASE("with_probe, with_selection and with_ratio change one thing") {
  static_assert(with_probe<modulation::ogm, probe::aux_head>::requirements.probe == probe::aux_head);
  static_assert(with_probe<modulation::ogm, probe::aux_head>::requirements.min_modalities == 2);
  static_assert(std::is_same_v<with_selection<modulation::ogm, select::conv_weights>, basic_ogm<shape::paper, select::conv_weights>>);
  static_assert(std::is_same_v<with_selection<decltype(ogm_ge_as_in_paper()), select::weights>,
                               basic_ogm_ge<shape::paper, select::weights, ratio::mean_pairwise, noise_source::per_sample_diagonal>>);
  static_assert(std::is_same_v<with_ratio<ogm_ge, ratio::vs_min>, basic_ogm_ge<shape::paper, select::weights, ratio::vs_min>>);
  static_assert(std::is_same_v<with_ratio<modulation::ogm, ratio::vs_rest>, basic_ogm<shape::paper, select::weights, ratio::vs_rest>>);
  const auto seen = gradients_of(with_selection<modulation::ogm, select::all_encoder>{.alpha = 0.3});
  const double k = seen.reported("coefficient/audio");
  REQUIRE(k < 1);
  for (const auto& s : seen.slots)
    for (std::size_t i = 0; i < s.raw.size(); ++i) CHECK(s.modulated[i] == (s.tag.modality == 0 ? k * s.raw[i] : s.raw[i]));
  CHECK(gradients_of(with_probe<modulation::ogm, probe::aux_head>{{.alpha = 0.3}}).reported("ratio/audio") > 0);
  CHECK(gradients_of(with_probe<modulation::ogm, probe::zero_input>{{.alpha = 0.3}}).reported("ratio/audio") > 0);
  CHECK(gradients_of(with_probe<modulation::ogm, probe::shapley>{{.alpha = 0.3}}).reported("ratio/audio") > 0);
}

TEST_CASE("any_policy runs the one that it holds") {
  using any = any_policy<none, modulation::ogm, uniform>;
  static_assert(any::requirements.probe == probe::split);
  const auto off = gradients_of(any{none{}}), on = gradients_of(any{modulation::ogm{.alpha = 0.3}}), losses = gradients_of(any{uniform{}});
  const auto plain = gradients_of(none{}), modulated = gradients_of(modulation::ogm{.alpha = 0.3}), uniform_alone = gradients_of(uniform{});
  for (std::size_t s = 0; s < off.slots.size(); ++s) {
    CHECK(off.slots[s].modulated == plain.slots[s].modulated);
    CHECK(on.slots[s].modulated == modulated.slots[s].modulated);
    CHECK(losses.slots[s].modulated == uniform_alone.slots[s].modulated);
  }
}

}  // namespace combinators_test
