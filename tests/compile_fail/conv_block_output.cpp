// error: ogm: the output channels of a conv_block are no multiple of 16. Use conv2d and batch_norm.
#include <ogm/nn/conv_block.hpp>
int main() { ogm::nn::conv_block<16, 24> block; }
