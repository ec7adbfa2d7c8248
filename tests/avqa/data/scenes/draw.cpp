#include <avqa/data/scenes/draw.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

TEST_CASE("a scene is what its seed, its number and its options make of it") {
  CHECK(draw_scene(1, 7) == draw_scene(1, 7));
  CHECK_FALSE(draw_scene(1, 7) == draw_scene(1, 8));
  CHECK_FALSE(draw_scene(1, 7) == draw_scene(2, 7));
  // Pinned: the same on any machine.
  const scene s = draw_scene(11, 3);
  REQUIRE(s.players.size() == 4);
  CHECK(s.players[0] == player{.instrument = test::instrument("bagpipe"),
                               .at = place::middle,
                               .on = {{6, 54}},
                               .loudness = 0.4f,
                               .onsets_hz = 3,
                               .look = 1142798238});
  CHECK(s.players[3] == player{.instrument = test::instrument("pipa"),
                               .seen = false,
                               .on = {{0, 12}, {36, 60}},
                               .loudness = 0.63f,
                               .onsets_hz = 1.5f,
                               .look = 954888737});
}

TEST_CASE("drawn scenes are well formed, and hold everything that there is to ask about") {
  std::map<std::string, int> with;
  const int n = 4000;
  for (int i = 0; i < n; ++i) {
    const scene s = draw_scene(5, std::uint32_t(i));
    std::set<place> places;
    std::set<float> loud, rhythm;
    std::size_t seen = 0;
    REQUIRE(!s.players.empty());
    REQUIRE(s.players.size() <= 4);
    for (const player& p : s.players) {
      REQUIRE(p.instrument < instruments.size());
      if (p.seen) ++seen, places.insert(p.at);
      if (!p.seen) REQUIRE(p.sounds());
      loud.insert(p.loudness), rhythm.insert(p.onsets_hz);
      float last = -1;
      for (const interval& on : p.on) {
        REQUIRE(on.begin_s > last);  // apart: two that touch would be one
        REQUIRE(on.end_s > on.begin_s);
        REQUIRE(on.end_s <= s.length_s);
        REQUIRE(on.begin_s == 6 * float(int(on.begin_s / 6)));
        last = on.end_s;
      }
      with["silent"] += !p.sounds(), with["two stretches"] += p.on.size() == 2;
      with["throughout"] += p.sounds() && p.duration_s() == 60;
    }
    REQUIRE(seen >= 1);
    REQUIRE(places.size() == seen);
    REQUIRE(loud.size() == s.players.size());
    REQUIRE(rhythm.size() == s.players.size());
    with["voiceover"] += !s.voiceover.empty(), with["outdoor"] += s.where == setting::outdoor;
    with[std::to_string(s.players.size())] += 1;
    bool own = false;
    for (const player& p : s.players) own |= p.seen && p.sounds();
    with["foreign"] += !own && seen < s.players.size();
    with["repeated"] += s.players.size() > 1 && s.players[0].instrument == s.players[1].instrument;
  }
  CHECK(with["outdoor"] == Approx(0.4 * n).margin(150));
  CHECK(with["voiceover"] == Approx(0.3 * n).margin(150));
  CHECK(with["foreign"] > 0.08 * n);
  for (const char* often : {"silent", "two stretches", "throughout", "1", "2", "3", "4", "repeated"}) CHECK(with[often] > n / 10);
}

TEST_CASE("options are kept") {
  for (std::uint32_t i = 0; i < 300; ++i) {
    const scene s = draw_scene(1, i,
                               {.fewest = 2,
                                .most = 3,
                                .classes = {3, 5},
                                .repeated = 0,
                                .only_heard = 0,
                                .foreign = 0,
                                .silent = 0,
                                .throughout = 1,
                                .outdoor = 0,
                                .voiceover = 0,
                                .length_s = 20,
                                .steps = 4});
    CHECK((s.players.size() == 2 || s.players.size() == 3));
    CHECK((s.where == setting::indoor && s.voiceover.empty() && s.step_s() == 5));
    for (const player& p : s.players) {
      CHECK((p.instrument == 3 || p.instrument == 5));
      CHECK((p.seen && p.on == std::vector{interval{0, 20}}));
    }
  }
  const auto refused = [](const scene_options& how) { return test::message_of<ogm::value_error>([&] { draw_scene(1, 0, how); }); };
  CHECK(refused({.fewest = 3, .most = 2}) == "avqa: scenes of 3 to 2 instruments; 1 <= fewest <= most <= 4 expected.");
  CHECK(test::has(refused({.most = 5}), "of 1 to 5"));
  CHECK(refused({.classes = {22}}) == "avqa: scenes with the instrument 22; a number below 22 expected.");
  CHECK(test::has(refused({.silent = 0.7f, .throughout = 0.6f}), "with a chance of 1.3"));
  CHECK(test::has(refused({.outdoor = -1}), "with a chance of -1"));
  CHECK(test::has(refused({.steps = 0}), "in 0 steps; both must be positive."));
}
