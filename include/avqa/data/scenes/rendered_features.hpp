#pragma once
// Features of scenes from their pictures and sounds, without any trained network.

#include <avqa/data/scenes/add_scenes.hpp>
#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/scenes/renderer.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/score.hpp>
#include <avqa/features/mel_statistics.hpp>
#include <avqa/features/patch_statistics.hpp>
#include <avqa/features/source.hpp>
#include <avqa/features/store_writer.hpp>
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

/// The features of a rendered scene: the patch statistics of the picture in the middle of the first second of each step, and the mel
/// statistics of that second's sound.
///
/// Shapes     sound (steps, 128), maps (steps, 48, 14, 14)
/// Numerics   the same bits on any number of threads
/// Errors     value_error for a scene of other steps; shape_error where the caller's memory has another size; what the renderer throws
class rendered_features {
 public:
  explicit rendered_features(int steps = 10) : steps_(steps) {
    if (steps < 1) throw ogm::value_error("avqa: features of " + std::to_string(steps) + " steps; at least 1 expected.");
  }

  feature_shape shape() const {
    return {.steps = steps_,
            .sound = mel_statistics::width,
            .channels = patch_statistics::channels,
            .height = patch_statistics::places,
            .width = patch_statistics::places};
  }

  template <scene_renderer Renderer>
  void operator()(const Renderer& from, const scene& s, const scene_take& take, std::span<float> sound, std::span<float> maps) const {
    detail::require_floats("a rendered scene", "its sound", sound.size(), shape().sound_count(), shape());
    detail::require_floats("a rendered scene", "its maps", maps.size(), shape().maps_count(), shape());
    if (s.steps != steps_)
      throw ogm::value_error("avqa: a scene of " + std::to_string(s.steps) + " steps for features of " + std::to_string(steps_) + ".");
    constexpr int side = patch_statistics::side;
    ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> frames(steps_, side, side);  // (step, height, width, colour)
    std::vector<float> samples(scene_rate_hz);
    for (int t = 0; t < steps_; ++t) {
      const float begin_s = s.step_s() * float(t);
      from.frame(s, take, begin_s + 0.5f, side, {frames.data() + std::ptrdiff_t(t) * side * side * 3, std::size_t(side * side * 3)});
      from.sound(s, take, std::lround(begin_s * scene_rate_hz), samples);
      mel_.second(samples, sound.subspan(std::size_t(t * mel_statistics::width), std::size_t(mel_statistics::width)));
    }
    const auto described = patch_statistics()(frames);  // (step, 48, 14, 14)
    std::copy_n(described.data(), maps.size(), maps.begin());
  }

 private:
  int steps_;
  mel_statistics mel_;
};

/// Adds the features of a part's clips to a store, under their ids; done(count) is told how many are stored, after every few.
///
/// Errors     what the features and the store throw
/// Cost       one picture and one second of sound a step
template <scene_renderer Renderer, class Done>
void add_scenes(store_writer& to, const rendered_features& features, const Renderer& from, const std::vector<scene_clip>& clips, part which,
                std::uint64_t seed, const Done& done) {
  add_scenes(
      to, clips,
      [&](const scene_clip& clip, std::span<float> sound, std::span<float> maps) {
        features(from, clip.what, {which, seed, clip.index}, sound, maps);
      },
      done);
}

}  // namespace avqa
