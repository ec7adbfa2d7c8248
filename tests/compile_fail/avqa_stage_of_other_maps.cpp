// error: a_network_for_maps_of_channels<512>::was_given_maps_of_channels<128>
#include <avqa/models/grounding_pretraining.hpp>
int main() {
  const avqa::grounding_pretraining<> stage;
  ogm::tensor<float, ogm::dyn, ogm::dyn, 128> sound(1, 1);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 128, ogm::dyn, ogm::dyn> maps(1, 1, 14, 14);
  ogm::tape<> tape;
  stage(tape, sound, maps);
}
