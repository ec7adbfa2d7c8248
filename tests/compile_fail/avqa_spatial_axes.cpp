// error: avqa: feature maps are (batch, time, channel, height, width) or (batch, time, channel, location). Reshape the tensor.
#include <avqa/grounding/spatial.hpp>
int main() {
  ogm::tensor<float, ogm::dyn, ogm::dyn, 8> maps(1, 2), sound(1, 2);
  ogm::inference<> tape;
  avqa::spatial_attention<8>{}(tape, maps, sound);
}
