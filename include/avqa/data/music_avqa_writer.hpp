#pragma once
// Annotations as the official files have them.

#include <avqa/data/music_avqa.hpp>
#include <avqa/question/types.hpp>
#include <ogm/core/error.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/json.hpp>

#include <span>
#include <string>
#include <string_view>

namespace avqa {

namespace detail {

/// A JSON text that holds a JSON list of texts.
inline std::string quoted_list(std::span<const std::string> values) {
  std::string list = "[";
  for (const std::string& value : values) list.append(list.size() == 1 ? "" : ", ").append(ogm::data::json::quoted(value));
  return ogm::data::json::quoted(list + ']');
}

}  // namespace detail

/// A file of the official schema: an array of records whose lists are texts, with "anser" and a question_deleted of 0. read_music_avqa
/// gives the same annotations back.
///
/// Errors     value_error with the record (from 1) where a text that the reader needs is empty
inline std::string music_avqa_json(std::span<const annotation> all) {
  std::string out = "[";
  for (const annotation& a : all) {
    const auto record = [&] { return std::to_string(&a - all.data() + 1); };
    if (a.video_id.empty() || a.content.empty() || a.answer.empty())
      throw ogm::value_error("avqa: record " + record() + " lacks its video, its question or its answer.");
    const std::string_view type = name_of(a.type);
    const std::string names[]{std::string(type.substr(0, type.find('/'))), std::string(type.substr(type.find('/') + 1))};
    out.append(out.size() == 1 ? "\n" : ",\n").append("{\"video_id\":").append(ogm::data::json::quoted(a.video_id));
    if (a.question_id) out.append(",\"question_id\":").append(std::to_string(*a.question_id));
    out.append(",\"type\":").append(detail::quoted_list(names)).append(",\"question_content\":").append(ogm::data::json::quoted(a.content));
    out.append(",\"templ_values\":").append(detail::quoted_list(a.values));
    out.append(",\"question_deleted\":0,\"anser\":").append(ogm::data::json::quoted(a.answer)).append("}");
  }
  return out + "\n]\n";
}
/// Writes such a file, atomically.
///
/// Errors     those of music_avqa_json, and data_error where the file cannot be written
inline void write_music_avqa(const std::string& path, std::span<const annotation> all) {
  const std::string text = music_avqa_json(all);
  ogm::data::write_atomically(path, ogm::data::as_byte_span(text));
}

}  // namespace avqa
