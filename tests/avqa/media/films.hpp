#pragma once
// Small films whose frames say their number and whose sound says its time, for the tests of reader and writer.

#include <ogm/core/tensor.hpp>

#include <avqa/media/clip.hpp>
#include <avqa/media/writer.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace ogm::test {

using frames = ogm::tensor<std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>;

/// Frame i is nearly all of the grey 16 + 7 * (i mod 32), with a red left upper quarter and a blue right lower one where `marked`.
inline frames numbered_frames(int count, int height, int width, bool marked = false) {
  frames out(count, height, width);
  for (int i = 0; i < count; ++i)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const bool red = marked && y < height / 2 && x < width / 2, blue = marked && y >= height / 2 && x >= width / 2;
        const int grey = 16 + 7 * (i % 32);
        for (int c = 0; c < 3; ++c) out(i, y, x, c) = std::uint8_t(red ? (c == 0) * 200 : blue ? (c == 2) * 200 : grey);
      }
  return out;
}
/// The number modulo 32 that frame `row` shows, of what lies off its marked quarters; -1 where it shows none.
inline int number_of(const frames& of, long row) {
  const auto height = of.size(1), width = of.size(2);
  const int grey = of(row, height / 4, width * 3 / 4, 1), number = (grey - 16 + 3) / 7;
  return std::abs(grey - 16 - 7 * number) <= 3 ? number : -1;
}
/// The numbers of all of them.
inline std::vector<int> shown(const avqa::media::clip& c) {
  std::vector<int> out;
  for (long i = 0; i < c.frames.size(0); ++i) out.push_back(number_of(c.frames, i));
  return out;
}

/// A sine whose frequency is 300 Hz in the first second, 400 in the next and so on.
inline std::vector<float> stairs(double seconds, int rate_hz = 16000, int channels = 1) {
  std::vector<float> out(std::size_t(std::llround(seconds * rate_hz)) * std::size_t(channels));
  for (std::size_t i = 0; i < out.size() / std::size_t(channels); ++i)
    for (int c = 0; c < channels; ++c) {
      const double t = double(i) / rate_hz;
      out[i * std::size_t(channels) + std::size_t(c)] = float(0.5 * std::sin(2 * M_PI * (300 + 100 * std::floor(t)) * t));
    }
  return out;
}
/// Root of the mean square of the difference; of all in [first, last).
inline double distance(const std::vector<float>& a, const std::vector<float>& b, std::size_t first, std::size_t last) {
  double sum = 0;
  for (std::size_t i = first; i < last; ++i) sum += (double(a.at(i)) - double(b.at(i))) * (double(a.at(i)) - double(b.at(i)));
  return std::sqrt(sum / double(last - first));
}

}  // namespace ogm::test
