#pragma once
// The 42 answers, and which of them a question can have.

#include <avqa/question/word_list.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

// clang-format off
/// The answers of the published checkpoints: position = class. The dumps of MUSIC-AVQA v2 have another order; answer_list::load reads one.
///
/// Source     class order of the official training annotations (Li et al., CVPR 2022)
inline constexpr std::array<std::string_view, 42> published_answers{
    "two", "cello", "congas", "zero", "no", "pipa", "six", "yes",  // from 0
    "one", "four", "three", "seven", "five", "ukulele", "right", "piano",  // from 8
    "left", "accordion", "clarinet", "guzheng", "more than ten", "nine", "indoor", "saxophone",  // from 16
    "drum", "violin", "middle", "outdoor", "bagpipe", "bassoon", "acoustic_guitar", "banjo",  // from 24
    "electric_bass", "ten", "eight", "flute", "simultaneously", "trumpet", "erhu", "xylophone",  // from 32
    "tuba", "suona"};  // from 40
// clang-format on

/// The 22 instruments, in alphabetical order.
inline constexpr std::array<std::string_view, 22> instruments{
    "accordion", "acoustic_guitar", "bagpipe", "banjo",   "bassoon", "cello",    "clarinet", "congas",
    "drum",      "electric_bass",   "erhu",    "flute",   "guzheng", "piano",    "pipa",     "saxophone",
    "suona",     "trumpet",         "tuba",    "ukulele", "violin",  "xylophone"};

/// The sets that the answers of one question come from.
enum class answer_set : std::uint8_t {
  yes_no,
  count,             // zero to ten, more than ten
  instrument,        // one of 22
  side,              // left, middle, right
  side_or_together,  // left, middle, right, simultaneously
  surroundings       // indoor, outdoor
};

namespace detail {

inline constexpr std::array<std::string_view, 2> yes_no{"yes", "no"};
inline constexpr std::array<std::string_view, 12> counts{"zero", "one",   "two",   "three", "four", "five",
                                                         "six",  "seven", "eight", "nine",  "ten",  "more than ten"};
inline constexpr std::array<std::string_view, 4> sides{"left", "middle", "right", "simultaneously"};
inline constexpr std::array<std::string_view, 2> surroundings{"indoor", "outdoor"};

}  // namespace detail

/// The answers of a set.
constexpr std::span<const std::string_view> answers_in(answer_set set) {
  switch (set) {
    case answer_set::yes_no:
      return detail::yes_no;
    case answer_set::count:
      return detail::counts;
    case answer_set::instrument:
      return instruments;
    case answer_set::side:
      return std::span(detail::sides).first(3);
    case answer_set::side_or_together:
      return detail::sides;
    case answer_set::surroundings:
      return detail::surroundings;
  }
  return {};
}

/// Whether an answer is in a set.
constexpr bool contains(answer_set set, std::string_view answer) {
  const auto answers = answers_in(set);
  return std::find(answers.begin(), answers.end(), answer) != answers.end();
}

/// The classes of a model: answers and their numbers. The published 42 unless others are given.
///
/// Errors     value_error for an answer or a number that is not in the list; see word_list for files
class answer_list {
 public:
  answer_list() : list_(published_answers) {}
  explicit answer_list(word_list list) : list_(std::move(list)) {}
  static answer_list load(const std::string& path) { return answer_list(word_list::load(path)); }
  void save(const std::string& path) const { list_.save(path); }

  std::size_t size() const { return list_.size(); }
  const std::vector<std::string>& names() const { return list_.words(); }
  const std::string& operator[](std::int32_t id) const { return list_[id]; }
  std::optional<std::int32_t> find(std::string_view answer) const { return list_.find(answer); }
  std::int32_t id(std::string_view answer) const {
    if (const auto found = find(answer)) return *found;
    throw ogm::value_error("avqa: the answer \"" + std::string(answer) + "\" is none of the " + std::to_string(size()) +
                           " answers of this list.");
  }
  friend bool operator==(const answer_list&, const answer_list&) = default;

 private:
  word_list list_;
};

}  // namespace avqa
