#pragma once
// The networks: a small convolutional encoder for each modality, and a head over both.

#include <ogm/ogm.hpp>

namespace digits {

using namespace ogm;

/// Image (batch, 1, 28, 28) or log-mel (batch, 1, 40, 64) -> (batch, 64).
struct encoder {
  using backend_type = backend::standard;
  static constexpr int width = 64;
  nn::conv_block<1, 16, nn::pooled> first;
  nn::conv_block<16, 32, nn::pooled> second;
  nn::conv_block<32, 64, nn::pooled> third;
  nn::conv_block<64, 64> fourth;
  OGM_FIELDS(first, second, third, fourth)

  auto operator()(auto& tape, const auto& x) const {
    const auto image = reshape(input(tape, x), extents<dyn, dyn, dyn, 1>(x.size(0), x.size(2), x.size(3)));  // (batch, height, width, 1)
    const auto a = first(tape, image);            // (batch, height / 2, width / 2, 16)
    const auto b = second(tape, a);               // (batch, height / 4, width / 4, 32)
    const auto c = fourth(tape, third(tape, b));  // (batch, height / 8, width / 8, 64)
    return nn::mean_over_time{}(tape, reshape(c, extents<dyn, dyn, 64>(c.size(0), c.size(1) * c.size(2))));  // (batch, 64)
  }
};

using audio = modality<"audio", encoder>;
using image = modality<"image", encoder>;

using joint_model = late_fusion<fusion::concat<10>, audio, image>;
template <class Modality> using alone_model = late_fusion<fusion::concat<10>, Modality>;

}  // namespace digits
