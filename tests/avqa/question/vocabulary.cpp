#include <avqa/question/vocabulary.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using test::has;
using test::message_of;

TEST_CASE("the published words keep their numbers") {
  const vocabulary words;
  CHECK(words.size() == 93);
  CHECK(vocabulary::pad == words.id("<pad>"));
  CHECK(words.id("How") == 1);
  CHECK(words.id("is") == 13);
  CHECK(words.id("Is") == 24);
  CHECK(words.id("guzheng") == 30);
  CHECK(words.id("violin") == 41);
  CHECK(words.id("acoustic_guitar") == 52);
  CHECK(words.id("middle") == 64);
  CHECK(words.id("tuba") == 67);
  CHECK(words.id("rightest") == 77);
  CHECK(words.id("Are") == 81);
  CHECK(words.id("throughout") == 92);
  CHECK_FALSE(words.unknown());
  for (std::size_t i = 0; i < words.size(); ++i) CHECK(words.find(words.words()[i]) == std::int32_t(i));
}

TEST_CASE("a word that is not there is an error that says what nearly is") {
  const vocabulary words;
  CHECK_FALSE(words.find("kazoo"));
  CHECK(message_of<ogm::value_error>([&] { words.id("kazoo"); }) == "avqa: the word \"kazoo\" is none of the 93 words of the vocabulary.");
  CHECK(has(message_of<ogm::value_error>([&] { words.id("what"); }), "\"What\" is, and the option fold_case takes one for the other"));
}

TEST_CASE("<unk> comes after the words that checkpoints number") {
  const vocabulary words({.unknown = true});
  CHECK(words.size() == 94);
  CHECK(words.unknown() == 93);
  CHECK(words.id("kazoo") == 93);
  CHECK(words.id("what") == 93);
  CHECK(words.id("") == 93);
  const vocabulary published;
  for (const std::string& word : published.words()) CHECK(words.id(word) == published.id(word));
}

TEST_CASE("case is folded only where the word is not there as it is written") {
  const vocabulary words({.fold_case = true}), published;
  CHECK(words.size() == 93);
  for (const std::string& word : published.words()) CHECK(words.id(word) == published.id(word));
  CHECK(words.id("what") == words.id("What"));
  CHECK(words.id("VIOLIN") == words.id("violin"));
  CHECK(words.id("IS") == words.id("is"));  // the smaller number of "is" and "Is"
  CHECK_FALSE(words.find("kazoo"));
  const vocabulary both({.unknown = true, .fold_case = true});
  CHECK(both.id("WHAT") == words.id("What"));
  CHECK(both.id("kazoo") == 93);
}

TEST_CASE("a vocabulary survives save and load") {
  const test::folder f;
  for (const bool unknown : {false, true}) {
    const vocabulary words({.unknown = unknown});
    words.save(f / "v.txt");
    CHECK(vocabulary::load(f / "v.txt") == words);
    CHECK(vocabulary::load(f / "v.txt", {.unknown = true}) == vocabulary({.unknown = true}));
    CHECK(vocabulary::load(f / "v.txt", {.fold_case = true}).id("what") == 9);
  }
  CHECK(vocabulary::load(f.write("w.txt", "<pad>\na\n")).words() == std::vector<std::string>{"<pad>", "a"});
}

TEST_CASE("a list that is no vocabulary is refused with the file") {
  const test::folder f;
  const auto load = [&](const std::string& text) { return message_of([&] { vocabulary::load(f.write("v.txt", text)); }); };
  CHECK(has(load(""), "v.txt: a vocabulary without words; the first must be \"<pad>\"."));
  CHECK(has(load("How\n<pad>\n"), "v.txt: a vocabulary whose first word is \"How\"; \"<pad>\" expected."));
  CHECK(has(load("<pad>\n<unk>\nHow\n"), "v.txt: a vocabulary whose word 1 is \"<unk>\"; it must be the last"));
  CHECK(has(load("<pad>\nHow\nHow\n"), "v.txt: line 3"));
  CHECK(has(message_of<ogm::value_error>([] { vocabulary words(word_list({"How"})); }), "avqa: a vocabulary whose first word is \"How\""));
}
