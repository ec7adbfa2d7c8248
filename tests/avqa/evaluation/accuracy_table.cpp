#include <avqa/evaluation/accuracy_table.hpp>

#include <catch2/catch.hpp>
#include <map>

using namespace avqa;

namespace {
question_accuracy some() {
  question_accuracy out;
  const auto add = [&](question_type type, int right, int items) {
    for (int i = 0; i < items; ++i) out.add({"v", {}, type, "Is there a voiceover?", {}, "yes"}, i < right ? "yes" : "two");
  };
  add(question_type::audio_counting, 2, 3);
  add(question_type::audio_comparative, 1, 1);
  add(question_type::visual_location, 0, 2);
  return out;
}
}  // namespace

TEST_CASE("the table has the columns of the published ones, and a dash where there is nothing") {
  const std::vector<named_accuracy> rows{{"ours", some()}, {"nobody's", {}}};
  CHECK(accuracy_table(rows) ==
        "          A-Count   A-Comp    A avg  V-Count    V-Loc    V avg    Exist      Loc    Count     Comp     Temp   AV avg      All    "
        "items  outside\n"
        "ours        66.67   100.00    75.00        -     0.00     0.00        -        -        -        -        -        -    50.00     "
        "   6        3\n"
        "nobody's        -        -        -        -        -        -        -        -        -        -        -        -        -     "
        "   0        0\n");
}

TEST_CASE("the JSON text says the same, and names the priors") {
  const std::vector<named_accuracy> priors{{"uniform", some()}, {"the \"best\"", {}}};
  const std::string text = accuracy_json(some(), priors);
  std::map<std::string, double> numbers;
  std::map<std::string, int> nulls;
  ogm::data::json::reader in(text, "accuracy.json");
  std::string seen;
  const auto read = [&](const std::string& key) {
    if (in.peek() == 'n')
      in.skip(), ++nulls[key];
    else
      numbers[key] = in.number();
  };
  in.object([&](const std::string& key) {
    seen += key + ' ';
    if (key == "types" || key == "priors")
      in.object([&](const std::string& inner) { read(key + ' ' + inner); });
    else
      read(key);
  });
  in.end();
  CHECK(seen == "total audio visual audio_visual types priors items outside ");
  const std::map<std::string, double> expected{{"total", 50},
                                               {"audio", 75},
                                               {"visual", 0},
                                               {"types Audio/Counting", 66.6667},
                                               {"types Audio/Comparative", 100},
                                               {"types Visual/Location", 0},
                                               {"priors uniform", 50},
                                               {"items", 6},
                                               {"outside", 3}};
  CHECK(numbers.size() == expected.size());
  for (const auto& [name, value] : expected) {
    INFO(name);
    CHECK(numbers[name] == value);
  }
  CHECK(nulls.size() == 1 + 6 + 1);  // audio-visual, its five types and one visual, a prior
  CHECK(nulls.contains("priors the \"best\""));
}
