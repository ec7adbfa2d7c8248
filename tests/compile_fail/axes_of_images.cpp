// error: ogm: conv2d takes images (batch, channel, height, width). Reshape the tensor, or use conv1d.
// error: ogm: conv1d takes sequences (batch, channel, time). Reshape the tensor, or use conv2d.
// error: ogm: conv_block takes images (batch, height, width, channel). Reshape the tensor.
// error: ogm: batch_norm takes (batch, channel) or (batch, channel, ...). Reshape the tensor.
// error: ogm: max_pool2d takes images (batch, channel, height, width). Reshape the tensor.
// error: ogm: avg_pool2d takes images (batch, channel, height, width). Reshape the tensor.
// error: ogm: adaptive_avg_pool2d takes images (batch, channel, height, width). Reshape the tensor.
// error: ogm: adaptive_avg_pool3d takes videos (batch, channel, time, height, width). Reshape the tensor.
#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/conv_block.hpp>
#include <ogm/nn/pooling.hpp>
using namespace ogm;
int main() {
  const tensor<float, 16> vector;
  const tensor<float, dyn, 16> rows(2);
  const tensor<float, dyn, 16, 6, 6> images(2);
  tape<> t;
  nn::conv2d<16, 16, nn::kernel<3>>{}(t, rows);
  nn::conv1d<16, 16, nn::kernel<3>>{}(t, images);
  nn::conv_block<16, 16>{}(t, rows);
  nn::batch_norm<16>{}(t, vector);
  nn::max_pool2d<nn::kernel<2>>{}(t, rows);
  nn::avg_pool2d<nn::kernel<2>>{}(t, rows);
  nn::adaptive_avg_pool2d<1>{}(t, rows);
  nn::adaptive_avg_pool3d<1>{}(t, images);
}
