#pragma once
// Which template a question is made from, whether it comes from a file or somebody typed it.

#include <avqa/question/templates.hpp>
#include <ogm/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// A question that was recognised: its template, and its placeholders' values from left to right. Values are those of the vocabulary
/// ("acoustic_guitar"), whatever was written.
struct matched_question {
  std::size_t number = 0;           // of the template in question_templates
  std::vector<std::string> values;  // none where the placeholders stood there unfilled

  const question_template& form() const { return question_templates[number]; }
};

namespace detail {

/// What people write for a word of the vocabulary.
inline constexpr std::array<std::array<std::string_view, 2>, 8> everyday_names{{{"guitar", "acoustic_guitar"},
                                                                                {"bass", "electric_bass"},
                                                                                {"leftmost", "leftest"},
                                                                                {"rightmost", "rightest"},
                                                                                {"quietest", "lowest"},
                                                                                {"softest", "lowest"},
                                                                                {"conga", "congas"},
                                                                                {"an", "a"}}};

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return out;
}

inline bool is_instrument(std::string_view word) { return std::find(instruments.begin(), instruments.end(), word) != instruments.end(); }

/// A word as the vocabulary has it: everyday names become the data set's, instruments in the plural become one.
inline std::string as_in_vocabulary(std::string word) {
  const auto everyday = [](std::string_view name) {
    for (const auto& [written, meant] : everyday_names)
      if (name == written) return meant;
    return name;
  };
  word = everyday(word);
  if (is_instrument(word)) return word;
  for (const std::string_view ending : {"s", "es"})
    if (word.ends_with(ending))
      if (const auto one = everyday(std::string_view(word).substr(0, word.size() - ending.size())); is_instrument(one))
        return std::string(one);
  return word;
}

/// A text with the blanks, quotes and question marks that keyboards and word processors write as plain ones.
inline std::string with_plain_marks(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 6> written{{{"\xC2\xA0", ' '},       // no-break space
                                                                             {"\xE2\x80\x98", '\''},  // quotes
                                                                             {"\xE2\x80\x99", '\''},
                                                                             {"\xE2\x80\x9C", '"'},
                                                                             {"\xE2\x80\x9D", '"'},
                                                                             {"\xEF\xBC\x9F", '?'}}};  // full width
  std::string out;
  while (!text.empty()) {
    const auto found = std::find_if(written.begin(), written.end(), [&](const auto& w) { return text.starts_with(w.first); });
    out += found == written.end() ? text.front() : found->second;
    text.remove_prefix(found == written.end() ? 1 : found->first.size());
  }
  return out;
}

/// The words of a text in lower case, without punctuation around them; "acoustic guitar" is one word.
inline std::vector<std::string> plain_words(std::string_view written) {
  static constexpr std::string_view space = " \t\n\v\f\r", marks = "?!.,;:\"'";
  const std::string kept = with_plain_marks(written);
  const std::string_view text = kept;
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(space); at != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(space, at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = text.find_first_not_of(space, end);
    while (!word.empty() && marks.find(word.back()) != marks.npos) word.remove_suffix(1);
    while (!word.empty() && marks.find(word.front()) != marks.npos) word.remove_prefix(1);
    if (word.empty()) continue;
    std::string plain = lower_case(word);
    const bool joined = !words.empty() && ((words.back() == "acoustic" && (plain == "guitar" || plain == "guitars")) ||
                                           (words.back() == "electric" && (plain == "bass" || plain == "basses")));
    if (joined)
      words.back() += '_' + plain;
    else
      words.push_back(std::move(plain));
  }
  for (std::string& word : words) word = as_in_vocabulary(std::move(word));
  return words;
}

/// The words of every template, lower case but for the placeholders.
inline const std::vector<std::vector<std::string>>& words_of_templates() {
  static const std::vector<std::vector<std::string>> all = [] {
    std::vector<std::vector<std::string>> forms;
    for (const question_template& form : question_templates) {
      auto& words = forms.emplace_back(plain_words(form.text));
      for (std::string& word : words)
        for (const placeholder& p : placeholders)
          if (word == lower_case(p.name)) word = p.name;
    }
    return forms;
  }();
  return all;
}

/// Whether a plain word may stand where a template has `wanted`.
inline bool fits(std::string_view wanted, std::string_view word) {
  if (wanted.front() != '<') return wanted == word;
  const auto fillers = fillers_of(wanted);
  return std::find(fillers.begin(), fillers.end(), word) != fillers.end();
}

/// How many words of a template have their counterpart in a question, in order (longest common subsequence).
inline std::size_t words_in_common(const std::vector<std::string>& form, const std::vector<std::string>& words) {
  std::vector<std::size_t> row(words.size() + 1, 0);
  for (const std::string& wanted : form) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < words.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = fits(wanted, words[j]) ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace detail

/// The template of a question, filled or not, also as somebody types it: case, spaces and punctuation at a word's end do not matter,
/// "an" is "a", an instrument may have its everyday name ("guitar", "electric bass") and be in the plural, "leftmost" is "leftest".
///
/// Empty      nothing where it fits none
/// Example    "is the Violin louder than the acoustic guitar" -> template 0 with violin and acoustic_guitar
inline std::optional<matched_question> match_question(std::string_view text) {
  const std::vector<std::string> words = detail::plain_words(text);
  const auto& forms = detail::words_of_templates();
  for (std::size_t number = 0; number < forms.size(); ++number) {
    const auto& form = forms[number];
    if (form.size() != words.size()) continue;
    matched_question match{number, {}};
    std::size_t left_open = 0;
    bool same = true;
    for (std::size_t i = 0; i < form.size() && same; ++i) {
      if (form[i].front() != '<')
        same = form[i] == words[i];
      else if (words[i] == detail::lower_case(form[i]))
        ++left_open;
      else if (detail::fits(form[i], words[i]))
        match.values.push_back(words[i]);
      else
        same = false;
    }
    if (same && (left_open == 0 || match.values.empty())) return match;
  }
  return std::nullopt;
}

/// As match_question, but a question that fits no template is an error that says which template is nearest and what that one wants.
///
/// Errors     value_error
inline matched_question understand_question(std::string_view text) {
  if (auto match = match_question(text)) return *std::move(match);
  const std::vector<std::string> words = detail::plain_words(text);
  const auto& forms = detail::words_of_templates();
  std::size_t nearest = 0;
  double best = -1;
  for (std::size_t number = 0; number < forms.size(); ++number) {
    const double alike = 2 * double(detail::words_in_common(forms[number], words)) / double(forms[number].size() + words.size());
    if (alike > best) best = alike, nearest = number;
  }
  std::string out = "avqa: the question \"" + std::string(text) + "\" fits none of the 33 templates; the nearest is \"" +
                    std::string(question_templates[nearest].text) + '"';
  const auto& form = forms[nearest];
  if (form.size() == words.size())
    for (std::size_t i = 0; i < form.size(); ++i)
      if (!detail::fits(form[i], words[i])) {
        out += ", which has for word " + std::to_string(i + 1) + ", \"" + words[i] + "\", " +
               (form[i].front() == '<' ? "one of " + detail::listed(fillers_of(form[i])) : '"' + form[i] + '"');
        break;
      }
  throw ogm::value_error(out + '.');
}

}  // namespace avqa
