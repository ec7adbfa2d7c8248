#include <avqa/data/scenes/questions.hpp>
#include <avqa/data/scenes/truth.hpp>

#include <catch2/catch.hpp>

#include <set>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

namespace truth_test {

using namespace avqa;
namespace test = ogm::test;
using test::heard;
using test::seen;
using values = std::vector<std::string>;

namespace {

/// The answer of a template, by its number from 1; "" where there is none.
std::string of(const scene& s, std::size_t number, const values& v = {}) {
  return answer(s, question_templates[number - 1], v).value_or("");
}

std::string in_a_mirror(const std::string& word) {
  for (const auto& [a, b] : {std::pair{"left", "right"}, {"leftest", "rightest"}}) {
    if (word == a) return b;
    if (word == b) return a;
  }
  return word;
}

}  // namespace

TEST_CASE("hand-made answers of every template: two that are seen and one that is not") {
  const scene s = test::trio();
  CHECK(of(s, 1, {"violin", "piano"}) == "yes");
  CHECK(of(s, 1, {"flute", "violin"}) == "no");
  CHECK(of(s, 1, {"violin", "tuba"}) == "");
  CHECK(of(s, 1, {"violin", "violin"}) == "");
  CHECK(of(s, 2, {"violin", "piano"}) == "no");
  CHECK(of(s, 2, {"piano", "flute"}) == "yes");
  CHECK(of(s, 3, {"violin", "piano"}) == "yes");
  CHECK(of(s, 3, {"piano", "flute"}) == "no");  // 24 and 30 s
  CHECK(of(s, 4, {"violin", "flute"}) == "yes");
  CHECK(of(s, 4, {"violin", "tuba"}) == "no");
  CHECK(of(s, 4, {"violin", "violin"}) == "");
  CHECK(of(s, 5) == "three");
  CHECK(of(s, 6, {"flute"}) == "yes");
  CHECK(of(s, 6, {"tuba"}) == "no");
  CHECK(of(s, 7, {"violin", "left", "piano", "right"}) == "yes");
  CHECK(of(s, 7, {"violin", "right", "piano", "left"}) == "");
  CHECK(of(s, 7, {"flute", "left", "piano", "right"}) == "");  // nobody sees it
  CHECK(of(s, 8, {"violin", "left", "piano", "right"}) == "no");
  CHECK(of(s, 9, {"left", "right"}) == "yes");
  CHECK(of(s, 9, {"right", "left"}) == "no");
  CHECK(of(s, 9, {"left", "middle"}) == "");
  CHECK(of(s, 9, {"left", "left"}) == "");
  CHECK(of(s, 10, {"left", "right"}) == "no");
  CHECK(of(s, 11) == "two");
  CHECK(of(s, 12) == "zero");
  CHECK(of(s, 13, {"violin"}) == "one");
  CHECK(of(s, 13, {"flute"}) == "zero");
  CHECK(of(s, 14) == "two");
  CHECK(of(s, 15, {"violin"}) == "yes");
  CHECK(of(s, 15, {"piano"}) == "no");
  CHECK(of(s, 15, {"flute"}) == "");
  CHECK(of(s, 16) == "no");
  CHECK(of(s, 17) == "");  // some of it
  CHECK(of(s, 18, {"first", "left"}) == "yes");
  CHECK(of(s, 18, {"first", "right"}) == "no");
  CHECK(of(s, 18, {"last", "left"}) == "no");  // it is the flute's
  CHECK(of(s, 18, {"first", "middle"}) == "");
  CHECK(of(s, 19, {"right", "first"}) == "piano");
  CHECK(of(s, 19, {"left", "first"}) == "");
  CHECK(of(s, 19, {"left", "last"}) == "");
  CHECK(of(s, 20, {"loudest"}) == "left");
  CHECK(of(s, 20, {"lowest"}) == "");
  CHECK(of(s, 21, {"piano"}) == "");  // both others
  CHECK(of(s, 22, {"first"}) == "violin");
  CHECK(of(s, 22, {"second"}) == "piano");
  CHECK(of(s, 22, {"third"}) == "flute");
  CHECK(of(s, 22, {"fourth"}) == "");
  CHECK(of(s, 23, {"first"}) == "left");
  CHECK(of(s, 23, {"last"}) == "");
  CHECK(of(s, 24, {"violin", "first"}) == "");
  CHECK(of(s, 25, {"before", "piano"}) == "violin");
  CHECK(of(s, 25, {"after", "piano"}) == "flute");
  CHECK(of(s, 25, {"after", "violin"}) == "");  // two do
  CHECK(of(s, 25, {"before", "violin"}) == "");
  CHECK(of(s, 26, {"violin", "piano"}) == "yes");
  CHECK(of(s, 26, {"violin", "flute"}) == "no");
  CHECK(of(s, 27, {"violin"}) == "one");
  CHECK(of(s, 27, {"flute"}) == "zero");
  CHECK(of(s, 28) == "two");
  CHECK(of(s, 29, {"piano"}) == "yes");
  CHECK(of(s, 29, {"flute"}) == "no");
  CHECK(of(s, 30, {"right", "violin"}) == "piano");
  CHECK(of(s, 30, {"left", "piano"}) == "violin");
  CHECK(of(s, 30, {"left", "violin"}) == "");
  CHECK(of(s, 30, {"middle", "violin"}) == "");
  CHECK(of(s, 31, {"leftest"}) == "violin");
  CHECK(of(s, 31, {"rightest"}) == "piano");
  CHECK(of(s, 32) == "");
  CHECK(of(s, 33) == "outdoor");
}

TEST_CASE("hand-made answers: two of a kind, and one that never sounds") {
  const scene s = test::two_violins();
  CHECK(of(s, 1, {"violin", "drum"}) == "");
  CHECK(of(s, 5) == "two");
  CHECK(of(s, 7, {"violin", "left", "violin", "middle"}) == "yes");
  CHECK(of(s, 8, {"violin", "left", "violin", "middle"}) == "");  // equally fast
  CHECK(of(s, 9, {"left", "right"}) == "");                       // the drum is silent
  CHECK(of(s, 9, {"middle", "left"}) == "no");
  CHECK(of(s, 10, {"left", "middle"}) == "");
  CHECK(of(s, 11) == "two");
  CHECK(of(s, 12) == "one");
  CHECK(of(s, 13, {"violin"}) == "two");
  CHECK(of(s, 13, {"drum"}) == "zero");
  CHECK(of(s, 14) == "one");
  CHECK(of(s, 15, {"violin"}) == "no");
  CHECK(of(s, 15, {"drum"}) == "no");
  CHECK(of(s, 16) == "yes");
  CHECK(of(s, 17) == "yes");
  CHECK(of(s, 18, {"last", "middle"}) == "yes");
  CHECK(of(s, 18, {"first", "right"}) == "no");
  CHECK(of(s, 19, {"right", "first"}) == "");  // two stand there
  CHECK(of(s, 19, {"left", "last"}) == "violin");
  CHECK(of(s, 19, {"right", "last"}) == "drum");
  CHECK(of(s, 20, {"loudest"}) == "left");
  CHECK(of(s, 20, {"lowest"}) == "middle");
  CHECK(of(s, 21, {"violin"}) == "");
  CHECK(of(s, 22, {"second"}) == "violin");
  CHECK(of(s, 23, {"last"}) == "middle");
  CHECK(of(s, 24, {"violin", "first"}) == "left");
  CHECK(of(s, 24, {"violin", "last"}) == "middle");
  CHECK(of(s, 24, {"drum", "first"}) == "");
  CHECK(of(s, 27, {"violin"}) == "two");
  CHECK(of(s, 28) == "two");
  CHECK(of(s, 30, {"left", "drum"}) == "");
  CHECK(of(s, 30, {"right", "violin"}) == "");
  CHECK(of(s, 31, {"rightest"}) == "drum");
  CHECK(of(s, 33) == "indoor");

  scene together = s;
  together.players[1].on[0].begin_s = 6;
  CHECK(of(together, 24, {"violin", "first"}) == "simultaneously");
  CHECK(of(together, 24, {"violin", "last"}) == "simultaneously");
  CHECK(of(together, 23, {"first"}) == "");
  CHECK(of(together, 22, {"first"}) == "");
  CHECK(of(together, 18, {"first", "left"}) == "");
  together.players[1].on[0].begin_s = 6.5f;  // too near to tell
  CHECK(of(together, 24, {"violin", "first"}) == "");
  scene louder = s;  // both violins are louder than the drum: which is meant does not matter
  louder.players[2].on = {{0, 60}}, louder.players[2].loudness = 0.25f;
  CHECK(of(louder, 1, {"violin", "drum"}) == "yes");
  louder.players[2].loudness = 0.7f;
  CHECK(of(louder, 1, {"violin", "drum"}) == "");
  CHECK(of(louder, 25, {"before", "violin"}) == "");
}

TEST_CASE("hand-made answers: alone, and with the sound of something else") {
  const scene alone = test::solo();
  CHECK(of(alone, 15, {"pipa"}) == "yes");
  CHECK(of(alone, 17) == "yes");
  CHECK(of(alone, 20, {"loudest"}) == "");
  CHECK(of(alone, 21, {"pipa"}) == "");
  CHECK(of(alone, 23, {"first"}) == "right");
  CHECK(of(alone, 31, {"leftest"}) == "");
  CHECK(of(alone, 32) == "pipa");

  const scene other = test::foreign();
  CHECK(of(other, 5) == "one");
  CHECK(of(other, 6, {"tuba"}) == "yes");
  CHECK(of(other, 6, {"cello"}) == "no");
  CHECK(of(other, 11) == "zero");
  CHECK(of(other, 12) == "one");
  CHECK(of(other, 15, {"cello"}) == "no");
  CHECK(of(other, 17) == "no");
  CHECK(of(other, 18, {"first", "middle"}) == "no");
  CHECK(of(other, 32) == "cello");
  scene alike = other;
  alike.players[1].instrument = alike.players[0].instrument;
  CHECK(of(alike, 17) == "");  // who could tell?
  scene nothing = other;
  nothing.players.pop_back();
  CHECK(of(nothing, 17) == "");
  CHECK(of(nothing, 5) == "zero");

  scene duet = test::trio();
  duet.players.pop_back();
  CHECK(of(duet, 21, {"violin"}) == "piano");
  CHECK(of(duet, 21, {"piano"}) == "violin");
  duet.players[0].on = {{0, 12}};
  CHECK(of(duet, 21, {"piano"}) == "");
  duet.players[0].on = {{0, 12.5f}};  // half a second together
  CHECK(of(duet, 21, {"piano"}) == "");
  CHECK(of(duet, 3, {"piano", "violin"}) == "yes");
  duet.players[0].on = duet.players[1].on;
  CHECK(of(duet, 3, {"piano", "violin"}) == "no");
  CHECK(of(duet, 25, {"before", "piano"}) == "");
  duet.where = setting::both;
  CHECK(of(duet, 33) == "");
}

TEST_CASE("what an answer is asked with is checked") {
  const auto refused = [](const question_template& form, const values& v) {
    return test::message_of<ogm::value_error>([&] { answer(test::solo(), form, v); });
  };
  CHECK(test::has(refused({"Is it?", question_type::audio_counting, answer_set::yes_no}, {}), "\"Is it?\" is none of the 33."));
  CHECK(test::has(refused(question_templates[0], {"violin"}), "has 2 placeholder(s) and was given 1 value(s)"));
  CHECK(test::has(refused(question_templates[28], {"kazoo"}), "has \"kazoo\" for <Object>; one of accordion"));
}

TEST_CASE("laws of the answers, over many scenes and questions") {
  question_drawer questions(3, {.shares = answer_shares::as_drawn, .slack = 1'000'000});
  std::array<std::set<std::string>, 33> answers;
  std::size_t asked = 0;
  for (std::uint32_t i = 0; i < 1500; ++i) {
    const scene s = draw_scene(3, i);
    scene turned = s;
    std::rotate(turned.players.begin(), turned.players.begin() + 1, turned.players.end());
    scene quiet = s;
    for (player& p : quiet.players) p.loudness *= 0.5f;
    for (const scene_question& q : questions.draw(s, i, 40)) {
      ++asked;
      answers[q.number].insert(q.answer);
      REQUIRE(contains(q.form().answers, q.answer));
      REQUIRE(of(s, q.number + 1, q.values) == q.answer);
      CHECK(of(turned, q.number + 1, q.values) == q.answer);  // the order in which players are listed means nothing
      CHECK(of(quiet, q.number + 1, q.values) == q.answer);   // nor does the volume
      values flipped = q.values;
      for (std::string& v : flipped) v = in_a_mirror(v);
      CHECK(of(mirrored(s), q.number + 1, flipped) == in_a_mirror(q.answer));
      if (q.number < 2) CHECK(of(s, q.number + 1, {q.values[1], q.values[0]}) == (q.answer == "yes" ? "no" : "yes"));
    }
  }
  CHECK(asked > 30'000);
  for (std::size_t n = 0; n < answers.size(); ++n) {
    INFO("template " << n + 1);
    const auto set = question_templates[n].answers;
    CHECK(answers[n].size() >= (set == answer_set::count ? 2 : answers_in(set).size()));
  }
}

}  // namespace truth_test
