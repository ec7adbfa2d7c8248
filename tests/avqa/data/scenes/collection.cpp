#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/splits.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {

void require_same(const std::vector<annotation>& a, const std::vector<annotation>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].video_id == b[i].video_id);
    REQUIRE(a[i].question_id == b[i].question_id);
    REQUIRE(a[i].type == b[i].type);
    REQUIRE(a[i].key() == b[i].key());
    REQUIRE(a[i].values == b[i].values);
    REQUIRE(a[i].answer == b[i].answer);
  }
}

}  // namespace

TEST_CASE("a data set of scenes is written, and read as the official one is") {
  const test::folder f;
  const collection_options how{.seed = 5, .train = 300, .val = 50, .test = 80};
  const std::string folder = f.path() + "/scenes";
  write_annotations(folder, how);
  const auto train = read_music_avqa(folder + "/avqa-train.json"), val = read_music_avqa(folder + "/avqa-val.json"),
             held_out = read_music_avqa(folder + "/avqa-test.json");
  require_same(train, annotations_of(draw_part(part::train, how)));
  require_same(val, annotations_of(draw_part(part::val, how)));
  require_same(held_out, annotations_of(draw_part(part::test, how)));
  CHECK((train.size() == 1500 && val.size() == 250 && held_out.size() == 400));

  CHECK(compare_videos(train, val).disjoint());
  CHECK(compare_videos(train, held_out).disjoint());
  CHECK(compare_videos(val, held_out).disjoint());
  CHECK(compare_videos(val, held_out).first == 50);
  std::vector<annotation> all = train;
  all.insert(all.end(), val.begin(), val.end());
  all.insert(all.end(), held_out.begin(), held_out.end());
  const duplicates twice = find_duplicates(all);
  CHECK((twice.ids.repeated == 0 && twice.questions.repeated == 0));

  std::set<std::string> forms;
  const tokenizer words;
  const answer_list answers;
  for (const annotation& a : all) {
    REQUIRE(a.form());
    CHECK(a.type == a.form()->type);
    forms.insert(a.content);
    words.encode(a.content, a.values);  // throws where the published vocabulary lacks a word
    answers.id(a.answer);
    CHECK(origin_of(a.video_id) == video_origin::real);
  }
  CHECK(forms.size() == 33);
}

TEST_CASE("the annotation of a scene says what the scene says") {
  const collection_options how{.seed = 2, .train = 40, .val = 5, .test = 5};
  for (const part p : {part::train, part::val, part::test})
    for (const scene_clip& clip : draw_part(p, how)) {
      CHECK(clip.what == draw_scene(2, clip.index));
      for (const annotation& a : clip.questions) CHECK(answer(clip.what, *a.form(), a.values) == a.answer);
    }
  CHECK(draw_part(part::val, how)[0].video_id == "00000040");
  CHECK(draw_part(part::test, how)[4].video_id == "00000049");
  CHECK(draw_part(part::test, {.train = 0, .val = 0, .test = 0}).empty());
}

TEST_CASE("some scenes of a data set are mixtures, as often as asked for, and are named as such") {
  const collection_options how{.seed = 4, .train = 1000, .val = 100, .test = 100, .mixed = 0.2f};
  std::map<std::string, std::size_t> prefixes;
  for (const part p : {part::train, part::val, part::test})
    for (const scene_clip& clip : draw_part(p, how)) {
      const std::string prefix = clip.video_id.substr(0, clip.video_id.size() - 8);
      ++prefixes[prefix];
      CHECK((origin_of(clip.video_id) == video_origin::synthetic) == !prefix.empty());
      if (prefix.empty()) CHECK(clip.what == draw_scene(4, clip.index));
      if (prefix == "vv") CHECK(clip.what == draw_mixture(4, clip.index, mixing::stitching, false));
      CHECK(clip.questions.size() >= 3);
      for (const annotation& a : clip.questions) CHECK(answer(clip.what, *a.form(), a.values) == a.answer);
    }
  CHECK(prefixes.size() == 7);
  CHECK(double(prefixes[""]) / 1200 == Approx(0.8).margin(0.04));
  CHECK(prefixes["sa"] > prefixes["evv"]);
  CHECK(test::message_of<ogm::value_error>([] { draw_part(part::val, {.mixed = 2}); }) ==
        "avqa: scenes that are mixed with a chance of 2.000000; one in [0, 1] expected.");
}

TEST_CASE("annotations of any text come back from their file") {
  const std::vector<annotation> all{
      {"a\"b\\c", std::nullopt, question_type::audio_counting, "Is \xC3\xA9 <X>\xEF\xBC\x9F", {"it's \"x\""}, "y\n"},
      {"v", 7, question_type::audio_visual_temporal, "Is it?", {}, "no"}};
  const std::string text = music_avqa_json(all);
  require_same(parse_music_avqa(ogm::data::as_byte_span(text), "here"), all);
  CHECK(test::has(music_avqa_json(std::span(all).subspan(1)),
                  R"({"video_id":"v","question_id":7,"type":"[\"Audio-Visual\", \"Temporal\"]","question_content":"Is it?",)"
                  R"("templ_values":"[]","question_deleted":0,"anser":"no"})"));
  CHECK(music_avqa_json({}) == "[\n]\n");
  std::vector<annotation> bad = all;
  bad[1].answer.clear();
  CHECK(test::message_of<ogm::value_error>([&] { music_avqa_json(bad); }) == "avqa: record 2 lacks its video, its question or its answer.");
  CHECK(test::has(test::message_of([] { write_annotations("/proc/none", {}); }), "/proc/none/avqa-train.json"));
}
