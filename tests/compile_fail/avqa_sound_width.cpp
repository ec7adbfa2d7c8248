// error: a_network_for_sound_of_width<128>::was_given_sound_of_width<64>
// error: avqa: the last extent of the sound is not the width of sound that the network takes. Make them equal.
#include <avqa/models/network.hpp>
int main() {
  const avqa::network<avqa::ablation::audio> heard;
  ogm::tensor<float, ogm::dyn, ogm::dyn, 64> sound(1, 10);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::tape<> tape;
  heard(tape, sound, tokens);
}
