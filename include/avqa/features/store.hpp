#pragma once
// Reads a feature store: one mapped file with the features of all clips of a data set.

#include <avqa/features/source.hpp>
#include <avqa/features/store_format.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/data/half.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace avqa {

/// When the checksums of items are compared; those of header and index always are, at opening.
enum class store_check : std::uint8_t {
  on_request,        // verify()
  at_first_reading,  // each step's map, and each clip's sound, before it is handed out first
};

/// The features of clips in one file (store_format.hpp has its layout), converted to float as they are read.
///
/// Threads    every function may be called from many threads
/// Errors     data_error with the file where it is truncated, damaged, or something else; opening reads header and index only.
///            value_error for a video or step that is not there, shape_error where the caller's memory has another size
/// Cost       a clip of the published shape is 4.02 MB in f32 and 2.01 MB in f16 and bf16; a frame is a tenth of it
class feature_store {
 public:
  explicit feature_store(const std::string& path, store_check check = store_check::on_request)
      : feature_store(ogm::data::mapped_file(path, ogm::data::mapped_file::access::scattered), path, check) {}
  /// A store in memory, at a multiple of 4 bytes, which must outlive this object.
  feature_store(ogm::data::byte_span bytes, const std::string& name, store_check check = store_check::on_request)
      : bytes_(bytes), name_(name), contents_(detail::parse_store(aligned(bytes, name), name)) {
    if (check == store_check::at_first_reading) checked_ = std::make_unique<std::atomic<bool>[]>(contents_.checksums.size());
  }
  feature_store(const feature_store&) = delete;
  feature_store& operator=(const feature_store&) = delete;

  const std::string& name() const { return name_; }
  const feature_shape& shape() const { return contents_.shape; }
  ogm::data::dtype type() const { return contents_.type; }
  const video_list& videos() const { return contents_.videos; }

  /// Fills sound (steps, sound) and maps (steps, channels, height, width).
  void read(ogm::size_type video, std::span<float> sound, std::span<float> maps) const {
    detail::require_wanted(name_, "the sound of a clip", sound, shape().sound_count(), shape());
    detail::require_wanted(name_, "the maps of a clip", maps, shape().maps_count(), shape());
    if (!maps.empty()) decode(maps_bytes(video), maps.data());
    if (!sound.empty()) decode(sound_bytes(video), sound.data());
  }
  /// Fills the map of one step (channels, height, width).
  void frame(ogm::size_type video, ogm::size_type step, std::span<float> map) const {
    detail::require_floats(name_, "the map of a step", map.size(), shape().frame_count(), shape());
    decode(frame_bytes(video, step), map.data());
  }

  /// The elements in place, (steps, channels, height, width); valid as long as the store.
  ///
  /// Errors     value_error where the store is not of f32
  ogm::view<const float, ogm::dyn, ogm::dyn, ogm::dyn, ogm::dyn> maps_view(ogm::size_type video) const {
    const feature_shape& s = shape();
    return {in_place(maps_bytes(video)), ogm::extents<ogm::dyn, ogm::dyn, ogm::dyn, ogm::dyn>(s.steps, s.channels, s.height, s.width)};
  }
  /// The elements in place, (steps, sound).
  ogm::view<const float, ogm::dyn, ogm::dyn> sound_view(ogm::size_type video) const {
    return {in_place(sound_bytes(video)), ogm::extents<ogm::dyn, ogm::dyn>(shape().steps, shape().sound)};
  }

  /// Compares every item with its checksums, one chunk a video.
  ///
  /// Errors     data_error with the video and the step
  void verify() const {
    ogm::parallel_for(long(videos().size()), [&](long video) {
      announce(bytes_.subspan(contents_.layout.item_offset(std::size_t(video)), contents_.layout.item_bytes));
      for (std::size_t part = 0; part < parts(); ++part) compare(std::size_t(video), part);
    });
  }

  /// Bytes of the file that were handed out since it was opened; checks are not among them.
  std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  feature_store(ogm::data::mapped_file&& file, const std::string& path, store_check check) : feature_store(file.bytes(), path, check) {
    file_.emplace(std::move(file));
  }
  static ogm::data::byte_span aligned(ogm::data::byte_span bytes, const std::string& name) {
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(float) != 0)
      throw ogm::value_error("avqa: " + name + ": a feature store in memory begins at a multiple of 4 bytes.");
    return bytes;
  }

  /// Has the disk read them in one go. On a system that reads much around every page, a frame would cost the clip that it is from.
  void announce(ogm::data::byte_span bytes) const {
    if (file_) file_->will_need(bytes);
  }
  /// The parts that have a checksum: the steps' maps, then the sound.
  std::size_t parts() const { return std::size_t(shape().steps) + 1; }
  ogm::data::byte_span part_bytes(std::size_t video, std::size_t part) const {
    const detail::store_layout& l = contents_.layout;
    const ogm::data::byte_span item = bytes_.subspan(l.item_offset(video), l.item_bytes);
    return part + 1 == parts() ? item.subspan(l.sound_offset, l.sound_bytes) : item.subspan(part * l.frame_bytes, l.frame_bytes);
  }
  void compare(std::size_t video, std::size_t part) const {
    if (ogm::data::crc32(part_bytes(video, part)) != contents_.checksums[video * parts() + part])
      detail::feature_file_damaged(name_, "video \"" + videos()[ogm::size_type(video)] +
                                              "\": " + (part + 1 == parts() ? "its sound" : "its map of step " + std::to_string(part)) +
                                              " is damaged: the checksum differs");
  }

  ogm::data::byte_span maps_bytes(ogm::size_type video) const {
    detail::require_number(name_, "video", video, videos().size());
    const detail::store_layout& l = contents_.layout;
    return handed_out(video, 0, parts() - 1, bytes_.subspan(l.item_offset(std::size_t(video)), l.maps_bytes));
  }
  ogm::data::byte_span sound_bytes(ogm::size_type video) const {
    detail::require_number(name_, "video", video, videos().size());
    return handed_out(video, parts() - 1, parts(), part_bytes(std::size_t(video), parts() - 1));
  }
  ogm::data::byte_span frame_bytes(ogm::size_type video, ogm::size_type step) const {
    detail::require_number(name_, "video", video, videos().size());
    detail::require_number(name_, "step", step, shape().steps);
    return handed_out(video, std::size_t(step), std::size_t(step) + 1, part_bytes(std::size_t(video), std::size_t(step)));
  }
  ogm::data::byte_span handed_out(ogm::size_type video, std::size_t first, std::size_t last, ogm::data::byte_span bytes) const {
    announce(bytes);
    if (checked_)
      for (std::size_t part = first; part < last; ++part)
        if (auto& done = checked_[std::size_t(video) * parts() + part]; !done.load(std::memory_order_relaxed)) {
          compare(std::size_t(video), part);
          done.store(true, std::memory_order_relaxed);
        }
    bytes_read_.fetch_add(bytes.size(), std::memory_order_relaxed);
    return bytes;
  }

  void decode(ogm::data::byte_span from, float* to) const {
    using namespace ogm::data;
    if (type() == dtype::f32)
      copy_floats(reinterpret_cast<const float*>(from.data()), from.size() / sizeof(float), to);
    else if (type() == dtype::f16)
      widen(reinterpret_cast<const float16*>(from.data()), from.size() / sizeof(float16), to);
    else
      widen(reinterpret_cast<const bfloat16*>(from.data()), from.size() / sizeof(bfloat16), to);
  }
  const float* in_place(ogm::data::byte_span bytes) const {
    if (type() != ogm::data::dtype::f32)
      throw ogm::value_error("avqa: " + name_ + " holds " + std::string(name_of(type())) + "; only f32 can be seen in place. Use read().");
    return reinterpret_cast<const float*>(bytes.data());
  }

  std::optional<ogm::data::mapped_file> file_;
  ogm::data::byte_span bytes_;
  std::string name_;
  detail::store_contents contents_;
  mutable std::unique_ptr<std::atomic<bool>[]> checked_;  // (video, part)
  mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace avqa
