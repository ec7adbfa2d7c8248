#include <avqa/data/music_avqa.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using strings = std::vector<std::string>;
using test::has;

namespace {

std::vector<annotation> parse(const std::string& text) { return parse_music_avqa(ogm::data::as_byte_span(text), "q.json"); }
std::string refused(const std::string& text) {
  return test::message_of([&] { parse(text); });
}

// Made up, in the form of the official files.
const std::string official = R"([
{"video_id":"00000001","question_id":17,"type":"[\"Audio-Visual\", \"Existential\"]","question_content":"Is the <Object> in the video always playing?","templ_values":"[\"erhu\"]","question_deleted":0,"anser":"no"},
{"video_id":"00000002","question_id":18,"type":"[\"Visual\", \"Location\"]","question_content":"What is the instrument on the <LR> of <Object>?","templ_values":"[\"right\", \"electric_bass\"]","question_deleted":0,"anser":"tuba"},
{"video_id":"sa00000003","question_id":19,"type":"[\"Audio-Visual\", \"Counting\"]","question_content":"How many sounding <Object> in the video\uff1f","templ_values":"[\"pipa\"]","question_deleted":0,"anser":"two"}
])";

/// A record whose fields can be exchanged.
std::string record(const std::string& type = R"("[\"Audio\", \"Counting\"]")",
                   const std::string& content = R"("Is there a <Object> sound?")", const std::string& values = R"("[\"pipa\"]")",
                   const std::string& rest = R"(,"anser":"yes")") {
  return R"([{"video_id":"v","type":)" + type + R"(,"question_content":)" + content + R"(,"templ_values":)" + values + rest + "}]";
}

}  // namespace

TEST_CASE("records in the form of the official files") {
  const auto all = parse(official);
  REQUIRE(all.size() == 3);
  CHECK(all[0].video_id == "00000001");
  CHECK(all[0].question_id == 17);
  CHECK(all[0].type == question_type::audio_visual_existential);
  CHECK(all[0].content == "Is the <Object> in the video always playing?");
  CHECK(all[0].values == strings{"erhu"});
  CHECK(all[0].answer == "no");
  CHECK(all[0].form() == &question_templates[14]);
  CHECK(all[1].values == strings{"right", "electric_bass"});
  CHECK(all[1].question() == "What is the instrument on the right of electric_bass?");
  CHECK(all[2].form() == &question_templates[12]);
  CHECK(all[2].question() == "How many sounding pipa in the video?");
  CHECK(parse("[]").empty());
  CHECK(parse("\xEF\xBB\xBF [ ] ").empty());
}

TEST_CASE("records of the second version, and lists of every kind, say the same") {
  const annotation plain = parse(record())[0];
  CHECK_FALSE(plain.question_id);
  CHECK(plain.values == strings{"pipa"});
  for (const std::string& other : {record(R"("['Audio', 'Counting']")", R"("Is there a <Object> sound?")", R"("['pipa']")"),
                                   record(R"(["Audio","Counting"])", R"("Is there a <Object> sound?")", R"([ "pipa" ])"),
                                   record(R"("[ \"Audio\" ,'Counting' ]")", R"("Is there a <Object> sound?")", R"("[\"p\\/ipa\"]")",
                                          R"(,"answer":"yes","question_deleted":1,"note":{"x":[null,1.5]})")}) {
    const annotation a = parse(other)[0];
    CHECK(a.type == plain.type);
    CHECK(a.answer == plain.answer);
    CHECK(a.values.size() == 1);
  }
  CHECK(parse(record(R"("['Audio', 'Counting']")", R"("a <B> <C>?")", R"("[\"it's\", 'a\\\\b']")"))[0].values == strings{"it's", "a\\b"});
  CHECK(parse(record(R"(["Audio","Counting"])", R"("Is it loud?")", R"("[]")"))[0].form() == nullptr);  // free text is read too
}

TEST_CASE("what is wrong comes with file, record and field") {
  CHECK(has(refused(record(R"("[\"Audio\", \"Colour\"]")")),
            "avqa: q.json: [Audio, Colour] is none of the nine types; a modality and a kind, such as [Audio-Visual, Temporal], expected "
            "(JSON, byte"));
  CHECK(has(refused(record(R"("[\"Audio\", \"Colour\"]")")), "), in record 1, field \"type\"."));
  CHECK(has(refused(record(R"("[\"Audio\"]")")), "[Audio] is none of the nine types"));
  CHECK(has(refused(record("7")), "a string expected (JSON, byte 24), in record 1, field \"type\"."));
  for (const char* bad : {R"("pipa")", R"("")", R"("[")", R"("[pipa]")", R"("['pipa'")", R"("['pipa',]")", R"("['pipa'] x")",
                          R"("['pi\\xpa']")", R"("['pipa\\")", R"("['pipa")", R"("['a' 'b']")", R"("['pipa']\u0000")"})
    CHECK(has(refused(record(R"(["Audio","Counting"])", R"("Is there a <Object> sound?")", bad)), "is no list of texts"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("Is there a <Object> sound?")", R"([7])")), "a string expected (JSON"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("Is there a <Object> sound?")", R"("[]")")),
            "has 1 placeholder(s) and was given 0 value(s)"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("?")", R"("[]")")), ": the question \"?\" has no words (JSON, byte"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("")", R"("[]")")), "a text that is not empty expected"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("a?")", R"("[]")", "")), "the field is missing (JSON, byte"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("a?")", R"("[]")", "")), ", in record 1, field \"anser\"."));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("a?")", R"("[]")", R"(,"anser":"a","answer":"b")")), "by its other name"));
  CHECK(has(refused(record(R"(["Audio","Counting"])", R"("a?")", R"("[]")", R"(,"anser":"a","question_id":-1)")), "field \"question_id\""));
  const std::string first = official.substr(0, official.rfind("\n]"));
  CHECK(has(refused(first + ",{}]"), "the field is missing (JSON, byte"));
  CHECK(has(refused(first + ",{}]"), ", in record 4, field \"video_id\"."));
  CHECK(has(refused(first + ",7]"), "an object expected"));
  CHECK(has(refused(official + "]"), "q.json: text after the end of the value"));
  CHECK(has(refused("{}"), "q.json: an array expected"));
  CHECK(has(refused(""), "q.json: an array expected"));
  const test::folder f;
  CHECK(has(test::message_of([&] { read_music_avqa(f / "none.json"); }), "none.json: cannot open"));
}

TEST_CASE("a file that was cut is refused at every byte") {
  CHECK(test::accepted_prefixes(official, [](ogm::data::byte_span bytes) { parse_music_avqa(bytes, "q.json"); }) == 0);
}

TEST_CASE("synthetic videos are known by their ids, and mirrored copies by their end") {
  for (const char* id : {"sa00000001", "va00001234", "vv99999999", "esa00000399", "eva00000720", "evv00001393"})
    CHECK(origin_of(id) == video_origin::synthetic);
  for (const char* id :
       {"00000028", "iveNvQ4jCis", "sa0000000", "sa000000011", "sa0000000x", "esa0000_399", "xsa00000001", "saxophone01", ""})
    CHECK(origin_of(id) == video_origin::real);
  CHECK(source_video("iveNvQ4jCis_flip") == "iveNvQ4jCis");
  CHECK(source_video("iveNvQ4jCis") == "iveNvQ4jCis");
  CHECK(source_video("_flip_") == "_flip_");
}

TEST_CASE("the official files, where they are there") {
  const auto folder = test::shared("data/music_avqa");
  if (!folder) return;
  const tokenizer tokens;
  std::size_t total = 0, longest = 0;
  for (const auto& [file, questions] :
       {std::pair{"avqa-test.json", 9129}, std::pair{"avqa-val.json", 4568}, std::pair{"avqa-train_partial_matched.json", 16432}}) {
    const auto all = read_music_avqa(*folder + '/' + file);
    CHECK(all.size() == std::size_t(questions));
    std::size_t odd = 0;
    std::vector<std::int32_t> row(14);
    for (const annotation& a : all) {
      const question_template* form = a.form();
      odd += !form || form->type != a.type || !contains(form->answers, a.answer) || !a.question_id;
      longest = std::max(longest, tokens.encode(a.content, a.values, row));
    }
    CHECK(odd == 0);  // each is one of the templates, of its type, and with one of its answers
    total += all.size();
  }
  CHECK(total == 30129);
  CHECK(longest == 14);
}
