#pragma once
// Accuracy by question type, by modality and in all, as the result tables of MUSIC-AVQA have it.

#include <avqa/data/music_avqa.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/types.hpp>
#include <ogm/core/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace avqa {

/// Right answers among items. `right` is a whole number unless it is an expectation, as for a guess by chance.
struct tally {
  double right = 0;
  std::size_t items = 0;

  /// Empty      NaN
  double percent() const { return items ? 100 * right / double(items) : std::numeric_limits<double>::quiet_NaN(); }
  tally& operator+=(const tally& other) {
    right += other.right, items += other.items;
    return *this;
  }
  friend bool operator==(const tally&, const tally&) = default;
};

/// Answers counted against annotations: nine types, three micro averages and the micro average of all. The type is that of the record, so
/// any annotation file may be evaluated; the published code takes it from the position in one test file.
///
/// Numerics   whole numbers until percent(): the order of the questions does not matter
/// Source     Li et al., CVPR 2022, result table
class question_accuracy {
 public:
  /// An answer is right if it is the annotation's, letter by letter.
  void add(const annotation& asked, std::string_view answered) {
    add_chance(asked, answered == asked.answer ? 1 : 0);
    const question_template* form = asked.form();
    if (form && !contains(form->answers, answered)) ++outside_;
  }
  /// An item whose answer is right with a probability.
  void add_chance(const annotation& asked, double probability) { types_[std::size_t(asked.type)] += {probability, 1}; }

  const tally& of(question_type type) const { return types_[std::size_t(type)]; }
  tally of(question_modality modality) const {
    tally sum;
    for (std::size_t t = 0; t < question_type_count; ++t)
      if (modality_of(question_type(t)) == modality) sum += types_[t];
    return sum;
  }
  tally total() const {
    tally sum;
    for (const tally& t : types_) sum += t;
    return sum;
  }
  /// Answers that the question's template cannot have, such as "violin" to a yes-or-no question: whoever gives many does not read the
  /// question. Free text has no template, and is not counted.
  std::size_t outside() const { return outside_; }
  /// The answers of another run, or to other questions, as well.
  question_accuracy& operator+=(const question_accuracy& other) {
    for (std::size_t t = 0; t < question_type_count; ++t) types_[t] += other.types_[t];
    outside_ += other.outside_;
    return *this;
  }

 private:
  std::array<tally, question_type_count> types_{};
  std::size_t outside_ = 0;
};

/// The accuracy of answers in the order of the questions.
///
/// Errors     value_error where there are more or fewer answers than questions
inline question_accuracy accuracy_of(std::span<const annotation> asked, std::span<const std::string> answered) {
  if (asked.size() != answered.size())
    throw ogm::value_error("avqa: " + std::to_string(answered.size()) + " answers to " + std::to_string(asked.size()) + " questions.");
  question_accuracy out;
  for (std::size_t i = 0; i < asked.size(); ++i) out.add(asked[i], answered[i]);
  return out;
}

/// The accuracy of classes, a model's largest logits, that `answers` names.
///
/// Errors     value_error where there are more or fewer classes than questions, or one that is not in the list
inline question_accuracy accuracy_of(std::span<const annotation> asked, std::span<const std::int32_t> classes, const answer_list& answers) {
  if (asked.size() != classes.size())
    throw ogm::value_error("avqa: " + std::to_string(classes.size()) + " answers to " + std::to_string(asked.size()) + " questions.");
  question_accuracy out;
  for (std::size_t i = 0; i < asked.size(); ++i) out.add(asked[i], answers[classes[i]]);
  return out;
}

}  // namespace avqa
