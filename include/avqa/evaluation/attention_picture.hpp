#pragma once
// Where a network looked and when it listened, as pictures.

#include <ogm/core/error.hpp>
#include <ogm/data/image.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace avqa {

/// What a network attended to while it answered one question.
struct attention_record {
  int rows = 0, columns = 0;       // of a frame's map
  std::vector<float> where;        // (time, rows * columns); empty where the network does not look at places
  std::vector<float> seen, heard;  // (time): how much each moment's picture and sound counted, mean over the heads; may be empty
};

/// The colour of a share of the largest: from blue over green to red, as in the published figures.
inline std::array<std::uint8_t, 3> heat_colour(double share) {
  const double v = std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
  const auto part = [&](double centre) { return std::uint8_t(std::lround(255 * std::clamp(1.5 - std::abs(4 * v - centre), 0.0, 1.0))); };
  return {part(3), part(2), part(1)};
}

/// A frame with its attention map over it: the map scaled from its least to its largest value, bilinear in between, in four tenths of
/// the heat's colour and six of the frame's. A flat map is blue all over.
///
/// Shapes     frame with 3 channels; map (rows * columns)
/// Errors     shape_error where they are of another shape
/// Source     the published visualisation (Li et al., CVPR 2022, Fig. 6)
inline ogm::data::image::picture attention_over(const ogm::data::image::picture& frame, std::span<const float> map, int rows, int columns) {
  if (frame.channels != 3 || rows < 1 || columns < 1 || map.size() != std::size_t(rows) * std::size_t(columns) ||
      frame.pixels.size() != std::size_t(frame.height) * std::size_t(frame.width) * 3)
    throw ogm::shape_error("avqa: attention_over was given a map of " + std::to_string(map.size()) + " values for " + std::to_string(rows) +
                           " x " + std::to_string(columns) + " places, and a frame of " + std::to_string(frame.height) + " x " +
                           std::to_string(frame.width) + " with " + std::to_string(frame.channels) + " channels; 3 are needed.");
  const auto [least, largest] = std::minmax_element(map.begin(), map.end());
  const double from = double(*least), span = double(*largest) - from;
  const auto at = [&](int row, int column) {
    const double v = double(map[std::size_t(std::clamp(row, 0, rows - 1) * columns + std::clamp(column, 0, columns - 1))]);
    return span > 0 ? (v - from) / span : 0;
  };
  ogm::data::image::picture out = frame;
  for (int y = 0; y < frame.height; ++y) {
    const double v = (y + 0.5) * rows / frame.height - 0.5, row = std::floor(v), down = v - row;
    for (int x = 0; x < frame.width; ++x) {
      const double u = (x + 0.5) * columns / frame.width - 0.5, column = std::floor(u), along = u - column;
      const int r = int(row), c = int(column);
      const double share =
          (1 - down) * ((1 - along) * at(r, c) + along * at(r, c + 1)) + down * ((1 - along) * at(r + 1, c) + along * at(r + 1, c + 1));
      const auto heat = heat_colour(share);
      std::uint8_t* const pixel = out.pixels.data() + (std::size_t(y) * std::size_t(frame.width) + std::size_t(x)) * 3;
      for (std::size_t k = 0; k < 3; ++k) pixel[k] = std::uint8_t(std::lround(0.4 * heat[k] + 0.6 * pixel[k]));
    }
  }
  return out;
}

namespace detail {
/// One value a frame, or none at all.
inline void check_moments(std::size_t values, std::size_t frames, const char* of) {
  if (values != 0 && values != frames)
    throw ogm::shape_error("avqa: " + std::to_string(values) + " weights of the " + of + " beside " + std::to_string(frames) + " frames.");
}
inline void check_attention(std::span<const ogm::data::image::picture> frames, const attention_record& a) {
  const std::size_t places = std::size_t(std::max(a.rows, 0)) * std::size_t(std::max(a.columns, 0));
  if (!a.where.empty() && a.where.size() != frames.size() * places)
    throw ogm::shape_error("avqa: " + std::to_string(a.where.size()) + " weights of places beside " + std::to_string(frames.size()) +
                           " frames of " + std::to_string(a.rows) + " x " + std::to_string(a.columns) + " places.");
  check_moments(a.seen.size(), frames.size(), "picture");
  check_moments(a.heard.size(), frames.size(), "sound");
}
/// Frame `i` with the map over it, where there is one.
inline ogm::data::image::picture shown_frame(std::span<const ogm::data::image::picture> frames, const attention_record& a, std::size_t i) {
  if (a.where.empty()) return frames[i];
  const std::size_t places = std::size_t(a.rows) * std::size_t(a.columns);
  return attention_over(frames[i], std::span(a.where).subspan(i * places, places), a.rows, a.columns);
}
}  // namespace detail

/// All frames side by side with the attention over them; below, a bar each for how much the picture of that moment counted (blue) and its
/// sound (orange), in shares of the row's largest.
///
/// Errors     shape_error where frames differ in size or the record has another number of moments; value_error without frames
inline ogm::data::image::picture attention_strip(std::span<const ogm::data::image::picture> frames, const attention_record& attention) {
  using ogm::data::image::picture;
  if (frames.empty()) throw ogm::value_error("avqa: attention_strip was given no frames.");
  detail::check_attention(frames, attention);
  const int height = frames[0].height, width = frames[0].width, gap = std::max(2, width / 40), bar = std::max(8, height / 5);
  const std::size_t rows = (attention.seen.empty() ? 0u : 1u) + (attention.heard.empty() ? 0u : 1u);
  picture out{.height = height + int(rows) * (bar + gap), .width = int(frames.size()) * (width + gap) - gap, .channels = 3, .pixels = {}};
  out.pixels.assign(std::size_t(out.height) * std::size_t(out.width) * 3, 255);
  const auto pixel = [&](int y, int x) { return out.pixels.data() + (std::size_t(y) * std::size_t(out.width) + std::size_t(x)) * 3; };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].height != height || frames[i].width != width)
      throw ogm::shape_error("avqa: frame " + std::to_string(i) + " is " + std::to_string(frames[i].height) + " x " +
                             std::to_string(frames[i].width) + ", the first one " + std::to_string(height) + " x " + std::to_string(width) +
                             ".");
    const picture shown = detail::shown_frame(frames, attention, i);
    for (int y = 0; y < height; ++y)
      std::copy_n(shown.pixels.data() + std::size_t(y) * std::size_t(width) * 3, std::size_t(width) * 3, pixel(y, int(i) * (width + gap)));
  }
  int top = height + gap;
  const auto bars = [&](const std::vector<float>& weight, std::array<std::uint8_t, 3> colour) {
    if (weight.empty()) return;
    const float most = *std::max_element(weight.begin(), weight.end());
    for (std::size_t i = 0; i < weight.size(); ++i) {
      const int tall = most > 0 ? std::clamp(int(std::lround(double(weight[i] / most) * bar)), 0, bar) : 0;
      for (int y = top + bar - tall; y < top + bar; ++y)
        for (int x = 0; x < width; ++x) std::copy(colour.begin(), colour.end(), pixel(y, int(i) * (width + gap) + x));
    }
    top += bar + gap;
  };
  bars(attention.seen, {0, 114, 178});
  bars(attention.heard, {230, 159, 0});
  return out;
}

}  // namespace avqa
