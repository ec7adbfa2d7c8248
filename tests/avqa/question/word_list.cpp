#include <avqa/question/word_list.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

namespace test = ogm::test;

using avqa::word_list;
using test::has;
using test::message_of;

namespace {
word_list parse(const std::string& text) { return word_list::parse(ogm::data::as_byte_span(text), "w.txt"); }
}  // namespace

TEST_CASE("a word's number is its position, and a new word gets the next") {
  word_list list({"b", "more than ten", "a"});
  for (std::size_t i = 0; i < list.size(); ++i) CHECK(list.find(list[std::int32_t(i)]) == std::int32_t(i));
  CHECK_FALSE(list.find("c"));
  CHECK_FALSE(list.find(""));
  CHECK(list.find_or_append("a") == 2);
  CHECK(list.find_or_append("c") == 3);
  CHECK(list.find_or_append("c") == 3);
  CHECK(list.words() == std::vector<std::string>{"b", "more than ten", "a", "c"});
}

TEST_CASE("a list survives save and load") {
  const test::folder f;
  const word_list list({"<pad>", "more than ten", "\xEF\xBC\x9F"});
  list.save(f / "w.txt");
  CHECK(test::text_of(f / "w.txt") == "<pad>\nmore than ten\n\xEF\xBC\x9F\n");
  CHECK(word_list::load(f / "w.txt") == list);
  CHECK(parse("a\r\nb") == word_list({"a", "b"}));
  CHECK(parse("\xEF\xBB\xBF"
              "a\nb") == word_list({"a", "b"}));  // a byte order mark
  CHECK(parse("").size() == 0);
  CHECK(has(message_of([&] { word_list::load(f / "none"); }), "none: cannot open"));
}

TEST_CASE("words that cannot be numbered are refused with their place") {
  CHECK(has(message_of([] { parse("a\nb\na\n"); }),
            "avqa: w.txt: line 3: the word \"a\" is there already, with number 0; one word a line expected."));
  CHECK(has(message_of([] { parse("a\n\nb"); }), "w.txt: line 2: an empty word"));
  CHECK(has(message_of([] { parse("a\rb\n"); }), "w.txt: line 1: a line break in a word"));
  const auto made = [](std::vector<std::string> words) { return message_of<ogm::value_error>([&] { word_list list(std::move(words)); }); };
  CHECK(has(made({"a", "a"}), "word 1 of a list: the word \"a\" is there already"));
  CHECK(has(made({""}), "an empty word"));
  CHECK(has(made({"a\nb"}), "a line break"));
  const word_list list({"a"});
  for (const std::int32_t bad : {-1, 1, 1 << 30})
    CHECK(has(message_of<ogm::value_error>([&] { list[bad]; }), "word " + std::to_string(bad) + " of a list of 1"));
}
