#pragma once
// Questions as vectors.

#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/lstm.hpp>

namespace avqa {

/// fc(tanh([h ; c])) of an LSTM over tanh(word vectors), all tokens, padding included: it is a word of its own.
///
/// Shapes     tokens (batch, token) of std::int32_t -> (batch, Width)
/// Errors     value_error names a token that is no word, and its position
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
    const auto read = lstm(tape, tanh(word2vec(tape, tokens)));
    return fc(tape, tanh(ogm::nn::concatenate(tape, read.h, read.c)));  // (batch, Width)
  }
};

}  // namespace avqa
