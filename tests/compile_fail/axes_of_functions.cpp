// error: ogm: softmax needs an axis to go over. Give a tensor of one axis or more.
// error: ogm: l2_normalize needs an axis to go over. Give a tensor of one axis or more.
// error: ogm: tensors to concatenate need an axis. Reshape them.
// error: ogm: tensors to concatenate differ in their number of axes. Reshape them.
// error: ogm: nothing to concatenate. Give one tensor or more.
// error: ogm: a slice goes beyond the last axis of its tensor. Make it shorter.
// error: ogm: select names an axis that the tensor does not have. Count from 0.
// error: ogm: logits need an axis of classes. Give a tensor (batch, class).
// error: ogm: labels are not std::int32_t. Convert them.
#include <ogm/nn/concatenate.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/nn/normalize.hpp>
#include <ogm/nn/slice.hpp>
#include <ogm/nn/softmax.hpp>
using namespace ogm;
void concatenate_numbers(tape<>& t, const tensor<float>& x) { nn::concatenate(t, x, x); }
void concatenate_others(tape<>& t, const tensor<float, dyn, 6>& x, const tensor<float, dyn, 2, 6>& y) { nn::concatenate(t, x, y); }
void concatenate_nothing(tape<>& t) { nn::concatenate(t); }
void select_axis(tape<>& t, const tensor<float, dyn, 6>& x) { nn::select<2>(t, x, 0); }
int main() {
  const tensor<float> number;
  const tensor<float, dyn, 6> rows(2);
  const tensor<std::int32_t, dyn> labels(2);
  const tensor<float, dyn> floats(2);
  tape<> t;
  nn::softmax(t, number);
  nn::l2_normalize(t, number);
  nn::slice<4, 3>(t, rows);
  nn::cross_entropy(t, number, labels);
  nn::cross_entropy(t, rows, floats);
}
