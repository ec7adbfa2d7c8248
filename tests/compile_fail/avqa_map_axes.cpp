// error: avqa: feature maps are (batch, time, channel, height, width). Reshape the tensor.
#include <avqa/models/network.hpp>
int main() {
  const avqa::network<avqa::ablation::visual> seen;
  ogm::tensor<float, ogm::dyn, 512, ogm::dyn, ogm::dyn> maps(1, 14, 14);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::inference<> tape;
  seen(tape, maps, tokens);
}
