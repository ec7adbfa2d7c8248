#pragma once
// The annotations of MUSIC-AVQA and of its second version: questions, videos and answers out of their JSON files.

#include <avqa/question/templates.hpp>
#include <avqa/question/tokenizer.hpp>
#include <avqa/question/types.hpp>
#include <ogm/core/error.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// Whether a video was recorded, or put together from the picture and the sound of others.
enum class video_origin : std::uint8_t { real, synthetic };

/// Synthetic videos are named by one of six prefixes and eight digits ("esa00000399"), real ones by digits or by an id of YouTube.
///
/// Source     counts by prefix in the official annotations; that "sa" is random matching, "va" audio overlay, "vv" stitching and "e" an
///            ensemble is inferred from their answers, and nowhere documented
constexpr video_origin origin_of(std::string_view video_id) {
  for (const std::string_view prefix : {"sa", "va", "vv", "esa", "eva", "evv"})
    if (video_id.size() == prefix.size() + 8 && video_id.starts_with(prefix) &&
        std::all_of(video_id.begin() + std::ptrdiff_t(prefix.size()), video_id.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return video_origin::synthetic;
  return video_origin::real;
}

/// The video that a mirrored copy of the second version ("NAME_flip") was made from; any other is its own.
constexpr std::string_view source_video(std::string_view video_id) {
  constexpr std::string_view mark = "_flip";
  if (video_id.ends_with(mark)) video_id.remove_suffix(mark.size());
  return video_id;
}

/// One question about one video.
struct annotation {
  std::string video_id;
  std::optional<std::uint64_t> question_id;  // the second version's new questions have none
  question_type type{};
  std::string content;              // as in the file: a template with its placeholders, or free text
  std::vector<std::string> values;  // of the placeholders, from left to right
  std::string answer;

  /// The template that the content is, nothing where it is none of the 33.
  const question_template* form() const {
    const auto number = find_template(content);
    return number ? &question_templates[*number] : nullptr;
  }
  /// What is asked, as a key: the content and its values, each on a line.
  std::string key() const {
    std::string out = content;
    for (const std::string& value : values) (out += '\n') += value;
    return out;
  }
  /// The question as one reads it: "Is the violin louder than the piano?".
  std::string question() const {
    std::string out;
    for (const std::string& word : split_question(content, values)) out.append(out.empty() ? "" : " ").append(word);
    return out + '?';
  }
};

namespace detail {

/// A list of texts inside a text, as JSON or as a Python literal; nothing where it is neither.
inline std::optional<std::vector<std::string>> list_of_texts(std::string_view text) {
  std::size_t at = 0;
  const auto next = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
    return at < text.size() ? text[at] : '\0';
  };
  const auto accept = [&](char c) {
    const bool there = next() == c;
    at += there;
    return there;
  };
  std::vector<std::string> out;
  if (!accept('[')) return std::nullopt;
  if (next() != ']') do {
      const char quote = next();
      if (quote != '"' && quote != '\'') return std::nullopt;
      std::string& value = out.emplace_back();
      for (++at; at < text.size() && text[at] != quote; ++at) {
        if (text[at] == '\\' && (++at == text.size() || std::string_view("\\/\"'").find(text[at]) == std::string_view::npos))
          return std::nullopt;
        value += text[at];
      }
      if (at++ >= text.size()) return std::nullopt;
    } while (accept(','));
  if (!accept(']') || next() != '\0' || at != text.size()) return std::nullopt;
  return out;
}

/// The value at the reader: a text that holds a list, as the official files have it, or a list.
inline std::vector<std::string> read_list(ogm::data::json::reader& in) {
  std::vector<std::string> out;
  if (in.peek() == '[') {
    in.array([&] { out.push_back(in.string()); });
    return out;
  }
  const std::string text = in.string();
  if (auto list = list_of_texts(text)) return *std::move(list);
  in.fail(ogm::data::json::quoted(text) + " is no list of texts; such as \"[\\\"left\\\", \\\"violin\\\"]\" expected");
}

/// One record; `field` is the one that is being read, for messages.
inline annotation read_annotation(ogm::data::json::reader& in, std::string& field) {
  annotation out;
  bool has_type = false, has_values = false;
  const auto text = [&](std::string& into) {
    if (!into.empty()) in.fail("the record has this field already, by its other name");  // "anser" beside "answer"
    into = in.string();
    if (into.empty()) in.fail("a text that is not empty expected");
  };
  in.object([&](const std::string& key) {
    field = key;
    if (key == "video_id")
      text(out.video_id);
    else if (key == "question_id")
      out.question_id = in.unsigned_integer();
    else if (key == "question_content")
      text(out.content);
    else if (key == "anser" || key == "answer")
      text(out.answer);
    else if (key == "templ_values")
      out.values = read_list(in), has_values = true;
    else if (key == "type") {
      const std::vector<std::string> names = read_list(in);
      const auto type = names.size() == 2 ? find_question_type(names[0], names[1]) : std::nullopt;
      if (!type) {
        std::string wrong;
        for (const std::string& name : names) wrong.append(wrong.empty() ? "[" : ", ").append(name);
        in.fail((wrong.empty() ? "[" : wrong) +
                "] is none of the nine types; a modality and a kind, such as [Audio-Visual, Temporal], expected");
      }
      out.type = *type, has_type = true;
    } else
      in.skip();
  });
  field.clear();
  const std::pair<bool, const char*> needed[]{{!out.video_id.empty(), "video_id"},
                                              {has_type, "type"},
                                              {!out.content.empty(), "question_content"},
                                              {has_values, "templ_values"},
                                              {!out.answer.empty(), "anser"}};
  for (const auto& [present, name] : needed)
    if (!present) {
      field = name;
      in.fail("the field is missing");
    }
  try {
    split_question(out.content, out.values);
  } catch (const ogm::value_error& e) {
    field = "question_content";
    in.fail(said_by(e));
  }
  return out;
}

/// Where something is wrong: the reader knows the byte, this adds the record and its field.
[[noreturn]] inline void annotation_failed(const ogm::data_error& e, std::size_t record, const std::string& field) {
  throw ogm::data_error("avqa: " + said_by(e) + ", in record " + std::to_string(record) +
                        (field.empty() ? "" : ", field " + ogm::data::json::quoted(field)) + ".");
}

}  // namespace detail

/// The records of an annotation file, in its order: an array of objects with video_id, type, question_content, templ_values and anser.
/// question_id and question_deleted may be missing, as in the second version; other fields are read over. "answer" may stand for the
/// "anser" of the official files, and lists may be lists instead of texts that hold one (JSON or Python).
///
/// Errors     data_error with file, byte, record (from 1) and field: no JSON, a field missing or of another kind, a type that is none of
///            the nine, a question without words, or with more or fewer placeholders than values
inline std::vector<annotation> parse_music_avqa(ogm::data::byte_span bytes, const std::string& name) {
  std::string_view text = ogm::data::as_text(bytes);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  ogm::data::json::reader in(text, name);
  std::vector<annotation> out;
  in.array([&] {
    std::string field;
    try {
      out.push_back(detail::read_annotation(in, field));
    } catch (const ogm::data_error& e) {
      detail::annotation_failed(e, out.size() + 1, field);
    }
  });
  in.end();
  return out;
}
/// The records of an annotation file on disk.
///
/// Errors     those of parse_music_avqa, and data_error where the file cannot be read
inline std::vector<annotation> read_music_avqa(const std::string& path) {
  return parse_music_avqa(ogm::data::mapped_file(path).bytes(), path);
}

}  // namespace avqa
