#pragma once
// Features of pictures that need no weights: colours and edges of each place and of its surroundings.

#include <ogm/core/error.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace avqa {

/// For each of 14 x 14 places of a picture of 224 x 224: the mean and the deviation of red, green and blue, a histogram of hues weighted by
/// their saturation, a histogram of edge directions weighted by their strength and its sum; then both histograms and the sum again over the
/// place and its eight neighbours.
///
/// Shapes     pictures (batch, 224, 224, 3), bytes -> (batch, 48, 14, 14)
/// Units      0 to about 1; the square roots of the shares of a histogram, so that a half and a quarter do not differ by half
/// Numerics   the same bits on any number of threads
/// Errors     shape_error for pictures of another size
/// Cost       one pass over the pixels; a picture takes a fraction of what a convolutional network needs, and tells far less
class patch_statistics {
 public:
  static constexpr int side = 224, places = 14, cell = side / places;
  static constexpr int hues = 12, directions = 8, moments = 6;
  static constexpr int channels = moments + 2 * (hues + directions + 1);

  ogm::tensor<float, ogm::dyn, channels, places, places> operator()(
      ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3> pictures) const {
    if (pictures.size(0) > 0 && (pictures.size(1) != side || pictures.size(2) != side))
      throw ogm::shape_error("avqa: patch_statistics was given pictures of shape " + pictures.shape().text() +
                             "; (batch, 224, 224, 3) is needed.");
    ogm::tensor<float, ogm::dyn, channels, places, places> out(pictures.size(0));
    ogm::parallel_for(long(pictures.size(0)),
                      [&](long i) { describe(pictures.data() + i * side * side * 3, out.data() + i * channels * places * places); });
    return out;
  }

 private:
  static constexpr int counted = hues + directions + 1;  // histograms of a place, and the strength of its edges
  struct place {
    std::array<double, 3> sum{}, squares{};
    std::array<float, counted> count{};
  };

  static void describe(const std::uint8_t* pixels, float* out) {
    std::array<place, places * places> all{};
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const std::uint8_t* const p = pixels + (y * side + x) * 3;
        place& here = all[std::size_t(y / cell * places + x / cell)];
        for (std::size_t k = 0; k < 3; ++k) here.sum[k] += p[k], here.squares[k] += double(p[k]) * p[k];
        add_hue(p, here.count.data());
        add_edge(pixels, y, x, here.count.data() + hues);
      }
    constexpr float pixels_of_place = cell * cell;
    const auto put = [&](int channel, int at, float v) { out[channel * places * places + at] = v; };
    for (int row = 0; row < places; ++row)
      for (int column = 0; column < places; ++column) {
        const int at = row * places + column;
        const place& here = all[std::size_t(at)];
        for (std::size_t k = 0; k < 3; ++k) {
          const double mean = here.sum[k] / double(pixels_of_place), variance = here.squares[k] / double(pixels_of_place) - mean * mean;
          put(int(k), at, float(mean / 255));
          put(int(k) + 3, at, float(std::sqrt(std::max(0.0, variance)) / 127.5));
        }
        std::array<float, counted> around{};
        int neighbours = 0;
        for (int r = std::max(0, row - 1); r <= std::min(places - 1, row + 1); ++r)
          for (int c = std::max(0, column - 1); c <= std::min(places - 1, column + 1); ++c, ++neighbours)
            for (std::size_t k = 0; k < std::size_t(counted); ++k) around[k] += all[std::size_t(r * places + c)].count[k];
        for (int k = 0; k < counted; ++k) {
          put(moments + k, at, std::sqrt(here.count[std::size_t(k)] / pixels_of_place));
          put(moments + counted + k, at, std::sqrt(around[std::size_t(k)] / (pixels_of_place * float(neighbours))));
        }
      }
  }

  /// The pixel's saturation, shared between the two nearest of the hues.
  static void add_hue(const std::uint8_t* p, float* count) {
    const float red = p[0], green = p[1], blue = p[2];
    const float most = std::max({red, green, blue}), span = most - std::min({red, green, blue});
    if (span <= 0) return;
    float turn = most == red ? (green - blue) / span : most == green ? 2 + (blue - red) / span : 4 + (red - green) / span;  // in sixths
    if (turn < 0) turn += 6;
    share(turn * (hues / 6.f), hues, span / 255, count);
  }
  /// The strength of the brightness's slope, shared between the two nearest directions; half a turn is the same direction.
  static void add_edge(const std::uint8_t* pixels, int y, int x, float* count) {
    const auto bright = [&](int row, int column) {
      const std::uint8_t* const p = pixels + (std::clamp(row, 0, side - 1) * side + std::clamp(column, 0, side - 1)) * 3;
      return int(p[0]) + 2 * int(p[1]) + int(p[2]);
    };
    const float across = float(bright(y, x + 1) - bright(y, x - 1)), down = float(bright(y + 1, x) - bright(y - 1, x));
    const float strength = std::sqrt(across * across + down * down) / 1020;
    if (strength <= 0) return;
    float turn = std::atan2(down, across) * float(directions / M_PI);
    if (turn < 0) turn += directions;
    share(turn, directions, strength, count);
    count[directions] += strength;
  }
  /// Adds `amount` to bins floor(at) and the next one of a circle.
  static void share(float at, int bins, float amount, float* count) {
    const int lower = int(at) % bins;
    const float rest = at - std::floor(at);
    count[lower] += amount * (1 - rest);
    count[(lower + 1) % bins] += amount * rest;
  }
};

}  // namespace avqa
