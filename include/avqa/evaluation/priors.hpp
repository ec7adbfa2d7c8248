#pragma once
// How well a system answers that neither looks nor listens. A system near these has learnt the questions only.

#include <avqa/data/music_avqa.hpp>
#include <avqa/evaluation/accuracy.hpp>
#include <avqa/evaluation/accuracy_table.hpp>
#include <avqa/question/answers.hpp>
#include <ogm/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace avqa {

/// The answers of a training set, counted: in all, by template, and by template with its values.
///
/// Ties       the answer with the smaller class
/// Empty      value_error for a training set without questions. A template that training lacks -> the most frequent answer of all
/// Errors     value_error for an answer that is not in the list
/// Cost       4 bytes for each answer of each distinct question
class question_priors {
 public:
  explicit question_priors(std::span<const annotation> training, answer_list answers = answer_list())
      : answers_(std::move(answers)), all_(answers_.size()) {
    if (training.empty()) throw ogm::value_error("avqa: priors of a training set without questions.");
    for (const annotation& a : training) {
      const auto id = std::size_t(answers_.id(a.answer));
      for (counts* table : {&all_, &row(templates_, a.content), &row(questions_, a.key())}) ++table->of[id], ++table->total;
    }
  }

  const answer_list& answers() const { return answers_; }
  const std::string& most_frequent() const {
    return largest([&](std::size_t id) { return double(all_.of[id]); });
  }
  /// The most frequent answer of the question's template, whatever fills it.
  const std::string& most_frequent_of_template(const annotation& asked) const {
    const counts& form = find(templates_, asked.content, all_);
    return largest([&](std::size_t id) { return double(form.of[id]); });
  }
  /// The most frequent answer of the filled question, backed off to its template: the largest of count + weight * (share in the template).
  ///
  /// Errors     value_error unless 0 < weight < infinity
  const std::string& most_frequent_of_question(const annotation& asked, double weight = 2) const {
    if (!(weight > 0) || !(weight < std::numeric_limits<double>::infinity()))
      throw ogm::value_error("avqa: the weight of the template is " + std::to_string(weight) + "; a positive number expected.");
    const counts& form = find(templates_, asked.content, all_);
    const auto filled = questions_.find(asked.key());
    return largest([&](std::size_t id) {
      const double count = filled == questions_.end() ? 0 : double(filled->second.of[id]);
      return count * double(form.total) + weight * double(form.of[id]);  // times the template's total: whole weights stay exact
    });
  }

 private:
  struct counts {
    explicit counts(std::size_t answers) : of(answers, 0) {}
    std::vector<std::uint32_t> of;
    std::uint64_t total = 0;
  };
  using table = std::unordered_map<std::string, counts>;

  counts& row(table& rows, const std::string& key) const { return rows.try_emplace(key, answers_.size()).first->second; }
  static const counts& find(const table& rows, const std::string& key, const counts& otherwise) {
    const auto found = rows.find(key);
    return found == rows.end() ? otherwise : found->second;
  }
  template <class Score> const std::string& largest(const Score& score) const {
    std::size_t best = 0;
    for (std::size_t id = 1; id < answers_.size(); ++id)
      if (score(id) > score(best)) best = id;
    return answers_.names()[best];
  }

  answer_list answers_;
  counts all_;
  table templates_, questions_;
};

/// What each prior gets on a test set: "uniform" (any of the answers by chance, in expectation), "most_frequent", "template" and
/// "filled_template".
///
/// Source     beside them: an LSTM that sees only the question got 54.09 % on the original test set (Li et al., CVPR 2022)
inline std::vector<named_accuracy> accuracy_of_priors(const question_priors& priors, std::span<const annotation> test) {
  std::vector<named_accuracy> out{{"uniform", {}}, {"most_frequent", {}}, {"template", {}}, {"filled_template", {}}};
  const std::string& always = priors.most_frequent();
  for (const annotation& a : test) {
    out[0].accuracy.add_chance(a, 1 / double(priors.answers().size()));
    out[1].accuracy.add(a, always);
    out[2].accuracy.add(a, priors.most_frequent_of_template(a));
    out[3].accuracy.add(a, priors.most_frequent_of_question(a));
  }
  return out;
}

}  // namespace avqa
