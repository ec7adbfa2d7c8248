#pragma once
// Cross-entropy on the device, with its gradient and the scores of modalities: its arguments and its launcher, for whom a C++ compiler
// suffices. Whoever calls it links an instantiation: a .cu that includes cross_entropy_launch.cuh.

#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <cstdint>

namespace ogm::cuda {

/// The logits of one modality alone, and who has a label for it.
template <storage T> struct probe_logits {
  const T* logits;                   // (rows, columns)
  const std::int32_t* labels;        // (rows), -1: the modality is not there
  const T* sample_weight = nullptr;  // (rows), multiplies a row's probability and cross-entropy; null: 1
};

inline constexpr int most_probes = 8;

/// What is written of the loss, all in double.
struct cross_entropy_result {
  double loss;        // (sum of row_loss) / divisor; NaN where a label is bad
  double divisor;     // of op::cross_entropy_forward
  double bad_row;     // the first whose label is no class, or -1
  double weight_sum;  // of the class weights
};

/// What is written of a probe, as op::score_logits says it; but where a label is bad the sums are NaN.
struct probe_score {
  double probability;    // the sum over rows of softmax(logits)[label]: S of the modality
  double cross_entropy;  // the sum over rows
  double correct;        // rows whose label has the largest logit, of equals the first
  double rows;           // with a label
  double bad_row;        // the first whose label is no class and not -1, or -1
};

/// Of op::cross_entropy_forward and op::cross_entropy_backward on the host, whose terms say what the options mean.
template <storage T> struct cross_entropy_params {
  const T* logits;             // (rows, columns); null: scores of probes alone, and of what follows rows, columns, and what probes need
  const std::int32_t* labels;  // (rows)
  long rows, columns;          // columns 1 to 2^31 - 65
  float* row_loss;             // (rows)
  cross_entropy_result* result;
  const T* class_weight = nullptr;   // (columns); null: 1
  const T* sample_weight = nullptr;  // (rows); null: 1
  float label_smoothing = 0;
  bool mean = true;
  bool absent = false;   // a label of -1 is none
  T* dlogits = nullptr;  // (rows, columns), = or, where `add`, += the derivatives of scale * loss; null: not wanted
  bool add = false;
  float scale = 1;
  int probes = 0;
  probe_logits<T> probe[most_probes] = {};
  probe_score* scores = nullptr;    // (probes)
  T* loss = nullptr;                // (): that of result, where it is wanted once more
  std::int32_t* bad_row = nullptr;  // (): likewise
  float* workspace = nullptr;       // (cross_entropy_workspace(probes, rows)), 16-byte aligned; null where that is 0
};

/// How the work is cut. A type with these members tunes a kernel; tests bring small ones.
template <storage T> struct cross_entropy_tuning {
  static constexpr int threads = 256;                            // a block
  static constexpr int vectors_a_lane = sizeof(T) == 4 ? 4 : 2;  // held in registers by the kernel of short rows: 512 classes
  static constexpr int blocks_a_multiprocessor = 4;              // of long rows, at least: leaves a thread 64 registers
  static constexpr long blocks = 65536;                          // a grid of the kernel of long rows
  static constexpr int threads_of_sum = 512;                     // a block that sums over the rows
};

/// Floats that the scores of the rows are kept in.
constexpr long cross_entropy_workspace(int probes, long rows) { return 4L * probes * rows; }

/// The loss of every row, their mean or sum, its derivatives, and the scores of the probes, on `stream`.
///
/// Numerics   a row in float, its probabilities from differences to the largest logit; what is near 0 for a right prediction, the loss and
///            the derivative at the label, has no cancellation. Sums over rows in double, in an order that the shape says
/// Empty      the mean over no rows is NaN; where labels may be absent, 0
/// Labels     one that is no class makes NaN of the loss, of its row's loss and of its row's derivatives, and bad_row says which
/// Errors     a status that names the argument
/// Cost       reads rows that fit the registers of a warp once, longer ones three times
template <storage T, class Tuning = cross_entropy_tuning<T>> status launch_cross_entropy(const cross_entropy_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
