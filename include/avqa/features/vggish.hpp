#pragma once
// VGGish: 128 numbers for each second of sound.

#include <ogm/autograd/tape.hpp>
#include <ogm/backend/op/pooling.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/sequential.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <type_traits>

namespace avqa {

/// All axes of images but the first as one, the channels last: (batch, channel, height, width) -> (batch, height * width * channel).
///
/// The order that networks have whose dense layers were trained behind images with their channels last.
struct flatten_channels_last {
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4, "avqa: flatten_channels_last takes images (batch, channel, height, width). Reshape the tensor.");
    if constexpr (X::rank == 4) {
      using T = typename X::value_type;
      const auto x = ogm::input(tape, argument);
      constexpr auto in = X::shape_type::statics;
      constexpr int features = in[1] == ogm::dyn || in[2] == ogm::dyn || in[3] == ogm::dyn ? ogm::dyn : in[1] * in[2] * in[3];
      const long batch = long(x.size(0)), channels = long(x.size(1)), pixels = long(x.size(2) * x.size(3));
      const auto y = tape.template make<T>(ogm::extents<in[0], features>(std::array<ogm::size_type, 2>{x.size(0), channels * pixels}));
      tape.run(ogm::op::swap_axes<T>{x.data(), y.data(), batch, channels, pixels, 1});
      if constexpr (Tape::records && ogm::is_var<std::remove_const_t<decltype(x)>>)
        tape.record([x, y, batch, channels, pixels](auto& t) {
          if (!y.reached()) return;
          const auto dx = x.accumulate();
          t.run(ogm::op::swap_axes<T>{y.gradient(), dx.data, batch, pixels, channels, 1, dx.add()});
        });
      return y;  // (batch, feature)
    }
  }
};

/// Channels of the convolutions' four stages, and widths of the dense layers.
struct vggish_widths {
  static constexpr std::array<int, 4> channels{64, 128, 256, 512};
  static constexpr int hidden = 4096, embedding = 128;
};

/// VGGish: six 3x3 convolutions with relu in four stages, each stage halved by a maximum; then three dense layers, each with relu, the
/// last one too.
///
/// Shapes     log-mel (second, 96, 64) -> (second, embedding), none below 0
/// Checkpoint the names of the published PyTorch weights: features.0, .3, .6, .8, .11, .13 and embeddings.0, .2, .4, .weight and .bias
/// Errors     shape_error for log-mels of another size
/// Source     Hershey et al., ICASSP 2017, in the older definition whose embedding is rectified, without the principal components and the
///            8 bits of AudioSet's post-processor. The flattened maps have their channels last
template <class Widths = vggish_widths, class Backend = ogm::backend::standard> struct vggish {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int frames = 96, bands = 64;
  static constexpr int width = Widths::embedding;
  static constexpr int flat = frames / 16 * (bands / 16) * Widths::channels[3];

  template <int In, int Out> using convolution = ogm::nn::conv2d<In, Out, ogm::nn::kernel<3>, ogm::nn::padding<1>, Backend>;
  using relu = ogm::nn::relu_layer;
  using halve = ogm::nn::max_pool2d<ogm::nn::kernel<2>>;
  template <int In, int Out> using dense = ogm::nn::linear<In, Out, Backend>;

  ogm::nn::sequential<convolution<1, Widths::channels[0]>, relu, halve,                                           // 0
                      convolution<Widths::channels[0], Widths::channels[1]>, relu, halve,                         // 3
                      convolution<Widths::channels[1], Widths::channels[2]>, relu,                                // 6
                      convolution<Widths::channels[2], Widths::channels[2]>, relu, halve,                         // 8
                      convolution<Widths::channels[2], Widths::channels[3]>, relu,                                // 11
                      convolution<Widths::channels[3], Widths::channels[3]>, relu, halve, flatten_channels_last>  // 13
      features;
  ogm::nn::sequential<dense<flat, Widths::hidden>, relu, dense<Widths::hidden, Widths::hidden>, relu, dense<Widths::hidden, width>, relu>
      embeddings;
  OGM_FIELDS(features, embeddings)

  template <class Tape, class X> auto operator()(Tape& tape, const X& log_mel) const { return embeddings(tape, maps(tape, log_mel)); }

  /// The part before the dense layers: (second, 96, 64) -> (second, 6 * 4 * channels).
  template <class Tape, class X> auto maps(Tape& tape, const X& log_mel) const {
    static_assert(X::rank == 3, "avqa: vggish takes log-mels (second, 96, 64). Reshape the tensor.");
    if constexpr (X::rank == 3) {
      if (log_mel.size(1) != frames || log_mel.size(2) != bands)
        throw ogm::shape_error("avqa: vggish was given log-mels of shape " + log_mel.shape().text() + "; (second, 96, 64) is needed.");
      constexpr int seconds = X::shape_type::statics[0];
      const ogm::extents<seconds, 1, frames, bands> images(std::array<ogm::size_type, 4>{log_mel.size(0), 1, frames, bands});
      return features(tape, reshape(ogm::input(tape, log_mel), images));  // (second, height * width * channel)
    }
  }
};

/// The features of the seconds of a sound, of which a few go through the convolutions together: what the network keeps of a second takes 8
/// MB, and the weights of its dense layers are read once.
///
/// Shapes     log-mel (second, 96, 64) -> (second, embedding)
/// Numerics   the same bits on any number of threads
template <class Widths, class Backend>
ogm::tensor<typename Backend::value_type, ogm::dyn, Widths::embedding> vggish_features(
    const vggish<Widths, Backend>& network, ogm::view<const typename Backend::value_type, ogm::dyn, 96, 64> log_mel) {
  static_assert(std::same_as<typename Backend::space, ogm::memory::host>,
                "avqa: vggish_features works on the host. Call the network on a tape of its backend.");
  using T = typename Backend::value_type;
  constexpr int flat = vggish<Widths, Backend>::flat;
  constexpr ogm::size_type together = 8;
  const ogm::size_type seconds = log_mel.size(0);
  ogm::inference<Backend> tape;
  ogm::tensor<T, ogm::dyn, flat> maps(seconds);
  for (ogm::size_type i = 0; i < seconds; i += together, tape.rewind()) {
    const ogm::extents<ogm::dyn, 96, 64> some(std::min(together, seconds - i));
    const auto part = network.maps(tape, ogm::view<const T, ogm::dyn, 96, 64>(log_mel.data() + i * 96 * 64, some));
    std::copy_n(part.data(), part.count(), maps.data() + i * flat);
  }
  ogm::tensor<T, ogm::dyn, Widths::embedding> out(seconds);
  const auto embedded = network.embeddings(tape, maps);
  std::copy_n(embedded.data(), embedded.count(), out.data());
  return out;
}

}  // namespace avqa
