#pragma once
// Frames of other clips, which the match head must tell from a clip's own.

#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>
#include <ogm/core/random.hpp>
#include <ogm/data/dataset.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace avqa {

/// A stored frame: a video's number in its source, and a step.
struct frame_id {
  ogm::size_type video = 0, step = 0;
  friend bool operator==(const frame_id&, const frame_id&) = default;
};

/// Draws frames uniformly from those of all videos of a split, and again while one is of the clip's own video. What is drawn depends on
/// the item_key alone.
///
/// Errors     value_error where fewer than two videos are given, where one is given twice, or 2^32 frames and more
/// Source     Li et al., CVPR 2022, published code. Differs: from the steps that a model uses, not from all 60 seconds; not when
/// evaluating,
///            where nothing depends on them
class negative_frames {
 public:
  negative_frames(std::vector<ogm::size_type> videos, ogm::size_type steps) : videos_(std::move(videos)), steps_(steps) {
    std::vector<ogm::size_type> sorted = videos_;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.size() < 2 || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
      throw ogm::value_error("avqa: frames of other videos are drawn from at least two, each given once; " + std::to_string(sorted.size()) +
                             " given.");
    if (steps < 1 || steps > ogm::size_type(UINT32_MAX) / ogm::size_type(sorted.size()))
      throw ogm::value_error("avqa: frames are drawn from at least one and fewer than 2^32; " + std::to_string(sorted.size()) +
                             " videos of " + std::to_string(steps) + " steps given.");
  }

  const std::vector<ogm::size_type>& videos() const { return videos_; }

  /// One frame for each element of `out`.
  void draw(const ogm::data::item_key& item, ogm::size_type own, std::span<frame_id> out) const {
    ogm::random::generator numbers(
        {item.seed, ogm::random::stream_of(ogm::random::purpose::negative, std::uint64_t(item.index)), item.epoch});
    for (frame_id& frame : out) do {
        const auto id = ogm::size_type(numbers.below(std::uint64_t(videos_.size()) * std::uint64_t(steps_)));
        frame = {videos_[std::size_t(id / steps_)], id % steps_};
      } while (frame.video == own);
  }

 private:
  std::vector<ogm::size_type> videos_;
  ogm::size_type steps_;
};

}  // namespace avqa
