#pragma once
// Questions as vectors.

#include <avqa/question/prefix_lstm.hpp>
#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/lstm.hpp>

#include <numeric>

namespace avqa {

/// fc(tanh([h ; c])) of an LSTM over tanh(word vectors), all tokens, padding included: it is a word of its own.
///
/// Shapes     tokens (batch, token) of std::int32_t -> (batch, Width)
/// Cost       in the host's memory what several questions begin with is read once, and the words' product with the LSTM's input weights is
///            made once a word: lstm_over_prefixes. Elsewhere every token is a step of the LSTM: how many rows each product over prefixes
///            has follows from the tokens, so that the host would have to read them, and wait, before it can ask for the first one
/// Errors     value_error names a token that is no word, and its position; shape_error for questions without tokens
/// Initial    as PyTorch's layers: word vectors standard normal
/// Checkpoint word2vec.weight, lstm.weight_ih_l0, ..., fc.weight: the published names
/// Source     Li et al., CVPR 2022, Sec. 4.1, and the released code
template <int Words, int Width, class Backend = ogm::backend::standard> struct question_encoder {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Width;

  ogm::nn::embedding<Words, Width, Backend> word2vec;
  ogm::nn::lstm<Width, Width, false, Backend> lstm;
  ogm::nn::linear<2 * Width, Width, Backend> fc;
  OGM_FIELDS(word2vec, lstm, fc)

  template <class Tape, class Tokens> auto operator()(Tape& tape, const Tokens& tokens) const {
    static_assert(Tokens::rank == 2, "avqa: questions are (batch, token). Reshape the tensor.");
    if constexpr (std::same_as<typename Tape::space, ogm::memory::host>) {
      word2vec.check(tape, tokens);
      const auto index = ogm::as_view(tokens);
      const bool by_token = Words <= index.count();  // else not every word can occur
      return summary(tape, lstm_over_prefixes(tape, lstm, vectors(tape, by_token ? every_word(tape) : flat(index)), index, by_token));
    } else {
      return summary(tape, lstm(tape, tanh(word2vec(tape, tokens))));
    }
  }

 private:
  using words = ogm::basic_view<typename Backend::space, const std::int32_t, ogm::dyn>;

  template <class Tape> auto vectors(Tape& tape, const words& index) const { return ogm::input(tape, tanh(word2vec(tape, index))); }
  template <class Tape> static words every_word(Tape& tape) {
    std::int32_t* const index = tape.template scratch<std::int32_t>(Words);
    std::iota(index, index + Words, 0);
    return {index, ogm::extents<ogm::dyn>(Words)};
  }
  static words flat(const auto& index) { return {index.data(), ogm::extents<ogm::dyn>(index.count())}; }
  template <class Tape, class State> auto summary(Tape& tape, const State& read) const {
    return fc(tape, tanh(ogm::nn::concatenate(tape, read.h, read.c)));  // (batch, Width)
  }
};

}  // namespace avqa
