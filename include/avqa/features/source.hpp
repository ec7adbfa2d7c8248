#pragma once
// What stored features are to a model, wherever they lie: the sound and the maps of a clip at the steps that the model looks at.

#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

/// The features of one clip: sound (steps, sound) and maps (steps, channels, height, width).
struct feature_shape {
  ogm::size_type steps = 10, sound = 128, channels = 512, height = 14, width = 14;

  ogm::size_type sound_count() const { return steps * sound; }
  ogm::size_type frame_count() const { return channels * height * width; }
  ogm::size_type maps_count() const { return steps * frame_count(); }
  std::string text() const {
    return "sound " + ogm::shape_text(std::vector{steps, sound}) + " and maps " +
           ogm::shape_text(std::vector{steps, channels, height, width});
  }
  friend bool operator==(const feature_shape&, const feature_shape&) = default;
};

/// Names of videos, each once, and their numbers: the positions in the list.
///
/// Errors     value_error for a name that is empty or there twice
class video_list {
 public:
  video_list() = default;
  explicit video_list(std::vector<std::string> names) : names_(std::move(names)), sorted_(names_.size()) {
    std::iota(sorted_.begin(), sorted_.end(), ogm::size_type(0));
    std::sort(sorted_.begin(), sorted_.end(), [&](auto a, auto b) { return (*this)[a] < (*this)[b]; });
    if (!names_.empty() && (*this)[sorted_.front()].empty()) throw ogm::value_error("avqa: a video without a name.");
    const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end(), [&](auto a, auto b) { return (*this)[a] == (*this)[b]; });
    if (twice != sorted_.end()) throw ogm::value_error("avqa: the video \"" + (*this)[*twice] + "\" is there twice.");
  }

  ogm::size_type size() const { return ogm::size_type(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& operator[](ogm::size_type i) const { return names_[std::size_t(i)]; }
  std::optional<ogm::size_type> find(std::string_view name) const {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), name, [&](auto i, std::string_view n) { return (*this)[i] < n; });
    return at != sorted_.end() && (*this)[*at] == name ? std::optional(*at) : std::nullopt;
  }

 private:
  std::vector<std::string> names_;
  std::vector<ogm::size_type> sorted_;
};

/// Where features come from. read() and frame() fill the caller's floats; both are const and safe from many threads. read() leaves out the
/// sound or the maps where their span is empty.
///
/// Shapes     read(video, sound (steps, sound), maps (steps, channels, height, width)); frame(video, step, map (channels, height, width))
template <class S>
concept feature_source = requires(const S& s, ogm::size_type i, std::span<float> out) {
  { s.name() } -> std::convertible_to<std::string>;  // for messages
  { s.shape() } -> std::convertible_to<feature_shape>;
  { s.videos() } -> std::same_as<const video_list&>;
  s.read(i, out, out);
  s.frame(i, i, out);
};

/// The number of a video in a source.
///
/// Errors     value_error with both names where it is not there
template <feature_source Source> ogm::size_type video_number(const Source& source, std::string_view video) {
  if (const auto found = source.videos().find(video)) return *found;
  throw ogm::value_error("avqa: the video \"" + std::string(video) + "\" is none of the " + std::to_string(source.videos().size()) +
                         " of " + std::string(source.name()) + ".");
}

namespace detail {

[[noreturn]] inline void feature_file_damaged(const std::string& where, const std::string& what) {
  throw ogm::data_error("avqa: " + where + ": " + what + ".");
}
inline void require_number(const std::string& source, const char* what, ogm::size_type number, ogm::size_type count) {
  if (number < 0 || number >= count)
    throw ogm::value_error("avqa: " + source + ": " + what + " " + std::to_string(number) + " of " + std::to_string(count) + ".");
}
inline void require_floats(const std::string& source, const char* what, std::size_t given, ogm::size_type needed,
                           const feature_shape& shape) {
  if (given != std::size_t(needed))
    throw ogm::shape_error("avqa: " + source + ": " + std::to_string(given) + " floats for " + what + "; " + std::to_string(needed) +
                           " expected, of " + shape.text() + ".");
}
/// The same for a part of a clip that may be left out.
inline void require_wanted(const std::string& source, const char* what, std::span<const float> given, ogm::size_type needed,
                           const feature_shape& shape) {
  if (!given.empty()) require_floats(source, what, given.size(), needed, shape);
}

}  // namespace detail

/// The source of networks that read the question alone: no video has features.
class no_features {
 public:
  std::string name() const { return "no features"; }
  feature_shape shape() const { return {.steps = 0, .sound = 0, .channels = 0, .height = 0, .width = 0}; }
  const video_list& videos() const { return none_; }
  void read(ogm::size_type video, std::span<float>, std::span<float>) const { detail::require_number(name(), "video", video, 0); }
  void frame(ogm::size_type video, ogm::size_type, std::span<float>) const { detail::require_number(name(), "video", video, 0); }

 private:
  video_list none_;
};

}  // namespace avqa
