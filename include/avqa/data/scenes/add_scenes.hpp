#pragma once
// Scenes into a feature store, several made at once.

#include <avqa/data/scenes/collection.hpp>
#include <avqa/features/store_writer.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace avqa {

/// Adds the features of clips to a store, in their order and under their ids: make(clip, sound, maps) fills them, and may run on any
/// thread; done(count) is told how many are stored, after every few.
///
/// Numerics   the same bits on any number of threads, where make() is a function of the clip
/// Errors     what make() and the store throw
/// Cost       memory of eight clips
/// Example    include/avqa/data/scenes/composer.hpp
template <class Make, class Done>
void add_scenes(store_writer& to, const std::vector<scene_clip>& clips, const Make& make, const Done& done) {
  constexpr std::size_t together = 8;
  const auto sound = std::size_t(to.shape().sound_count()), maps = std::size_t(to.shape().maps_count());
  std::vector<float> sounds(together * sound), seen(together * maps);
  const auto part_of = [](std::vector<float>& all, std::size_t i, std::size_t each) { return std::span(all).subspan(i * each, each); };
  for (std::size_t first = 0; first < clips.size(); first += together) {
    const std::size_t count = std::min(together, clips.size() - first);
    ogm::parallel_for(long(count), [&](long i) {
      const auto at = std::size_t(i);
      make(clips[first + at], part_of(sounds, at, sound), part_of(seen, at, maps));
    });
    for (std::size_t i = 0; i < count; ++i) to.add(clips[first + i].video_id, part_of(sounds, i, sound), part_of(seen, i, maps));
    done(first + count);
  }
}

}  // namespace avqa
