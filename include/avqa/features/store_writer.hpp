#pragma once
// Makes a feature store, video by video.

#include <avqa/features/source.hpp>
#include <avqa/features/store_format.hpp>
#include <ogm/data/bytes.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/data/half.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace avqa {

/// Writes a file that has its name only when it is complete: see ogm::data::atomic_file. Memory: one item and the index.
///
/// Numerics   f16 and bf16: to nearest, ties to even; infinities and NaN stay what they are
/// Errors     value_error for another type than f32, f16 and bf16, an extent of 0, a name that is empty, longer than 65535 bytes or there
///            twice, a number that f16 cannot hold; shape_error where counts differ; data_error where the file cannot be written. After an
///            error in add() the video is not in the store, and others may be added
/// Cost       reads each float once, writes its bytes, and reads those for the checksum
/// Example    store_writer w("music_avqa.features", {}, ogm::data::dtype::f16); w.add("00000001", sound, maps); w.finish();
class store_writer {
 public:
  store_writer(const std::string& path, const feature_shape& shape, ogm::data::dtype type = ogm::data::dtype::f32)
      : shape_(shape), type_(type), code_(detail::type_code(type)), layout_(checked_layout(shape, type)), file_(path) {}

  const feature_shape& shape() const { return shape_; }
  ogm::data::dtype type() const { return type_; }
  /// Videos that were added.
  ogm::size_type size() const { return ogm::size_type(names_.size()); }

  void add(std::string_view video, std::span<const float> sound, std::span<const float> maps) {
    const std::string& path = file_.path();
    if (finished_) throw ogm::value_error("avqa: " + path + " is finished; no more videos can be added.");
    if (video.empty() || video.size() > detail::longest_video_name)
      throw ogm::value_error("avqa: " + path + ": a name of " + std::to_string(video.size()) + " bytes for a video; 1 to " +
                             std::to_string(detail::longest_video_name) + " expected.");
    std::string name(video);
    if (names_.contains(name)) throw ogm::value_error("avqa: " + path + ": a second video \"" + name + "\".");
    detail::require_floats(path, "the sound of a video", sound.size(), shape_.sound_count(), shape_);
    detail::require_floats(path, "the maps of a video", maps.size(), shape_.maps_count(), shape_);

    const std::size_t at = layout_.item_offset(names_.size());
    std::vector<std::uint32_t> sums;
    const ogm::data::byte_span frames = encoded(maps, name);
    for (std::size_t t = 0; t < std::size_t(shape_.steps); ++t)
      sums.push_back(ogm::data::crc32(frames.subspan(t * layout_.frame_bytes, layout_.frame_bytes)));
    file_.write_at(at, frames);
    const ogm::data::byte_span heard = encoded(sound, name);
    sums.push_back(ogm::data::crc32(heard));
    file_.write_at(at + layout_.sound_offset, heard);

    checksums_.insert(checksums_.end(), sums.begin(), sums.end());
    index_names_ += char(video.size() & 255);
    index_names_ += char(video.size() >> 8);
    index_names_ += video;
    names_.insert(std::move(name));
  }

  /// Writes index and header and gives the file its name. Without it nothing is left.
  void finish() {
    if (finished_) throw ogm::value_error("avqa: " + file_.path() + " is finished already.");
    const ogm::data::byte_span sums = ogm::data::as_byte_span(checksums_.data(), checksums_.size());
    std::string index(ogm::data::as_text(sums));
    index += index_names_;
    detail::store_header h;
    h.type = code_;
    h.index_checksum = ogm::data::crc32(ogm::data::as_byte_span(index));
    h.videos = names_.size();
    h.steps = std::uint64_t(shape_.steps), h.sound = std::uint64_t(shape_.sound), h.channels = std::uint64_t(shape_.channels);
    h.height = std::uint64_t(shape_.height), h.width = std::uint64_t(shape_.width);
    h.index_bytes = index.size();
    h.checksum = detail::checksum_of(h);
    file_.write_at(layout_.item_offset(names_.size()), ogm::data::as_byte_span(index));
    file_.write_at(0, ogm::data::as_byte_span(&h, 1));
    file_.finish();
    finished_ = true;
  }

 private:
  static detail::store_layout checked_layout(const feature_shape& shape, ogm::data::dtype type) {
    if (const auto layout = detail::layout_of(shape, type)) return *layout;
    throw ogm::value_error("avqa: a feature store of " + shape.text() + "; sizes from 1 on that fit memory expected.");
  }
  /// The bytes of a part as they are stored; valid until the next call.
  ogm::data::byte_span encoded(std::span<const float> values, const std::string& video) {
    if (type_ == ogm::data::dtype::f32) return ogm::data::as_byte_span(values.data(), values.size());
    if (type_ == ogm::data::dtype::bf16) return narrowed(values, brain_);
    const auto bytes = narrowed(values, half_);
    for (std::size_t i = 0; i < values.size(); ++i)
      if ((half_[i].bits & 0x7FFFu) == 0x7C00u && !std::isinf(values[i]))
        throw ogm::value_error("avqa: " + file_.path() + ": video \"" + video + "\": element " + std::to_string(i) + " is " +
                               std::to_string(values[i]) + "; f16 ends at 65504. Use bf16 or f32.");
    return bytes;
  }
  template <class Half> static ogm::data::byte_span narrowed(std::span<const float> values, std::vector<Half>& into) {
    into.resize(values.size());
    ogm::data::narrow(values.data(), values.size(), into.data());
    return ogm::data::as_byte_span(into.data(), into.size());
  }

  feature_shape shape_;
  ogm::data::dtype type_;
  std::uint32_t code_;
  detail::store_layout layout_;
  ogm::data::atomic_file file_;
  std::vector<ogm::data::float16> half_;
  std::vector<ogm::data::bfloat16> brain_;
  std::unordered_set<std::string> names_;
  std::vector<std::uint32_t> checksums_;
  std::string index_names_;
  bool finished_ = false;
};

/// Adds every video of a source to a store: the published files to one file, or one store to another type.
///
/// Errors     shape_error where the shapes differ; what the source and the store throw
template <feature_source Source> void add_all(store_writer& to, const Source& from) {
  const feature_shape shape = from.shape();
  if (!(shape == to.shape()))
    throw ogm::shape_error("avqa: " + std::string(from.name()) + " has " + shape.text() + ", the store " + to.shape().text() + ".");
  std::vector<float> sound(std::size_t(shape.sound_count())), maps(std::size_t(shape.maps_count()));
  for (ogm::size_type i = 0; i < from.videos().size(); ++i) {
    from.read(i, sound, maps);
    to.add(from.videos()[i], sound, maps);
  }
}

}  // namespace avqa
