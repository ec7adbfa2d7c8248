// error: a_network_for_maps_of_channels<512>::was_given_maps_of_channels<48>
// error: avqa: the channels of the feature maps are not those that the network takes. Make them equal.
#include <avqa/models/network.hpp>
int main() {
  const avqa::avst<> network;
  ogm::tensor<float, ogm::dyn, ogm::dyn, 128> sound(1, 10);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 48, ogm::dyn, ogm::dyn> maps(1, 10, 14, 14);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::tape<> tape;
  network(tape, sound, maps, tokens);
}
