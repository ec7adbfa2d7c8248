#include <avqa/data/scenes/composer.hpp>
#include <avqa/features/store.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <iostream>
#include <numeric>
#include <set>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using test::instrument;

namespace {

template <class T> void put(const test::folder& f, const std::string& name, const std::vector<T>& values, ogm::size_type columns = 0) {
  std::vector<ogm::size_type> shape{ogm::size_type(values.size())};
  if (columns > 0) shape = {ogm::size_type(values.size()) / columns, columns};
  ogm::data::npy::write<T>(f / (name + ".npy"), values, shape);
}

/// Violins and pianos, 24 photographs and 2 x 16 notes of each; the last quarter of each kind is the test's.
void write_instruments(const test::folder& f) {
  ogm::random::generator g({.seed = 9});
  std::vector<float> pictures, notes;
  std::vector<std::uint8_t> picture_class, picture_split, note_class, note_split, note_source;
  for (const std::uint8_t c : {instrument("violin"), instrument("piano")}) {
    for (int i = 0; i < 24; ++i) {
      for (int k = 0; k < 6; ++k) pictures.push_back(g.normal() + float(c));
      picture_class.push_back(c), picture_split.push_back(i >= 18);
    }
    for (std::uint8_t source = 0; source < 2; ++source)
      for (int i = 0; i < 16; ++i) {
        for (int k = 0; k < 5; ++k) notes.push_back(g.normal() - float(c));
        note_class.push_back(c), note_split.push_back(i >= 12), note_source.push_back(source);
      }
  }
  put(f, "photo_mobilenetv2_1280", pictures, 6), put(f, "photo_class", picture_class), put(f, "photo_split", picture_split);
  put(f, "sound_yamnet1024", notes, 5), put(f, "sound_class", note_class), put(f, "sound_split", note_split);
  put(f, "sound_source", note_source);
}

struct composed {
  feature_shape shape;
  std::vector<float> sound, maps;

  composed(const scene_composer& from, const scene& s, part which, std::uint32_t index = 0)
      : shape(from.shape()), sound(std::size_t(shape.sound_count())), maps(std::size_t(shape.maps_count())) {
    from.compose(s, which, 1, index, sound, maps);
  }
  std::vector<float> cell(int t, ogm::size_type y, ogm::size_type x) const {
    std::vector<float> out;
    for (ogm::size_type c = 0; c < shape.channels; ++c)
      out.push_back(maps[std::size_t(((t * shape.channels + c) * shape.height + y) * shape.width + x)]);
    return out;
  }
  std::vector<float> step(int t) const { return {sound.begin() + t * shape.sound, sound.begin() + (t + 1) * shape.sound}; }
};

/// The rows of a table that are equal to a vector, times a factor.
template <class Row> std::vector<std::size_t> rows_like(const std::vector<float>& vector, std::size_t rows, float factor, const Row& row) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < rows; ++i) {
    bool same = true;
    for (std::size_t k = 0; k < vector.size(); ++k) same &= std::abs(vector[k] - factor * row(i)[k]) <= 1e-4f;
    if (same) out.push_back(i);
  }
  return out;
}

scene duet() {
  return {.players = {test::seen("violin", place::left, {{0, 30}}, 0.5f, 2), test::seen("piano", place::right, {{36, 60}}, 1, 2)}};
}

}  // namespace

TEST_CASE("rows of instruments are each of one part, and voices are kept apart") {
  const std::vector<std::uint8_t> classes(40, 3), kinds = [] {
    std::vector<std::uint8_t> out(40, 0);
    std::fill(out.begin() + 20, out.end(), std::uint8_t(2));
    return out;
  }();
  std::vector<std::uint8_t> held_out(40, 0);
  held_out[0] = held_out[39] = 1;
  const instrument_rows rows(classes, held_out, kinds);
  std::set<std::uint32_t> seen;
  for (const part p : {part::train, part::val, part::test}) {
    CHECK(rows.has(3, p));
    CHECK_FALSE(rows.has(4, p));
    for (std::uint32_t number = 0; number < 2; ++number)
      for (const std::uint32_t row : rows.of(3, p, number)) {
        CHECK(rows.part_of(row) == p);
        CHECK(kinds[row] == 2 * number);
        CHECK(seen.insert(row).second);
      }
  }
  CHECK(seen.size() == 40);
  CHECK(rows.of(3, part::val, 0).size() == 2);
  CHECK(test::message_of<ogm::value_error>([&] { rows.of(4, part::val, 0); }) ==
        "avqa: there is nothing of the instrument \"bassoon\" for val; draw scenes of the classes that have pictures and sounds.");
}

TEST_CASE("a photograph fills a box in its third, and a step sounds as its notes do, all of the right part") {
  const test::folder f;
  write_instruments(f);
  const instrument_features from(f.path(), 4);
  CHECK(from.classes() == std::vector{instrument("piano"), instrument("violin")});
  const scene_composer exact(from, {.height = 6, .width = 9, .noise = 0, .rhythm = 0});
  for (const part which : {part::train, part::val, part::test})
    for (std::uint32_t index = 0; index < 10; ++index) {
      scene s = duet();
      s.players[0].look = index * 7, s.players[1].look = index * 5 + 1;
      const composed c(exact, s, which, index);
      std::size_t cells[2]{};
      for (ogm::size_type y = 0; y < 6; ++y)
        for (ogm::size_type x = 0; x < 9; ++x) {
          const auto photos = rows_like(c.cell(0, y, x), from.photos().size(), 1, [&](std::size_t i) { return from.photo(i); });
          CHECK(c.cell(0, y, x) == c.cell(9, y, x));
          if (photos.empty()) {
            CHECK(c.cell(0, y, x) == c.cell(0, y, 4));  // the background, as in the empty middle
            continue;
          }
          REQUIRE(photos.size() == 1);
          const bool piano = photos[0] >= 24;
          CHECK((piano ? x >= 6 : x < 3));
          CHECK(from.photos().part_of(photos[0]) == which);
          CHECK((photos[0] % 24 >= 18) == (which == part::test));
          ++cells[piano];
        }
      for (const std::size_t n : cells) CHECK(n >= 2 * 3);
      for (int t = 0; t < 10; ++t) {
        const float loudness = t < 5 ? 0.5f : t > 5 ? 1.f : 0.f;  // silence between the two
        const auto notes = rows_like(c.step(t), from.sounds().size(), std::sqrt(loudness), [&](std::size_t i) { return from.sound(i); });
        if (t == 5) {
          CHECK(c.step(t) == std::vector<float>(4, 0.f));
          continue;
        }
        REQUIRE(notes.size() == 1);
        CHECK((notes[0] >= 32) == (t > 5));
        CHECK(from.sounds().part_of(notes[0]) == which);
        CHECK((notes[0] % 16 >= 12) == (which == part::test));
      }
    }
}

TEST_CASE("loudness, rhythm, voices, surroundings and noise are all in the features") {
  const test::folder f;
  write_instruments(f);
  const instrument_features from(f.path(), 4);
  const scene_composer exact(from, {.noise = 0}), noisy(from, {.noise = 0.2f});
  const auto differ = [&](const scene& a, const scene& b) {
    const composed x(exact, a, part::train), y(exact, b, part::train);
    return std::pair(x.sound != y.sound, x.maps != y.maps);
  };
  const scene s = duet();
  CHECK(differ(s, s) == std::pair(false, false));
  scene other = s;
  other.players[0].loudness = 1;
  CHECK(differ(s, other) == std::pair(true, false));
  other = s, other.players[0].onsets_hz = 4;
  CHECK(differ(s, other) == std::pair(true, false));
  other = s, other.voiceover = {{0, 6}};
  CHECK(differ(s, other) == std::pair(true, false));
  other = s, other.where = setting::outdoor;
  CHECK(differ(s, other) == std::pair(false, true));
  other.where = setting::both;
  const composed halves(exact, other, part::train), indoors(exact, s, part::train);
  CHECK(halves.cell(0, 0, 4) != indoors.cell(0, 0, 4));
  CHECK(halves.cell(0, 0, 2) == indoors.cell(0, 0, 2));
  other.seam = 0.3f;
  const composed thirds(exact, other, part::train);
  CHECK(thirds.cell(0, 0, 2) == halves.cell(0, 0, 4));
  other = s, other.players[0].seen = false;
  CHECK(differ(s, other).second);
  CHECK(differ(s, mirrored(s)) == std::pair(false, true));

  double square = 0;  // of what the noise adds
  const composed with(noisy, s, part::train), without(exact, s, part::train);
  for (std::size_t i = 0; i < with.maps.size(); ++i) square += std::pow(double(with.maps[i]) - without.maps[i], 2);
  CHECK(std::sqrt(square / double(with.maps.size())) == Approx(0.2).epsilon(0.05));
  CHECK(composed(noisy, s, part::train).maps == with.maps);
  CHECK(composed(noisy, s, part::train, 1).maps != with.maps);
}

TEST_CASE("what cannot be composed is refused, and what can goes to a store") {
  const test::folder f;
  write_instruments(f);
  const instrument_features from(f.path(), 4);
  const scene_composer composer(from);
  const auto refused = [&](const scene& s) { return test::message_of<ogm::value_error>([&] { composed(composer, s, part::train); }); };
  CHECK(test::has(refused(test::solo()), "there is nothing of the instrument \"pipa\" for train"));
  scene longer = duet();
  longer.steps = 12;
  CHECK(refused(longer) == "avqa: a scene of 12 steps for features of 10.");
  CHECK(test::has(test::message_of<ogm::value_error>([&] { scene_composer(from, {.width = 2}); }), "on maps of 7 by 2 cells"));
  std::vector<float> few(3);
  CHECK(test::has(test::message_of<ogm::shape_error>([&] { composer.compose(duet(), part::train, 1, 0, few, few); }),
                  "3 floats for its sound"));

  const collection_options how{.train = 6, .val = 0, .test = 3, .scenes = {.classes = from.classes()}};
  const auto clips = draw_part(part::test, how);
  store_writer to(f / "scenes.features", composer.shape());
  std::vector<std::size_t> told;
  add_scenes(to, composer, clips, part::test, how.seed, [&](std::size_t done) { told.push_back(done); });
  CHECK(told == std::vector<std::size_t>{3});
  to.finish();
  const feature_store store(f / "scenes.features");
  CHECK(store.videos().names() == std::vector<std::string>{"00000006", "00000007", "00000008"});
  const composed c(composer, clips[1].what, part::test, 7);
  std::vector<float> sound(c.sound.size()), maps(c.maps.size());
  store.read(1, sound, maps);
  CHECK((sound == c.sound && maps == c.maps));

  put(f, "photo_split", std::vector<std::uint8_t>{1, 0});
  CHECK(
      test::has(test::message_of([&] { instrument_features(f.path(), 4); }), "photo_split.npy: shape (2); one number for each of 48 rows"));
  put(f, "photo_split", std::vector<std::uint8_t>(48, 2));
  CHECK(test::has(test::message_of([&] { instrument_features(f.path(), 4); }), "row 0 is 2; a number below 2 expected."));
}

TEST_CASE("instruments that were photographed and recorded, where they are there", "[slow]") {
  const auto folder = test::shared("data/av_instruments");
  if (!folder) return;
  const instrument_features from(*folder);
  CHECK(from.classes().size() == 14);
  CHECK(from.photos().size() == 2366);
  CHECK(from.sounds().size() == 1610);
  // A nearest-centroid rule from the training rows knows the test's: what 128 dimensions keep.
  const auto known = [&](const instrument_rows& rows, const auto& vector, std::uint32_t voices) {
    std::vector<std::vector<double>> centre(instruments.size());
    for (const std::uint8_t c : from.classes()) {
      auto& own = centre[c] = std::vector<double>(128);
      for (std::uint32_t v = 0; v < voices; ++v)
        for (const std::uint32_t row : rows.of(c, part::train, v))
          for (std::size_t k = 0; k < 128; ++k) own[k] += vector(row)[k];
      const double length = std::sqrt(std::inner_product(own.begin(), own.end(), own.begin(), 0.0));
      for (double& x : own) x /= length;
    }
    double right = 0, all = 0;
    for (const std::uint8_t c : from.classes())
      for (const std::uint32_t row : rows.of(c, part::test, 0)) {
        std::uint8_t best = c;
        double highest = -1e9;
        for (const std::uint8_t other : from.classes()) {
          const double like = std::inner_product(centre[other].begin(), centre[other].end(), vector(row).begin(), 0.0);
          if (like > highest) highest = like, best = other;
        }
        right += best == c, ++all;
      }
    return right / all;
  };
  const double photos = known(
      from.photos(), [&](std::size_t i) { return from.photo(i); }, 1);
  const double sounds = known(
      from.sounds(), [&](std::size_t i) { return from.sound(i); }, 2);
  std::cout << "nearest centroid of 14: photographs " << photos << ", sounds " << sounds << '\n';
  CHECK(photos > 0.85);
  CHECK(sounds > 0.6);
}
