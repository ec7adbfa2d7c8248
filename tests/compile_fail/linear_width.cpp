// error: a_layer_of_input_width<128>::was_given_a_tensor_of_width<127>
#include <ogm/nn/linear.hpp>
int main() {
  ogm::nn::linear<128, 256> sound;
  ogm::tensor<float, ogm::dyn, 127> x(4);
  ogm::tape<> tape;
  sound(tape, x);
}
