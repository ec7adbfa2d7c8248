#pragma once
// Parts of the annotations, what two parts share, what one has twice, and the word lists that they give.

#include <avqa/data/music_avqa.hpp>
#include <avqa/question/answers.hpp>
#include <avqa/question/vocabulary.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace avqa {

/// Which questions are wanted; what is not set lets everything pass.
struct annotation_filter {
  std::optional<video_origin> origin{};
  std::optional<question_modality> modality{};

  bool operator()(const annotation& a) const {
    return (!origin || origin_of(a.video_id) == *origin) && (!modality || modality_of(a.type) == *modality);
  }
};

/// The questions that pass, in their order.
///
/// Example    filtered(test, {.origin = video_origin::real, .modality = question_modality::audio})
inline std::vector<annotation> filtered(std::span<const annotation> all, const annotation_filter& filter) {
  std::vector<annotation> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), filter);
  return out;
}

/// The videos of two sets, and those that both have. A mirrored copy is the same video.
struct video_overlap {
  std::size_t first = 0, second = 0;    // videos of each set
  std::size_t shared = 0;               // videos of both
  std::size_t questions_on_shared = 0;  // of the second set: what a model may know from the first

  bool disjoint() const { return shared == 0; }
};

/// Whether two sets are apart by their videos. The official split is not: it is by question, and its parts share videos.
inline video_overlap compare_videos(std::span<const annotation> first, std::span<const annotation> second) {
  std::unordered_set<std::string_view> in_first, in_second;
  for (const annotation& a : first) in_first.insert(source_video(a.video_id));
  video_overlap out;
  for (const annotation& a : second) {
    const std::string_view video = source_video(a.video_id);
    const bool known = in_first.contains(video);
    out.questions_on_shared += known;
    out.shared += in_second.insert(video).second && known;
  }
  out.first = in_first.size(), out.second = in_second.size();
  return out;
}

/// Records that say the same thing again.
struct repetitions {
  std::size_t repeated = 0;     // records beyond the first of each
  std::size_t conflicting = 0;  // things that are said more than once, with different answers
};

/// By id, and by what is asked: the same question, filled, about the same video.
struct duplicates {
  repetitions ids, questions;
};

/// What a set of annotations has twice. The original official test set has 55 ids with two answers; the updated one has none.
///
/// Cost       linear in the annotations
inline duplicates find_duplicates(std::span<const annotation> all) {
  struct first_seen {
    const std::string* answer;
    bool conflicting = false;
  };
  const auto count = [&](const auto& key_of) {
    repetitions out;
    std::unordered_map<std::string, first_seen> seen;
    for (const annotation& a : all) {
      const std::optional<std::string> key = key_of(a);
      if (!key) continue;
      const auto [entry, fresh] = seen.emplace(*key, first_seen{&a.answer});
      if (fresh) continue;
      ++out.repeated;
      first_seen& before = entry->second;
      if (*before.answer != a.answer && !std::exchange(before.conflicting, true)) ++out.conflicting;
    }
    return out;
  };
  return {count([](const annotation& a) { return a.question_id ? std::optional(std::to_string(*a.question_id)) : std::nullopt; }),
          count([](const annotation& a) { return std::optional(a.video_id + '\n' + a.key()); })};
}

/// The vocabulary of a training set as the published code builds it: words in the order in which they occur first, after "<pad>".
///
/// Errors     value_error where a word cannot be one: two blanks in a question hold an empty word
inline vocabulary vocabulary_of(std::span<const annotation> training, const vocabulary_options& how = {}) {
  word_list words({std::string(vocabulary::pad_word)});
  for (const annotation& a : training)
    for (const std::string& word : split_question(a.content, a.values)) words.find_or_append(word);
  return vocabulary(std::move(words), how);
}

/// The answers of a training set in the order in which they occur first.
inline answer_list answers_of(std::span<const annotation> training) {
  word_list answers;
  for (const annotation& a : training) answers.find_or_append(a.answer);
  return answer_list(std::move(answers));
}

}  // namespace avqa
