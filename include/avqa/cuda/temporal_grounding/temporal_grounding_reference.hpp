#pragma once
// What the attention of temporal grounding on the device has to give: plain loops over host memory, in double.

#include <avqa/cuda/temporal_grounding/temporal_grounding.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace avqa::cuda {

namespace detail {

/// Element i of an array in host memory.
template <class T> double at(const T* x, long i) { return double(ogm::cuda::to_float(x[i])); }

/// The product of rows `row_x` of x and `row_y` of y.
template <class T> double product_of_rows(const T* x, long row_x, const T* y, long row_y, long width) {
  double sum = 0;
  for (long c = 0; c < width; ++c) sum += at(x, row_x * width + c) * at(y, row_y * width + c);
  return sum;
}
/// What dropout multiplies weight i by.
inline double share_of(const single_query_dropout& d, long i) {
  if (d.probability > 0 && ogm::random::uniform_double(d.key, std::uint64_t(i)) < d.probability) return 0;
  return d.probability < 1 ? 1 / (1 - d.probability) : 0;
}

}  // namespace detail

struct single_query_attention_expected {
  std::vector<double> weight, kept, mixed, total;
};
/// Pointers to host memory.
template <class T>
single_query_attention_expected single_query_attention_forward_reference(const single_query_attention_forward_params<T>& p) {
  const single_query_shape& s = p.shape;
  single_query_attention_expected all;
  for (long row = 0; row < s.batch * s.heads; ++row) {
    const long first = row / s.heads * s.keys;  // of the sample's memory
    std::vector<double> w;
    double top = -std::numeric_limits<double>::infinity(), sum = 0, total = 0;
    for (long key = 0; key < s.keys; ++key) {
      w.push_back(double(p.scale) * detail::product_of_rows(p.query, row, p.memory, first + key, s.width));
      if (w.back() > top) top = w.back();
    }
    for (double& v : w) sum += v = std::exp(v - top);
    std::vector<double> mixed(std::size_t(s.width));
    for (long key = 0; key < s.keys; ++key) {
      const double weight = w[std::size_t(key)] / sum, kept = weight * detail::share_of(p.dropout, row * s.keys + key);
      all.weight.push_back(weight);
      all.kept.push_back(kept);
      total += kept;
      for (long c = 0; c < s.width; ++c) mixed[std::size_t(c)] += kept * detail::at(p.memory, (first + key) * s.width + c);
    }
    all.mixed.insert(all.mixed.end(), mixed.begin(), mixed.end());
    all.total.push_back(total);
  }
  return all;
}

struct single_query_attention_gradients {
  std::vector<double> dquery, dmemory;
};
/// Pointers to host memory, dmemory as it was before where it is added to.
template <class T>
single_query_attention_gradients single_query_attention_backward_reference(const single_query_attention_backward_params<T>& p) {
  const single_query_shape& s = p.shape;
  single_query_attention_gradients all{std::vector<double>(std::size_t(s.batch * s.heads * s.width)),
                                       std::vector<double>(std::size_t(s.batch * s.keys * s.width))};
  for (std::size_t i = 0; p.add_memory && i < all.dmemory.size(); ++i) all.dmemory[i] = detail::at(p.dmemory, long(i));
  for (long row = 0; row < s.batch * s.heads; ++row) {
    const long first = row / s.heads * s.keys;
    std::vector<double> slope;
    double mean = 0;
    for (long key = 0; key < s.keys; ++key) {
      const double dkept = detail::product_of_rows(p.dmixed, row, p.memory, first + key, s.width) + detail::at(p.dtotal, row);
      slope.push_back(dkept * detail::share_of(p.dropout, row * s.keys + key));
      mean += slope.back() * detail::at(p.weight, row * s.keys + key);
    }
    for (long key = 0; key < s.keys; ++key) {
      const double weight = detail::at(p.weight, row * s.keys + key), kept = weight * detail::share_of(p.dropout, row * s.keys + key);
      const double dscore = double(p.scale) * weight * (slope[std::size_t(key)] - mean);
      for (long c = 0; c < s.width; ++c) {
        const long of_query = row * s.width + c, of_memory = (first + key) * s.width + c;
        all.dquery[std::size_t(of_query)] += dscore * detail::at(p.memory, of_memory);
        all.dmemory[std::size_t(of_memory)] += kept * detail::at(p.dmixed, of_query) + dscore * detail::at(p.query, of_query);
      }
    }
  }
  return all;
}

/// Pointers to host memory, y as it was before: what it becomes.
template <class T> std::vector<double> add_by_head_reference(const add_by_head_params<T>& p) {
  std::vector<double> y;
  for (long row = 0; row < p.batch * p.heads; ++row)
    for (long c = 0; c < p.width; ++c)
      y.push_back(detail::at(p.y, row * p.width + c) + detail::at(p.bias, row % p.heads * p.width + c) * detail::at(p.total, row));
  return y;
}

struct add_by_head_gradients {
  std::vector<double> dbias, dtotal;
};
/// Pointers to host memory, dbias as it was before where it is added to.
template <class T> add_by_head_gradients add_by_head_backward_reference(const add_by_head_backward_params<T>& p) {
  add_by_head_gradients all{std::vector<double>(std::size_t(p.heads * p.width)), {}};
  for (std::size_t i = 0; p.add && i < all.dbias.size(); ++i) all.dbias[i] = detail::at(p.dbias, long(i));
  for (long row = 0; row < p.batch * p.heads; ++row) {
    const long head = row % p.heads;
    all.dtotal.push_back(detail::product_of_rows(p.bias, head, p.dy, row, p.width));
    for (long c = 0; c < p.width; ++c)
      all.dbias[std::size_t(head * p.width + c)] += detail::at(p.total, row) * detail::at(p.dy, row * p.width + c);
  }
  return all;
}

}  // namespace avqa::cuda
