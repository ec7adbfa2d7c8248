#include <avqa/evaluation/priors.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <iostream>
#include <limits>

#include "ogm/data/files.hpp"
#include "support/compare.hpp"

using namespace avqa;
namespace test = ogm::test;

namespace {
annotation about(std::size_t form, const std::string& instrument, const std::string& answer) {
  const question_template& t = question_templates[form];
  return {"v",   {}, t.type, std::string(t.text), instrument.empty() ? std::vector<std::string>{} : std::vector<std::string>{instrument},
          answer};
}
void repeat(std::vector<annotation>& into, int times, const annotation& a) { into.insert(into.end(), std::size_t(times), a); }

/// "Is there a <Object> sound?": yes 6 of 10 in all, no 3 of 4 for the pipa. "How many sounding <Object>": two.
std::vector<annotation> training() {
  std::vector<annotation> out;
  repeat(out, 5, about(5, "violin", "yes"));
  repeat(out, 1, about(5, "violin", "no"));
  repeat(out, 1, about(5, "pipa", "yes"));
  repeat(out, 3, about(5, "pipa", "no"));
  repeat(out, 2, about(12, "pipa", "two"));
  return out;
}
}  // namespace

TEST_CASE("each prior knows what it counts") {
  const question_priors priors(training());
  CHECK(priors.most_frequent() == "yes");
  CHECK(priors.most_frequent_of_template(about(5, "pipa", "")) == "yes");
  CHECK(priors.most_frequent_of_template(about(12, "violin", "")) == "two");
  CHECK(priors.most_frequent_of_template(about(32, "", "")) == "yes");  // a template that training lacks
  CHECK(priors.most_frequent_of_question(about(5, "pipa", "")) == "no");
  CHECK(priors.most_frequent_of_question(about(5, "violin", "")) == "yes");
  CHECK(priors.most_frequent_of_question(about(5, "tuba", "")) == "yes");  // values that training lacks
  CHECK(priors.most_frequent_of_question(about(32, "", "")) == "yes");
}

TEST_CASE("the weight leads from the question to its template") {
  const question_priors priors(training());
  // no: 3 + 0.4 w, yes: 1 + 0.6 w; equal at w = 10, and then the smaller class, "no", is taken.
  for (const double w : {1e-9, 1.0, 9.99, 10.0}) CHECK(priors.most_frequent_of_question(about(5, "pipa", ""), w) == "no");
  for (const double w : {10.01, 1e9}) CHECK(priors.most_frequent_of_question(about(5, "pipa", ""), w) == "yes");
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK(test::has(test::message_of<ogm::value_error>([&] { priors.most_frequent_of_question(about(5, "pipa", ""), bad); }),
                    "the weight of the template"));
}

TEST_CASE("equal counts give the smaller class, whatever their order") {
  const std::vector<annotation> first{about(15, "", "yes"), about(15, "", "no")}, second{about(15, "", "no"), about(15, "", "yes")};
  CHECK(question_priors(first).most_frequent() == "no");
  CHECK(question_priors(second).most_frequent() == "no");
  const answer_list other(word_list({"yes", "no"}));
  CHECK(question_priors(first, other).most_frequent() == "yes");
  CHECK(test::has(test::message_of<ogm::value_error>([&] { question_priors priors(training(), other); }),
                  "the answer \"two\" is none of the 2"));
  CHECK(test::has(test::message_of<ogm::value_error>([] { question_priors priors(std::span<const annotation>{}); }), "without questions"));
}

TEST_CASE("on its own training set no prior is below the coarser one") {
  const auto all = training();
  const auto rows = accuracy_of_priors(question_priors(all), all);
  REQUIRE(rows.size() == 4);
  for (std::size_t i = 1; i < rows.size(); ++i) CHECK(rows[i].accuracy.total().right >= rows[i - 1].accuracy.total().right);
  CHECK_FALSE(ogm::test::apart(rows[0].accuracy.total().right, 12.0 / 42, 1e-14));
  CHECK(rows[1].accuracy.total().right == 6);
  CHECK(rows[2].accuracy.total().right == 8);
  CHECK(rows[3].accuracy.total().right == 10);
  CHECK(rows[1].accuracy.outside() == 2);  // "yes" to a count
  CHECK(rows[2].accuracy.outside() == 0);
}

TEST_CASE("the question-only reference on the official updated test set, where it is there") {
  const auto folder = test::shared("data/music_avqa");
  if (!folder) return;
  const auto train = read_music_avqa(*folder + "/avqa-train_partial_matched.json"), test = read_music_avqa(*folder + "/avqa-test.json");
  const auto rows = accuracy_of_priors(question_priors(train), test);
  std::cout << accuracy_table(rows);
  const auto right = [&](std::size_t row) { return rows[row].accuracy.total().right; };
  CHECK_FALSE(ogm::test::apart(right(0), 9129.0 / 42, 1e-11));
  CHECK(right(1) == 2387);  // the number of "yes" in the data's own table
  // Percentages of the data's README, to their last digit.
  const auto is = [&](const tally& t, double percent) { return std::abs(t.percent() - percent) <= 0.005; };
  const question_accuracy& filled = rows[3].accuracy;
  CHECK(is(filled.total(), 52.70));
  CHECK(is(filled.of(question_modality::audio), 63.25));
  CHECK(is(filled.of(question_modality::visual), 44.67));
  CHECK(is(filled.of(question_modality::audio_visual), 53.18));
  CHECK(filled.total().items == 9129);
  CHECK(filled.outside() == 0);
  CHECK(rows[2].accuracy.outside() == 0);
  CHECK(right(1) < right(2));
  CHECK(right(2) < right(3));
}
