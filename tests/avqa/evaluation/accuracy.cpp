#include <avqa/evaluation/accuracy.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "ogm/data/files.hpp"
#include "support/compare.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {

annotation asked(question_type type, const std::string& answer, const std::string& content = "free text?") {
  return {"v", {}, type, content, {}, answer};
}

/// The number of items of each type of the original test set, in the order of the table.
constexpr std::array<std::size_t, 9> published_items{1022, 601, 1199, 1228, 995, 927, 1274, 1115, 824};

}  // namespace

TEST_CASE("the averages of a published row follow from its nine types") {
  // AVST (Li et al., CVPR 2022): per type, then the averages that the paper prints.
  const std::array<double, 9> types{78.18, 67.05, 71.56, 76.38, 81.81, 64.51, 70.80, 66.01, 63.23};
  question_accuracy row;
  for (std::size_t t = 0; t < 9; ++t) {
    const auto right = std::size_t(std::lround(types[t] / 100 * double(published_items[t])));
    for (std::size_t i = 0; i < published_items[t]; ++i) row.add(asked(question_type(t), "yes"), i < right ? "yes" : "no");
    CHECK_FALSE(ogm::test::apart(row.of(question_type(t)).percent() / 100, types[t] / 100, 5.1e-5));
  }
  CHECK_FALSE(ogm::test::apart(row.of(question_modality::audio).percent() / 100, 0.7406, 5.1e-5));
  CHECK_FALSE(ogm::test::apart(row.of(question_modality::visual).percent() / 100, 0.7400, 5.1e-5));
  CHECK_FALSE(ogm::test::apart(row.of(question_modality::audio_visual).percent() / 100, 0.6954, 5.1e-5));
  CHECK_FALSE(ogm::test::apart(row.total().percent() / 100, 0.7152, 5.1e-5));
  CHECK(row.total().items == 9185);
}

TEST_CASE("averages are sums of types, and the order of the questions does not matter") {
  std::mt19937 random(1);
  std::vector<annotation> questions;
  std::vector<std::string> answers;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < 500; ++i) {
    questions.push_back(asked(question_type(random() % 9), random() % 2 ? "yes" : "no"));
    answers.push_back(random() % 2 ? "yes" : "no");
    order.push_back(i);
  }
  const question_accuracy all = accuracy_of(questions, answers);
  std::shuffle(order.begin(), order.end(), random);
  question_accuracy shuffled;
  for (const std::size_t i : order) shuffled.add(questions[i], answers[i]);
  tally sum;
  for (std::size_t t = 0; t < 9; ++t) {
    CHECK(all.of(question_type(t)) == shuffled.of(question_type(t)));
    CHECK(all.of(question_type(t)).items > 0);
    sum += all.of(question_type(t));
  }
  CHECK(all.total() == sum);
  tally modalities;
  for (const auto m : {question_modality::audio, question_modality::visual, question_modality::audio_visual}) modalities += all.of(m);
  CHECK(modalities == sum);
  CHECK(sum.items == 500);
  std::size_t right = 0;
  for (std::size_t i = 0; i < 500; ++i) right += questions[i].answer == answers[i];
  CHECK(sum.right == double(right));
}

TEST_CASE("answers that the template cannot have are counted") {
  const std::string voiceover(question_templates[15].text), sounding(question_templates[10].text);
  question_accuracy counted;
  counted.add(asked(question_type::audio_visual_existential, "yes", voiceover), "violin");
  counted.add(asked(question_type::audio_visual_existential, "yes", voiceover), "no");
  counted.add(asked(question_type::audio_visual_existential, "yes", voiceover), "yes");
  counted.add(asked(question_type::audio_visual_counting, "two", sounding), "yes");
  counted.add(asked(question_type::audio_visual_counting, "two", sounding), "two");
  counted.add(asked(question_type::audio_visual_counting, "two"), "kazoo");  // no template, not counted
  CHECK(counted.outside() == 2);
  CHECK(counted.total().right == 2);
  CHECK(counted.total().items == 6);
}

TEST_CASE("classes are answers by their list") {
  const std::vector<annotation> questions{asked(question_type::audio_counting, "yes"), asked(question_type::audio_counting, "no")};
  const std::vector<std::int32_t> classes{7, 7};
  CHECK(accuracy_of(questions, classes, answer_list()).total().right == 1);
  CHECK(accuracy_of(questions, classes, answer_list()).of(question_type::audio_counting).items == 2);
  const std::vector<std::int32_t> none{42, 0};
  CHECK(test::has(test::message_of<ogm::value_error>([&] { accuracy_of(questions, none, answer_list()); }), "word 42 of a list of 42"));
  CHECK(test::has(test::message_of<ogm::value_error>([&] { accuracy_of(questions, std::span(classes).first(1), answer_list()); }),
                  "1 answers to 2 questions"));
  CHECK(test::has(test::message_of<ogm::value_error>([&] { accuracy_of(questions, std::vector<std::string>(3)); }),
                  "3 answers to 2 questions"));
}

TEST_CASE("no items have no accuracy") {
  CHECK(std::isnan(question_accuracy().total().percent()));
  CHECK(std::isnan(question_accuracy().of(question_modality::visual).percent()));
}

TEST_CASE("two runs over the same questions are one table of their means") {
  const annotation counted{"v", {},   question_type::audio_counting, "How many musical instruments were heard throughout the video?",
                           {},  "two"};
  question_accuracy first, second;
  first.add(counted, "two"), second.add(counted, "yes");
  first += second;
  CHECK(first.of(question_type::audio_counting) == tally{1, 2});
  CHECK(first.total().percent() == 50);
  CHECK(first.outside() == 1);
}
