// error: avqa: the widths of a network lack audio, channels, width, words, answers or heads. See music_avqa_widths.
#include <avqa/models/network.hpp>
struct widths {
  static constexpr int audio = 128, channels = 48, width = 128, words = 93, answers = 42;
};
avqa::avst<widths> network;
int main() {}
