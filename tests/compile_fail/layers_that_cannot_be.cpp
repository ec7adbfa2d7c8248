// error: ogm: the width of an attention is not a multiple of its heads. Choose another number of heads.
// error: ogm: the padding index of an embedding is not one of its entries. Give one from 0 on, or -1.
// error: ogm: a recurrent layer of no inputs, states or layers. Give positive numbers.
// error: ogm: the last stage of resnet18 has stride 1 or 2. Write one of them.
// error: ogm: a conv_block was given an option that it does not know. Write pooled or a backend.
// error: ogm: indices of an embedding are not std::int32_t. Convert them.
#include <ogm/nn/attention.hpp>
#include <ogm/nn/conv_block.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/lstm.hpp>
#include <ogm/nn/resnet18.hpp>
using namespace ogm;
using B = backend::standard;
template struct nn::multi_head_attention<6, 4>;
template struct nn::embedding<5, 2, B, 5>;
nn::lstm<6, 0> no_states;
nn::resnet18<3, B, 3> stride_three;
nn::conv_block<16, 16, nn::stride<2>> strided;
void real_indices(tape<>& t, const nn::embedding<5, 2>& layer, const tensor<float, dyn>& x) { layer(t, x); }
void call() {
  tape<> t;
  real_indices(t, {}, tensor<float, dyn>(2));
}
