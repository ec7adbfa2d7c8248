// error: avqa: flatten_channels_last takes images (batch, channel, height, width). Reshape the tensor.
#include <avqa/features/vggish.hpp>
int main() {
  ogm::tensor<float, ogm::dyn, 8, 6> images(1);
  ogm::inference<> tape;
  avqa::flatten_channels_last{}(tape, images);
}
