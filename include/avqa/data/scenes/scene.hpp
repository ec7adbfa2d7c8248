#pragma once
// What happens in a clip, as plain data: which instruments are seen where, and when, how loud and how fast each of them plays.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace avqa {

/// Where an instrument stands in the picture; the numbers are those of the fillers of "<LR>".
enum class place : std::uint8_t { left, middle, right };
inline constexpr int place_count = 3;

/// Where a clip was recorded; both: two recordings side by side, indoors on the left.
enum class setting : std::uint8_t { indoor, outdoor, both };

/// A stretch of time, without its end.
struct interval {
  float begin_s = 0, end_s = 0;
  friend bool operator==(const interval&, const interval&) = default;
};

/// One instrument of a scene.
struct player {
  std::uint8_t instrument = 0;  // in avqa::instruments
  place at = place::left;       // means something only where it is seen
  bool seen = true;             // off: only heard
  std::vector<interval> on;     // when it plays, in order, apart from each other; none: never
  float loudness = 1;           // amplitude
  float onsets_hz = 2;          // notes begun in a second while it plays: what "rhythmic" compares
  std::uint32_t look = 0;       // a random number: which of its kind it is, with what picture and voice

  bool sounds() const { return !on.empty(); }
  /// When it comes in; only where it sounds.
  float onset_s() const { return on.front().begin_s; }
  float duration_s() const {
    float sum = 0;
    for (const interval& i : on) sum += i.end_s - i.begin_s;
    return sum;
  }
  /// Whether it plays at a moment.
  bool sounds_at(float time_s) const {
    for (const interval& i : on)
      if (i.begin_s <= time_s && time_s < i.end_s) return true;
    return false;
  }
  friend bool operator==(const player&, const player&) = default;
};

/// A clip.
struct scene {
  std::vector<player> players{};
  std::vector<interval> voiceover{};  // when somebody speaks; none: nobody does
  setting where = setting::indoor;
  float seam = 0.5f;  // of two settings: which share of the width the left one has
  float length_s = 60;
  int steps = 10;  // the moments that a model sees: the beginnings of as many equal parts

  float step_s() const { return length_s / float(steps); }
  friend bool operator==(const scene&, const scene&) = default;
};

/// The scene in a mirror: left becomes right, and nothing else changes.
inline scene mirrored(scene s) {
  for (player& p : s.players)
    if (p.at != place::middle) p.at = p.at == place::left ? place::right : place::left;
  s.seam = 1 - s.seam;
  return s;
}

}  // namespace avqa
