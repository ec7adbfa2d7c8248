#pragma once
// What pooling on the device has to give: plain loops over host memory, in double. Gradients go from the outputs to the inputs here, and
// not the other way.

#include <ogm/cuda/pooling/pooling.hpp>

#include <vector>

namespace ogm::cuda {

/// In double: y; and where the maxima are, both (planes, height.out, width.out).
struct max_pool_result {
  std::vector<double> y;
  std::vector<std::int32_t> index;
};
/// Pointers to host memory.
template <class T> max_pool_result max_pool_forward_reference(const max_pool_forward_params<T>& p) {
  max_pool_result result;
  for (long plane = 0; plane < p.planes; ++plane)
    for (long h = 0; h < p.height.out; ++h)
      for (long w = 0; w < p.width.out; ++w) {
        double most = 0;
        long where = -1;
        for (long r = p.height.first(h); r < p.height.last(h); ++r)
          for (long c = p.width.first(w); c < p.width.last(w); ++c) {
            const double v = double(to_float(p.x[(plane * p.height.in + r) * p.width.in + c]));
            if (where < 0 || v > most || v != v) most = v, where = r * p.width.in + c;
          }
        result.y.push_back(most);
        result.index.push_back(std::int32_t(where));
      }
  return result;
}

/// Pointers to host memory, dx as it was before; dx in double, (planes, height.in, width.in).
template <class T> std::vector<double> max_pool_backward_reference(const max_pool_backward_params<T>& p) {
  const long in = p.height.in * p.width.in, out = p.height.out * p.width.out;
  std::vector<double> dx;
  for (long i = 0; i < p.planes * in; ++i) dx.push_back(p.add ? double(to_float(p.dx[i])) : 0);
  for (long o = 0; o < p.planes * out; ++o) dx[std::size_t(o / out * in + p.index[o])] += double(to_float(p.dy[o]));
  return dx;
}

namespace detail {
/// f(output, input, size of the output's window) for all elements of all windows of a plane.
template <class Params, class F> void for_each_pair(const Params& p, const F& f) {
  long o = 0;
  for (long d = 0; d < p.depth.out; ++d)
    for (long h = 0; h < p.height.out; ++h)
      for (long w = 0; w < p.width.out; ++w, ++o)
        for (long z = p.depth.first(d); z < p.depth.last(d); ++z)
          for (long r = p.height.first(h); r < p.height.last(h); ++r)
            for (long c = p.width.first(w); c < p.width.last(w); ++c)
              f(o, (z * p.height.in + r) * p.width.in + c, double(p.depth.size(d) * p.height.size(h) * p.width.size(w)));
}
}  // namespace detail

/// Pointers to host memory; y in double, (planes, depth.out, height.out, width.out), of windows that have elements.
template <class T> std::vector<double> mean_pool_forward_reference(const mean_pool_forward_params<T>& p) {
  const long in = p.depth.in * p.height.in * p.width.in, out = p.depth.out * p.height.out * p.width.out;
  std::vector<double> y(std::size_t(p.planes * out), 0);
  for (long plane = 0; plane < p.planes; ++plane)
    detail::for_each_pair(
        p, [&](long o, long i, double size) { y[std::size_t(plane * out + o)] += double(to_float(p.x[plane * in + i])) / size; });
  return y;
}

/// Pointers to host memory, dx as it was before; dx in double, (planes, depth.in, height.in, width.in).
template <class T> std::vector<double> mean_pool_backward_reference(const mean_pool_backward_params<T>& p) {
  const long in = p.depth.in * p.height.in * p.width.in, out = p.depth.out * p.height.out * p.width.out;
  std::vector<double> dx;
  for (long i = 0; i < p.planes * in; ++i) dx.push_back(p.add ? double(to_float(p.dx[i])) : 0);
  for (long plane = 0; plane < p.planes; ++plane)
    detail::for_each_pair(
        p, [&](long o, long i, double size) { dx[std::size_t(plane * in + i)] += double(to_float(p.dy[plane * out + o])) / size; });
  return dx;
}

}  // namespace ogm::cuda
