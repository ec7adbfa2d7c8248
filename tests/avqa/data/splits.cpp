#include <avqa/data/splits.hpp>

#include <catch2/catch.hpp>
#include <chrono>

#include "ogm/data/files.hpp"

using namespace avqa;
namespace test = ogm::test;
using strings = std::vector<std::string>;

namespace {
annotation about(const std::string& video, std::optional<std::uint64_t> id, const std::string& answer, std::size_t form = 15,
                 strings values = {}) {
  return {video, id, question_templates[form].type, std::string(question_templates[form].text), std::move(values), answer};
}
}  // namespace

TEST_CASE("filters take what passes, in order") {
  const std::vector<annotation> all{about("00000001", 1, "yes"), about("sa00000001", 2, "yes", 5, {"pipa"}), about("00000002", 3, "two", 4),
                                    about("00000003", 4, "indoor", 32)};
  const auto ids = [&](const annotation_filter& filter) {
    std::vector<std::uint64_t> out;
    for (const annotation& a : filtered(all, filter)) out.push_back(*a.question_id);
    return out;
  };
  using list = std::vector<std::uint64_t>;
  CHECK(ids({}) == list{1, 2, 3, 4});
  CHECK(ids({.origin = video_origin::real}) == list{1, 3, 4});
  CHECK(ids({.origin = video_origin::synthetic}) == list{2});
  CHECK(ids({.modality = question_modality::audio}) == list{2, 3});
  CHECK(ids({.origin = video_origin::real, .modality = question_modality::audio}) == list{3});
  CHECK(ids({.origin = video_origin::synthetic, .modality = question_modality::visual}).empty());
}

TEST_CASE("shared videos are counted once, their questions each, and a mirrored copy is its original") {
  const std::vector<annotation> a{about("x", 1, "yes"), about("x", 2, "yes"), about("y_flip", 3, "yes"), about("z", 4, "yes")};
  const std::vector<annotation> b{about("x", 5, "yes"), about("x", 6, "no"), about("y", 7, "yes"), about("w", 8, "yes")};
  const video_overlap both = compare_videos(a, b);
  CHECK(both.first == 3);
  CHECK(both.second == 3);
  CHECK(both.shared == 2);
  CHECK(both.questions_on_shared == 3);
  CHECK_FALSE(both.disjoint());
  CHECK(compare_videos(b, a).shared == both.shared);
  CHECK(compare_videos(a, a).shared == 3);
  CHECK(compare_videos(a, std::span(b).last(1)).disjoint());
  CHECK(compare_videos({}, b).disjoint());
}

TEST_CASE("repetitions, and those that contradict each other") {
  const std::vector<annotation> all{about("v", 1, "yes"),
                                    about("v", 1, "no"),
                                    about("v", 1, "no"),
                                    about("v", 1, "yes"),
                                    about("w", 2, "yes"),
                                    about("w", 2, "yes"),
                                    about("x", {}, "yes"),
                                    about("x", {}, "no"),
                                    about("x", {}, "one", 12, {"banjo"}),
                                    about("x", {}, "two", 12, {"violin"})};
  const duplicates twice = find_duplicates(all);
  CHECK(twice.ids.repeated == 4);
  CHECK(twice.ids.conflicting == 1);
  CHECK(twice.questions.repeated == 5);
  CHECK(twice.questions.conflicting == 2);
  CHECK(find_duplicates({}).questions.repeated == 0);
}

TEST_CASE("word lists grow in the order of the questions") {
  const std::vector<annotation> all{about("v", 1, "yes", 5, {"pipa"}), about("v", 2, "one", 12, {"pipa"}), about("v", 3, "yes")};
  CHECK(vocabulary_of(all).words() ==
        strings{"<pad>", "Is", "there", "a", "pipa", "sound", "How", "many", "sounding", "in", "the", "video", "voiceover"});
  CHECK(answers_of(all).names() == strings{"yes", "one"});
  CHECK(vocabulary_of({}).size() == 1);
  CHECK(vocabulary_of(all, {.unknown = true}).unknown() == 13);
  annotation blanks = all[0];
  blanks.content = "Is there  a <Object> sound?";
  CHECK(test::has(test::message_of<ogm::value_error>([&] { vocabulary_of({&blanks, 1}); }), "an empty word"));
}

TEST_CASE("half a million records on one video take no quadratic time", "[slow]") {
  std::vector<annotation> all;
  for (std::uint64_t i = 0; i < 500'000; ++i) all.push_back(about(i % 2 ? "v" : std::to_string(i), i / 2, "yes"));
  const auto start = std::chrono::steady_clock::now();
  CHECK(find_duplicates(all).ids.repeated == 250'000);
  CHECK(compare_videos(all, all).shared == 250'001);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));  // about one second; by pairs it were an hour
}

TEST_CASE("the official split is by question, where its files are there") {
  const auto folder = test::shared("data/music_avqa");
  if (!folder) return;
  const auto test = read_music_avqa(*folder + "/avqa-test.json"), val = read_music_avqa(*folder + "/avqa-val.json"),
             train = read_music_avqa(*folder + "/avqa-train_partial_matched.json");
  const video_overlap videos = compare_videos(val, test);
  CHECK(videos.first == 3815);
  CHECK(videos.second == 6399);
  CHECK(videos.shared == 2296);
  CHECK(compare_videos(train, test).first == 7531);
  for (const auto* set : {&test, &val, &train}) CHECK(find_duplicates(*set).ids.repeated == 0);
  // The words and answers are those of the published lists; their order is that of the whole training file.
  const vocabulary words = vocabulary_of(train);
  CHECK(words.size() == 93);
  for (const std::string_view word : published_words) CHECK(words.find(word));
  const answer_list answers = answers_of(train);
  CHECK(answers.size() == 42);
  for (const std::string_view answer : published_answers) CHECK(answers.find(answer));
  CHECK(filtered(test, {.modality = question_modality::audio}).size() == 594 + 1017);
  CHECK(filtered(test, {.modality = question_modality::visual}).size() == 1197 + 1225);
}
