// error: feature_maps_of_channels<8>::were_given_with_channels<6>
// error: avqa: the channels of the feature maps are not those of the spatial grounding. Make them equal.
#include <avqa/grounding/spatial.hpp>
int main() {
  ogm::tensor<float, ogm::dyn, ogm::dyn, 6, ogm::dyn, ogm::dyn> maps(1, 2, 3, 3);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 8> sound(1, 2);
  ogm::inference<> tape;
  avqa::spatial_attention<8>{}(tape, maps, sound);
}
