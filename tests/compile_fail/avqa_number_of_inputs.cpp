// error: avqa: a network was given another number of inputs than it takes: audio, maps and tokens, where it has them.
#include <avqa/models/network.hpp>
int main() {
  const avqa::avst<> network;
  ogm::tensor<float, ogm::dyn, ogm::dyn, 128> sound(1, 10);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::inference<> tape;
  network(tape, sound, tokens);
}
