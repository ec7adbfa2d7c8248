#pragma once
// What makes media of scenes, and all the media of one of them.

#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/score.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace avqa {

/// What makes pictures (side, side, 3) and samples of a scene.
template <class R>
concept scene_renderer = requires(const R& r, const scene& s, const scene_take& take, std::span<std::uint8_t> pixels,
                                  std::span<float> samples) {
  r.frame(s, take, 0.5f, 224, pixels);
  r.sound(s, take, 0L, samples);
};

/// Everything that is seen and heard of a scene: what a file of a video takes.
struct scene_film {
  ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> frames;  // (frame, height, width, colour)
  double frames_per_second = 1;
  std::vector<float> sound;  // one channel at scene_rate_hz
};

/// The size and the rate of frames.
struct film_options {
  int side = 224;
  double frames_per_second = 4;
};

/// Frame i is the picture in the middle of the time that it is shown.
///
/// Errors     value_error for a side below 1 and for a rate of frames that is not above 0; what the renderer throws
/// Cost       the memory of all frames: 150 KB each at 224 x 224
/// Example    render_film(procedural_scenes(), draw_scene(1, 0), {})
template <scene_renderer Renderer>
scene_film render_film(const Renderer& from, const scene& s, const scene_take& take, const film_options& how = {}) {
  if (how.side < 1 || !(how.frames_per_second > 0))
    throw ogm::value_error("avqa: a film with sides of " + std::to_string(how.side) + " pixels and " +
                           std::to_string(how.frames_per_second) + " frames in a second; both must be positive.");
  const auto count = std::max(1L, std::lround(double(s.length_s) * how.frames_per_second));
  scene_film out{decltype(scene_film::frames)(count, how.side, how.side), how.frames_per_second, {}};
  out.sound.resize(std::size_t(std::lround(double(s.length_s) * scene_rate_hz)));
  const auto bytes = std::size_t(how.side) * std::size_t(how.side) * 3;
  for (long i = 0; i < count; ++i)
    from.frame(s, take, float((double(i) + 0.5) / how.frames_per_second), how.side, {out.frames.data() + std::size_t(i) * bytes, bytes});
  from.sound(s, take, 0, out.sound);
  return out;
}

}  // namespace avqa
