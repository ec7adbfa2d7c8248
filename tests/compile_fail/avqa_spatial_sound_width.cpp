// error: a_layer_of_input_width<8>::was_given_a_tensor_of_width<6>
// error: avqa: the sound of a spatial grounding is not as wide as its maps have channels. Make them equal.
#include <avqa/grounding/spatial.hpp>
int main() {
  ogm::tensor<float, ogm::dyn, ogm::dyn, 8, ogm::dyn, ogm::dyn> maps(1, 2, 3, 3);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 6> sound(1, 2);
  ogm::inference<> tape;
  avqa::spatial_attention<8>{}(tape, maps, sound);
}
