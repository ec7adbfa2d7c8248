#include <avqa/data/scenes/questions.hpp>

#include <catch2/catch.hpp>

#include <set>

#include "avqa/data/scenes/scenes.hpp"
#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

TEST_CASE("yes and no are as frequent as each other, template by template") {
  question_drawer questions(1);
  std::array<std::array<int, 3>, 33> given{};
  for (std::uint32_t i = 0; i < 3000; ++i)
    for (const scene_question& q : questions.draw(draw_scene(1, i), i, 5))
      ++given[q.number][q.answer == "yes" ? 0 : q.answer == "no" ? 1 : 2];
  for (std::size_t n = 0; n < given.size(); ++n) {
    INFO("template " << n + 1);
    const auto [yes, no, other] = given[n];
    if (question_templates[n].answers == answer_set::yes_no) {
      CHECK(std::abs(yes - no) <= 2);
      CHECK(yes > 50);  // the rarest: whether the sound is from the picture
      CHECK(int(questions.given(n, "yes")) == yes);
    } else
      CHECK(other > 80);
  }
  CHECK(questions.given(0, "violin") == 0);
  CHECK(questions.given(0, "perhaps") == 0);
}

TEST_CASE("a scene is asked different questions, from different templates first") {
  question_drawer questions(2);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto all = questions.draw(draw_scene(2, i), i, 6);
    CHECK(all.size() == 6);
    std::set<std::size_t> numbers;
    std::set<std::pair<std::size_t, std::vector<std::string>>> distinct;
    for (const scene_question& q : all) numbers.insert(q.number), distinct.emplace(q.number, q.values);
    CHECK(numbers.size() == 6);
    CHECK(distinct.size() == 6);
  }
  question_drawer one(2, {.templates = {28}, .slack = 100});
  const auto all = one.draw(test::trio(), 0, 50);
  std::set<std::vector<std::string>> distinct;
  for (const scene_question& q : all) CHECK((q.number == 28 && distinct.insert(q.values).second));
  CHECK(all.size() == 6);  // violin, piano, flute, and as many that are not there
}

TEST_CASE("even shares give rare answers more often") {
  const auto share_of_two = [](answer_shares how) {
    question_drawer questions(4, {.templates = {26}, .shares = how});  // how many of an instrument
    double two = 0, all = 0;
    for (std::uint32_t i = 0; i < 1000; ++i)
      for (const scene_question& q : questions.draw(draw_scene(4, i), i, 1)) two += q.answer == "two", ++all;
    return two / all;
  };
  CHECK(share_of_two(answer_shares::as_drawn) < 0.12);
  CHECK(share_of_two(answer_shares::even) > 0.15);
}

TEST_CASE("questions come again, and only about what is allowed") {
  question_drawer a(7), b(7), c(8);
  bool other = false;
  for (std::uint32_t i = 0; i < 50; ++i) {
    const scene s = draw_scene(7, i);
    const auto x = a.draw(s, i, 5);
    CHECK(x == b.draw(s, i, 5));
    other |= !(x == c.draw(s, i, 5));
  }
  CHECK(other);
  question_drawer few(1, {.templates = {5, 28}, .absent = {0, 1}});
  for (std::uint32_t i = 0; i < 50; ++i)
    for (const scene_question& q : few.draw(draw_scene(1, i, {.classes = {2}}), i, 5)) {
      CHECK((q.number == 5 || q.number == 28));
      CHECK((q.values[0] == "accordion" || q.values[0] == "acoustic_guitar" || q.values[0] == "bagpipe"));
    }
  CHECK(test::message_of<ogm::value_error>([] { question_drawer(1, {.templates = {33}}); }) ==
        "avqa: questions from the template 33; a number below 33 expected.");
  CHECK(test::has(test::message_of<ogm::value_error>([] { question_drawer(1, {.absent = {22}}); }), "the instrument 22"));
}

TEST_CASE("a question as a record of the annotations") {
  const annotation a = annotation_of({29, {"left", "drum"}, "violin"}, "00000007", 12);
  CHECK(a.question() == "What is the instrument on the left of drum?");
  CHECK(a.form() == &question_templates[29]);
  CHECK(a.type == question_type::visual_location);
  CHECK((a.video_id == "00000007" && a.question_id == 12u && a.answer == "violin"));
}
