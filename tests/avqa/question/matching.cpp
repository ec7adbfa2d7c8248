#include <avqa/question/matching.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using strings = std::vector<std::string>;

TEST_CASE("every template matches itself, unfilled and filled with everything") {
  for (std::size_t number = 0; number < question_templates.size(); ++number) {
    const question_template& form = question_templates[number];
    const auto open = match_question(form.text);
    REQUIRE(open);
    CHECK(open->number == number);
    CHECK(open->values.empty());
    std::vector<std::span<const std::string_view>> fillers;
    for (std::size_t at = 0; (at = form.text.find('<', at)) != form.text.npos; ++at)
      fillers.push_back(fillers_of(form.text.substr(at, form.text.find('>', at) + 1 - at)));
    for (std::size_t i = 0; i < instruments.size(); ++i)
      for (std::size_t j = 0; j < instruments.size(); ++j) {
        strings values;
        for (std::size_t k = 0; k < fillers.size(); ++k) values.emplace_back(fillers[k][(k % 2 ? i : j) % fillers[k].size()]);
        const auto match = match_question(fill_template(form, values));
        REQUIRE(match);
        REQUIRE(match->number == number);
        REQUIRE(match->values == values);
      }
  }
}

TEST_CASE("case, spaces, marks, articles, plurals and everyday names do not matter") {
  const auto same = [](std::string_view typed, std::size_t number, const strings& values) {
    INFO(typed);
    const auto match = match_question(typed);
    REQUIRE(match);
    CHECK(match->number == number);
    CHECK(match->values == values);
    CHECK(&match->form() == &question_templates[number]);
  };
  same("Is the violin louder than the piano?", 0, {"violin", "piano"});
  same("  is the VIOLIN louder\tthan the piano ", 0, {"violin", "piano"});
  same("Is the acoustic guitar louder than the electric bass?!", 0, {"acoustic_guitar", "electric_bass"});
  same("Is the guitar louder than the bass?", 0, {"acoustic_guitar", "electric_bass"});
  same("Is the bassoon louder than the congas?", 0, {"bassoon", "congas"});
  same("Is there an erhu sound?", 5, {"erhu"});
  same("Is there an acoustic guitar sound?", 5, {"acoustic_guitar"});
  same("How many sounding violins in the video?", 12, {"violin"});
  same("How many acoustic guitars are in the entire video", 26, {"acoustic_guitar"});
  same("How many electric basses are in the entire video?", 26, {"electric_bass"});
  same("how many congas are in the entire video\xEF\xBC\x9F", 26, {"congas"});
  same("What kind of instrument is the leftmost instrument?", 30, {"leftest"});
  same("Where is the quietest instrument?", 19, {"lowest"});
  same("Is the violin, on the left, louder than the \"cello\" on the right?", 6, {"violin", "left", "cello", "right"});
  same("\xE2\x80\x9CWhere\xC2\xA0is the \xE2\x80\x98performance\xE2\x80\x99?\xE2\x80\x9D", 32, {});
  same("where is the performance", 32, {});
}

TEST_CASE("a question that fits no template is not forced into one") {
  for (const char* none :
       {"", "?", "Is the kazoo louder than the piano?", "Is the violin louder than the <Object>?", "Where is the performance now?",
        "Where is the middle instrument?", "Is the violins' louder than", "Where is the lefts instrument?", "<Object>"}) {
    INFO(none);
    CHECK_FALSE(match_question(none));
  }
}

TEST_CASE("the error says which template is nearest, and which word is wrong") {
  const auto refused = [](const char* text) { return test::message_of<ogm::value_error>([&] { understand_question(text); }); };
  CHECK(understand_question("Where is the performance?").number == 32);
  const std::string kazoo = refused("Is the kazoo louder than the piano?");
  CHECK(test::has(kazoo,
                  "avqa: the question \"Is the kazoo louder than the piano?\" fits none of the 33 templates; the nearest is \"Is the "
                  "<Object> louder than the <Object>?\""));
  CHECK(test::has(kazoo, "has for word 3, \"kazoo\", one of accordion, acoustic_guitar,"));
  CHECK(test::has(refused("Where was the performance?"),
                  "the nearest is \"Where is the performance?\", which has for word 2, \"was\", \"is\"."));
  CHECK(test::has(refused("Is a voiceover there in it?"), "the nearest is \"Is there a voiceover?\"."));
  CHECK(test::has(refused(""), "fits none of the 33 templates"));
}
