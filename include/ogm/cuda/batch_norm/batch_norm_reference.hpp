#pragma once
// What batch normalisation on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/batch_norm/batch_norm.hpp>

#include <cmath>
#include <vector>

namespace ogm::cuda {

/// In double: y (batch, channel, inner), the others (channel).
struct batch_norm_forward_result {
  std::vector<double> y, mean, inverse_deviation, running_mean, running_variance;
};
/// Pointers to host memory, the running statistics as they were before.
template <class T> batch_norm_forward_result batch_norm_forward_reference(const batch_norm_forward_params<T>& p) {
  const batch_norm_dimensions& s = p.shape;
  batch_norm_forward_result result;
  for (long c = 0; c < s.channels; ++c) {
    const auto place = [&](long k) { return (k / s.inner * s.channels + c) * s.inner + k % s.inner; };
    const double n = double(s.each());
    double mean = 0, variance = 0;
    for (long k = 0; k < s.each(); ++k) mean += double(to_float(p.x[place(k)])) / n;
    for (long k = 0; k < s.each(); ++k) variance += std::pow(double(to_float(p.x[place(k)])) - mean, 2) / n;
    const bool moves = p.of_batch && p.update;
    const double old_mean = double(p.running_mean[c]), old_variance = double(p.running_variance[c]);
    result.running_mean.push_back(moves ? (1 - p.momentum) * old_mean + p.momentum * mean : old_mean);
    result.running_variance.push_back(moves ? (1 - p.momentum) * old_variance + p.momentum * variance * n / (n - 1) : old_variance);
    if (!p.of_batch) mean = old_mean, variance = old_variance;
    result.mean.push_back(mean);
    result.inverse_deviation.push_back(1 / std::sqrt(variance + p.epsilon));
  }
  for (long i = 0; i < s.batch * s.channels * s.inner; ++i) {
    const std::size_t c = std::size_t(i / s.inner % s.channels);
    const double z = (double(to_float(p.x[i])) - result.mean[c]) * result.inverse_deviation[c];
    const double v = z * double(to_float(p.weight[c])) + double(to_float(p.bias[c])) + (p.residual ? double(to_float(p.residual[i])) : 0);
    result.y.push_back(p.relu && v < 0 ? 0 : v);
  }
  return result;
}

/// In double: dx and dresidual (batch, channel, inner), dweight and dbias (channel).
struct batch_norm_backward_result {
  std::vector<double> dx, dresidual, dweight, dbias;
};
/// Pointers to host memory; dx, dresidual, dweight and dbias as they were before, and not null.
template <class T> batch_norm_backward_result batch_norm_backward_reference(const batch_norm_backward_params<T>& p) {
  const batch_norm_dimensions& s = p.shape;
  const long count = s.batch * s.channels * s.inner;
  const auto channel = [&](long i) { return std::size_t(i / s.inner % s.channels); };
  const auto g = [&](long i) { return !p.y || to_float(p.y[i]) > 0 ? double(to_float(p.dy[i])) : 0; };
  const auto z = [&](long i) { return (double(to_float(p.x[i])) - p.mean[channel(i)]) * p.inverse_deviation[channel(i)]; };
  batch_norm_backward_result result{
      {}, {}, std::vector<double>(std::size_t(s.channels), 0), std::vector<double>(std::size_t(s.channels), 0)};
  for (long i = 0; i < count; ++i) {
    result.dweight[channel(i)] += g(i) * z(i);
    result.dbias[channel(i)] += g(i);
  }
  for (long i = 0; i < count; ++i) {
    const std::size_t c = channel(i);
    const double taken = p.of_batch ? (result.dbias[c] + z(i) * result.dweight[c]) / double(s.each()) : 0;
    const double slope = double(to_float(p.weight[c])) * p.inverse_deviation[c] * (g(i) - taken);
    result.dx.push_back((p.add_x ? double(to_float(p.dx[i])) : 0) + slope);
    result.dresidual.push_back((p.add_residual ? double(to_float(p.dresidual[i])) : 0) + g(i));
  }
  for (std::size_t c = 0; c < result.dbias.size(); ++c) {
    result.dweight[c] += p.add_weight ? double(to_float(p.dweight[c])) : 0;
    result.dbias[c] += p.add_bias ? double(to_float(p.dbias[c])) : 0;
  }
  return result;
}

}  // namespace ogm::cuda
