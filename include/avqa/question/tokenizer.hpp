#pragma once
// From a question to the numbers of its words, as the published training code does it.

#include <avqa/question/vocabulary.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

namespace detail {

/// The text without its last code point.
constexpr std::string_view without_last_code_point(std::string_view text) {
  std::size_t end = text.size();
  for (int tail = 0; end > 0 && tail < 4; ++tail)
    if ((static_cast<unsigned char>(text[--end]) & 0xC0) != 0x80) break;
  return text.substr(0, end);
}
constexpr std::string_view without_trailing_space(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\n\v\f\r\x1c\x1d\x1e\x1f");
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

}  // namespace detail

/// The words of a question whose placeholders are filled: trailing space goes, single spaces separate, the last character (a code point:
/// one template ends in the full-width U+FF1F) goes whatever it is, and the p-th word with a '<' becomes the p-th value.
///
/// Errors     value_error with the question where it is empty or has more or fewer placeholders than values
/// Source     Li et al., CVPR 2022, published code. Differs: values that are left over are an error
/// Example    "Is there a <Object> sound?" with the value pipa -> Is, there, a, pipa, sound
inline std::vector<std::string> split_question(std::string_view content, std::span<const std::string> values = {}) {
  const auto fail = [&](const std::string& what) {
    throw ogm::value_error("avqa: the question \"" + std::string(content) + "\" " + what + ".");
  };
  std::string_view rest = detail::without_last_code_point(detail::without_trailing_space(content));
  if (rest.empty()) fail("has no words");
  std::vector<std::string> words;
  std::size_t placeholders = 0;
  for (bool more = true; more;) {
    const std::size_t space = rest.find(' ');
    more = space != rest.npos;
    const std::string_view word = rest.substr(0, space);
    if (more) rest.remove_prefix(space + 1);
    if (word.find('<') == word.npos)
      words.emplace_back(word);
    else if (const std::size_t p = placeholders++; p < values.size())
      words.push_back(values[p]);
  }
  if (placeholders != values.size())
    fail("has " + std::to_string(placeholders) + " placeholder(s) and was given " + std::to_string(values.size()) + " value(s)");
  return words;
}

/// Questions to numbers, padded to one length.
///
/// Shapes     14 numbers unless another length is asked for
/// Errors     value_error with the question and the word for an unknown word and for more words than fit: nothing is cut off
/// Example    tokenizer().encode("Is there a voiceover?") begins with 24 36 37 38 0
class tokenizer {
 public:
  static constexpr std::size_t published_length = 14;

  explicit tokenizer(vocabulary words = vocabulary(), std::size_t length = published_length) : words_(std::move(words)), length_(length) {}

  std::size_t length() const { return length_; }
  const vocabulary& words() const { return words_; }

  /// Fills `out`, of this length, and returns how many of its numbers are words; the rest is padding.
  std::size_t encode(std::string_view content, std::span<const std::string> values, std::span<std::int32_t> out) const {
    const auto fail = [&](const std::string& what) {
      throw ogm::value_error("avqa: the question \"" + std::string(content) + "\": " + what + ".");
    };
    if (out.size() != length_)
      throw ogm::shape_error("avqa: a question of " + std::to_string(length_) + " numbers was to go to a row of " +
                             std::to_string(out.size()) + ".");
    const std::vector<std::string> words = split_question(content, values);
    if (words.size() > length_) fail(std::to_string(words.size()) + " words; at most " + std::to_string(length_) + " fit");
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto id = words_.find(words[i]);
      if (!id) fail("word " + std::to_string(i + 1) + ": " + words_.why_unknown(words[i]));
      out[i] = *id;
    }
    std::fill(out.begin() + std::ptrdiff_t(words.size()), out.end(), vocabulary::pad);
    return words.size();
  }
  std::vector<std::int32_t> encode(std::string_view content, std::span<const std::string> values = {}) const {
    std::vector<std::int32_t> out(length_);
    encode(content, values, out);
    return out;
  }

 private:
  vocabulary words_;
  std::size_t length_;
};

}  // namespace avqa
