#pragma once
// What the grounding stage is trained on: a second of sound with its own frame, and the same sound with a frame of another video.

#include <avqa/features/negative_frames.hpp>
#include <avqa/features/source.hpp>
#include <ogm/core/error.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace avqa {

/// Pairs of sound and frame, two for each step of each video: item 2 k belongs together (class 1), item 2 k + 1 does not (class 0). The
/// frame of another video is drawn anew in each epoch.
///
/// Shapes     (1, Sound), (1, Channels, height, width)
/// Errors     shape_error where the source has other widths; value_error where fewer than two videos are given, or one twice
/// Cost       a frame and a clip's sound an item
/// Source     Li et al., CVPR 2022, published code. Differs: the steps that a model uses, not the first ten seconds
template <feature_source Source, int Sound = 128, int Channels = 512> class frame_pairs {
 public:
  using item = std::tuple<ogm::view<float, ogm::dyn, Sound>, ogm::view<float, ogm::dyn, Channels, ogm::dyn, ogm::dyn>>;
  using shapes = typename ogm::data::detail::item_traits<item>::shapes;

  /// The pairs of some of a source's videos, by their numbers. The source must outlive the data set.
  frame_pairs(const Source& from, std::vector<ogm::size_type> videos) : from_(&from), others_(std::move(videos), from.shape().steps) {
    const feature_shape s = from.shape();
    if (s.sound != Sound || s.channels != Channels)
      throw ogm::shape_error("avqa: " + std::string(from.name()) + " has " + s.text() + "; a sound of " + std::to_string(Sound) +
                             " and maps of " + std::to_string(Channels) + " channels are needed.");
  }

  ogm::size_type size() const { return 2 * ogm::size_type(others_.videos().size()) * from_->shape().steps; }
  shapes item_shapes() const {
    const feature_shape s = from_->shape();
    return {ogm::extents<ogm::dyn, Sound>(1), ogm::extents<ogm::dyn, Channels, ogm::dyn, ogm::dyn>(1, s.height, s.width)};
  }
  std::int32_t load(const ogm::data::item_key& key, const item& into) const {
    const ogm::size_type pair = key.index / 2, steps = from_->shape().steps;
    frame_id frame{others_.videos()[std::size_t(pair / steps)], pair % steps};
    std::vector<float> sound(std::size_t(from_->shape().sound_count()));
    from_->read(frame.video, sound, {});
    std::copy_n(sound.begin() + std::ptrdiff_t(frame.step * Sound), Sound, std::get<0>(into).data());
    const bool together = key.index % 2 == 0;
    if (!together) others_.draw(key, frame.video, {&frame, 1});
    from_->frame(frame.video, frame.step, std::get<1>(into).flat());
    return together;
  }

 private:
  const Source* from_;
  negative_frames others_;
};

}  // namespace avqa
