#pragma once
// ResNet-18 without its classifier, for images of any number of channels, and the encoder of late fusion made of it.

#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/sequential.hpp>

#include <cmath>

namespace ogm::nn {

/// relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), two 3x3 convolutions. The shortcut is x itself, or a 1x1 convolution and a batch
/// norm ("downsample") where the shape changes.
///
/// Shapes     x (batch, In, height, width) -> (batch, Out, (height - 1) / Stride + 1, (width - 1) / Stride + 1)
/// Source     He et al., CVPR 2016, Fig. 5 left
template <int In, int Out, int Stride, class Backend = backend::standard> struct basic_block {
  static constexpr bool shortened = Stride != 1 || In != Out;
  using shortcut = sequential<conv2d<In, Out, kernel<1>, stride<Stride>, no_bias, Backend>, batch_norm<Out, Backend>>;

  conv2d<In, Out, kernel<3>, stride<Stride>, padding<1>, no_bias, Backend> conv1;
  batch_norm<Out, Backend> bn1;
  conv2d<Out, Out, kernel<3>, padding<1>, no_bias, Backend> conv2;
  batch_norm<Out, Backend> bn2;
  std::conditional_t<shortened, shortcut, std::tuple<>> downsample;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    visit("conv1", self.conv1);
    visit("bn1", self.bn1);
    visit("conv2", self.conv2);
    visit("bn2", self.bn2);
    if constexpr (shortened) visit("downsample", self.downsample);
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    const auto x = input(tape, argument);
    const auto h = conv2(tape, bn1.then_relu(tape, conv1(tape, x)));  // (batch, Out, height / Stride, width / Stride)
    if constexpr (shortened)
      return bn2.then_relu(tape, h, downsample(tape, x));
    else
      return bn2.then_relu(tape, h, x);
  }
};

/// ResNet-18 up to its last feature map: 7x7 convolution with stride 2, batch norm, relu, max pool, four stages of two basic blocks of
/// 64, 128, 256 and 512 channels. LastStride 1 keeps the last stage at the size of the third (14 x 14 for an image of 224 x 224).
///
/// Shapes     x (batch, Channels, height, width) -> (batch, 512, height / 32, width / 32), each division rounded up
/// Initial    convolutions He-normal (fan out, relu), norms 1 and 0
/// Checkpoint the names of the published weights: conv1.weight, bn1.weight, layer1.0.conv1.weight, layer2.0.downsample.0.weight, ...
/// Source     He et al., CVPR 2016, Table 1
template <int Channels, class Backend = backend::standard, int LastStride = 2> struct resnet18 {
  static_assert(LastStride == 1 || LastStride == 2, "ogm: the last stage of resnet18 has stride 1 or 2. Write one of them.");
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int channels = 512;

  template <int In, int Out, int Stride> using stage = sequential<basic_block<In, Out, Stride, Backend>, basic_block<Out, Out, 1, Backend>>;

  conv2d<Channels, 64, kernel<7>, stride<2>, padding<3>, no_bias, Backend> conv1;
  batch_norm<64, Backend> bn1;
  stage<64, 64, 1> layer1;
  stage<64, 128, 2> layer2;
  stage<128, 256, 2> layer3;
  stage<256, 512, LastStride> layer4;
  OGM_FIELDS(conv1, bn1, layer1, layer2, layer3, layer4)

  template <class Initialiser> void initialise(Initialiser& init) {
    for_each_parameter(*this, [&]<class Tag>(Tag, const std::string& name, auto& p) {
      const auto& s = p.value.shape().sizes;
      if constexpr (Tag::kind == kind::conv)
        init.normal(p, kaiming_normal_fan_out(long(s[0] * s[2] * s[3])));
      else
        init.constant(p, name.ends_with("weight") ? 1 : 0);
    });
    for_each_buffer(*this, [&](const std::string& name, auto& b) { init.constant(b, name.ends_with("running_var") ? 1 : 0); });
  }

  template <class Tape, class X> auto operator()(Tape& tape, const X& image) const {
    const auto stem = bn1.then_relu(tape, conv1(tape, image));                      // (batch, 64, height / 2, width / 2)
    const auto first = max_pool2d<kernel<3>, stride<2>, padding<1>>{}(tape, stem);  // (batch, 64, height / 4, width / 4)
    return layer4(tape, layer3(tape, layer2(tape, layer1(tape, first))));           // (batch, 512, height / 32, width / 32)
  }
};

/// ResNet-18 and the mean over what is left of space, and over time for a video, whose frames go through the network one by one.
///
/// Shapes     image (batch, Channels, height, width) -> (batch, 512);
///            video (batch, Channels, time, height, width) -> (batch, 512)
/// Numerics   the frames of a video share the statistics of a batch norm in training
/// Source     Peng et al., CVPR 2022, Sec. 4.1
template <int Channels, class Backend = backend::standard, int LastStride = 2>
struct resnet18_encoder : resnet18<Channels, Backend, LastStride> {
  static constexpr int width = 512;

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank == 4 || X::rank == 5,
                  "ogm: resnet18_encoder takes images (batch, channel, height, width) or videos (batch, channel, time, height, width). "
                  "Reshape the tensor.");
    if constexpr (X::rank == 4)
      return global_mean{}(tape, net(tape, argument));  // (batch, 512)
    else if constexpr (X::rank == 5)
      return video(tape, input(tape, argument));
  }

 private:
  template <class Tape, class X> auto net(Tape& tape, const X& x) const {
    return resnet18<Channels, Backend, LastStride>::operator()(tape, x);
  }
  template <class Tape, class X> auto video(Tape& tape, const X& x) const {
    using T = typename X::value_type;
    constexpr auto in = X::shape_type::statics;
    const long batch = long(x.size(0)), frames = long(x.size(2)), pixels = long(x.size(3) * x.size(4));
    if (x.size(1) != Channels || frames == 0)
      throw shape_error("ogm: resnet18_encoder<" + std::to_string(Channels) + "> was given a video of shape " + x.shape().text() + ".");
    auto images = tape.template make<T>(
        extents<dyn, Channels, in[3], in[4]>(std::array<size_type, 4>{batch * frames, Channels, x.size(3), x.size(4)}));
    tape.run(op::swap_axes<T>{x.data(), images.data(), batch, Channels, frames, pixels});
    if constexpr (Tape::records && is_var<X>)
      tape.record([x, images, batch, frames, pixels](auto& t) {
        if (!images.reached()) return;
        const auto dx = x.accumulate();
        t.run(op::swap_axes<T>{images.gradient(), dx.data, batch, frames, Channels, pixels, dx.add()});
      });
    const auto features = global_mean{}(tape, net(tape, images));  // (batch * time, 512)
    return mean_over_time{}(tape, reshape(features, extents<in[0], dyn, 512>(std::array<size_type, 3>{batch, frames, 512})));
  }
};

}  // namespace ogm::nn
