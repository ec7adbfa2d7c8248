#include <avqa/question/types.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace avqa;

TEST_CASE("a type is found by the two names that it consists of, and by no others") {
  std::set<std::string> names;
  std::array<int, question_modality_count> of_modality{};
  for (std::size_t i = 0; i < question_type_count; ++i) {
    const auto type = question_type(i);
    const std::string name(name_of(type));
    names.insert(name);
    ++of_modality[std::size_t(modality_of(type))];
    const std::string_view modality = name_of(modality_of(type));
    REQUIRE(name.starts_with(std::string(modality) + '/'));
    CHECK(find_question_type(modality, name.substr(modality.size() + 1)) == type);
    CHECK_FALSE(find_question_type(modality, name.substr(modality.size())));
    CHECK_FALSE(find_question_type("", name));
  }
  CHECK(names.size() == question_type_count);
  CHECK(of_modality == std::array<int, question_modality_count>{2, 2, 5});
  CHECK_FALSE(find_question_type("Audio", "Location"));
  CHECK_FALSE(find_question_type("Audio", ""));
  CHECK_FALSE(find_question_type("", ""));
  CHECK_FALSE(find_question_type("Audio-Visual", "counting"));
}
