#pragma once
// What ResNet-18 sees in a picture: 512 numbers for each of 14 x 14 places, or for the whole picture.

#include <ogm/autograd/tape.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/data/resize_pixels.hpp>
#include <ogm/data/transforms.hpp>
#include <ogm/nn/resnet18.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

namespace avqa {

/// Mean and deviation of the channels of many pictures whose bytes were divided by 255.
struct picture_statistics {
  std::array<float, 3> mean, deviation;
};
/// Of Kinetics: what the published 14 x 14 features of MUSIC-AVQA were made with, although the weights are ImageNet's.
inline constexpr picture_statistics kinetics_statistics{{0.43216f, 0.394666f, 0.37645f}, {0.22803f, 0.22145f, 0.216989f}};
/// Of ImageNet.
inline constexpr picture_statistics imagenet_statistics{ogm::data::imagenet_mean, ogm::data::imagenet_std};

/// Which part of a picture becomes the 224 x 224 pixels.
enum class picture_part {
  whole,  ///< all of it, its aspect not kept
  middle  ///< the middle of the picture whose shorter side was made 256 pixels
};

/// Pictures as a network of images of 224 x 224 takes them: resized as Pillow does it, divided by 255, normalised.
///
/// Shapes     pictures (batch, height, width, 3), bytes, red first -> (batch, 3, 224, 224)
/// Numerics   resized bytes are Pillow's, bit for bit. The same bits on any number of threads
/// Errors     shape_error for pictures without pixels; value_error for a deviation that is not positive
/// Source     MUSIC-AVQA's released code for `whole`; the usual evaluation on ImageNet for `middle`
class picture_transform {
 public:
  static constexpr int side = 224;

  explicit picture_transform(const picture_statistics& of = kinetics_statistics, picture_part part = picture_part::whole) : part_(part) {
    for (std::size_t c = 0; c < 3; ++c) {
      if (!(of.deviation[c] > 0))
        throw ogm::value_error("avqa: a deviation of " + std::to_string(of.deviation[c]) + " in channel " + std::to_string(c) +
                               "; a positive one expected.");
      for (std::size_t v = 0; v < 256; ++v) value_[c][v] = (float(v) / 255.f - of.mean[c]) / of.deviation[c];
    }
  }

  ogm::tensor<float, ogm::dyn, 3, side, side> operator()(
      const ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>& pictures) const {
    const ogm::size_type height = pictures.size(1), width = pictures.size(2);
    if (pictures.size(0) > 0 && height * width == 0)
      throw ogm::shape_error("avqa: picture_transform was given pictures of shape " + pictures.shape().text() +
                             "; at least one pixel is needed.");
    ogm::tensor<float, ogm::dyn, 3, side, side> out(pictures.size(0));
    ogm::parallel_for(long(pictures.size(0)), [&](long i) {
      transform({pictures.data() + i * height * width * 3, ogm::extents<ogm::dyn, ogm::dyn, ogm::dyn>(height, width, 3)},
                out.data() + i * 3 * side * side);
    });
    return out;
  }

 private:
  void transform(const ogm::data::const_pixel_view& picture, float* out) const {
    // Where the middle is wanted, the shorter side becomes 256 and the longer one is cut to whole pixels.
    const ogm::size_type height = picture.size(0), width = picture.size(1), shorter = std::min(height, width);
    const bool middle = part_ == picture_part::middle;
    const ogm::size_type rows = middle ? height * 256 / shorter : side, columns = middle ? width * 256 / shorter : side;
    std::vector<std::uint8_t> resized(std::size_t(rows * columns * 3));
    ogm::data::resize_pixels(picture, {resized.data(), ogm::extents<ogm::dyn, ogm::dyn, ogm::dyn>(rows, columns, 3)});
    const auto half = [](ogm::size_type rest) { return ogm::size_type(std::nearbyint(double(rest) / 2)); };  // of an odd rest, the even one
    const ogm::size_type top = half(rows - side), left = half(columns - side);
    for (ogm::size_type y = 0; y < side; ++y)
      for (ogm::size_type x = 0; x < side; ++x)
        for (std::size_t c = 0; c < 3; ++c)
          out[(ogm::size_type(c) * side + y) * side + x] = value_[c][resized[std::size_t(((top + y) * columns + left + x) * 3) + c]];
  }

  std::array<std::array<float, 256>, 3> value_;  // of a byte in a channel
  picture_part part_;
};

/// ResNet-18 whose last stage keeps the size of the one before: images (batch, 3, 224, 224) -> (batch, 512, 14, 14), none below 0.
///
/// Checkpoint the published names: load_model(network, data::pt::file("resnet18-5c106cde.pth")), whose classifier is passed over
template <class Backend = ogm::backend::standard> using resnet_14x14 = ogm::nn::resnet18<3, Backend, 1>;
/// ResNet-18 with the mean of its maps: images (batch, 3, 224, 224) -> (batch, 512).
template <class Backend = ogm::backend::standard> using resnet_pooled = ogm::nn::resnet18_encoder<3, Backend>;

namespace detail {
/// f(first, features) for what a network makes of a few pictures at a time: what it keeps of one takes 30 MB.
template <class Backend, class Network, class F>
void each_few_pictures(const Network& network, const ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>& pictures,
                       const picture_transform& transform, const F& f) {
  static_assert(std::same_as<typename Backend::value_type, float>,
                "avqa: features of pictures are floats. Call a network of another type on a tape of its backend.");
  constexpr ogm::size_type together = 4;
  ogm::inference<Backend> tape;
  const ogm::size_type picture = pictures.size(1) * pictures.size(2) * 3;
  for (ogm::size_type i = 0; i < pictures.size(0); i += together, tape.rewind()) {
    const ogm::extents<ogm::dyn, ogm::dyn, ogm::dyn, 3> few(std::min(together, pictures.size(0) - i), pictures.size(1), pictures.size(2));
    const auto images = transform({pictures.data() + i * picture, few});
    f(i, network(tape, images));
  }
}
}  // namespace detail

/// The maps that AVST was trained on.
///
/// Shapes     pictures (time, height, width, 3), bytes, red first -> (time, 512, 14, 14), none below 0
/// Numerics   running statistics of the batch norms, as in evaluation. The same bits on any number of threads
/// Errors     as picture_transform
/// Source     MUSIC-AVQA's released code
template <class Backend>
ogm::tensor<float, ogm::dyn, 512, 14, 14> maps_14x14(const ogm::nn::resnet18<3, Backend, 1>& network,
                                                     const ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>& pictures,
                                                     const picture_transform& transform = picture_transform{}) {
  ogm::tensor<float, ogm::dyn, 512, 14, 14> out(pictures.size(0));
  detail::each_few_pictures<Backend>(network, pictures, transform, [&](ogm::size_type first, const auto& maps) {
    std::copy_n(maps.data(), maps.count(), out.data() + first * 512 * 14 * 14);
  });
  return out;
}

/// The pooled features of simpler systems, by default with the statistics of ImageNet.
///
/// Shapes     pictures (time, height, width, 3), bytes, red first -> (time, 512)
/// Numerics   as maps_14x14
/// Errors     as picture_transform
template <class Backend>
ogm::tensor<float, ogm::dyn, 512> pooled_features(const ogm::nn::resnet18_encoder<3, Backend>& network,
                                                  const ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>& pictures,
                                                  const picture_transform& transform = picture_transform{imagenet_statistics}) {
  ogm::tensor<float, ogm::dyn, 512> out(pictures.size(0));
  detail::each_few_pictures<Backend>(network, pictures, transform, [&](ogm::size_type first, const auto& means) {
    std::copy_n(means.data(), means.count(), out.data() + first * 512);
  });
  return out;
}

}  // namespace avqa
