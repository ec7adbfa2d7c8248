#include <avqa/features/clips.hpp>
#include <avqa/features/store.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"
#include "stored.hpp"

using namespace avqa;
namespace test = ogm::test;
using ogm::dyn;
using ogm::data::dtype;
using test::has;
using test::message_of;

namespace {

struct clip_tensors {
  ogm::tensor<float, dyn, dyn, 5> sound;
  ogm::tensor<float, dyn, dyn, 3, dyn, dyn> maps, negatives;
  explicit clip_tensors(ogm::size_type batch) : sound(batch, 3), maps(batch, 3, 2, 3), negatives(batch, 3, 2, 3) {}
  void fill(const feature_store& from, const negative_frames& others, std::span<const clip> clips) {
    read_clips(from, others, clips, sound.view(), maps.view(), negatives.view());
  }
  std::string bits() const {
    std::string out(ogm::data::as_text(ogm::data::as_byte_span(sound.data(), sound.flat().size())));
    out += ogm::data::as_text(ogm::data::as_byte_span(maps.data(), maps.flat().size()));
    return out += ogm::data::as_text(ogm::data::as_byte_span(negatives.data(), negatives.flat().size()));
  }
};
std::vector<std::string> names(std::initializer_list<std::size_t> videos) {
  std::vector<std::string> out;
  for (const std::size_t v : videos) out.push_back(test::video_name(v));
  return out;
}

}  // namespace

TEST_CASE("a batch has each clip in its row, and the drawn frames of others as its negatives") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 6));
  const negative_frames others({0, 1, 2, 3, 5}, 3);
  const auto clips = clips_of(store, names({4, 0, 4, 5}), 11, 2);
  clip_tensors batch(4);
  batch.fill(store, others, clips);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t video = std::size_t(clips[i].video);
    CHECK(video == (i == 1 ? 0 : i == 3 ? 5 : 4));
    const auto sound = test::sound_of(video, test::small), maps = test::maps_of(video, test::small);
    CHECK(std::equal(sound.begin(), sound.end(), batch.sound.data() + i * sound.size()));
    CHECK(std::equal(maps.begin(), maps.end(), batch.maps.data() + i * maps.size()));
    std::vector<frame_id> frames(3);
    others.draw({11, 2, ogm::size_type(i)}, clips[i].video, frames);
    for (std::size_t t = 0; t < 3; ++t) {
      CHECK(frames[t].video != clips[i].video);
      const auto from = test::maps_of(std::size_t(frames[t].video), test::small);
      CHECK(std::equal(from.begin() + frames[t].step * 18, from.begin() + (frames[t].step + 1) * 18,
                       batch.negatives.data() + i * maps.size() + t * 18));
    }
  }
  CHECK(store.bytes_read() == 4 * 4 * (15 + 54 + 54));

  clip_tensors evaluation(4);
  read_clips(store, clips, evaluation.sound.view(), evaluation.maps.view());
  CHECK(std::equal(evaluation.maps.flat().begin(), evaluation.maps.flat().end(), batch.maps.data()));
  CHECK(store.bytes_read() == 4 * 4 * (2 * (15 + 54) + 54));  // no negatives
}

TEST_CASE("a batch has the same bits on any number of threads", "[threads]") {
  const test::folder in;
  const negative_frames others({0, 1, 2, 3, 4, 5, 6}, 3);
  for (const dtype type : {dtype::f32, dtype::f16, dtype::bf16}) {
    const feature_store store(test::write_store(in / "a", 7, type));
    const auto clips = clips_of(store, names({6, 5, 4, 3, 2, 1, 0, 0, 3}), 1, 0);
    clip_tensors alone(9);
    alone.fill(store, others, clips);
    for (const int threads : {2, 3, 8}) {
      const ogm::use_threads pool(threads);
      clip_tensors together(9);
      together.fill(store, others, clips);
      CHECK(together.bits() == alone.bits());
    }
  }
}

TEST_CASE("what is wrong with a batch") {
  const test::folder in;
  const feature_store store(test::write_store(in / "a", 2));
  const negative_frames others({0, 1}, 3);
  CHECK(has(message_of<ogm::value_error>([&] { clips_of(store, std::vector<std::string>{"none"}); }), "\"none\" is none of the 2 of"));
  const auto clips = clips_of(store, names({0, 1}));
  clip_tensors right(2), wrong(3);
  CHECK(has(message_of<ogm::shape_error>([&] { wrong.fill(store, others, clips); }),
            "the negatives of 2 clips of shape (2, 3, 3, 2, 3) to a tensor of shape (3, 3, 3, 2, 3)"));
  CHECK(has(message_of<ogm::shape_error>([&] { read_clips(store, clips, wrong.sound.view(), right.maps.view()); }),
            "the sound of 2 clips of shape (2, 3, 5) to a tensor of shape (3, 3, 5)"));
  CHECK(has(message_of<ogm::shape_error>([&] { read_clips(store, clips, right.sound.view(), wrong.maps.view()); }), "the maps of 2 clips"));
  const std::vector<clip> none;
  clip_tensors empty(0);
  empty.fill(store, others, none);
  const ogm::use_threads pool(2);
  CHECK(has(message_of<ogm::value_error>([&] { right.fill(store, others, std::vector<clip>{{0, {}}, {2, {}}}); }), "video 2 of 2"));
}
