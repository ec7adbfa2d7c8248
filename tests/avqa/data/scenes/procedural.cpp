#include <avqa/data/scenes/procedural.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <set>
#include <vector>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

namespace procedural_test {

using namespace avqa;
namespace test = ogm::test;

namespace {

constexpr int side = 96;

std::vector<std::uint8_t> picture(const scene& s, float time_s = 0.5f, const scene_take& take = {}) {
  std::vector<std::uint8_t> out(side * side * 3, 1);
  procedural_scenes().frame(s, take, time_s, side, out);
  return out;
}
std::vector<float> sound(const scene& s, long first, long count, const scene_take& take = {}) {
  std::vector<float> out(static_cast<std::size_t>(count));
  procedural_scenes().sound(s, take, first, out);
  return out;
}
double level(const std::vector<float>& x) {
  double squares = 0;
  for (const float v : x) squares += double(v) * v;
  return std::sqrt(squares / double(x.size()));
}
/// The shares of pixels that differ in the left, the middle and the right third.
std::vector<double> changed(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  std::vector<double> out(3);
  for (int i = 0; i < side * side; ++i)
    out[std::size_t(i % side * 3 / side)] += !std::equal(&a[std::size_t(3 * i)], &a[std::size_t(3 * i)] + 3, &b[std::size_t(3 * i)]);
  for (double& x : out) x /= side * side / 3;
  return out;
}
player one(std::uint8_t instrument, place at, std::vector<interval> on = {{0, 60}}) {
  return {.instrument = instrument, .at = at, .on = std::move(on), .look = 3};
}

}  // namespace

TEST_CASE("an instrument is drawn where it stands, and nowhere else") {
  const auto empty = picture({});
  for (std::uint8_t i = 0; i < instruments.size(); ++i)
    for (const place at : {place::left, place::middle, place::right}) {
      INFO(instruments[i] << " at " << int(at));
      const auto there = changed(empty, picture({.players = {one(i, at)}}));
      CHECK(there[std::size_t(at)] > 0.05);
      CHECK(there[std::size_t(at)] > 0.85 * (there[0] + there[1] + there[2]));
    }
  player hidden = one(4, place::left);
  hidden.seen = false;
  CHECK(picture({.players = {hidden}}) == empty);
}

TEST_CASE("no two instruments look alike") {
  std::vector<std::vector<std::uint8_t>> all;
  for (std::uint8_t i = 0; i < instruments.size(); ++i) all.push_back(picture({.players = {one(i, place::middle, {})}}));
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      INFO(instruments[i] << ", " << instruments[j]);
      double difference = 0;
      for (std::size_t k = 0; k < all[i].size(); ++k) difference += std::abs(int(all[i][k]) - all[j][k]);
      CHECK(difference / double(side * side) > 5);
    }
}

TEST_CASE("what plays sways, what is silent stands still, and both are the same whenever they are drawn") {
  const scene s{.players = {one(3, place::left, {{0, 30}}), one(9, place::right, {})}};
  const auto first = picture(s, 0.5f);
  CHECK(picture(s, 0.5f) == first);
  const auto later = changed(first, picture(s, 0.7f));
  CHECK(later[0] > 0);
  CHECK(later[2] == 0);
  CHECK(picture(s, 30.5f) == picture(s, 44.5f));
  CHECK(picture(s, 0.5f, {.index = 1}) != first);
  CHECK(picture(s, 0.5f, {.seed = 2}) != first);
  CHECK(picture(s, 0.5f, {.which = part::test}) == first);
}

TEST_CASE("places are told apart by their colours, and two of them share a picture half and half") {
  const auto blue = [](const std::vector<std::uint8_t>& p, int x) {
    return int(p[std::size_t(3 * x) + 2]) - p[std::size_t(3 * x)];
  };  // of the top row
  std::set<std::vector<std::uint8_t>> all;
  for (std::uint32_t index = 0; index < 20; ++index) {
    const auto indoors = picture({.where = setting::indoor}, 0, {.index = index}),
               outdoors = picture({.where = setting::outdoor}, 0, {.index = index}),
               both = picture({.where = setting::both}, 0, {.index = index});
    CHECK((blue(outdoors, 3) > 60 && blue(outdoors, side - 4) > 60));
    CHECK((blue(indoors, 0) < 40 && blue(both, 0) < 40));
    CHECK(blue(both, side / 2 + 1) > 60);
    const auto thirds = picture({.where = setting::both, .seam = 0.25f}, 0, {.index = index});
    CHECK((blue(thirds, side / 4 - 2) < 40 && blue(thirds, side / 4 + 1) > 60));
    all.insert({indoors, outdoors, both});
  }
  CHECK(all.size() == 60);
}

TEST_CASE("a picture needs memory of its size") {
  std::vector<std::uint8_t> few(7);
  CHECK(test::message_of<ogm::shape_error>([&] { procedural_scenes().frame({}, {}, 0, 8, few); }) ==
        "avqa: 7 bytes for a picture of 8 by 8 pixels of three.");
}

TEST_CASE("an instrument sounds while it plays, as loud as it is, whatever its rhythm") {
  for (std::uint8_t i = 0; i < instruments.size(); ++i)
    for (const float onsets_hz : {0.75f, 3.f, 6.f})
      for (const float loudness : {0.25f, 1.f}) {
        INFO(instruments[i] << " " << onsets_hz << " Hz");
        player p = one(i, place::left, {{4, 8}});
        p.onsets_hz = onsets_hz, p.loudness = loudness;
        const scene s{.players = {p}};
        CHECK(level(sound(s, 4 * scene_rate_hz, 4 * scene_rate_hz)) == Approx(0.06 * loudness).epsilon(0.05));
        if (onsets_hz > 1) continue;
        CHECK(level(sound(s, 3 * scene_rate_hz, scene_rate_hz)) < 1e-3);
        CHECK(level(sound(s, 8 * scene_rate_hz, scene_rate_hz)) < 1e-3);
      }
}

TEST_CASE("a window holds what the whole sound holds there") {
  scene s = test::two_violins();
  s.players.push_back(test::heard("xylophone", {{3, 20}}, 0.5f, 6));
  const auto whole = sound(s, 0, 14 * scene_rate_hz);
  for (const auto& [first, count] : {std::pair(0L, 16000L), {100'001L, 16000L}, {95'999L, 2L}, {200'000L, 777L}}) {
    const auto window = sound(s, first, count);
    CHECK(std::equal(window.begin(), window.end(), whole.begin() + first));
  }
  CHECK(sound(s, 0, 14 * scene_rate_hz, {.seed = 2}) != whole);
}

TEST_CASE("notes begin as often as the rhythm says") {
  for (const char* const name : {"xylophone", "banjo", "drum"})
    for (const float onsets_hz : {0.75f, 1.5f, 3.f}) {
      player p = test::seen(name, place::left, {{0, 8}}, 1, onsets_hz);
      const auto x = sound({.players = {p}}, 0, 8 * scene_rate_hz);
      constexpr std::size_t hop = 320;  // 20 ms
      std::size_t onsets = 0;
      double before = 0;
      for (std::size_t at = 0; at < x.size(); at += hop) {
        double now = 0;
        for (std::size_t k = at; k < at + hop; ++k) now += double(x[k]) * x[k];
        onsets += now > 8 * before + 0.01;
        before = now;
      }
      INFO(name << " " << onsets_hz);
      CHECK(onsets == std::size_t(8 * onsets_hz));
    }
}

TEST_CASE("a voiceover is heard, and is none of the instruments'") {
  const scene speaks{.voiceover = {{2, 6}}};
  CHECK(level(sound(speaks, 2 * scene_rate_hz, 4 * scene_rate_hz)) == Approx(0.03).epsilon(0.25));  // less its pauses
  CHECK(level(sound(speaks, 0, 2 * scene_rate_hz)) < 1e-3);
  CHECK(sound(speaks, 40'000, 8000) != sound(speaks, 40'000, 8000, {.index = 1}));  // another speaker
}

}  // namespace procedural_test
