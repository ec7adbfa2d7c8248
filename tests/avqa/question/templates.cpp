#include <avqa/question/templates.hpp>
#include <avqa/question/tokenizer.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using strings = std::vector<std::string>;

TEST_CASE("33 templates, each found by its own text only") {
  std::set<std::string_view> texts;
  for (std::size_t i = 0; i < question_templates.size(); ++i) {
    const std::string_view text = question_templates[i].text;
    texts.insert(text);
    CHECK(find_template(text) == i);
    CHECK_FALSE(find_template(std::string(text) + " "));
  }
  CHECK(texts.size() == 33);
  CHECK_FALSE(find_template(""));
  CHECK_FALSE(find_template("How many sounding <Object> in the video?"));  // the file has the full-width mark
}

TEST_CASE("templates of each type, in the numbers of the published table") {
  std::map<question_type, int> counts;
  for (const question_template& t : question_templates) ++counts[t.type];
  CHECK(counts == std::map<question_type, int>{{question_type::audio_counting, 3},
                                               {question_type::audio_comparative, 3},
                                               {question_type::visual_counting, 4},
                                               {question_type::visual_location, 4},
                                               {question_type::audio_visual_existential, 3},
                                               {question_type::audio_visual_location, 4},
                                               {question_type::audio_visual_counting, 4},
                                               {question_type::audio_visual_comparative, 4},
                                               {question_type::audio_visual_temporal, 4}});
}

TEST_CASE("every template with every filler is made of the published words, and fits") {
  const tokenizer tokens;
  std::set<std::int32_t> used;
  std::size_t longest = 0, shortest = 99;
  for (const question_template& form : question_templates) {
    std::vector<std::span<const std::string_view>> fillers;
    for (std::size_t at = 0; (at = form.text.find('<', at)) != form.text.npos; ++at)
      fillers.push_back(fillers_of(form.text.substr(at, form.text.find('>', at) + 1 - at)));
    for (std::size_t i = 0; i < instruments.size(); ++i) {  // each filler at each place: the sets are of 2 to 22
      strings values;
      for (const auto& f : fillers) values.emplace_back(f[i % f.size()]);
      std::vector<std::int32_t> row(14);
      const std::size_t words = tokens.encode(form.text, values, row);
      used.insert(row.begin(), row.begin() + std::ptrdiff_t(words));
      longest = std::max(longest, words), shortest = std::min(shortest, words);
      CHECK(tokens.encode(fill_template(form, values)) == row);
    }
  }
  CHECK(used.size() == 92);  // all but <pad>
  CHECK_FALSE(used.contains(vocabulary::pad));
  CHECK(longest == 14);
  CHECK(shortest == 4);
}

TEST_CASE("a filled template reads as a sentence") {
  CHECK(fill_template(question_templates[0], strings{"violin", "piano"}) == "Is the violin louder than the piano?");
  CHECK(fill_template(question_templates[3], strings{"pipa", "erhu"}) == "Are there pipa and erhu sound?");
  CHECK(fill_template(question_templates[12], strings{"banjo"}) == "How many sounding banjo in the video\xEF\xBC\x9F");
  CHECK(fill_template(question_templates[15], {}) == "Is there a voiceover?");
}

TEST_CASE("what a template cannot hold is refused with the template") {
  const auto refused = [](std::size_t number, const strings& values) {
    return test::message_of<ogm::value_error>([&] { fill_template(question_templates[number], values); });
  };
  CHECK(test::has(refused(19, {"middle"}),
                  "the template \"Where is the <LL> instrument?\" has \"middle\" for <LL>; one of loudest, lowest expected."));
  CHECK(test::has(refused(0, {"violin"}), "has 2 placeholder(s) and was given 1 value(s)"));
  CHECK(test::has(refused(15, {"violin"}), "has 0 placeholder(s) and was given 1 value(s)"));
  CHECK(test::has(refused(0, {"violin", "guitar"}), "has \"guitar\" for <Object>; one of accordion, acoustic_guitar,"));
  CHECK(fillers_of("<LRer>").size() == 2);
  CHECK(fillers_of("<LR").empty());
  CHECK(fillers_of("").empty());
}
