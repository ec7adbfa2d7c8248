#pragma once
// The sizes of the networks.

namespace avqa {

/// The sizes of the published networks: VGGish vectors, ResNet-18 maps, 93 words, 42 answers. A network takes any type with these members.
struct music_avqa_widths {
  static constexpr int audio = 128;     // of a second of sound
  static constexpr int channels = 512;  // of a feature map
  static constexpr int width = 512;     // of everything inside
  static constexpr int words = 93;
  static constexpr int answers = 42;
  static constexpr int heads = 4;  // of temporal attention
};

}  // namespace avqa
