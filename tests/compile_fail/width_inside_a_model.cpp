// error: a_layer_of_input_width<128>::was_given_a_tensor_of_width<127>
#include <ogm/nn/linear.hpp>
struct broken {
  ogm::nn::linear<4, 127> l;
  ogm::nn::linear<128, 4> k;
  OGM_FIELDS(l, k)
  auto operator()(auto& tape, const auto& x) const { return k(tape, tanh(l(tape, x)) + l(tape, x)); }
};
int main() {
  broken b;
  ogm::tape<> tape;
  ogm::tensor<float, ogm::dyn, 4> x(1);
  b(tape, x);
}
