// error: avqa: prefixes are found in the host's memory, and the tape works in another. Call the LSTM itself.
#include <avqa/question/prefix_lstm.hpp>
struct elsewhere : ogm::memory::host {};
struct backend : ogm::backend::standard {
  using space = elsewhere;
};
int main() {
  ogm::nn::lstm<8, 8> lstm;
  ogm::tensor<float, ogm::dyn, 8> words(93);
  ogm::tensor<std::int32_t, ogm::dyn, ogm::dyn> tokens(1, 14);
  ogm::inference<backend> tape;
  avqa::lstm_over_prefixes(tape, lstm, words, tokens, true);
}
