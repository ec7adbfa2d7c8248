#include <avqa/data/scenes/add_scenes.hpp>

#include <avqa/features/store.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/parallel.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

#include <algorithm>

namespace add_scenes_test {

using namespace avqa;
namespace test = ogm::test;

namespace {
constexpr feature_shape shape{.steps = 2, .sound = 3, .channels = 2, .height = 2, .width = 1};

/// A store of clips whose features are their index, made by so many threads; what done() was told goes to `told`.
std::vector<std::byte> stored(const std::string& path, const std::vector<scene_clip>& clips, int threads, std::vector<std::size_t>& told) {
  const ogm::use_threads pool(threads);
  store_writer to(path, shape);
  add_scenes(
      to, clips,
      [](const scene_clip& clip, std::span<float> sound, std::span<float> maps) {
        std::fill(sound.begin(), sound.end(), float(clip.index)), std::fill(maps.begin(), maps.end(), -float(clip.index));
      },
      [&](std::size_t done) { told.push_back(done); });
  to.finish();
  return ogm::data::read_bytes(path);
}
}  // namespace

TEST_CASE("scenes are stored in their order, the same bits on any number of threads", "[threads]") {
  const test::folder f;
  const auto clips = draw_part(part::train, {.train = 19, .val = 0, .test = 0});
  std::vector<std::size_t> told, again;
  CHECK(stored(f / "one", clips, 1, told) == stored(f / "three", clips, 3, again));
  CHECK(told == std::vector<std::size_t>{8, 16, 19});
  CHECK(again == told);
  const feature_store store(f / "three");
  REQUIRE(store.videos().size() == 19);
  std::vector<float> sound(6), maps(8);
  for (ogm::size_type i = 0; i < 19; ++i) {
    CHECK(store.videos()[i] == clips[std::size_t(i)].video_id);
    store.read(i, sound, maps);
    CHECK(sound == std::vector<float>(6, float(clips[std::size_t(i)].index)));
    CHECK(maps == std::vector<float>(8, -float(clips[std::size_t(i)].index)));
  }
}

TEST_CASE("a scene that cannot be made is an error, on whatever thread", "[threads]") {
  const test::folder f;
  const ogm::use_threads pool(3);
  const auto clips = draw_part(part::train, {.train = 9, .val = 0, .test = 0});
  store_writer to(f / "store", shape);
  const auto make = [&](const scene_clip& clip, std::span<float>, std::span<float>) {
    if (clip.index == clips[5].index) throw ogm::value_error("avqa: no such scene.");
  };
  CHECK(test::message_of<ogm::value_error>([&] { add_scenes(to, clips, make, [](std::size_t) {}); }) == "avqa: no such scene.");
  CHECK(to.size() == 0);
}

}  // namespace add_scenes_test
