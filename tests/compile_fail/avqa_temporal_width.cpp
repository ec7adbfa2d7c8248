// error: a_layer_of_input_width<8>::was_given_a_tensor_of_width<6>
// error: avqa: the query or the sequence is not as wide as the temporal attention. Make them equal.
#include <avqa/grounding/temporal.hpp>
int main() {
  const avqa::temporal_grounding<8, 2> attention;
  ogm::tensor<float, ogm::dyn, 8> query(2);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 6> sequence(2, 10);
  ogm::inference<> tape;
  attention(tape, query, sequence);
}
