// error: avqa: vggish takes log-mels (second, 96, 64). Reshape the tensor.
#include <avqa/features/vggish.hpp>
int main() {
  const avqa::vggish<> network;
  ogm::tensor<float, ogm::dyn, 1, 96, 64> log_mel(10);
  ogm::inference<> tape;
  network.maps(tape, log_mel);
}
