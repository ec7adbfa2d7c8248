#pragma once
// Made-up features whose every element says where it belongs, for the tests of what stores and reads them.

#include <avqa/features/store_writer.hpp>

#include <string>
#include <vector>

namespace ogm::test {

/// Small clips whose parts end off every alignment.
inline constexpr avqa::feature_shape small{.steps = 3, .sound = 5, .channels = 3, .height = 2, .width = 3};

/// A number that a bfloat16 holds exactly, other for other positions nearby: eight bits of a mixed position, and a sign.
inline float number(std::size_t video, std::size_t position, bool sound) {
  const auto mixed = (video * 7919 + position * 2 + std::size_t(sound)) * 2654435761u >> 7;
  return float(mixed % 256) * (mixed % 512 < 256 ? 0.25f : -0.25f);
}
inline std::vector<float> sound_of(std::size_t video, const avqa::feature_shape& shape) {
  std::vector<float> out(std::size_t(shape.sound_count()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = number(video, i, true);
  return out;
}
inline std::vector<float> maps_of(std::size_t video, const avqa::feature_shape& shape) {
  std::vector<float> out(std::size_t(shape.maps_count()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = number(video, i, false);
  return out;
}
inline std::string video_name(std::size_t video) { return "video" + std::to_string(video * 37 % 101); }

/// Writes `videos` clips and returns the path.
inline std::string write_store(const std::string& path, std::size_t videos, ogm::data::dtype type = ogm::data::dtype::f32,
                               const avqa::feature_shape& shape = small) {
  avqa::store_writer to(path, shape, type);
  for (std::size_t v = 0; v < videos; ++v) to.add(video_name(v), sound_of(v, shape), maps_of(v, shape));
  to.finish();
  return path;
}

}  // namespace ogm::test
