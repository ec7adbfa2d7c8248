#pragma once
// When the notes of a scene begin, and their sum at the loudness that the scene says.

#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <ogm/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace avqa {

/// What pictures and sounds of a scene are drawn with besides the scene itself.
struct scene_take {
  part which = part::train;  // says which photographs and notes may be used
  std::uint64_t seed = 1;
  std::uint32_t index = 0;  // of the scene
};

/// Of the sounds of scenes; one channel.
inline constexpr int scene_rate_hz = 16000;

namespace detail {

/// The root mean square of a player of loudness 1 while it plays, and of everything else that is there all the time.
inline constexpr float sound_level = 0.06f, hiss_level = 0.0005f;
inline constexpr float voiceover_loudness = 0.5f, syllables_hz = 4.5f;

inline long sample_at(double time_s) { return std::lround(time_s * scene_rate_hz); }

/// Calls `fill(number, samples)` for each note that sounds in the window of samples from `first` on, and adds what it has written, with the
/// root mean square `loudness`. A note lasts until the next one begins; all of it is filled, so that a window holds what the whole holds.
template <class Fill>
void add_notes(const std::vector<interval>& on, float onsets_hz, float loudness, long first, std::span<float> out, const Fill& fill) {
  std::vector<float> note;
  const long last = first + long(out.size());
  for (std::size_t i = 0; i < on.size(); ++i)
    for (std::uint32_t n = 0;; ++n) {
      const double begin_s = on[i].begin_s + double(n) / onsets_hz;
      const long begin = sample_at(begin_s), end = sample_at(std::min(begin_s + 1.0 / onsets_hz, double(on[i].end_s)));
      if (begin_s >= on[i].end_s || begin >= last) break;
      if (end <= first || begin == end) continue;
      note.assign(std::size_t(end - begin), 0.f);
      fill(std::uint32_t(i) << 20 | n, std::span<float>(note));
      const std::size_t fade = std::min<std::size_t>(note.size() / 4, 80);  // 5 ms: no click
      for (std::size_t k = 0; k < fade; ++k) note[note.size() - 1 - k] *= float(k) / float(fade);
      double squares = 0;
      for (const float x : note) squares += double(x) * x;
      const float scale = squares > 0 ? loudness * sound_level * float(std::sqrt(double(note.size()) / squares)) : 0.f;
      for (long k = std::max(begin, first); k < std::min(end, last); ++k)
        out[std::size_t(k - first)] += scale * note[std::size_t(k - begin)];
    }
}

/// The sound of a scene in a window: `fill(player, number, samples)` plays a note, `speak(number, samples)` says a syllable.
template <class Fill, class Speak>
void perform(const scene& s, const scene_take& take, long first, std::span<float> out, const Fill& fill, const Speak& speak) {
  const ogm::random::key hiss{take.seed, ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(scene_stream::sounds)),
                              take.index};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = hiss_level * 3.46f * (ogm::random::uniform(hiss, std::uint64_t(first) + i) - 0.5f);  // of deviation 1 / sqrt(12)
  for (const player& p : s.players)
    add_notes(p.on, p.onsets_hz, p.loudness, first, out, [&](std::uint32_t number, std::span<float> note) { fill(p, number, note); });
  add_notes(s.voiceover, syllables_hz, voiceover_loudness, first, out, speak);
  for (float& x : out) x = std::clamp(x, -1.f, 1.f);
}

}  // namespace detail
}  // namespace avqa
