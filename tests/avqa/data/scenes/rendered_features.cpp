#include <avqa/data/scenes/procedural.hpp>
#include <avqa/data/scenes/rendered_features.hpp>
#include <avqa/features/store.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {

struct rendered {
  std::vector<float> sound, maps;

  explicit rendered(const scene& s, const scene_take& take = {}) {
    const rendered_features features;
    sound.resize(std::size_t(features.shape().sound_count())), maps.resize(std::size_t(features.shape().maps_count()));
    features(procedural_scenes(), s, take, sound, maps);
  }
  std::span<const float> step(int t) const { return std::span(sound).subspan(std::size_t(t) * 128, 128); }
};

double sum(std::span<const float> x) {
  double out = 0;
  for (const float v : x) out += v;
  return out;
}

}  // namespace

TEST_CASE("the features of a rendered scene are those of its pictures and of its seconds of sound") {
  const scene s = test::trio();
  const scene_take take{.index = 5};
  const rendered all(s, take);
  CHECK(rendered_features().shape() == feature_shape{.steps = 10, .sound = 128, .channels = 48, .height = 14, .width = 14});
  ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> picture(1, 224, 224);
  procedural_scenes().frame(s, take, 18.5f, 224, {picture.data(), 224 * 224 * 3});
  const auto map = patch_statistics()(picture);
  CHECK(std::equal(map.data(), map.data() + 48 * 196, all.maps.begin() + 3 * 48 * 196));

  std::vector<float> second(16000), mel(96 * 64);
  procedural_scenes().sound(s, take, 18 * 16000, second);
  vggish_log_mel().second(second, mel);
  for (std::size_t b = 0; b < 64; ++b) {
    double mean = 0, variance = 0;
    for (std::size_t f = 0; f < 96; ++f) mean += double(mel[f * 64 + b]) / 96;
    for (std::size_t f = 0; f < 96; ++f) variance += (double(mel[f * 64 + b]) - mean) * (double(mel[f * 64 + b]) - mean) / 96;
    CHECK(all.step(3)[b] == Approx((mean - std::log(0.01)) / 4).margin(1e-5));
    CHECK(all.step(3)[64 + b] == Approx(std::sqrt(variance)).margin(1e-4));
  }
}

TEST_CASE("silence has small features, what is loud has larger ones, and what is fast others") {
  const auto solo = [](float loudness, float onsets_hz) {
    return rendered({.players = {test::seen("banjo", place::left, {{0, 30}}, loudness, onsets_hz)}});
  };
  const rendered loud = solo(1, 1.5f), soft = solo(0.25f, 1.5f), quick = solo(1, 6);
  CHECK(sum(loud.step(6)) < 0.4 * sum(soft.step(2)));
  CHECK(sum(loud.step(2).first(64)) > sum(soft.step(2).first(64)) + 5);
  CHECK(sum(quick.step(2).last(64)) > 1.2 * sum(loud.step(2).last(64)));
  CHECK(loud.maps != quick.maps);  // it sways as often
}

TEST_CASE("rendered scenes go to a store, and others than were asked for are refused") {
  const rendered_features features;
  const test::folder f;
  const collection_options how{.train = 2, .val = 2, .test = 0};
  const auto clips = draw_part(part::val, how);
  store_writer to(f / "drawn.features", features.shape(), ogm::data::dtype::f16);
  add_scenes(to, features, procedural_scenes(), clips, part::val, how.seed, [](std::size_t) {});
  to.finish();
  const feature_store store(f / "drawn.features");
  CHECK(store.videos().names() == std::vector<std::string>{"00000002", "00000003"});
  const rendered second(clips[1].what, {part::val, how.seed, 3});
  std::vector<float> sound(second.sound.size()), maps(second.maps.size());
  store.read(1, sound, maps);
  for (std::size_t i = 0; i < sound.size(); ++i) REQUIRE(sound[i] == Approx(second.sound[i]).epsilon(1e-3).margin(1e-4));
  for (std::size_t i = 0; i < maps.size(); ++i) REQUIRE(maps[i] == Approx(second.maps[i]).epsilon(1e-3).margin(1e-4));

  scene longer;
  longer.steps = 12;
  CHECK(test::message_of<ogm::value_error>([&] { features(procedural_scenes(), longer, {}, sound, maps); }) ==
        "avqa: a scene of 12 steps for features of 10.");
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { features(procedural_scenes(), {}, {}, maps, maps); }),
                  "floats for its sound; 1280 expected"));
  CHECK(test::has(test::message_of<ogm::value_error>([] { rendered_features(0); }), "features of 0 steps"));
}
