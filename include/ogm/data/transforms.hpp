#pragma once
// Image and spectrogram augmentation on (channel, height, width) views. Everything random takes its source: a random::generator, or
// anything else with uniform() in [0, 1).

#include <ogm/core/tensor.hpp>
#include <ogm/data/image.hpp>
#include <ogm/data/resize_pixels.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <vector>

namespace ogm::data {

template <class R>
concept random_source = requires(R& r) {
  { r.uniform() } -> std::convertible_to<double>;
};

using image_view = ogm::view<float, dyn, dyn, dyn>;  // (channel, height, width)
using const_image_view = ogm::view<const float, dyn, dyn, dyn>;

inline constexpr std::array<float, 3> imagenet_mean{0.485f, 0.456f, 0.406f}, imagenet_std{0.229f, 0.224f, 0.225f};

/// Rows, columns and sizes of a cut-out.
struct rectangle {
  size_type top = 0, left = 0, height = 0, width = 0;
};

namespace detail {

inline void require_same_channels(const const_image_view& in, const image_view& out) {
  if (in.size(0) != out.size(0) || in.count() == 0 || out.count() == 0)
    throw shape_error("ogm: an image of " + in.shape().text() + " cannot become one of " + out.shape().text() + ".");
}

}  // namespace detail

/// Pixels of 0 to 255, channels last, as floats of 0 to 1, channels first.
///
/// Shapes     -> (channel, height, width)
inline ogm::tensor<float, dyn, dyn, dyn> to_float(const image::picture& p) {
  ogm::tensor<float, dyn, dyn, dyn> out(p.channels, p.height, p.width);
  const std::size_t plane = std::size_t(p.height) * std::size_t(p.width);
  for (std::size_t i = 0; i < plane; ++i)
    for (std::size_t c = 0; c < std::size_t(p.channels); ++c)
      out.data()[c * plane + i] = float(p.pixels[i * std::size_t(p.channels) + c]) / 255.f;
  return out;
}

/// Bilinear, with antialiasing where it shrinks; pixel centres at halves.
///
/// Shapes     in (channel, *, *) -> out (channel, *, *); only `part` of the input is used, all of it by default
/// Errors     shape_error where the channels differ, an extent is 0, or the part lies outside
inline void resize(const const_image_view& in, const image_view& out, rectangle part = {}) {
  detail::require_same_channels(in, out);
  if (part.height == 0 && part.width == 0) part = {0, 0, in.size(1), in.size(2)};
  if (part.top < 0 || part.left < 0 || part.height < 1 || part.width < 1 || part.top > in.size(1) - part.height ||
      part.left > in.size(2) - part.width)
    throw shape_error("ogm: a part of " + shape_text(std::array{part.height, part.width}) + " at " +
                      shape_text(std::array{part.top, part.left}) + " lies outside an image of " + in.shape().text() + ".");
  const detail::taps<float> rows(part.top, part.height, out.size(1)), columns(part.left, part.width, out.size(2));
  std::vector<float> narrow(std::size_t(part.height * out.size(2)));  // (part height, out width)
  for (size_type c = 0; c < in.size(0); ++c) {
    for (size_type y = 0; y < part.height; ++y)
      for (size_type x = 0; x < out.size(2); ++x) {
        float sum = 0;
        for (size_type k = 0, at = columns.first[std::size_t(x)]; k < columns.width && at + k < part.left + part.width; ++k)
          sum += columns.at(x, k) * in(c, part.top + y, at + k);
        narrow[std::size_t(y * out.size(2) + x)] = sum;
      }
    for (size_type y = 0; y < out.size(1); ++y)
      for (size_type x = 0; x < out.size(2); ++x) {
        float sum = 0;
        for (size_type k = 0, at = rows.first[std::size_t(y)] - part.top; k < rows.width && at + k < part.height; ++k)
          sum += rows.at(y, k) * narrow[std::size_t((at + k) * out.size(2) + x)];
        out(c, y, x) = sum;
      }
  }
}

/// A cut-out of out's size.
///
/// Errors     shape_error where it lies outside
inline void crop(const const_image_view& in, const image_view& out, size_type top, size_type left) {
  detail::require_same_channels(in, out);
  if (top < 0 || left < 0 || top > in.size(1) - out.size(1) || left > in.size(2) - out.size(2))
    throw shape_error("ogm: a crop of " + out.shape().text() + " lies outside an image of " + in.shape().text() + ".");
  for (size_type c = 0; c < out.size(0); ++c)
    for (size_type y = 0; y < out.size(1); ++y) std::copy_n(&in(c, top + y, left), out.size(2), &out(c, y, 0));
}
/// The middle of an image.
inline void centre_crop(const const_image_view& in, const image_view& out) {
  crop(in, out, (in.size(1) - out.size(1)) / 2, (in.size(2) - out.size(2)) / 2);
}
/// A random integer in [0, n].
template <random_source Random> size_type random_up_to(size_type n, Random& random) {
  return std::min(n, size_type(double(random.uniform()) * double(n + 1)));
}

/// A part of an image at a random place.
template <random_source Random> void random_crop(const const_image_view& in, const image_view& out, Random& random) {
  const size_type top = random_up_to(std::max<size_type>(0, in.size(1) - out.size(1)), random);
  crop(in, out, top, random_up_to(std::max<size_type>(0, in.size(2) - out.size(2)), random));
}

/// The area and the aspect of a random part.
struct resized_crop_options {
  double smallest_area = 0.08, largest_area = 1;  // of the image's
  double narrowest = 3. / 4, widest = 4. / 3;     // width / height
};

/// The part that random_resized_crop takes: an area and, on a log scale, an aspect ratio at random; after ten parts that do not fit, the
/// largest one in the middle with a permitted ratio.
template <random_source Random>
rectangle random_part(size_type height, size_type width, Random& random, const resized_crop_options& how = {}) {
  const auto between = [&](double low, double high) { return low + (high - low) * double(random.uniform()); };
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = double(height * width) * between(how.smallest_area, how.largest_area);
    const double ratio = std::exp(between(std::log(how.narrowest), std::log(how.widest)));
    const auto w = size_type(std::lround(std::sqrt(area * ratio))), h = size_type(std::lround(std::sqrt(area / ratio)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const size_type top = random_up_to(height - h, random);
    return {top, random_up_to(width - w, random), h, w};
  }
  const double ratio = double(width) / double(height);
  const size_type w = ratio > how.widest ? std::max<size_type>(1, std::lround(double(height) * how.widest)) : width;
  const size_type h = ratio < how.narrowest ? std::max<size_type>(1, std::lround(double(width) / how.narrowest)) : height;
  return {(height - h) / 2, (width - w) / 2, h, w};
}
/// A random part of an image, resized.
template <random_source Random>
void random_resized_crop(const const_image_view& in, const image_view& out, Random& random, const resized_crop_options& how = {}) {
  resize(in, out, random_part(in.size(1), in.size(2), random, how));
}

/// Left becomes right.
inline void flip_horizontally(const image_view& image) {
  for (size_type c = 0; c < image.size(0); ++c)
    for (size_type y = 0; y < image.size(1); ++y)
      if (image.size(2) > 0) std::reverse(&image(c, y, 0), &image(c, y, 0) + image.size(2));
}
/// Always takes one number from the source, so that what follows does not depend on the outcome.
template <random_source Random> void random_horizontal_flip(const image_view& image, Random& random, double probability = 0.5) {
  if (double(random.uniform()) < probability) flip_horizontally(image);
}

/// (x - mean) / std, each channel by its own.
///
/// Errors     shape_error where there are not as many means as channels
template <std::size_t Channels>
void normalise(const image_view& image, const std::array<float, Channels>& mean = imagenet_mean,
               const std::array<float, Channels>& std = imagenet_std) {
  if (image.size(0) != size_type(Channels))
    throw shape_error("ogm: " + std::to_string(Channels) + " means for an image of " + image.shape().text() + ".");
  const auto plane = std::size_t(image.size(1) * image.size(2));
  for (std::size_t c = 0; c < Channels; ++c)
    for (std::size_t i = 0; i < plane; ++i) {
      float& x = image.data()[c * plane + i];
      x = (x - mean[c]) / std[c];
    }
}
/// By the mean and deviation of ImageNet.
inline void normalise(const image_view& image) { normalise<3>(image); }

/// Moves the content down and right (negative: up and left); `fill` comes in.
inline void shift(const image_view& image, size_type down, size_type right, float fill = 0) {
  const size_type height = image.size(1), width = image.size(2);
  for (size_type c = 0; c < image.size(0); ++c)
    for (size_type row = 0; row < height; ++row) {
      const size_type y = down > 0 ? height - 1 - row : row;  // against the movement, so that nothing is read after it was written
      for (size_type column = 0; column < width; ++column) {
        const size_type x = right > 0 ? width - 1 - column : column;
        const size_type from_y = y - down, from_x = x - right;
        const bool inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
        image(c, y, x) = inside ? image(c, from_y, from_x) : fill;
      }
    }
}
/// A shift of up to so many rows and columns in either direction, uniform.
template <random_source Random>
void random_shift(const image_view& image, size_type rows, size_type columns, Random& random, float fill = 0) {
  const size_type down = random_up_to(2 * rows, random) - rows;
  shift(image, down, random_up_to(2 * columns, random) - columns, fill);
}

}  // namespace ogm::data
