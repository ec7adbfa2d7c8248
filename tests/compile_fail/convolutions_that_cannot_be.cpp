// error: ogm: a convolution has no kernel. Write conv2d<In, Out, kernel<3>>.
// error: ogm: a convolution has no kernel. Write conv1d<In, Out, kernel<3>>.
// error: ogm: the groups of a convolution do not divide its channels. Make both multiples of the groups.
// error: ogm: a pooling has no kernel. Write max_pool2d<kernel<3>, stride<2>>.
// error: ogm: the padding of a pooling is more than half its kernel. Make it smaller.
// error: ogm: a pooling has no dilation and no groups. Leave them out.
// error: ogm: adaptive_avg_pool2d gives at least one pixel. Write adaptive_avg_pool2d<1>.
// error: ogm: adaptive_avg_pool3d gives at least one pixel. Write adaptive_avg_pool3d<1>.
#include <ogm/nn/conv.hpp>
#include <ogm/nn/pooling.hpp>
using namespace ogm::nn;
template struct conv2d<8, 8, stride<2>>;
template struct conv1d<8, 8>;
template struct conv2d<8, 6, kernel<3>, groups<4>>;
template struct max_pool2d<stride<2>>;
template struct avg_pool2d<kernel<3>, padding<2>>;
template struct max_pool2d<kernel<3>, dilation<2>>;
template struct adaptive_avg_pool2d<0>;
template struct adaptive_avg_pool3d<2, 0>;
