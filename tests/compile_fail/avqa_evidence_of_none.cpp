// error: avqa: a network without temporal grounding has no evidence for its answers. Use av_q_tg or avst.
#include <avqa/models/network.hpp>
int main() {
  const avqa::network<avqa::ablation::audio_visual> network;
  ogm::tensor<float, ogm::dyn, ogm::dyn, 128> sound(1, 10);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 512, ogm::dyn, ogm::dyn> maps(1, 10, 14, 14);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::inference<> tape;
  network.explain(tape, sound, maps, tokens);
}
