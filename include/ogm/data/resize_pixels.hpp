#pragma once
// Pictures of bytes in another size, bit for bit as Pillow makes them.

#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace ogm::data {

using pixel_view = ogm::view<std::uint8_t, dyn, dyn, dyn>;  // (height, width, channel)
using const_pixel_view = ogm::view<const std::uint8_t, dyn, dyn, dyn>;

namespace detail {

/// The weights that make one output row or column: triangles as wide as the scale where the image shrinks, as Pillow does it, so that
/// nothing is skipped; plain linear interpolation where it grows.
template <class T> struct taps {
  std::vector<size_type> first;
  std::vector<T> weight;  // (output, width)
  size_type width = 0;

  taps(size_type from_offset, size_type from, size_type to) : first(std::size_t(to)) {
    const double scale = double(from) / double(to), support = std::max(1.0, scale);
    width = size_type(std::ceil(support)) * 2 + 1;
    weight.assign(std::size_t(to * width), T(0));
    for (size_type i = 0; i < to; ++i) {
      const double centre = (double(i) + 0.5) * scale;
      const auto low = std::max<size_type>(0, size_type(centre - support + 0.5)), high = std::min(from, size_type(centre + support + 0.5));
      double sum = 0;
      std::vector<double> w(std::size_t(width), 0.0);
      for (size_type k = low; k < high; ++k)
        sum += w[std::size_t(k - low)] = std::max(0.0, 1 - std::fabs((double(k) + 0.5 - centre) / support));
      for (size_type k = low; k < high; ++k) weight[std::size_t(i * width + k - low)] = rounded(w[std::size_t(k - low)] / sum);
      first[std::size_t(i)] = from_offset + low;
    }
  }
  T at(size_type i, size_type k) const { return weight[std::size_t(i * width + k)]; }

 private:
  static T rounded(double w) {
    if constexpr (std::is_integral_v<T>)
      return T(w * (1 << 22) + 0.5);
    else
      return T(w);
  }
};

}  // namespace detail

/// Bilinear, with antialiasing where a picture shrinks: first along the rows, whose sums are rounded to bytes, then along the columns.
///
/// Shapes     in (height, width, channel) -> out (*, *, channel)
/// Numerics   weights of 22 bits after the point: the bytes of Pillow's resize with its bilinear filter
/// Errors     shape_error where the channels differ or an extent is 0
/// Cost       about in.height * out.width * channel * (2 in.width / out.width + 1) products, and as many for the columns
inline void resize_pixels(const const_pixel_view& in, const pixel_view& out) {
  if (in.size(2) != out.size(2) || in.count() == 0 || out.count() == 0)
    throw shape_error("ogm: a picture of " + in.shape().text() + " cannot become one of " + out.shape().text() +
                      "; (height, width, channel) with the same channels and at least one pixel expected.");
  const size_type channels = in.size(2), in_row = in.size(1) * channels, out_row = out.size(1) * channels;
  const auto byte = [](std::int32_t sum) { return std::uint8_t(std::clamp(sum >> 22, 0, 255)); };
  constexpr std::int32_t half = 1 << 21;
  const detail::taps<std::int32_t> rows(0, in.size(0), out.size(0)), columns(0, in.size(1), out.size(1));
  std::vector<std::uint8_t> narrow(std::size_t(in.size(0) * out_row));  // (in height, out width, channel)
  for (size_type y = 0; y < in.size(0); ++y)
    for (size_type x = 0; x < out.size(1); ++x) {
      const size_type first = columns.first[std::size_t(x)], count = std::min(columns.width, in.size(1) - first);
      const std::uint8_t* const from = in.data() + y * in_row + first * channels;
      for (size_type c = 0; c < channels; ++c) {
        std::int32_t sum = half;
        for (size_type k = 0; k < count; ++k) sum += columns.at(x, k) * from[k * channels + c];
        narrow[std::size_t(y * out_row + x * channels + c)] = byte(sum);
      }
    }
  std::vector<std::int32_t> sums(static_cast<std::size_t>(out_row));
  for (size_type y = 0; y < out.size(0); ++y) {
    const size_type first = rows.first[std::size_t(y)], count = std::min(rows.width, in.size(0) - first);
    std::fill(sums.begin(), sums.end(), half);
    for (size_type k = 0; k < count; ++k) {
      const std::uint8_t* const from = narrow.data() + (first + k) * out_row;
      const std::int32_t weight = rows.at(y, k);
      for (size_type i = 0; i < out_row; ++i) sums[std::size_t(i)] += weight * from[i];
    }
    std::transform(sums.begin(), sums.end(), out.data() + y * out_row, byte);
  }
}

}  // namespace ogm::data
