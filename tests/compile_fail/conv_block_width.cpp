// error: a_convolution_of_input_channels<16>::was_given_a_tensor_of_channels<8>
#include <ogm/nn/conv_block.hpp>
int main() {
  ogm::nn::conv_block<16, 32> block;
  ogm::tensor<float, ogm::dyn, ogm::dyn, ogm::dyn, 8> x(4, 6, 6);
  ogm::tape<> tape;
  block(tape, x);
}
