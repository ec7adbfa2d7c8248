// error: a_convolution_of_input_channels<16>::was_given_a_tensor_of_channels<8>
#include <ogm/nn/conv.hpp>
int main() {
  ogm::nn::conv2d<16, 32, ogm::nn::kernel<3>> conv;
  ogm::tensor<float, ogm::dyn, 8, ogm::dyn, ogm::dyn> x(4, 6, 6);
  ogm::tape<> tape;
  conv(tape, x);
}
