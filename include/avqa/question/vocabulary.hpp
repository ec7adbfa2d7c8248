#pragma once
// The words that questions are made of, and their numbers.

#include <avqa/question/word_list.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

// clang-format off
/// The words of the published checkpoints: position = row of the embedding. "Is" and "is" are two words.
///
/// Source     order of first occurrence in the official training annotations (Li et al., CVPR 2022)
inline constexpr std::array<std::string_view, 93> published_words{
    "<pad>", "How", "many", "instruments", "are", "sounding", "in", "the", "video", "What",  // from 0
    "kind", "of", "instrument", "is", "leftest", "musical", "it", "did", "not", "sound",  // from 10
    "from", "beginning", "to", "end", "Is", "on", "left", "louder", "than", "right",  // from 20
    "guzheng", "types", "accordion", "always", "playing", "clarinet", "there", "a", "voiceover", "this",  // from 30
    "cello", "violin", "flute", "pipa", "piano", "Which", "that", "sounds", "at", "same",  // from 40
    "time", "as", "acoustic_guitar", "Where", "first", "electric_bass", "drum", "more", "rhythmic", "ukulele",  // from 50
    "banjo", "saxophone", "trumpet", "erhu", "middle", "congas", "entire", "tuba", "bagpipe", "loudest",  // from 60
    "comes", "xylophone", "bassoon", "suona", "second", "appeared", "performance", "rightest", "coming", "third",  // from 70
    "last", "Are", "and", "makes", "before", "after", "lowest", "fourth", "longer", "fifth",  // from 80
    "were", "heard", "throughout"};  // from 90
// clang-format on

/// What the published vocabulary does not do; off, so that it is that vocabulary.
struct vocabulary_options {
  bool unknown = false;    // a word "<unk>" after all others, in whose place every unknown word is read
  bool fold_case = false;  // a word that is not there as it is written is looked for in any case (ASCII); the smallest number wins
};

/// Words and their numbers. "<pad>" has number 0; "<unk>", where there is one, has the last (93 beside the published words).
///
/// Errors     value_error for an unknown word, and for words that do not begin with "<pad>" or have "<unk>" in their midst; load says which
///            file (data_error)
/// Example    vocabulary().id("violin") == 41
class vocabulary {
 public:
  static constexpr std::int32_t pad = 0;
  static constexpr std::string_view pad_word = "<pad>", unknown_word = "<unk>";

  /// The published 93.
  explicit vocabulary(const vocabulary_options& how = {}) : vocabulary(word_list(published_words), how) {}
  explicit vocabulary(word_list words, const vocabulary_options& how = {}) : words_(std::move(words)) {
    if (const std::string wrong = fault(words_); !wrong.empty()) throw ogm::value_error("avqa: a vocabulary " + wrong + ".");
    if (how.unknown) words_.find_or_append(unknown_word);
    unknown_ = words_.find(unknown_word);
    if (how.fold_case)
      for (std::size_t i = 0; i < words_.size(); ++i) folded_.emplace(lower(words_.words()[i]), std::int32_t(i));  // the first one stays
  }
  /// The words of a file, one a line. A file that ends in "<unk>" needs no option to have it.
  static vocabulary load(const std::string& path, const vocabulary_options& how = {}) {
    word_list words = word_list::load(path);
    if (const std::string wrong = fault(words); !wrong.empty()) throw ogm::data_error("avqa: " + path + ": a vocabulary " + wrong + ".");
    return vocabulary(std::move(words), how);
  }
  void save(const std::string& path) const { words_.save(path); }

  std::size_t size() const { return words_.size(); }
  const std::vector<std::string>& words() const { return words_.words(); }
  const std::string& operator[](std::int32_t id) const { return words_[id]; }
  std::optional<std::int32_t> unknown() const { return unknown_; }

  /// The number under which a word is read, nothing where it is unknown.
  std::optional<std::int32_t> find(std::string_view word) const {
    if (const auto found = words_.find(word)) return found;
    if (!folded_.empty())
      if (const auto found = folded_.find(lower(word)); found != folded_.end()) return found->second;
    return unknown_;
  }
  std::int32_t id(std::string_view word) const {
    if (const auto found = find(word)) return *found;
    throw ogm::value_error("avqa: " + why_unknown(word) + ".");
  }
  /// Says that a word is not in the vocabulary, and what is nearly it.
  std::string why_unknown(std::string_view word) const {
    std::string out = "the word \"" + std::string(word) + "\" is none of the " + std::to_string(size()) + " words of the vocabulary";
    const std::string own = lower(word);
    for (const std::string& known : words())
      if (lower(known) == own) return out + "; \"" + known + "\" is, and the option fold_case takes one for the other";
    return out;
  }
  friend bool operator==(const vocabulary&, const vocabulary&) = default;

 private:
  static std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    return out;
  }
  static std::string fault(const word_list& words) {
    if (words.size() == 0) return "without words; the first must be \"<pad>\"";
    if (words[0] != pad_word) return "whose first word is \"" + words[0] + "\"; \"<pad>\" expected";
    if (const auto at = words.find(unknown_word); at && std::size_t(*at) + 1 != words.size())
      return "whose word " + std::to_string(*at) + " is \"<unk>\"; it must be the last, after the words that checkpoints number";
    return {};
  }

  word_list words_;
  std::optional<std::int32_t> unknown_;
  std::map<std::string, std::int32_t, std::less<>> folded_;  // empty unless case is folded
};

}  // namespace avqa
