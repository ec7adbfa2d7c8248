// error: avqa: questions are (batch, token). Reshape the tensor.
#include <avqa/question/encoder.hpp>
int main() {
  const avqa::question_encoder<93, 8> encoder;
  ogm::inference<> tape;
  encoder(tape, ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn, ogm::dyn>(1, 2, 14));
}
