#pragma once
// The 33 templates that every question of MUSIC-AVQA is made from.

#include <avqa/question/answers.hpp>
#include <avqa/question/types.hpp>
#include <ogm/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace avqa {

/// One template: its text as it stands in the annotations, with placeholders such as `<Object>`, and what its answers are.
struct question_template {
  std::string_view text;
  question_type type;
  answer_set answers;
};

/// All of them. Two end in a blank and one in the full-width question mark, as in the annotations.
///
/// Answers    the sets are of all that makes sense, not of what one file holds: a count may be any of the twelve
inline constexpr std::array<question_template, 33> question_templates{{
    {"Is the <Object> louder than the <Object>?", question_type::audio_comparative, answer_set::yes_no},
    {"Is the <Object> more rhythmic than the <Object>?", question_type::audio_comparative, answer_set::yes_no},
    {"Is the <Object> playing longer than the <Object>?", question_type::audio_comparative, answer_set::yes_no},
    {"Are there <Object> and <Object> sound? ", question_type::audio_counting, answer_set::yes_no},
    {"How many musical instruments were heard throughout the video?", question_type::audio_counting, answer_set::count},
    {"Is there a <Object> sound?", question_type::audio_counting, answer_set::yes_no},
    {"Is the <Object> on the <LR> louder than the <Object> on the <LR>?", question_type::audio_visual_comparative, answer_set::yes_no},
    {"Is the <Object> on the <LR> more rhythmic than the <Object> on the <LR>?", question_type::audio_visual_comparative,
     answer_set::yes_no},
    {"Is the instrument on the <LR> louder than the instrument on the <LR>?", question_type::audio_visual_comparative, answer_set::yes_no},
    {"Is the instrument on the <LR> more rhythmic than the instrument on the <LR>?", question_type::audio_visual_comparative,
     answer_set::yes_no},
    {"How many instruments are sounding in the video?", question_type::audio_visual_counting, answer_set::count},
    {"How many instruments in the video did not sound from beginning to end?", question_type::audio_visual_counting, answer_set::count},
    {"How many sounding <Object> in the video\xEF\xBC\x9F", question_type::audio_visual_counting, answer_set::count},
    {"How many types of musical instruments sound in the video?", question_type::audio_visual_counting, answer_set::count},
    {"Is the <Object> in the video always playing?", question_type::audio_visual_existential, answer_set::yes_no},
    {"Is there a voiceover?", question_type::audio_visual_existential, answer_set::yes_no},
    {"Is this sound from the instrument in the video?", question_type::audio_visual_existential, answer_set::yes_no},
    {"Is the <FL> sound coming from the <LR> instrument?", question_type::audio_visual_location, answer_set::yes_no},
    {"What is the <LR> instrument of the <FL> sounding instrument?", question_type::audio_visual_location, answer_set::instrument},
    {"Where is the <LL> instrument?", question_type::audio_visual_location, answer_set::side},
    {"Which is the musical instrument that sounds at the same time as the <Object>?", question_type::audio_visual_location,
     answer_set::instrument},
    {"What is the <TH> instrument that comes in?", question_type::audio_visual_temporal, answer_set::instrument},
    {"Where is the <FL> sounding instrument?", question_type::audio_visual_temporal, answer_set::side},
    {"Which <Object> makes the sound <FL>?", question_type::audio_visual_temporal, answer_set::side_or_together},
    {"Which instrument makes sounds <BA> the <Object>?", question_type::audio_visual_temporal, answer_set::instrument},
    {"Are there <Object> and <Object> instruments in the video?", question_type::visual_counting, answer_set::yes_no},
    {"How many <Object> are in the entire video?", question_type::visual_counting, answer_set::count},
    {"How many types of musical instruments appeared in the entire video?", question_type::visual_counting, answer_set::count},
    {"Is there a <Object> in the entire video?", question_type::visual_counting, answer_set::yes_no},
    {"What is the instrument on the <LR> of <Object>?", question_type::visual_location, answer_set::instrument},
    {"What kind of instrument is the <LRer> instrument? ", question_type::visual_location, answer_set::instrument},
    {"What kind of musical instrument is it?", question_type::visual_location, answer_set::instrument},
    {"Where is the performance?", question_type::visual_location, answer_set::surroundings},
}};

namespace detail {

struct placeholder {
  std::string_view name;
  std::span<const std::string_view> fillers;
};

inline constexpr std::array<std::string_view, 2> first_last{"first", "last"}, loudest_lowest{"loudest", "lowest"},
    before_after{"before", "after"}, leftest_rightest{"leftest", "rightest"};
inline constexpr std::array<std::string_view, 5> ordinals{"first", "second", "third", "fourth", "fifth"};
inline constexpr std::array<placeholder, 7> placeholders{{{"<Object>", instruments},
                                                          {"<LR>", std::span(sides).first(3)},
                                                          {"<FL>", first_last},
                                                          {"<LL>", loudest_lowest},
                                                          {"<BA>", before_after},
                                                          {"<TH>", ordinals},
                                                          {"<LRer>", leftest_rightest}}};

inline std::string listed(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

}  // namespace detail

/// What a placeholder such as "<LR>" may be filled with; nothing where the name is that of no placeholder.
constexpr std::span<const std::string_view> fillers_of(std::string_view placeholder) {
  for (const auto& known : detail::placeholders)
    if (known.name == placeholder) return known.fillers;
  return {};
}

/// The number, in question_templates, of an annotation's text, exactly as it stands there; nothing where there is none.
constexpr std::optional<std::size_t> find_template(std::string_view text) {
  for (std::size_t i = 0; i < question_templates.size(); ++i)
    if (question_templates[i].text == text) return i;
  return std::nullopt;
}

/// A template with its placeholders filled: "Is the violin louder than the piano?". A blank at its end goes.
///
/// Errors     value_error with the template where there are too few or too many values, or one that its placeholder cannot have
inline std::string fill_template(const question_template& form, std::span<const std::string> values) {
  const auto fail = [&](const std::string& what) {
    throw ogm::value_error("avqa: the template \"" + std::string(form.text) + "\" " + what + ".");
  };
  const auto placeholders = std::size_t(std::count(form.text.begin(), form.text.end(), '<'));
  if (placeholders != values.size())
    fail("has " + std::to_string(placeholders) + " placeholder(s) and was given " + std::to_string(values.size()) + " value(s)");
  std::string out;
  std::string_view rest = form.text;
  for (const std::string& value : values) {
    const std::size_t opens = rest.find('<'), closes = rest.find('>');
    const std::string_view name = rest.substr(opens, closes + 1 - opens);
    const auto fillers = fillers_of(name);
    if (std::find(fillers.begin(), fillers.end(), value) == fillers.end())
      fail("has \"" + value + "\" for " + std::string(name) + "; one of " + detail::listed(fillers) + " expected");
    out.append(rest.substr(0, opens)).append(value);
    rest.remove_prefix(closes + 1);
  }
  out.append(rest);
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace avqa
