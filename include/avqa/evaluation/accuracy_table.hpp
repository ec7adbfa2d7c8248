#pragma once
// Accuracies as a table to read and as JSON.

#include <avqa/evaluation/accuracy.hpp>
#include <avqa/question/types.hpp>
#include <ogm/data/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace avqa {

/// A row of a table: a system, or a prior beside which one is to be seen.
struct named_accuracy {
  std::string name;
  question_accuracy accuracy;
};

namespace detail {

/// The columns of the published tables: the types, and after each modality's its average; then all.
inline constexpr std::array<std::string_view, question_type_count + question_modality_count + 1> table_heads{
    "A-Count", "A-Comp", "A avg", "V-Count", "V-Loc", "V avg", "Exist", "Loc", "Count", "Comp", "Temp", "AV avg", "All"};
/// cell(tally, whether it is an average) for each of these columns.
template <class Cell> void each_column(const question_accuracy& accuracy, const Cell& cell) {
  for (std::size_t t = 0; t < question_type_count; ++t) {
    cell(accuracy.of(question_type(t)), false);
    const auto modality = modality_of(question_type(t));
    if (t + 1 == question_type_count || modality_of(question_type(t + 1)) != modality) cell(accuracy.of(modality), true);
  }
  cell(accuracy.total(), true);
}

/// A percentage with a number of decimals, whatever the locale; `absent` for NaN.
inline std::string percent_text(double percent, int decimals, std::string_view absent) {
  if (std::isnan(percent)) return std::string(absent);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, percent, std::chars_format::fixed, decimals).ptr;
  return std::string(text, end);
}
inline std::string right_aligned(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

}  // namespace detail

/// The columns of the published tables in percent, then the number of items and of answers outside of their template's answers.
/// "-" stands where there are no items.
inline std::string accuracy_table(std::span<const named_accuracy> rows) {
  std::size_t width = 0;
  for (const named_accuracy& row : rows) width = std::max(width, row.name.size());
  std::string out(width, ' ');
  for (const std::string_view head : detail::table_heads) out += detail::right_aligned(std::string(head), 9);
  out += detail::right_aligned("items", 9) + detail::right_aligned("outside", 9) + '\n';
  for (const auto& [name, accuracy] : rows) {
    out += name + std::string(width - name.size(), ' ');
    detail::each_column(accuracy,
                        [&](const tally& t, bool) { out += detail::right_aligned(detail::percent_text(t.percent(), 2, "-"), 9); });
    out += detail::right_aligned(std::to_string(accuracy.total().items), 9) + detail::right_aligned(std::to_string(accuracy.outside()), 9) +
           '\n';
  }
  return out;
}

/// {"total", "audio", "visual", "audio_visual", "types": {"Audio/Counting": ..}, "priors": {name: total}, "items", "outside"}: percentages
/// with four decimals, null where there are no items.
inline std::string accuracy_json(const question_accuracy& accuracy, std::span<const named_accuracy> priors = {}) {
  std::string out(1, '{');
  const auto member = [&](std::string_view name, const std::string& value) {
    if (out.back() != '{') out += ", ";
    out.append(ogm::data::json::quoted(name)).append(": ").append(value);
  };
  const auto number = [&](std::string_view name, const tally& t) { member(name, detail::percent_text(t.percent(), 4, "null")); };
  number("total", accuracy.total());
  number("audio", accuracy.of(question_modality::audio));
  number("visual", accuracy.of(question_modality::visual));
  number("audio_visual", accuracy.of(question_modality::audio_visual));
  member("types", "{");
  for (std::size_t t = 0; t < question_type_count; ++t) number(name_of(question_type(t)), accuracy.of(question_type(t)));
  out += '}';
  member("priors", "{");
  for (const named_accuracy& prior : priors) number(prior.name, prior.accuracy.total());
  out += '}';
  member("items", std::to_string(accuracy.total().items));
  member("outside", std::to_string(accuracy.outside()));
  return out += "}\n";
}

}  // namespace avqa
