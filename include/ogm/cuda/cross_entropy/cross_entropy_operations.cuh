#pragma once
// Cross-entropy and the scores of modalities on the device: op::cross_entropy_forward, op::cross_entropy_backward, op::score_logits.

#include <ogm/backend/op/loss.hpp>
#include <ogm/backend/op/update.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/cross_entropy/cross_entropy_launch.cuh>
#include <ogm/cuda/rows/rows_operations.cuh>

namespace ogm::op {

/// What is kept for the backward pass in `probability` is the derivative of the loss by the logits, made in the same pass.
inline cuda::status run_on_device(const cross_entropy_forward<float>& o, cuda::context& c) {
  const auto& t = o.terms;
  constexpr long result_floats = sizeof(cuda::cross_entropy_result) / sizeof(float);
  float* const memory = c.workspace<float>(result_floats + t.rows);
  return cuda::launch_cross_entropy<float>({.logits = o.logits,
                                            .labels = t.labels,
                                            .rows = t.rows,
                                            .columns = t.columns,
                                            .row_loss = memory + result_floats,
                                            .result = reinterpret_cast<cuda::cross_entropy_result*>(memory),
                                            .class_weight = t.class_weight,
                                            .sample_weight = t.sample_weight,
                                            .label_smoothing = float(t.label_smoothing),
                                            .mean = t.mean,
                                            .absent = t.absent,
                                            .dlogits = o.probability,
                                            .loss = o.loss,
                                            .bad_row = o.bad_row},
                                           c.stream());
}

inline cuda::status run_on_device(const cross_entropy_backward<float>& o, cuda::context& c) {
  return run_on_device(scale_rows<float>{o.probability, o.dloss, o.dlogits, 1, o.terms.rows * o.terms.columns, o.add}, c);
}

inline cuda::status run_on_device(const score_logits<float>& o, cuda::context& c) {
  static_assert(sizeof(cuda::probe_score) == 5 * sizeof(double));
  cuda::cross_entropy_params<float> p{};
  p.rows = o.rows, p.columns = o.columns, p.probes = 1;
  p.probe[0] = {o.logits, o.labels, o.sample_weight};
  p.scores = reinterpret_cast<cuda::probe_score*>(o.out);
  p.workspace = c.workspace<float>(cuda::cross_entropy_workspace(1, o.rows));
  return cuda::launch_cross_entropy<float>(p, c.stream());
}

}  // namespace ogm::op
