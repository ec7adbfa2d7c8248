#pragma once
// The definition of a depth-wise convolution, in double.

#include <avqa/features/op/depthwise.hpp>

#include <algorithm>
#include <vector>

namespace ogm::test {

/// y (row, column, channel) of one image x (row, column, channel).
inline std::vector<double> plain_depthwise(const avqa::op::depthwise_shape& s, const float* x, const std::vector<float>& weight,
                                           const std::vector<float>& bias, avqa::op::limits limit) {
  std::vector<double> y;
  for (long h = 0; h < s.out_height(); ++h)
    for (long w = 0; w < s.out_width(); ++w)
      for (long c = 0; c < s.channels; ++c) {
        double sum = bias[std::size_t(c)];
        for (long k = 0; k < s.kernel * s.kernel; ++k) {
          const long row = h * s.stride - s.pad_before + k / s.kernel, column = w * s.stride - s.pad_before + k % s.kernel;
          if (row >= 0 && row < s.height && column >= 0 && column < s.width)
            sum += double(x[(row * s.width + column) * s.channels + c]) * double(weight[std::size_t(k * s.channels + c)]);
        }
        y.push_back(std::clamp(sum, double(limit.low), double(limit.high)));
      }
  return y;
}

}  // namespace ogm::test
