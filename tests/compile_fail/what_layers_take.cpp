// error: ogm: a recurrent layer stacks at most 10 layers. Put two of them in a sequence.
// error: ogm: a mask is not of std::uint8_t. Convert it: nonzero leaves an element out.
// error: ogm: resnet18_encoder takes images (batch, channel, height, width) or videos (batch, channel, time, height, width).
// error: ogm: sequential holds no layer. Give it one.
// error: ogm: a tensor to slice needs an axis. Reshape it.
#include <ogm/nn/lstm.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/nn/sequential.hpp>
#include <ogm/nn/slice.hpp>
#include <ogm/nn/softmax.hpp>
using namespace ogm;
constexpr auto eleventh = nn::detail::recurrent_name<"weight_ih", 10, false>::text;
void call(tape<>& t, const tensor<float, dyn, 4>& x, const tensor<float, dyn, 3, 8>& flat, const tensor<float>& scalar) {
  nn::softmax(t, x, tensor<std::int32_t, 4>());
  nn::resnet18_encoder<3>{}(t, flat);
  nn::sequential<> nothing;
  nn::detail::slice_last<1>(t, scalar, 0, 1);
}
