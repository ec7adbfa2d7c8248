#pragma once
// The networks: a small convolutional encoder for each modality, and a head over both.

#include <ogm/ogm.hpp>

namespace digits {

using namespace ogm;

/// Convolution, batch normalisation, relu: one block.
template <int In, int Out> struct block {
  nn::conv2d<In, Out, nn::kernel<3>, nn::padding<1>, nn::no_bias> conv;
  nn::batch_norm<Out> norm;
  OGM_FIELDS(conv, norm)
  auto operator()(auto& tape, const auto& x) const { return norm.then_relu(tape, conv(tape, x)); }
};

/// Image (batch, 1, 28, 28) or log-mel (batch, 1, 40, 64) -> (batch, 64).
struct encoder {
  using backend_type = backend::standard;
  static constexpr int width = 64;
  block<1, 16> first;
  block<16, 32> second;
  block<32, 64> third;
  block<64, 64> fourth;
  OGM_FIELDS(first, second, third, fourth)

  auto operator()(auto& tape, const auto& x) const {
    auto a = nn::max_pool2d<nn::kernel<2>>{}(tape, first(tape, x));   // (batch, 16, height / 2, width / 2)
    auto b = nn::max_pool2d<nn::kernel<2>>{}(tape, second(tape, a));  // (batch, 32, height / 4, width / 4)
    auto c = nn::max_pool2d<nn::kernel<2>>{}(tape, third(tape, b));   // (batch, 64, height / 8, width / 8)
    return nn::global_mean{}(tape, fourth(tape, c));                  // (batch, 64)
  }
};

using audio = modality<"audio", encoder>;
using image = modality<"image", encoder>;

using joint_model = late_fusion<fusion::concat<10>, audio, image>;
template <class Modality> using alone_model = late_fusion<fusion::concat<10>, Modality>;

}  // namespace digits
