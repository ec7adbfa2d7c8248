// error: a_normalisation_of_channels<16>::was_given_a_tensor_of_channels<8>
#include <ogm/nn/batch_norm.hpp>
int main() {
  ogm::nn::batch_norm<16> norm;
  ogm::tensor<float, ogm::dyn, 8> x(4);
  ogm::tape<> tape;
  norm(tape, x);
}
