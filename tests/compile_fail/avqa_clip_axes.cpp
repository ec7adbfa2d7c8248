// error: avqa: clips go to sound (batch, time, channel) and maps (batch, time, channel, height, width). Give tensors of three and of five
#include <avqa/features/clips.hpp>
#include <avqa/features/store.hpp>
int main() {
  const avqa::feature_store store("store");
  ogm::tensor<float, ogm::dyn, ogm::dyn, 128> sound(1, 10);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 512, ogm::dyn> maps(1, 10, 196);
  const avqa::clip which[1];
  avqa::read_clips(store, which, sound.view(), maps.view());
}
