// error: avqa: the sound of a spatial grounding is (batch, time, channel). Reshape the tensor.
#include <avqa/grounding/spatial.hpp>
int main() {
  ogm::tensor<float, ogm::dyn, ogm::dyn, 8, ogm::dyn, ogm::dyn> maps(1, 2, 3, 3);
  ogm::tensor<float, ogm::dyn, 8> sound(2);
  ogm::inference<> tape;
  avqa::spatial_attention<8>{}(tape, maps, sound);
}
