// error: avqa: the sound of a network is (batch, time, channel). Reshape the tensor.
// error: avqa: feature maps are (batch, time, channel, height, width). Reshape the tensor.
// error: avqa: a match head halves its width twice. Make it 4 or more.
#include <avqa/models/match_head.hpp>
#include <avqa/models/widths.hpp>
using namespace ogm;
template struct avqa::match_head<2>;
constexpr bool sound = avqa::detail::takes_sound<128, tensor<float, dyn, 128>>();
constexpr bool maps = avqa::detail::takes_maps<512, tensor<float, dyn, dyn, 512, 196>>();
