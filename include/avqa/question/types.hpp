#pragma once
// The nine question types of MUSIC-AVQA, and the modality that each of them belongs to.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace avqa {

/// What a question is about: only what is heard, only what is seen, or both.
enum class question_modality : std::uint8_t { audio, visual, audio_visual };

/// The nine types, in the order of the columns of the published result tables.
enum class question_type : std::uint8_t {
  audio_counting,
  audio_comparative,
  visual_counting,
  visual_location,
  audio_visual_existential,
  audio_visual_location,
  audio_visual_counting,
  audio_visual_comparative,
  audio_visual_temporal
};

inline constexpr std::size_t question_modality_count = 3;
inline constexpr std::size_t question_type_count = 9;

/// As it stands in the annotations: "Audio", "Visual", "Audio-Visual".
constexpr std::string_view name_of(question_modality m) {
  constexpr std::array<std::string_view, question_modality_count> names{"Audio", "Visual", "Audio-Visual"};
  return names[std::size_t(m)];
}
/// Modality and kind: "Audio/Counting".
constexpr std::string_view name_of(question_type t) {
  constexpr std::array<std::string_view, question_type_count> names{
      "Audio/Counting",        "Audio/Comparative",     "Visual/Counting",          "Visual/Location",      "Audio-Visual/Existential",
      "Audio-Visual/Location", "Audio-Visual/Counting", "Audio-Visual/Comparative", "Audio-Visual/Temporal"};
  return names[std::size_t(t)];
}

/// The modality that a type belongs to.
constexpr question_modality modality_of(question_type t) {
  return t <= question_type::audio_comparative ? question_modality::audio
         : t <= question_type::visual_location ? question_modality::visual
                                               : question_modality::audio_visual;
}

/// The type of an annotation's pair ["Audio", "Counting"], nothing where there is none.
constexpr std::optional<question_type> find_question_type(std::string_view modality, std::string_view kind) {
  for (std::size_t i = 0; i < question_type_count; ++i) {
    const std::string_view name = name_of(question_type(i));
    if (name.size() == modality.size() + 1 + kind.size() && name.starts_with(modality) && name[modality.size()] == '/' &&
        name.ends_with(kind))
      return question_type(i);
  }
  return std::nullopt;
}

}  // namespace avqa
