#pragma once
// The kernels of cross-entropy. Before the rows: what they are divided by. The rows, those of the logits and then those of every probe: a
// warp a row, held in registers, or a block a row, read three times. After them: sums over the rows.

#include <ogm/cuda/cross_entropy/cross_entropy.hpp>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/rows.cuh>

namespace ogm::cuda {

/// Of another lane.
__device__ inline probe_score shuffle_xor(probe_score s, int lanes) {
  return {shuffle_xor(s.probability, lanes), shuffle_xor(s.cross_entropy, lanes), shuffle_xor(s.correct, lanes), shuffle_xor(s.rows, lanes),
          shuffle_xor(s.bad_row, lanes)};
}

namespace detail {

/// Where there is no row: more than any.
inline constexpr double no_row = __builtin_huge_val();
__device__ inline double not_a_number() { return double(__builtin_nanf("")); }

template <class T> __device__ inline bool is_class(const cross_entropy_params<T>& p, int label) {
  return OGM_BOUND(label_is_class, label >= 0 && label < p.columns);
}

/// What is known before the rows are.
struct label_sums {
  double of_labels, of_classes, bad_row;
};
__device__ inline label_sums shuffle_xor(label_sums s, int lanes) {
  return {cuda::shuffle_xor(s.of_labels, lanes), cuda::shuffle_xor(s.of_classes, lanes), cuda::shuffle_xor(s.bad_row, lanes)};
}
struct join_labels {
  static constexpr label_sums identity{0, 0, no_row};
  __device__ label_sums operator()(label_sums a, label_sums b) const {
    return {a.of_labels + b.of_labels, a.of_classes + b.of_classes, b.bad_row < a.bad_row ? b.bad_row : a.bad_row};
  }
};

struct join_scores {
  static constexpr probe_score identity{0, 0, 0, 0, no_row};
  __device__ probe_score operator()(probe_score a, probe_score b) const {
    return {a.probability + b.probability, a.cross_entropy + b.cross_entropy, a.correct + b.correct, a.rows + b.rows,
            b.bad_row < a.bad_row ? b.bad_row : a.bad_row};
  }
};

/// Sums over the classes of a row.
struct class_sums {
  float others;  // exp(x - largest) of all but the label
  float spread;  // class weight * (largest - x), where labels are smoothed
  float wrong;   // how many are no smaller than the label, of those before it; larger, of those after it
};
__device__ inline class_sums shuffle_xor(class_sums s, int lanes) {
  return {cuda::shuffle_xor(s.others, lanes), cuda::shuffle_xor(s.spread, lanes), cuda::shuffle_xor(s.wrong, lanes)};
}
struct add_classes {
  static constexpr class_sums identity{0, 0, 0};
  __device__ class_sums operator()(class_sums a, class_sums b) const {
    return {a.others + b.others, a.spread + b.spread, a.wrong + b.wrong};
  }
};

/// The loss is probe -1; where there is none the rows begin with those of probe 0.
template <class T> __device__ inline int first_probe(const cross_entropy_params<T>& p) { return p.logits ? -1 : 0; }

/// A row of logits with its label: of probe 0, 1, ..., or of the loss (probe -1).
template <class T, int Width> struct labelled_row {
  long row;
  int probe;
  const T* x;
  int label;
  bool absent, known;  // the label
  row_vectors<Width> vectors;
  float at_label;  // NaN where the label is no class

  __device__ static labelled_row of(const cross_entropy_params<T>& p, int probe, long row) {
    labelled_row r;
    r.probe = probe, r.row = row;
    const bool of_loss = r.probe < 0;
    r.x = (of_loss ? p.logits : p.probe[r.probe].logits) + r.row * p.columns;
    r.label = (of_loss ? p.labels : p.probe[r.probe].labels)[r.row];
    r.absent = r.label == -1 && (!of_loss || p.absent);
    r.known = !r.absent && is_class(p, r.label);
    r.vectors = row_vectors<Width>::of(r.x, int(p.columns));
    r.at_label = r.known ? to_float(r.x[r.label]) : float(not_a_number());
    return r;
  }
  __device__ bool smoothed(const cross_entropy_params<T>& p) const { return probe < 0 && p.label_smoothing != 0; }

  __device__ void add(const cross_entropy_params<T>& p, int first, const float (&value)[Width], float top, class_sums& sums) const {
    float weight[Width];
    class_weights(p, first, weight);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      const int c = first + i;
      if (!vectors.holds(c)) continue;
      if (c != label) sums.others += expf(value[i] - top);
      if (smoothed(p)) sums.spread += weight[i] * (top - value[i]);
      if (!(c < label ? value[i] < at_label : value[i] <= at_label)) sums.wrong += 1;
    }
  }
  __device__ void class_weights(const cross_entropy_params<T>& p, int first, float (&weight)[Width]) const {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) weight[i] = 1;
    if (smoothed(p) && p.class_weight) load_beside(p.class_weight, vectors, first, 0, weight);
  }
};

/// What the sums say of a row: its loss, or its score, which one thread writes; and its derivatives.
struct row_loss {
  float top, others, sum;
  float hard, each, all, weights;  // of the derivatives: of the label; of a class weight; of a probability; the sum of class weights
  float weight_of_label;

  template <class T, int Width>
  __device__ static row_loss of(const cross_entropy_params<T>& p, const labelled_row<T, Width>& r, float top, class_sums sums,
                                bool writes) {
    row_loss l{};
    const float below = top - r.at_label, at_label = expf(-below);
    l.top = top, l.others = sums.others, l.sum = sums.others + at_label;
    const float cost = below == 0 ? log1pf(sums.others) : below + logf(l.sum);
    if (r.probe >= 0) {
      const T* const weights = p.probe[r.probe].sample_weight;
      const float weight = weights ? to_float(weights[r.row]) : 1;
      float* const score = p.workspace + 4 * (r.probe * p.rows + r.row);
      if (writes) store_vector(score, {weight * at_label / l.sum, weight * cost, sums.wrong == 0 ? 1.0f : 0.0f, 0.0f});
      return l;
    }
    const float sample = p.sample_weight ? to_float(p.sample_weight[r.row]) : 1, scale = p.scale / float(p.result->divisor) * sample;
    l.weights = float(p.result->weight_sum);
    l.weight_of_label = !r.known ? r.at_label : p.class_weight ? to_float(p.class_weight[r.label]) : 1;
    l.hard = scale * (1 - p.label_smoothing) * l.weight_of_label;
    l.each = scale * p.label_smoothing / float(p.columns);
    l.all = l.hard + l.each * l.weights;
    float whole = (1 - p.label_smoothing) * l.weight_of_label * cost;
    if (r.smoothed(p)) whole += p.label_smoothing / float(p.columns) * (sums.spread + l.weights * logf(l.sum));
    if (writes) p.row_loss[r.row] = r.absent ? 0 : sample * whole;
    return l;
  }
  /// dlogits from column `first` on (=, +=) the derivatives; of no label 0. At the label probability - 1 is -others / sum.
  template <class T, int Width>
  __device__ void store(const cross_entropy_params<T>& p, const labelled_row<T, Width>& r, int first, const float (&value)[Width]) const {
    T* const to = p.dlogits + r.row * p.columns;
    float weight[Width], slope[Width] = {};
    r.class_weights(p, first, weight);
    if (p.add) load_row(to, r.vectors, first, 0, slope);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) {
      if (r.absent) continue;
      slope[i] += first + i == r.label ? each * (weights - weight_of_label) - others / sum * all
                                       : expf(value[i] - top) / sum * all - each * weight[i];
    }
    store_row(to, r.vectors, first, slope);
  }
};

}  // namespace detail

/// One block: the divisor, the sum of class weights, the first bad row.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads_of_sum) cross_entropy_of_labels(cross_entropy_params<T> p) {
  OGM_SHARED(detail::label_sums, scratch, Tuning::threads_of_sum / warp_size);
  detail::label_sums sums = detail::join_labels::identity;
  for (long row = threadIdx.x; row < p.rows; row += Tuning::threads_of_sum) {
    const int label = p.labels[row];
    if (label == -1 && p.absent) continue;
    if (detail::is_class(p, label))
      sums.of_labels += p.class_weight ? double(to_float(p.class_weight[label])) : 1;
    else
      sums.bad_row = double(row) < sums.bad_row ? double(row) : sums.bad_row;
  }
  for (long c = threadIdx.x; p.class_weight && c < p.columns; c += Tuning::threads_of_sum)
    sums.of_classes += double(to_float(p.class_weight[c]));
  sums = reduce_block<Tuning::threads_of_sum>(sums, detail::join_labels{}, scratch);
  if (threadIdx.x > 0) return;
  p.result->divisor = !p.mean || (p.absent && sums.of_labels == 0) ? 1 : sums.of_labels;
  p.result->weight_sum = p.class_weight ? sums.of_classes : double(p.columns);
  p.result->bad_row = sums.bad_row == detail::no_row ? -1 : sums.bad_row;
}

/// Rows of at most warp_size * Tuning::vectors_a_lane vectors; so many blocks that each row has a warp, for the loss and for each probe.
/// Width: elements an access.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) cross_entropy_of_warps(cross_entropy_params<T> p) {
  const int lane = int(threadIdx.x) % warp_size;
  const long blocks = blocks_of_warps<Tuning>(p.rows), set = blockIdx.x / blocks, probe = set + detail::first_probe(p);
  const long row = row_of_warp<Tuning>() - set * blocks * (Tuning::threads / warp_size);
  if (!OGM_BOUND(warp_has_row, row < p.rows)) return;
  const auto r = detail::labelled_row<T, Width>::of(p, int(probe), row);
  if (r.absent && r.probe >= 0) return;

  float held[Tuning::vectors_a_lane][Width];
  float top = maximum::identity;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) {
    load_row(r.x, r.vectors, r.vectors.first(k * warp_size + lane), maximum::identity, held[k]);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) top = maximum{}(top, held[k][i]);
  }
  top = reduce_warp(top, maximum{});
  detail::class_sums sums = detail::add_classes::identity;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) r.add(p, r.vectors.first(k * warp_size + lane), held[k], top, sums);
  sums = reduce_warp(sums, detail::add_classes{});
  const auto loss = detail::row_loss::of(p, r, top, sums, lane == 0);
  if (r.probe >= 0 || !p.dlogits) return;
  OGM_UNROLL
  for (int k = 0; k < Tuning::vectors_a_lane; ++k) loss.store(p, r, r.vectors.first(k * warp_size + lane), held[k]);
}

/// Rows of any length; those of the loss and then those of every probe.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor) cross_entropy_of_blocks(cross_entropy_params<T> p) {
  OGM_SHARED(detail::class_sums, scratch, Tuning::threads / warp_size);
  const int first_probe = detail::first_probe(p);
  for (long index = blockIdx.x; index < p.rows * (p.probes - first_probe); index += gridDim.x) {
    const auto r = detail::labelled_row<T, Width>::of(p, int(index / p.rows) + first_probe, index % p.rows);
    if (r.absent && r.probe >= 0) continue;
    float top = maximum::identity;
    detail::class_sums sums = detail::add_classes::identity;
    for (int v = int(threadIdx.x); v < r.vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(r.x, r.vectors, r.vectors.first(v), maximum::identity, value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) top = maximum{}(top, value[i]);
    }
    top = reduce_block<Tuning::threads>(top, maximum{}, reinterpret_cast<float*>(scratch));
    for (int v = int(threadIdx.x); v < r.vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(r.x, r.vectors, r.vectors.first(v), maximum::identity, value);
      r.add(p, r.vectors.first(v), value, top, sums);
    }
    sums = reduce_block<Tuning::threads>(sums, detail::add_classes{}, scratch);
    const auto loss = detail::row_loss::of(p, r, top, sums, threadIdx.x == 0);
    for (int v = int(threadIdx.x); r.probe < 0 && p.dlogits && v < r.vectors.count(); v += Tuning::threads) {
      float value[Width];
      load_row(r.x, r.vectors, r.vectors.first(v), maximum::identity, value);
      loss.store(p, r, r.vectors.first(v), value);
    }
  }
}

/// Block 0 sums the rows' losses, block 1 + u the scores of probe u.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads_of_sum) cross_entropy_sum_of_rows(cross_entropy_params<T> p) {
  OGM_SHARED(probe_score, scratch, Tuning::threads_of_sum / warp_size);
  const int probe = int(blockIdx.x) + detail::first_probe(p);
  probe_score sums = detail::join_scores::identity;
  for (long row = threadIdx.x; row < p.rows; row += Tuning::threads_of_sum) {
    if (probe < 0) {
      sums.cross_entropy += double(p.row_loss[row]);
      continue;
    }
    const int label = p.probe[probe].labels[row];
    if (label == -1) continue;
    if (!detail::is_class(p, label)) sums.bad_row = double(row) < sums.bad_row ? double(row) : sums.bad_row;
    float score[4];
    load_vector(p.workspace + 4 * (probe * p.rows + row), score);
    sums = detail::join_scores{}(sums, {double(score[0]), double(score[1]), double(score[2]), 1, detail::no_row});
  }
  sums = reduce_block<Tuning::threads_of_sum>(sums, detail::join_scores{}, scratch);
  if (threadIdx.x > 0) return;
  if (probe < 0) {
    const double loss = sums.cross_entropy / p.result->divisor, bad_row = p.result->bad_row;
    p.result->loss = loss;
    if (p.loss) *p.loss = from_float<T>(float(loss));
    if (p.bad_row) *p.bad_row = std::int32_t(bad_row);
    return;
  }
  if (sums.bad_row == detail::no_row)
    sums.bad_row = -1;
  else
    sums.probability = sums.cross_entropy = sums.correct = sums.rows = detail::not_a_number();
  p.scores[probe] = sums;
}

}  // namespace ogm::cuda
