#pragma once
// Features as they were published: a folder with VIDEO.npy of each clip's sound and one of its maps, an entry a second.

#include <avqa/features/source.hpp>
#include <ogm/data/half.hpp>
#include <ogm/data/npy.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace avqa {

/// What stands at a step that a shorter clip does not have.
enum class short_clip : std::uint8_t {
  refuse,       // data_error
  repeat_last,  // its last entry
  zero,         // zeros
};

/// What is in the files, and which entries are used. The defaults are the published ones.
struct published_layout {
  ogm::size_type entries = 60, stride = 6;  // entries 0, 6, ..., 54 of the first 60: 10 steps
  ogm::size_type sound = 128, channels = 512, height = 14, width = 14;
  short_clip shorter = short_clip::refuse;
};

/// Reads SOUND_FOLDER/VIDEO.npy (entries, sound) and MAPS_FOLDER/VIDEO.npy (entries, channels, height, width), float32. Of a mapped file
/// only the entries that are used are read from the disk.
///
/// Errors     data_error with the file, the shape found and the one expected, where a file is missing, is no such array, or is too short
///            and may not be; value_error for a layout without entries, and for a video or step that is not there. Files are opened when
///            they are read: a list of videos costs nothing
/// Source     Li et al., CVPR 2022, published code. Differs: longer clips are cut to 60 entries before every sixth is taken, not after
///            (61 to 66 would give 11 steps)
class published_features {
 public:
  published_features(std::string sound_folder, std::string maps_folder, std::vector<std::string> videos, const published_layout& how = {})
      : sound_folder_(std::move(sound_folder)), maps_folder_(std::move(maps_folder)), videos_(std::move(videos)), how_(how) {
    for (const ogm::size_type n : {how.entries, how.stride, how.sound, how.channels, how.height, how.width})
      if (n < 1) throw ogm::value_error("avqa: published features with a size or a stride of " + std::to_string(n) + ".");
  }
  /// All videos of the folder of maps, in the order of their names.
  ///
  /// Errors     also data_error where the folder cannot be read
  published_features(const std::string& sound_folder, const std::string& maps_folder, const published_layout& how = {})
      : published_features(sound_folder, maps_folder, videos_in(maps_folder), how) {}

  const std::string& name() const { return maps_folder_; }
  feature_shape shape() const {
    return {(how_.entries + how_.stride - 1) / how_.stride, how_.sound, how_.channels, how_.height, how_.width};
  }
  const video_list& videos() const { return videos_; }

  /// Fills sound (steps, sound) and maps (steps, channels, height, width).
  void read(ogm::size_type video, std::span<float> sound, std::span<float> maps) const {
    const feature_shape s = shape();
    detail::require_wanted(name(), "the sound of a clip", sound, s.sound_count(), s);
    detail::require_wanted(name(), "the maps of a clip", maps, s.maps_count(), s);
    if (!maps.empty()) copy_steps(open_maps(video), 0, s.steps, maps);
    if (!sound.empty()) copy_steps(open(path_of(sound_folder_, video), {how_.sound}), 0, s.steps, sound);
  }
  /// Fills the map of one step (channels, height, width).
  void frame(ogm::size_type video, ogm::size_type step, std::span<float> map) const {
    const feature_shape s = shape();
    detail::require_floats(name(), "the map of a step", map.size(), s.frame_count(), s);
    detail::require_number(name(), "step", step, s.steps);
    copy_steps(open_maps(video), step, 1, map);
  }

  /// Bytes of elements that were handed out.
  std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  static std::vector<std::string> videos_in(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code failure;
    for (std::filesystem::directory_iterator file(folder, failure), end; !failure && file != end; file.increment(failure))
      if (file->path().extension() == ".npy") out.push_back(file->path().stem().string());
    if (failure) detail::feature_file_damaged(folder, "cannot list the folder: " + failure.message());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string path_of(const std::string& folder, ogm::size_type video) const {
    detail::require_number(folder, "video", video, videos_.size());
    return folder + '/' + videos_[video] + ".npy";
  }
  ogm::data::npy::mapped<float> open_maps(ogm::size_type video) const {
    return open(path_of(maps_folder_, video), {how_.channels, how_.height, how_.width});
  }

  /// The file, whose entries have the shape `entry`.
  ogm::data::npy::mapped<float> open(const std::string& path, const std::vector<ogm::size_type>& entry) const {
    auto file = ogm::data::npy::map<float>(path, ogm::data::mapped_file::access::scattered);
    const auto& found = file.shape;
    const ogm::size_type length = found.empty() ? 0 : found[0];
    const bool enough = length >= how_.entries || (length > 0 && how_.shorter != short_clip::refuse);
    if (!enough || !std::equal(entry.begin(), entry.end(), std::next(found.begin()), found.end())) {
      std::vector<ogm::size_type> expected = entry;
      expected.insert(expected.begin(), how_.entries);
      detail::feature_file_damaged(
          path, "shape " + ogm::shape_text(found) + "; " + ogm::shape_text(expected) +
                    (how_.shorter == short_clip::refuse ? " or longer expected (short_clip has what else can be done with a shorter one)"
                                                        : " or another length from 1 on expected"));
    }
    return file;
  }
  void copy_steps(const ogm::data::npy::mapped<float>& file, ogm::size_type first, ogm::size_type count, std::span<float> to) const {
    const ogm::size_type length = std::min(file.shape[0], how_.entries);
    const std::size_t width = to.size() / std::size_t(count);
    std::vector<std::span<const float>> rows;
    for (ogm::size_type t = first; t < first + count; ++t) {
      const ogm::size_type entry = t * how_.stride;
      if (entry < length || how_.shorter == short_clip::repeat_last)
        rows.push_back(file.row(std::min(entry, length - 1)));
      else
        rows.emplace_back();
    }
    for (const auto row : rows)
      if (!row.empty()) file.file.will_need(ogm::data::as_byte_span(row.data(), row.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto part = to.subspan(i * width, width);
      if (rows[i].empty())
        std::fill(part.begin(), part.end(), 0.f);
      else
        ogm::data::copy_floats(rows[i].data(), rows[i].size(), part.data());
      bytes_read_.fetch_add(rows[i].size_bytes(), std::memory_order_relaxed);
    }
  }

  std::string sound_folder_, maps_folder_;
  video_list videos_;
  published_layout how_;
  mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace avqa
