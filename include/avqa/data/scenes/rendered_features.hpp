#pragma once
// Features of scenes from their pictures and sounds, without any trained network.

#include <avqa/data/scenes/collection.hpp>
#include <avqa/data/scenes/renderer.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/data/scenes/score.hpp>
#include <avqa/features/patch_statistics.hpp>
#include <avqa/features/source.hpp>
#include <avqa/features/store_writer.hpp>
#include <avqa/features/vggish_log_mel.hpp>
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

/// The features of a rendered scene: the patch statistics of the picture in the middle of the first second of each step, and of the sound
/// of that second the mean and the deviation over time of each band of its log-mel.
///
/// Shapes     sound (steps, 128), the means and then the deviations; maps (steps, 48, 14, 14)
/// Units      means: quarters of log (x + 0.01), silence 0; deviations: log (x + 0.01). Maps: see patch_statistics
/// Numerics   the same bits on any number of threads
/// Errors     value_error for a scene of other steps; shape_error where the caller's memory has another size; what the renderer throws
class rendered_features {
 public:
  explicit rendered_features(int steps = 10) : steps_(steps) {
    if (steps < 1) throw ogm::value_error("avqa: features of " + std::to_string(steps) + " steps; at least 1 expected.");
  }

  feature_shape shape() const {
    return {.steps = steps_,
            .sound = 2 * bands,
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
    std::vector<float> samples(scene_rate_hz), mel(std::size_t(vggish_log_mel::frames * bands));
    for (int t = 0; t < steps_; ++t) {
      const float begin_s = s.step_s() * float(t);
      from.frame(s, take, begin_s + 0.5f, side, {frames.data() + std::ptrdiff_t(t) * side * side * 3, std::size_t(side * side * 3)});
      from.sound(s, take, std::lround(begin_s * scene_rate_hz), samples);
      log_mel_.second(samples, mel);  // (frame, band)
      for (std::size_t b = 0; b < std::size_t(bands); ++b) {
        double sum = 0, squares = 0;
        for (std::size_t f = b; f < mel.size(); f += std::size_t(bands)) sum += mel[f], squares += double(mel[f]) * mel[f];
        const double mean = sum / vggish_log_mel::frames, variance = squares / vggish_log_mel::frames - mean * mean;
        float* const out = &sound[std::size_t(t) * 2 * std::size_t(bands) + b];
        out[0] = (float(mean) - silence) / 4;
        out[bands] = float(std::sqrt(std::max(0.0, variance)));
      }
    }
    const auto described = patch_statistics()(frames);  // (step, 48, 14, 14)
    std::copy_n(described.data(), maps.size(), maps.begin());
  }

 private:
  static constexpr int bands = vggish_log_mel::bands;
  static constexpr float silence = -4.6051702f;  // log 0.01

  int steps_;
  vggish_log_mel log_mel_;
};

/// Adds the features of a part's clips to a store, under their ids.
///
/// Errors     what the features and the store throw
/// Cost       one picture and one second of sound a step
template <scene_renderer Renderer>
void add_scenes(store_writer& to, const rendered_features& features, const Renderer& from, const std::vector<scene_clip>& clips, part which,
                std::uint64_t seed) {
  std::vector<float> sound(std::size_t(features.shape().sound_count())), maps(std::size_t(features.shape().maps_count()));
  for (const scene_clip& clip : clips) {
    features(from, clip.what, {which, seed, clip.index}, sound, maps);
    to.add(clip.video_id, sound, maps);
  }
}

}  // namespace avqa
