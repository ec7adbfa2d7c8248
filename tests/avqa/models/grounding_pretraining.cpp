#include <avqa/data/frame_pairs.hpp>
#include <avqa/features/store.hpp>
#include <avqa/features/store_writer.hpp>
#include <avqa/models/grounding_pretraining.hpp>
#include <avqa/models/network.hpp>
#include <ogm/train/trainer.hpp>

#include <catch2/catch.hpp>

#include <numeric>
#include <set>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {
struct small_widths {
  static constexpr int audio = 8, channels = 8, width = 16, words = 93, answers = 42, heads = 2;
};
using stage = grounding_pretraining<small_widths>;

/// A store of videos each of which sounds as one place of its frames looks, the rest of the frame being noise.
std::string write_matching(const std::string& path) {
  constexpr feature_shape shape{.steps = 4, .sound = 8, .channels = 8, .height = 3, .width = 3};
  store_writer to(path, shape);
  ogm::random::generator g({.seed = 5, .stream = 0, .step = 0});
  for (int video = 0; video < 40; ++video) {
    std::vector<float> sound(32), maps(288);
    for (float& v : maps) v = 0.2f * g.normal();
    for (int t = 0; t < 4; ++t) {
      const int place = int(g.below(9));
      for (int c = 0; c < 8; ++c) {
        sound[std::size_t(t * 8 + c)] = (c == video % 8 ? 1.f : 0.f) + 0.1f * g.normal();
        maps[std::size_t((t * 8 + c) * 9 + place)] += c == video % 8 ? 2.f : 0.f;
      }
    }
    to.add("video" + std::to_string(video), sound, maps);
  }
  to.finish();
  return path;
}
}  // namespace

TEST_CASE("the stage learns under ogm's trainer which sound belongs to which frame, and AVST begins with what it learned") {
  const test::folder in;
  const feature_store store(write_matching(in / "store"));
  std::vector<ogm::size_type> first(32);
  std::iota(first.begin(), first.end(), 0);
  const frame_pairs<feature_store, 8, 8> pairs(store, first), unseen(store, {32, 33, 34, 35, 36, 37, 38, 39});
  ogm::trainer run{stage{}, ogm::modulation::none{}, ogm::optim::adam{.lr = 3e-3}, {.seed = 1}};
  run.fit(pairs, {.epochs = 60, .batch = 16, .validate_on = unseen, .best_model = in / "best.safetensors"});
  CHECK(run.evaluate(pairs).fused.accuracy > 0.85);  // of the foreign frames three in 31 fit the sound as well as its own
  CHECK(run.evaluate(unseen).fused.accuracy > 0.75);

  ogm::trainer next{network<ablation::spatial_grounding, small_widths>{}, ogm::modulation::none{}, ogm::optim::adam{}};
  ogm::warm_start(next.model(), ogm::data::safetensors::file(in / "best.safetensors"));
  stage best;
  ogm::load_model(best, in / "best.safetensors");
  std::set<std::string> same;
  ogm::for_each_parameter(best, [&](auto, const std::string& name, const auto& p) {
    ogm::for_each_parameter(next.model(), [&](auto, const std::string& other, const auto& q) {
      if (name == other && std::equal(p.value.data(), p.value.data() + p.value.count(), q.value.data())) same.insert(name);
    });
  });
  CHECK(same.size() == std::size_t(2 * 8));  // fc_a1, fc_a2, fc_am, fc_gl, fc1 to fc4, with weight and bias
}

TEST_CASE("the stage is trained on single moments") {
  ogm::trainer run{stage{}, ogm::modulation::none{}, ogm::optim::adam{}};
  const ogm::tensor<float, ogm::dyn, ogm::dyn, 8> sound(3, 2);
  const ogm::tensor<float, ogm::dyn, ogm::dyn, 8, ogm::dyn, ogm::dyn> maps(3, 2, 3, 3);
  const ogm::tensor<std::int32_t, ogm::dyn> labels(3);
  const std::string text = test::message_of<ogm::shape_error>([&] { run.step(std::tuple{sound, maps}, labels); });
  CHECK(test::has(text, "sound of shape (3, 2, 8)"));
  CHECK(test::has(text, "(batch, 1, 8) is needed"));
}
