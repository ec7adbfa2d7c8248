#include <avqa/data/scenes/instrument_scenes.hpp>
#include <avqa/data/scenes/rendered_features.hpp>
#include <avqa/data/scenes/renderer.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

namespace instrument_scenes_test {

using namespace avqa;
namespace test = ogm::test;
using test::instrument;

namespace {

constexpr int notes = 20, photos = 32, side = 160;

template <class T> void put(const std::string& path, const std::vector<T>& values, const std::vector<ogm::size_type>& shape) {
  ogm::data::npy::write<T>(path, values, shape);
}

/// Photograph i of violins (i < 16) and pianos is all of the colour (4 i, 255 - 4 i, 77), and note i of every instrument a tone of
/// 300 + 100 i Hz; the last quarter of each kind is the test's.
void write_instruments(const test::folder& f) {
  std::vector<std::uint8_t> pixels, photo_class, photo_split, note_class, note_split, note_source;
  for (int i = 0; i < photos; ++i) {
    for (int k = 0; k < 64 * 64; ++k) pixels.insert(pixels.end(), {std::uint8_t(4 * i), std::uint8_t(255 - 4 * i), std::uint8_t(77)});
    photo_class.push_back(instrument(i < 16 ? "violin" : "piano")), photo_split.push_back(i % 16 >= 12);
  }
  std::vector<std::int16_t> samples;
  for (std::uint8_t c = 0; c < instruments.size(); ++c)
    for (int i = 0; i < notes; ++i) {
      for (int k = 0; k < 4000; ++k) samples.push_back(std::int16_t(3000 * std::sin(2 * M_PI * (300 + 100 * i) * k / 16000)));
      for (std::uint8_t source = 0; source < 2; ++source)  // of source 1 there is no sound
        note_class.push_back(c), note_split.push_back(source == 0 && i >= 15), note_source.push_back(source);
    }
  put(f / "photos_rgb64.npy", pixels, {photos, 64, 64, 3});
  put(f / "photo_class.npy", photo_class, {photos});
  put(f / "photo_split.npy", photo_split, {photos});
  put(f / "notes_pcm16k_fluidr3.npy", samples, {22, notes, 4000});
  const auto rows = ogm::size_type(note_class.size());
  put(f / "sound_class.npy", note_class, {rows});
  put(f / "sound_split.npy", note_split, {rows});
  put(f / "sound_source.npy", note_source, {rows});
}

/// How many pixels of each photograph there are in each third.
std::map<int, std::vector<int>> photographs(const instrument_scenes& from, const scene& s, const scene_take& take) {
  std::vector<std::uint8_t> p(side * side * 3);
  from.frame(s, take, 0.5f, side, p);
  std::map<int, std::vector<int>> out;
  for (int i = 0; i < side * side; ++i) {
    const std::uint8_t* const at = &p[std::size_t(3 * i)];
    if (at[2] != 77 || at[0] + at[1] != 255 || at[0] % 4 != 0 || at[0] >= 4 * photos) continue;
    auto& thirds = out[at[0] / 4];
    thirds.resize(3);
    ++thirds[std::size_t(i % side * 3 / side)];
  }
  std::erase_if(out,
                [](const auto& one) { return one.second[0] + one.second[1] + one.second[2] < side * side / 50; });  // of the background
  return out;
}

/// The note with the strongest tone in a quarter of a second.
int note_of(std::span<const float> x) {
  int best = -1;
  double strongest = 0;
  for (int i = 0; i < notes; ++i) {
    double cosine = 0, sine = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double turns = 2 * M_PI * (300 + 100 * i) * double(k) / 16000;
      cosine += x[k] * std::cos(turns), sine += x[k] * std::sin(turns);
    }
    if (const double strength = std::hypot(cosine, sine); strength > strongest) strongest = strength, best = i;
  }
  return best;
}

}  // namespace

TEST_CASE("photographs and notes of one part are in no scene of another") {
  const test::folder f;
  write_instruments(f);
  const instrument_scenes from(f.path());
  CHECK(from.classes() == std::vector{instrument("piano"), instrument("violin")});
  std::map<int, std::set<part>> photo_parts, note_parts;
  for (const part which : {part::train, part::val, part::test})
    for (std::uint32_t index = 0; index < 40; ++index) {
      scene s{.players = {test::seen("violin", place::left, {{0, 30}}, 1, 4), test::seen("piano", place::right, {})}};
      for (player& p : s.players) p.look = index * 7 + p.instrument;
      const auto seen = photographs(from, s, {which, 1, index});
      REQUIRE(seen.size() == 2);
      for (const auto& [photo, thirds] : seen) {
        photo_parts[photo].insert(which);
        CHECK(thirds[photo < 16 ? 0 : 2] > side * side / 20);
        CHECK(thirds[1] < side * side / 50);
        CHECK((photo % 16 >= 12) == (which == part::test));
      }
      std::vector<float> x(16000);
      from.sound(s, {which, 1, index}, 0, x);
      for (std::size_t k = 0; k < 4; ++k) {
        const int note = note_of(std::span(x).subspan(k * 4000, 4000));
        note_parts[note].insert(which);
        CHECK((note >= 15) == (which == part::test));
      }
    }
  CHECK(photo_parts.size() > 24);  // of 32: most are seen
  CHECK(note_parts.size() > 16);   // of 20
  for (const auto& [photo, parts] : photo_parts) CHECK(parts.size() == 1);
  for (const auto& [note, parts] : note_parts) CHECK(parts.size() == 1);
}

TEST_CASE("sampled instruments are as loud as the scene says, and silent where they do not play") {
  const test::folder f;
  write_instruments(f);
  const instrument_scenes from(f.path());
  const auto level = [&](const scene& s, long first) {
    std::vector<float> x(2 * scene_rate_hz);
    from.sound(s, {}, first, x);
    double squares = 0;
    for (const float v : x) squares += double(v) * v;
    return std::sqrt(squares / double(x.size()));
  };
  const scene s{.players = {test::heard("piano", {{6, 12}}, 0.5f, 3)}};
  CHECK(level(s, 6 * scene_rate_hz) == Approx(0.03).epsilon(0.02));
  CHECK(level(s, 2 * scene_rate_hz) < 1e-3);
  CHECK(level({.voiceover = {{0, 6}}}, 2 * scene_rate_hz) > 0.01);
}

TEST_CASE("folders of instruments that do not fit are refused, as are instruments that are not in them") {
  const test::folder f;
  write_instruments(f);
  const auto refused = [&] { return test::message_of([&] { instrument_scenes(f.path()); }); };
  {
    const instrument_scenes from(f.path());
    std::vector<std::uint8_t> p(side * side * 3);
    CHECK(test::message_of<ogm::value_error>([&] { from.frame(test::solo(), {part::val}, 0, side, p); }) ==
          "avqa: there is nothing of the instrument \"pipa\" for val; draw scenes of the classes that have pictures and sounds.");
  }
  std::vector<std::uint8_t> sources(22 * notes * 2, 0);
  put(f / "sound_source.npy", sources, {22 * notes * 2});
  CHECK(test::has(refused(), "sound_class.npy: 40 rows of source 0 for \"accordion\"; one for each of its 20 notes expected."));
  put(f / "photos_rgb64.npy", std::vector<std::uint8_t>(2 * 64 * 64), {2, 64, 64});
  CHECK(test::has(refused(), "photos_rgb64.npy: shape (2, 64, 64); (dyn, 64, 64, 3) expected, where dyn is any size from 1 on."));
  CHECK(test::has(test::message_of([] { instrument_scenes("/nowhere"); }), "/nowhere/photos_rgb64.npy"));
}

TEST_CASE("a film has the frames and the sound of the whole scene") {
  const scene s{.players = {test::seen("violin", place::left, {{1, 3}})}, .length_s = 4, .steps = 4};
  const scene_film film = render_film(procedural_scenes(), s, {.index = 2}, {.side = 40, .frames_per_second = 2.5});
  CHECK((film.frames.size(0) == 10 && film.frames.size(1) == 40 && film.frames.size(2) == 40));
  CHECK(film.sound.size() == 4 * 16000);
  std::vector<std::uint8_t> picture(40 * 40 * 3);
  procedural_scenes().frame(s, {.index = 2}, 1.4f, 40, picture);
  CHECK(std::equal(picture.begin(), picture.end(), film.frames.data() + 3 * 4800));
  std::vector<float> sound(100);
  procedural_scenes().sound(s, {.index = 2}, 20'000, sound);
  CHECK(std::equal(sound.begin(), sound.end(), film.sound.begin() + 20'000));
  CHECK(test::has(test::message_of<ogm::value_error>([&] { render_film(procedural_scenes(), s, {}, {.side = 0}); }), "sides of 0 pixels"));
}

TEST_CASE("real instruments are shown and heard, where they are there", "[slow]") {
  const auto folder = test::shared("data/av_instruments");
  if (!folder) return;
  const instrument_scenes from(*folder);
  CHECK(from.classes().size() == 14);
  CHECK((from.photos().size() == 2366 && from.notes().size() == 528));
  const rendered_features features;
  std::vector<float> sound(std::size_t(features.shape().sound_count())), maps(std::size_t(features.shape().maps_count()));
  for (std::uint32_t index = 0; index < 5; ++index)
    for (const part which : {part::train, part::test}) {
      features(from, draw_scene(1, index, {.classes = from.classes()}), {which, 1, index}, sound, maps);
      for (const float x : sound) REQUIRE(std::isfinite(x));
      for (const float x : maps) REQUIRE(std::isfinite(x));
    }
}

}  // namespace instrument_scenes_test
