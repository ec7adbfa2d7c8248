#include <avqa/question/tokenizer.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using strings = std::vector<std::string>;
using ids = std::vector<std::int32_t>;
using test::has;

namespace {
template <class F> std::string refused(const F& f) { return test::message_of<ogm::value_error>(f); }
}  // namespace

TEST_CASE("the published code's numbers") {
  const tokenizer tokens;
  CHECK(tokens.encode("Is the <Object> in the video always playing?", strings{"ukulele"}) ==
        ids{24, 7, 59, 6, 7, 8, 33, 34, 0, 0, 0, 0, 0, 0});
  CHECK(tokens.encode("What is the instrument on the <LR> of <Object>?", strings{"left", "electric_bass"}) ==
        ids{9, 13, 7, 12, 25, 7, 26, 11, 55, 0, 0, 0, 0, 0});
  CHECK(tokens.encode("How many sounding <Object> in the video\xEF\xBC\x9F", strings{"banjo"}) ==
        ids{1, 2, 5, 60, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0});
  CHECK(tokens.encode("How many types of musical instruments sound in the video?") == ids{1, 2, 31, 11, 15, 3, 19, 6, 7, 8, 0, 0, 0, 0});
  CHECK(tokens.encode("Which is the musical instrument that sounds at the same time as the <Object>?", strings{"violin"}) ==
        ids{45, 13, 7, 15, 12, 46, 47, 48, 7, 49, 50, 51, 7, 41});
}

TEST_CASE("the last code point goes, after the trailing space, and placeholders keep their order") {
  CHECK(split_question("Are there <Object> and <Object> sound? ", strings{"pipa", "erhu"}) ==
        strings{"Are", "there", "pipa", "and", "erhu", "sound"});
  CHECK(split_question("a b?") == split_question("a b? \t\n"));
  CHECK(split_question("a b?") == split_question("a b\xEF\xBC\x9F"));             // three bytes
  CHECK(split_question("a b?") == split_question("a b\xF0\x9F\x98\x80"));         // four
  CHECK(split_question("a b?") == split_question("a bc"));                        // whatever it is
  CHECK(split_question("x <A>?", strings{"v"}) == strings{"x", "v"});             // glued to its mark
  CHECK(split_question("x <A>,<B> y?", strings{"v"}) == strings{"x", "v", "y"});  // a word with '<' is one placeholder
  CHECK(split_question(" a  b?") == strings{"", "a", "", "b"});  // single spaces separate, so two of them hold an empty word
  CHECK(split_question("a ?") == strings{"a", ""});
}

TEST_CASE("padding does not depend on what was in the row, and the count is that of the words") {
  const tokenizer tokens;
  ids row(14, 77);
  CHECK(tokens.encode("Is there a voiceover?", {}, row) == 4);
  CHECK(row == tokens.encode("Is there a voiceover?"));
  CHECK(std::count(row.begin(), row.end(), vocabulary::pad) == 10);
  CHECK(tokenizer(vocabulary(), 4).encode("Is there a voiceover?") == ids(row.begin(), row.begin() + 4));
}

TEST_CASE("nothing is cut off or guessed") {
  const tokenizer tokens;
  const std::string fifteen = "the the the the the the the the the the the the the the the?";
  CHECK(has(refused([&] { tokens.encode(fifteen); }), "\"" + fifteen + "\": 15 words; at most 14 fit"));
  CHECK(tokenizer(vocabulary(), 15).encode(fifteen) == ids(15, 7));
  CHECK(has(refused([&] { tokens.encode("Is the kazoo loud?"); }),
            "the question \"Is the kazoo loud?\": word 3: the word \"kazoo\" is none of the 93 words of the vocabulary."));
  CHECK(has(refused([&] { tokens.encode("is the  video?"); }), "word 3: the word \"\""));
  CHECK(has(refused([&] { split_question("Is <A> <B>?", strings{"x"}); }), "has 2 placeholder(s) and was given 1 value(s)"));
  CHECK(has(refused([&] { split_question("Is <A>?", strings{"x", "y"}); }), "has 1 placeholder(s) and was given 2 value(s)"));
  for (const char* none : {"", "   ", "?", "\xEF\xBC\x9F "}) CHECK(has(refused([&] { split_question(none); }), "has no words"));
  ids row(13);
  CHECK(has(test::message_of<ogm::shape_error>([&] { tokens.encode("Is there a voiceover?", {}, row); }),
            "14 numbers was to go to a row of 13"));
}

TEST_CASE("a vocabulary with <unk> takes every word") {
  const tokenizer tokens(vocabulary({.unknown = true, .fold_case = true}), 5);
  CHECK(tokens.encode("is THE kazoo loud?") == ids{13, 7, 93, 93, 0});
}
