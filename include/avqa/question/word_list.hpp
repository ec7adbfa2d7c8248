#pragma once
// Words and their numbers: what a vocabulary and a list of answers have in common.

#include <ogm/core/error.hpp>
#include <ogm/data/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace avqa {

/// Distinct words, numbered from 0 in their order. As a file: a word a line, so that the line's number less one is the word's.
///
/// Errors     value_error where a word is empty, holds a line break or occurs twice; data_error with file and line where a file does
class word_list {
 public:
  word_list() = default;
  explicit word_list(std::vector<std::string> words) {
    for (std::string& word : words)
      if (const std::string wrong = append(std::move(word)); !wrong.empty())
        throw ogm::value_error("avqa: word " + std::to_string(words_.size()) + " of a list: " + wrong + ".");
  }
  explicit word_list(std::span<const std::string_view> words) : word_list(std::vector<std::string>(words.begin(), words.end())) {}

  /// Lines end in LF or CRLF; the last line may lack its end.
  static word_list parse(ogm::data::byte_span bytes, const std::string& name) {
    std::string_view text = ogm::data::as_text(bytes);
    if (constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF"; text.starts_with(byte_order_mark))
      text.remove_prefix(byte_order_mark.size());
    word_list out;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (const std::string wrong = out.append(std::string(line)); !wrong.empty())
        throw ogm::data_error("avqa: " + name + ": line " + std::to_string(out.size() + 1) + ": " + wrong + "; one word a line expected.");
    }
    return out;
  }
  static word_list load(const std::string& path) { return parse(ogm::data::mapped_file(path).bytes(), path); }
  void save(const std::string& path) const {
    std::string text;
    for (const std::string& word : words_) text += word + '\n';
    ogm::data::write_atomically(path, ogm::data::as_byte_span(text));
  }

  std::size_t size() const { return words_.size(); }
  const std::vector<std::string>& words() const { return words_; }
  const std::string& operator[](std::int32_t id) const {
    if (id < 0 || std::size_t(id) >= size())
      throw ogm::value_error("avqa: word " + std::to_string(id) + " of a list of " + std::to_string(size()) + ", numbered from 0.");
    return words_[std::size_t(id)];
  }
  std::optional<std::int32_t> find(std::string_view word) const {
    const auto found = ids_.find(word);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }
  /// The word's number, the next free one if it is new: how lists grow from annotations.
  std::int32_t find_or_append(std::string_view word) {
    if (const auto id = find(word)) return *id;
    if (const std::string wrong = append(std::string(word)); !wrong.empty()) throw ogm::value_error("avqa: a new word: " + wrong + ".");
    return std::int32_t(size() - 1);
  }
  friend bool operator==(const word_list& a, const word_list& b) { return a.words_ == b.words_; }

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  /// What is wrong with the word; nothing, and the word is in the list, if nothing is.
  std::string append(std::string word) {
    if (word.empty()) return "an empty word";
    if (word.find_first_of("\r\n") != word.npos) return "a line break in a word";
    const auto [entry, fresh] = ids_.emplace(word, std::int32_t(size()));
    if (!fresh) return "the word \"" + word + "\" is there already, with number " + std::to_string(entry->second);
    words_.push_back(std::move(word));
    return {};
  }

  std::vector<std::string> words_;
  std::unordered_map<std::string, std::int32_t, hash, std::equal_to<>> ids_;
};

}  // namespace avqa
