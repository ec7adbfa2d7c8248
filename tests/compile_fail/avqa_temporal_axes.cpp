// error: avqa: temporal attention takes a query (batch, channel) and a sequence (batch, time, channel). Reshape the tensor.
#include <avqa/grounding/temporal.hpp>
int main() {
  const avqa::single_query_attention<8, 2> attention;
  ogm::tensor<float, ogm::dyn, 1, 8> query(2);
  ogm::tensor<float, ogm::dyn, ogm::dyn, 8> sequence(2, 10);
  ogm::inference<> tape;
  attention(tape, query, sequence);
}
