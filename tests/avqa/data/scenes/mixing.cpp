#include <avqa/data/music_avqa.hpp>
#include <avqa/data/scenes/mixing.hpp>
#include <avqa/data/scenes/truth.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <optional>
#include <set>
#include <string>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {

/// The answer of a template, by its number from 1 on.
std::optional<std::string> of(const scene& s, std::size_t number, const std::vector<std::string>& values = {}) {
  return answer(s, question_templates[number - 1], values);
}
scene violin() { return {.players = {test::seen("violin", place::middle, {{0, 30}}, 0.5f, 1)}, .voiceover = {{0, 12}}}; }
scene tuba() {
  return {.players = {test::seen("tuba", place::left, {{12, 60}}, 1, 4)}, .voiceover = {{6, 18}, {30, 36}}, .where = setting::outdoor};
}

}  // namespace

TEST_CASE("an overlay shows one scene and sounds as two") {
  const scene s = overlaid(violin(), tuba());
  CHECK(of(s, 5) == "two");            // heard
  CHECK(of(s, 6, {"tuba"}) == "yes");  // sounds
  CHECK(of(s, 29, {"tuba"}) == "no");  // is there
  CHECK(of(s, 32) == "violin");        // what it is
  CHECK(of(s, 33) == "indoor");
  CHECK(of(s, 1, {"tuba", "violin"}) == "yes");  // louder
  CHECK(of(s, 3, {"tuba", "violin"}) == "yes");  // longer
  CHECK(s.voiceover == std::vector<interval>{{0, 18}, {30, 36}});
}

TEST_CASE("a matching shows one scene and sounds as the other") {
  const scene s = matched(violin(), tuba());
  CHECK(of(s, 5) == "one");
  CHECK(of(s, 6, {"violin"}) == "no");
  CHECK(of(s, 12) == "one");  // did not sound
  CHECK(of(s, 17) == "no");   // the sound is not from the picture
  CHECK(of(s, 32) == "violin");
  CHECK(s.voiceover == tuba().voiceover);
  scene with_hidden = violin();
  with_hidden.players.push_back(test::heard("flute"));
  CHECK(matched(with_hidden, tuba()) == s);
}

TEST_CASE("a stitching shows two scenes and sounds as one") {
  const scene s = stitched(violin(), tuba(), true);
  CHECK(of(s, 31, {"leftest"}) == "violin");
  CHECK(of(s, 31, {"rightest"}) == "tuba");
  CHECK(of(s, 5) == "one");
  CHECK(of(s, 6, {"tuba"}) == "no");
  CHECK(of(s, 12) == "one");
  CHECK((s.where == setting::both && s.seam == 0.5f));
  CHECK(s.voiceover == violin().voiceover);
  const scene other = stitched(violin(), tuba(), false);
  CHECK(of(other, 6, {"tuba"}) == "yes");
  CHECK(other.voiceover == tuba().voiceover);
  CHECK(stitched(violin(), violin(), true).where == setting::indoor);

  scene duet = violin();
  duet.players.push_back(test::seen("piano", place::left));
  const scene three = stitched(duet, tuba(), true);
  CHECK(three.seam == Approx(2 / 3.));
  CHECK(of(three, 31, {"leftest"}) == "piano");
  CHECK(of(three, 30, {"left", "violin"}) == "piano");
  CHECK(of(three, 30, {"right", "violin"}) == "tuba");
  CHECK(stitched(tuba(), duet, true).seam == Approx(1 / 3.));
}

TEST_CASE("what cannot be mixed is refused") {
  const auto refused = [](const auto& f) { return test::message_of<ogm::value_error>(f); };
  scene longer = violin();
  longer.length_s = 30;
  CHECK(refused([&] { overlaid(longer, tuba()); }) ==
        "avqa: a scene of 30.000000 s in 10 steps cannot be mixed with one of 60.000000 s in 10.");
  CHECK(test::has(refused([&] { stitched(violin(), longer, true); }), "cannot be mixed"));
  CHECK(test::has(refused([] { stitched(test::two_violins(), tuba(), true); }),
                  "scenes with 3 and 1 instruments to be seen cannot be stitched"));
  CHECK(test::has(refused([] { stitched(tuba(), {}, true); }), "with 1 and 0"));
  CHECK(test::has(refused([] { draw_mixture(1, 1u << 30, mixing::overlay, false); }), "the mixture 1073741824;"));
}

TEST_CASE("laws of drawn mixtures") {
  std::set<std::string> prefixes;
  for (const mixing how : {mixing::overlay, mixing::stitching, mixing::matching})
    for (const bool ensemble : {false, true}) {
      const std::string prefix(prefix_of(how, ensemble));
      INFO(prefix);
      prefixes.insert(prefix);
      CHECK(origin_of(prefix + "00000001") == video_origin::synthetic);
      std::array<int, 3> sounding{};
      for (std::uint32_t index = 0; index < 200; ++index) {
        const scene s = draw_mixture(7, index, how, ensemble);
        CHECK(s == draw_mixture(7, index, how, ensemble));
        std::size_t seen = 0, heard_only = 0, seen_and_heard = 0;
        std::set<place> places;
        for (const player& p : s.players) {
          seen += p.seen, heard_only += !p.seen && p.sounds(), seen_and_heard += p.seen && p.sounds();
          if (p.seen) CHECK(places.insert(p.at).second);
          if (p.seen && p.sounds()) ++sounding[std::size_t(p.at)];
        }
        CHECK(seen == (how == mixing::stitching ? 2u : 1u) + ensemble);
        CHECK(heard_only == (how == mixing::stitching ? 0u : 1u + ensemble));
        if (how == mixing::matching) CHECK(seen_and_heard == 0);
        if (how == mixing::stitching) CHECK((seen_and_heard > 0 && seen_and_heard < seen));
        for (std::size_t i = 1; i < s.voiceover.size(); ++i) CHECK(s.voiceover[i - 1].end_s < s.voiceover[i].begin_s);
      }
      if (how == mixing::stitching)  // either side sounds
        CHECK((sounding[0] > 50 && sounding[2] > 50));
    }
  CHECK(prefixes == std::set<std::string>{"eva", "evv", "esa", "va", "vv", "sa"});
}
