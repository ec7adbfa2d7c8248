#pragma once
// What attention on the device has to give: plain loops over host memory, in double.

#include <ogm/cuda/attention/attention.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace ogm::cuda {

/// What the forward pass should give.
struct attention_forward_result {
  std::vector<double> y, log_sum, weights;  // as the kernels write them
};
/// What the backward pass should give.
struct attention_backward_result {
  std::vector<double> dq, dk, dv;  // without gaps: (batch, queries, heads, head_width), twice (batch, keys, heads, head_width)
};

namespace detail {

/// One query of one head: where its rows are.
template <class Params> struct reference_query {
  const Params& p;
  long b, h, i;

  template <class T> double element(const T* x, long tokens, long stride, long token, long c) const {
    return double(to_float(x[(b * tokens + token) * stride + h * p.shape.head_width + c]));
  }
  double q(long c) const { return element(p.q, p.shape.queries, p.shape.query_stride, i, c); }
  double k(long j, long c) const { return element(p.k, p.shape.keys, p.shape.key_stride, j, c); }
  double v(long j, long c) const { return element(p.v, p.shape.keys, p.shape.key_stride, j, c); }
  template <class T> double dense(const T* x, long c) const { return element(x, p.shape.queries, p.shape.width(), i, c); }
  double scale() const { return 1 / std::sqrt(double(p.shape.head_width)); }
  long row() const { return (b * p.shape.heads + h) * p.shape.queries + i; }

  /// What dropout multiplies the weight of a key by.
  double share(long j) const {
    const double probability = p.dropout.probability;
    if (double(random::uniform(p.dropout.key, std::uint64_t(row() * p.shape.keys + j))) < probability) return 0;
    return probability < 1 ? 1 / (1 - probability) : 0;
  }
  double score(long j) const {
    constexpr double nothing = -std::numeric_limits<double>::infinity();
    const double plus = p.masks.additive ? double(to_float(p.masks.additive[i * p.shape.keys + j])) : 0;
    if ((p.masks.key && p.masks.key[b * p.shape.keys + j]) || plus == nothing) return nothing;
    double sum = 0;
    for (long c = 0; c < p.shape.head_width; ++c) sum += q(c) * k(j, c);
    return sum * scale() + plus;
  }
  /// The softmax of the scores, and the logarithm of their sum.
  std::vector<double> weights(double& log_sum) const {
    constexpr double nothing = -std::numeric_limits<double>::infinity();
    std::vector<double> w;
    double top = nothing, sum = 0;
    bool nan = false;
    for (long j = 0; j < p.shape.keys; ++j) {
      w.push_back(score(j));
      if (w.back() > top) top = w.back();
      nan = nan || w.back() != w.back();
    }
    for (double& x : w) sum += x = nan ? std::numeric_limits<double>::quiet_NaN() : top == nothing ? 0 : std::exp(x - top);
    if (sum != 0)
      for (double& x : w) x /= sum;
    log_sum = top + std::log(sum);
    return w;
  }
};

template <class Params, class F> void each_query(const Params& p, const F& f) {
  for (long b = 0; b < p.shape.batch; ++b)
    for (long h = 0; h < p.shape.heads; ++h)
      for (long i = 0; i < p.shape.queries; ++i) f(reference_query<Params>{p, b, h, i});
}

}  // namespace detail

/// Pointers to host memory.
template <class T> attention_forward_result attention_forward_reference(const attention_forward_params<T>& p) {
  const attention_shape& s = p.shape;
  attention_forward_result result;
  result.y.resize(std::size_t(s.batch * s.queries * s.width()));
  detail::each_query(p, [&](const auto& query) {
    double log_sum;
    const std::vector<double> w = query.weights(log_sum);
    result.log_sum.push_back(log_sum);
    result.weights.insert(result.weights.end(), w.begin(), w.end());
    for (long c = 0; c < s.head_width; ++c) {
      double sum = 0;
      for (long j = 0; j < s.keys; ++j) sum += w[std::size_t(j)] * query.share(j) * query.v(j, c);
      result.y[std::size_t((query.b * s.queries + query.i) * s.width() + query.h * s.head_width + c)] = sum;
    }
  });
  return result;
}

/// Pointers to host memory; log_sum and inner are not looked at.
template <class T> attention_backward_result attention_backward_reference(const attention_backward_params<T>& p) {
  const attention_shape& s = p.shape;
  attention_backward_result result;
  result.dq.resize(std::size_t(s.batch * s.queries * s.width()));
  result.dk.resize(std::size_t(s.batch * s.keys * s.width()));
  result.dv.resize(result.dk.size());
  detail::each_query(p, [&](const auto& query) {
    double log_sum, inner = 0;
    const std::vector<double> w = query.weights(log_sum);
    for (long c = 0; c < s.head_width; ++c) inner += query.dense(p.y, c) * query.dense(p.dy, c);
    for (long j = 0; j < s.keys; ++j) {
      const double share = query.share(j);
      double slope = -inner;
      for (long c = 0; c < s.head_width; ++c) slope += share * query.dense(p.dy, c) * query.v(j, c);
      slope *= w[std::size_t(j)] * query.scale();
      for (long c = 0; c < s.head_width; ++c) {
        const std::size_t at_query = std::size_t((query.b * s.queries + query.i) * s.width() + query.h * s.head_width + c);
        const std::size_t at_key = std::size_t((query.b * s.keys + j) * s.width() + query.h * s.head_width + c);
        result.dq[at_query] += slope * query.k(j, c);
        result.dk[at_key] += slope * query.q(c);
        result.dv[at_key] += w[std::size_t(j)] * share * query.dense(p.dy, c);
      }
    }
  });
  return result;
}

}  // namespace ogm::cuda
