#include <avqa/question/answers.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

TEST_CASE("the published answers keep their classes") {
  const answer_list answers;
  CHECK(answers.size() == 42);
  const std::map<std::string, std::int32_t> some{{"two", 0},
                                                 {"cello", 1},
                                                 {"zero", 3},
                                                 {"no", 4},
                                                 {"yes", 7},
                                                 {"one", 8},
                                                 {"more than ten", 20},
                                                 {"indoor", 22},
                                                 {"saxophone", 23},
                                                 {"middle", 26},
                                                 {"outdoor", 27},
                                                 {"electric_bass", 32},
                                                 {"ten", 33},
                                                 {"simultaneously", 36},
                                                 {"xylophone", 39},
                                                 {"suona", 41}};
  for (const auto& [name, id] : some) {
    CHECK(answers.id(name) == id);
    CHECK(answers[id] == name);
  }
}

TEST_CASE("the answer sets cover the answers, and overlap in the sides only") {
  std::map<std::string_view, int> times;
  for (const auto set : {answer_set::yes_no, answer_set::count, answer_set::instrument, answer_set::side, answer_set::side_or_together,
                         answer_set::surroundings})
    for (const std::string_view answer : answers_in(set)) {
      ++times[answer];
      CHECK(contains(set, answer));
    }
  CHECK(times.size() == published_answers.size());
  for (const std::string_view answer : published_answers) {
    const bool side = answer == "left" || answer == "middle" || answer == "right";
    CHECK(times[answer] == (side ? 2 : 1));
  }
  CHECK_FALSE(contains(answer_set::side, "simultaneously"));
  CHECK_FALSE(contains(answer_set::yes_no, ""));
  CHECK_FALSE(contains(answer_set::count, "violin"));
  CHECK(std::is_sorted(instruments.begin(), instruments.end()));
}

TEST_CASE("another order comes from a file") {
  const test::folder f;
  const answer_list other = answer_list::load(f.write("a.txt", "yes\nno\nmore than ten\n"));
  CHECK(other.id("no") == 1);
  CHECK(other[2] == "more than ten");
  other.save(f / "b.txt");
  CHECK(answer_list::load(f / "b.txt") == other);
  CHECK_FALSE(other.find("violin"));
  CHECK(test::has(test::message_of<ogm::value_error>([&] { other.id("violin"); }), "the answer \"violin\" is none of the 3 answers"));
  CHECK(test::has(test::message_of<ogm::value_error>([&] { other[3]; }), "word 3 of a list of 3"));
}
