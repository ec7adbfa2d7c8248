#pragma once
// Losses and the scores of labels, as plain data.

#include <ogm/backend/op/softmax.hpp>

#include <array>

namespace ogm::op {

namespace detail {
/// Sums `Count` numbers over rows: f(row, sums) adds to them. At most 64 chunks cut by the shape, added in order.
template <int Count, class F> std::array<double, Count> sum_over_rows(long rows, long columns, const F& f) {
  constexpr long most = 64;
  const long each = std::max(rows_a_chunk(columns), (rows + most - 1) / most);
  std::array<std::array<double, Count>, most> partial{};
  const long chunks = (rows + each - 1) / each;
  parallel_for(chunks, [&](long k) {
    for (long r = k * each; r < std::min(rows, (k + 1) * each); ++r) f(r, partial[std::size_t(k)]);
  });
  std::array<double, Count> total{};
  for (long k = 0; k < chunks; ++k)
    for (int i = 0; i < Count; ++i) total[std::size_t(i)] += partial[std::size_t(k)][std::size_t(i)];
  return total;
}
/// The first row whose label is no class (and, where `absent` is allowed, not -1 either), or -1.
inline std::int32_t first_bad_label(const std::int32_t* labels, long rows, long columns, bool absent) {
  for (long r = 0; r < rows; ++r)
    if (labels[r] < (absent ? -1 : 0) || labels[r] >= columns) return std::int32_t(r);
  return -1;
}
}  // namespace detail

/// What both passes of the cross-entropy know: row r costs
/// sample_weight[r] * ((1 - s) w[y] nll(y) + s / columns * sum over c of w[c] nll(c)),  nll(c) = -log softmax(logits[r])[c], s the
/// smoothing.
template <class T> struct cross_entropy_terms {
  const std::int32_t* labels;  // (rows)
  const T* class_weight;       // (columns), or null: 1
  const T* sample_weight;      // (rows), or null: 1
  long rows, columns;
  double label_smoothing;
  bool mean;            // divide by the sum of w[y]; by the number of rows without class weights
  bool absent = false;  // a label of -1 is none: its row costs nothing and is not counted

  double weight(long c) const { return class_weight ? double(class_weight[c]) : 1.0; }
  double sample(long r) const { return sample_weight ? double(sample_weight[r]) : 1.0; }
  double weight_sum() const { return class_weight ? detail::sum(class_weight, columns) : double(columns); }
};

/// loss () from logits (rows, columns). probability (rows, columns) and divisor () are kept for the backward pass. bad_row (): the first
/// row with a label that is no class, whose loss is then not computed, or -1.
template <class T> struct cross_entropy_forward {
  cross_entropy_terms<T> terms;
  const T* logits;
  T* probability;
  T* loss;
  double* divisor;
  std::int32_t* bad_row;
  void operator()() const {
    *bad_row = detail::first_bad_label(terms.labels, terms.rows, terms.columns, terms.absent);
    if (*bad_row >= 0) return;
    const long n = terms.columns;
    const double smooth = terms.label_smoothing / double(n), weights = terms.weight_sum();
    const auto [total, label_weight] = detail::sum_over_rows<2>(terms.rows, n, [&](long r, std::array<double, 2>& sums) {
      const T* x = logits + r * n;
      T* p = probability + r * n;
      const long y = terms.labels[r];
      if (y < 0) return;
      const T top = detail::largest(x, n);
      const double exp_sum = detail::shifted_exp(x, p, n, top), log_sum = std::log(exp_sum) + double(top);
      using V = typename pack<T>::type;
      each_pack<T>(n, [&, scale = T(1 / exp_sum)](long c, auto at) { store(p + c, V(load<V>(p + c, at) * scale), at); });
      double cost = (1 - terms.label_smoothing) * terms.weight(y) * (log_sum - double(x[y]));
      if (smooth != 0) {
        double weighted = 0;
        for (long c = 0; c < n; ++c) weighted += terms.weight(c) * double(x[c]);
        cost += smooth * (weights * log_sum - weighted);
      }
      sums[0] += terms.sample(r) * cost;
      sums[1] += terms.weight(y);
    });
    *divisor = terms.mean && !(terms.absent && label_weight == 0) ? label_weight : 1.0;
    *loss = T(total / *divisor);
  }
};

/// dlogits (=, or += where `add`) from dloss ().
template <class T> struct cross_entropy_backward {
  cross_entropy_terms<T> terms;
  const T* probability;
  const double* divisor;
  const T* dloss;
  T* dlogits;
  bool add;
  void operator()() const {
    using V = typename pack<T>::type;
    const long n = terms.columns;
    const double smooth = terms.label_smoothing / double(n), weights = terms.weight_sum(), outer = double(*dloss) / *divisor;
    for_each_row_chunk(terms.rows, n, [&](long first, long last) {
      for (long r = first; r < last; ++r) {
        const T* p = probability + r * n;
        T* d = dlogits + r * n;
        const long y = terms.labels[r];
        if (y < 0) {
          if (!add) std::fill_n(d, n, T(0));
          continue;
        }
        const double scale = outer * terms.sample(r), hard = scale * (1 - terms.label_smoothing) * terms.weight(y);
        const T all = T(hard + scale * smooth * weights), each = T(scale * smooth);
        const double at_label = double(p[y]) * double(all) - scale * smooth * terms.weight(y) - hard;  // in double: it cancels near p = 1
        const T before = add ? d[y] : T(0);
        each_pack<T>(n, [&](long c, auto at) {
          V v = load<V>(p + c, at) * all;
          v -= terms.class_weight ? V(load<V>(terms.class_weight + c, at) * each) : V(V{} + each);
          store(d + c, add ? V(load<V>(d + c, at) + v) : v, at);
        });
        d[y] = before + T(at_label);
      }
    });
  }
};

/// What the probabilities of the labels say about a modality. out (5): sum over rows of weight * softmax(logits[r])[label], sum of
/// weight * cross-entropy, number of rows whose label has the largest logit (of equals the first), number of rows with a label, and the
/// first row with a label that is no class, or -1. A row with label -1 has no label and is skipped. All in double.
template <class T> struct score_logits {
  const T* logits;             // (rows, columns)
  const std::int32_t* labels;  // (rows)
  long rows, columns;
  double* out;
  const T* sample_weight = nullptr;  // (rows), or null: 1
  void operator()() const {
    out[4] = double(detail::first_bad_label(labels, rows, columns, true));
    const auto sums = detail::sum_over_rows<4>(out[4] >= 0 ? 0 : rows, columns, [this](long r, std::array<double, 4>& total) {
      const long y = labels[r];
      if (y < 0) return;
      const T* x = logits + r * columns;
      const double top = double(detail::largest(x, columns)), weight = sample_weight ? double(sample_weight[r]) : 1.0;
      double exp_sum = 0;
      bool right = x[y] == x[y];
      for (long c = 0; c < columns; ++c) {
        exp_sum += math::exp(double(x[c]) - top);
        right = right && (c < y ? x[c] < x[y] : x[c] <= x[y]);  // false for NaN
      }
      total[0] += weight * math::exp(double(x[y]) - top) / exp_sum;
      total[1] += weight * (std::log(exp_sum) + top - double(x[y]));
      total[2] += right ? 1.0 : 0.0;
      total[3] += 1.0;
    });
    for (std::size_t i = 0; i < 4; ++i) out[i] = sums[i];
  }
};

/// Binary cross-entropy of sigmoid(x) and target t: max(x, 0) - x t + log(1 + exp(-|x|)).
struct binary_cross_entropy {
  OGM_HD static double value(double x, double t) { return (x < 0 ? 0.0 : x) - x * t + ::log1p(::exp(x < 0 ? x : -x)); }
  OGM_HD static double slope(double x, double t) { return math::sigmoid(x) - t; }
  OGM_HD static double target_slope(double x, double) { return -x; }
};
struct squared_error {
  OGM_HD static double value(double x, double t) { return (x - t) * (x - t); }
  OGM_HD static double slope(double x, double t) { return 2 * (x - t); }
  OGM_HD static double target_slope(double x, double t) { return 2 * (t - x); }
};

/// loss () the sum of F::value(x, t) over all elements, times `scale`.
template <class F, class T> struct pointwise_loss_forward {
  const T* x;       // (count)
  const T* target;  // (count)
  T* loss;
  long count;
  double scale;
  void operator()() const {
    constexpr long each = 512;
    const auto sum = detail::sum_over_rows<1>((count + each - 1) / each, each, [this](long k, std::array<double, 1>& total) {
      for (long i = k * each; i < std::min(count, (k + 1) * each); ++i) total[0] += F::value(double(x[i]), double(target[i]));
    });
    *loss = T(sum[0] * scale);
  }
};
/// d (=, or += where `add`) the derivative with respect to x, or to target where `of_target`.
template <class F, class T> struct pointwise_loss_backward {
  const T* x;
  const T* target;
  const T* dloss;  // ()
  T* d;            // (count)
  long count;
  double scale;
  bool of_target, add;
  void operator()() const {
    const double g = double(*dloss) * scale;
    for_each_row_chunk(count, 1, [&](long first, long last) {
      for (long i = first; i < last; ++i) {
        const double a = double(x[i]), b = double(target[i]);
        const T v = T(g * (of_target ? F::target_slope(a, b) : F::slope(a, b)));
        d[i] = add ? d[i] + v : v;
      }
    });
  }
};

}  // namespace ogm::op
