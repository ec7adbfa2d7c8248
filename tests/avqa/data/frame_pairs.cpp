#include <avqa/data/frame_pairs.hpp>
#include <avqa/features/store.hpp>
#include <ogm/data/loader.hpp>

#include <catch2/catch.hpp>

#include "avqa/features/stored.hpp"
#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using test::has;
using test::message_of;

namespace {

constexpr feature_shape shape{.steps = 3, .sound = 4, .channels = 3, .height = 2, .width = 3};
using pairs = frame_pairs<feature_store, 4, 3>;
static_assert(ogm::data::dataset<pairs>);

/// The video and the step whose frame this is.
frame_id frame_of(const float* map) {
  for (std::size_t video = 0; video < 5; ++video)
    for (std::size_t step = 0; step < 3; ++step) {
      const auto maps = test::maps_of(video, shape);
      if (std::equal(maps.begin() + std::ptrdiff_t(18 * step), maps.begin() + std::ptrdiff_t(18 * step + 18), map))
        return {ogm::size_type(video), ogm::size_type(step)};
    }
  return {-1, -1};
}

/// Checks an epoch and returns the videos and steps of its foreign frames.
std::vector<frame_id> epoch(ogm::data::loader<pairs>& batches, const std::vector<ogm::size_type>& videos) {
  std::vector<frame_id> foreign;
  int together = 0, apart = 0;
  while (const auto* b = batches.next())
    for (ogm::size_type i = 0; i < b->size(); ++i) {
      const ogm::size_type pair = b->ids[std::size_t(i)] / 2, video = videos[std::size_t(pair / 3)], step = pair % 3;
      const auto sound = test::sound_of(std::size_t(video), shape);
      CHECK(std::equal(sound.begin() + step * 4, sound.begin() + step * 4 + 4, b->get<0>().data() + i * 4));
      const frame_id frame = frame_of(b->get<1>().data() + i * 18);
      if (b->labels[std::size_t(i)] == 1) {
        ++together;
        CHECK(frame == frame_id{video, step});
      } else {
        ++apart;
        CHECK(frame.video != video);
        CHECK(std::count(videos.begin(), videos.end(), frame.video) == 1);
        foreign.push_back(frame);
      }
    }
  CHECK(together == 9);
  CHECK(apart == 9);
  return foreign;
}

}  // namespace

TEST_CASE("each second of sound comes with its frame, and with one of another video that each epoch draws anew") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5, ogm::data::dtype::f32, shape));
  const std::vector<ogm::size_type> videos{4, 0, 2};
  const pairs data(store, videos);
  CHECK(data.size() == 18);
  ogm::data::loader batches(data, {.batch = 4, .seed = 3, .threads = 0, .shuffle = false});
  const auto first = epoch(batches, videos);
  CHECK(epoch(batches, videos) != first);
}

TEST_CASE("pairs need two videos, and a source of their widths") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 5, ogm::data::dtype::f32, shape));
  CHECK_THROWS_AS(pairs(store, {1}), ogm::value_error);
  CHECK_THROWS_AS(pairs(store, {1, 1}), ogm::value_error);
  const std::string text = message_of<ogm::shape_error>([&] { frame_pairs<feature_store, 4, 5>(store, {0, 1}); });
  CHECK(has(text, "a sound of 4 and maps of 5 channels are needed"));
}
