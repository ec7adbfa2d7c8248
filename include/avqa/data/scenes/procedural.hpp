#pragma once
// Scenes as drawn pictures and synthesised sounds: media that need no data.

#include <avqa/data/scenes/canvas.hpp>
#include <avqa/data/scenes/draw.hpp>
#include <avqa/data/scenes/drawings.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/score.hpp>
#include <avqa/data/scenes/timbres.hpp>
#include <ogm/core/math.hpp>
#include <ogm/core/random.hpp>

#include <cstdint>
#include <span>

namespace avqa {

namespace detail {

/// Where a player stands in a picture at a moment; while it plays it sways, as often as its notes begin.
inline placement stand_of(const player& p, float time_s, int side) {
  ogm::random::generator g({p.look, ogm::random::stream_of(ogm::random::purpose::augment, std::uint64_t(scene_stream::pictures)), 1});
  const auto about = [&](float middle, float range) { return middle + range * (2 * g.uniform() - 1); };
  const float size = float(side);
  placement out;
  out.x = about((float(p.at) + 0.5f) / float(place_count), 0.015f) * size;
  out.y = about(0.6f, 0.04f) * size;
  out.scale = about(0.25f, 0.02f) * size;
  out.turn = about(0, 0.08f);
  out.brightness = about(1, 0.12f);
  const float turns = p.onsets_hz * time_s + g.uniform();
  if (p.sounds_at(time_s)) out.turn += 0.08f * ogm::math::turn(turns).sine;
  return out;
}

inline void draw_surroundings(canvas& on, const scene& s, const scene_take& take) {
  ogm::random::generator g = scene_generator(take.seed, scene_stream::pictures, take.index);
  draw_surroundings(on, s, g);
}

}  // namespace detail

/// Draws and plays scenes. An instrument's drawing is the same for all of its kind but for its size, place, tilt and brightness, and its
/// timbre but for its brightness, tuning and resonance: the part makes no difference.
///
/// Threads    any number of them may call
/// Errors     shape_error where pixels are not (side, side, 3)
/// Example    procedural_scenes().frame(draw_scene(1, 0), {}, 0.5f, 224, pixels)
class procedural_scenes {
 public:
  /// The picture at a moment: (side, side, 3), red first.
  void frame(const scene& s, const scene_take& take, float time_s, int side, std::span<std::uint8_t> pixels) const {
    detail::canvas on(side, pixels);
    detail::draw_surroundings(on, s, take);
    for (const player& p : s.players)
      if (p.seen) {
        const detail::placement at = detail::stand_of(p, time_s, side);
        on.draw(detail::dot(0x302820, 0, 1.f, 0.5f, 0.05f), {.x = at.x, .y = at.y, .scale = at.scale}, 0, side);  // a shadow
        on.draw(detail::drawings::all[p.instrument], at);
      }
  }

  /// Samples from `first` on, one channel at 16 kHz, in [-1, 1]: a window holds what the whole holds there.
  void sound(const scene& s, const scene_take& take, long first, std::span<float> out) const {
    detail::perform(s, take, first, out, detail::play_note,
                    [&](std::uint32_t number, std::span<float> syllable) { detail::speak_syllable(take, number, syllable); });
  }
};

}  // namespace avqa
