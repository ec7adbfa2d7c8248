// error: ogm: mean_over_time takes sequences (batch, time, channel). Reshape the tensor.
// error: ogm: global_mean takes (batch, channel, ...) of three axes or more. Reshape the tensor.
// error: ogm: attention needs sequences (batch, token, channel). Reshape its inputs.
// error: ogm: a recurrent layer needs a sequence (batch, time, channel). Reshape its input.
// error: ogm: flatten takes a batch and at least one more axis. Reshape the tensor.
// error: ogm: the layer in a residual changes the number of axes. Keep them.
#include <ogm/nn/attention.hpp>
#include <ogm/nn/lstm.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/residual.hpp>
#include <ogm/nn/sequential.hpp>
using namespace ogm;
int main() {
  const tensor<float, dyn> numbers(2);
  const tensor<float, dyn, 6> rows(2);
  const tensor<float, dyn, dyn, 6> sequences(2, 3);
  tape<> t;
  nn::mean_over_time{}(t, rows);
  nn::global_mean{}(t, rows);
  nn::multi_head_attention<6, 2>{}(t, rows, rows);
  nn::lstm<6, 4>{}(t, rows);
  nn::flatten{}(t, numbers);
  nn::residual<nn::mean_over_time>{}(t, sequences);
}
