// error: ogm: a kernel is at least 1 wide. Write kernel<3> or kernel<3, 5>.
// error: ogm: a stride is at least 1. Write stride<2>.
// error: ogm: a padding is not negative. Write padding<1>.
// error: ogm: a dilation is at least 1, which is none. Write dilation<2>.
// error: ogm: a convolution has at least one group. Write groups<1>.
#include <ogm/nn/window.hpp>
using namespace ogm::nn;
template struct kernel<0, 3>;
template struct stride<1, 0>;
template struct padding<-1>;
template struct dilation<0>;
template struct groups<0>;
