// error: avqa: the sound of a network is (batch, time, channel). Reshape the tensor.
#include <avqa/models/network.hpp>
int main() {
  const avqa::network<avqa::ablation::audio> heard;
  ogm::tensor<float, ogm::dyn, 128> sound(1);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::inference<> tape;
  heard(tape, sound, tokens);
}
