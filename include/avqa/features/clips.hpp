#pragma once
// Batches of clips out of a feature source: sound, maps, and for training the maps of other clips' frames.

#include <avqa/features/negative_frames.hpp>
#include <avqa/features/source.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/dataset.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace avqa {

/// A row of a batch: which video, and which draw its negatives are.
struct clip {
  ogm::size_type video = 0;  // in its source
  ogm::data::item_key key{};
};

/// Fills maps (steps, channels, height, width) with frames of other videos, one a step.
template <feature_source Source>
void read_negatives(const Source& from, const negative_frames& others, const clip& which, std::span<float> maps) {
  const feature_shape shape = from.shape();
  detail::require_floats(from.name(), "the negatives of a clip", maps.size(), shape.maps_count(), shape);
  std::vector<frame_id> frames(std::size_t(shape.steps));
  others.draw(which.key, which.video, frames);
  const auto count = std::size_t(shape.frame_count());
  for (std::size_t t = 0; t < frames.size(); ++t) from.frame(frames[t].video, frames[t].step, maps.subspan(t * count, count));
}

namespace detail {
template <class View> void require_clips(const View& v, std::size_t batch, std::vector<ogm::size_type> item, const char* what) {
  static_assert(View::rank == 3 || View::rank == 5,
                "avqa: clips go to sound (batch, time, channel) and maps (batch, time, channel, height, "
                "width). Give tensors of three and of five axes.");
  item.insert(item.begin(), ogm::size_type(batch));
  const auto& given = v.shape().sizes;
  if (!std::equal(item.begin(), item.end(), given.begin(), given.end()))
    throw ogm::shape_error("avqa: " + std::string(what) + " of " + std::to_string(batch) + " clips of shape " + ogm::shape_text(item) +
                           " to a tensor of shape " + v.shape().text() + ".");
}
template <class View> std::span<float> clip_row(const View& v, long i) {
  const auto count = std::size_t(v.count() / v.size(0));
  return {v.data() + std::size_t(i) * count, count};
}
}  // namespace detail

/// Fills a batch, with the same bits on any number of threads (ogm::use_threads).
///
/// Shapes     sound (batch, time, sound), maps (batch, time, channels, height, width), with a row for each clip
/// Errors     shape_error with both shapes; what the source throws
template <feature_source Source, int... S, int... M>
void read_clips(const Source& from, std::span<const clip> clips, const ogm::view<float, S...>& sound, const ogm::view<float, M...>& maps) {
  const feature_shape s = from.shape();
  detail::require_clips(sound, clips.size(), {s.steps, s.sound}, "the sound");
  detail::require_clips(maps, clips.size(), {s.steps, s.channels, s.height, s.width}, "the maps");
  ogm::parallel_for(long(clips.size()),
                    [&](long i) { from.read(clips[std::size_t(i)].video, detail::clip_row(sound, i), detail::clip_row(maps, i)); });
}
/// The same with negatives, of the shape of maps.
template <feature_source Source, int... S, int... M>
void read_clips(const Source& from, const negative_frames& others, std::span<const clip> clips, const ogm::view<float, S...>& sound,
                const ogm::view<float, M...>& maps, const ogm::view<float, M...>& negatives) {
  const feature_shape s = from.shape();
  detail::require_clips(negatives, clips.size(), {s.steps, s.channels, s.height, s.width}, "the negatives");
  read_clips(from, clips, sound, maps);
  ogm::parallel_for(long(clips.size()),
                    [&](long i) { read_negatives(from, others, clips[std::size_t(i)], detail::clip_row(negatives, i)); });
}

/// Clips by the names of their videos; row i is draw i of (seed, epoch).
///
/// Errors     value_error for a video that is not there
template <feature_source Source>
std::vector<clip> clips_of(const Source& from, std::span<const std::string> videos, std::uint64_t seed = 0, std::uint32_t epoch = 0) {
  std::vector<clip> out;
  out.reserve(videos.size());
  for (const std::string& video : videos) out.push_back({video_number(from, video), {seed, epoch, ogm::size_type(out.size())}});
  return out;
}

}  // namespace avqa
