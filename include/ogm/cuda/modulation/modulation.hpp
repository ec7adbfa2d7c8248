#pragma once
// Gradient modulation fused with the optimiser's step on the device, over all parameters at once: its arguments and its launchers, for whom
// a C++ compiler suffices. Whoever calls them links an instantiation: a .cu that includes modulation_launch.cuh and says `template
// ogm::cuda::status ogm::cuda::launch_modulation_moments<float>(...)`.

#include <ogm/core/random.hpp>
#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace ogm::cuda {

/// One parameter, as op::segment on the host: pointers to device memory.
template <storage T> struct alignas(16) modulation_segment {
  const T* gradient;  // (count)
  float* value;       // (count)
  float* state;       // (states of the rule, count), each padded to `stride`
  long count, stride;
  std::int32_t coefficient;          // an index of modulation_table::coefficients
  std::uint32_t stream;              // of the noise
  const float* deviation = nullptr;  // of the gradient: one number, or (count) where it is by element; null: that of the moments
  bool deviation_by_element = false;
};

/// What becomes of the gradients that name it: g = scale * gradient + noise * deviation of the gradient * n, n standard normal.
struct alignas(16) modulation_coefficient {
  float scale = 1;
  float noise = 0;  // 0: none is drawn
  float rate = 1;   // of the learning rate
};

/// What a block works on: so many elements of a segment as the tuning says, from element chunk * Tuning::chunk on.
struct modulation_chunk {
  std::int32_t segment, chunk;
};

/// All of it in device memory. Segments and chunks stay as they are while a model does; coefficients are new each step, and a kernel may
/// have written them.
template <storage T> struct modulation_table {
  const modulation_segment<T>* segments;
  const modulation_chunk* chunks;  // (chunk_count), of cut_into_chunks()
  const modulation_coefficient* coefficients;
  long chunk_count;
};

/// What the first launch reads and writes, in device memory.
template <storage T> struct modulation_moments_params {
  modulation_table<T> table;
  float2* moments;          // (chunk_count), what the update reads: mean and sum of squared distances from it, of a part of a segment
  bool about_zero = false;  // 0 and the sum of squares instead, what the norm reads
};

/// What becomes of the moments where they are asked for by themselves. All coefficients' `noise` was other than 0.
template <storage T> struct modulation_deviations_params {
  modulation_table<T> table;
  const float2* moments;  // (chunk_count)
  float* deviation;       // (segments), unbiased, plus 1e-8; of a segment without elements: not written
};
/// Likewise.
template <storage T> struct modulation_norm_params {
  modulation_table<T> table;
  const float2* moments;   // (chunk_count), about zero
  double* sum_of_squares;  // (), of the gradients, scaled
};

/// A rule that makes a parameter of its gradient: with value = gradient, op::materialise. The value is not read.
struct assign_gradient {
  static constexpr int states = 0;
  template <class V> OGM_HD void step(V& value, const V& gradient, const V&) const { value = gradient; }
};

/// Rule: of one of ogm::optim's optimisers, in float: states (0 to 2), and step(value, gradient, states..., rate).
template <storage T, class Rule> struct modulation_update_params {
  modulation_table<T> table;
  const float2* moments;  // (chunk_count), of the same gradients and coefficients; null: no noise but of segments that bring a deviation
  Rule rule;
  std::uint64_t seed = 0;  // of the noise, with each segment's stream
  std::uint32_t step = 0;
  float gradient_scale = 1;      // of every modulated gradient: clipping, accumulation
  bool by_element = false;       // whether a segment brings a deviation for each element
  float2* statistics = nullptr;  // (segments), becomes mean and deviation of the gradients that noise was drawn for; null: not wanted
};

/// How the work is cut. A type with these members tunes the kernels; tests bring small ones.
struct modulation_tuning {
  static constexpr int threads = 256;                // a block
  static constexpr int chunk = 4096;                 // elements, of which a thread holds its share in registers; a multiple of 8 * threads
  static constexpr int parts = 256;                  // moments a segment, at most a thread one: every block of the update joins all of them
  static constexpr int blocks_a_multiprocessor = 5;  // of the moments, at least: leaves a thread 48 registers
  static constexpr int blocks_of_update = 4;         // likewise: 64
};

/// chunks = the table of chunks of these segments (in host memory; what they point to is not looked at). keeps_state: of the rule.
///
/// Errors     a status that names the segment
template <storage T, class Tuning = modulation_tuning>
status cut_into_chunks(std::span<const modulation_segment<T>> segments, long coefficients, std::vector<modulation_chunk>& chunks,
                       bool keeps_state = true) {
  chunks.clear();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& s = segments[i];
    const auto wrong = [i](const char* what, long value, const char* expected) {
      return status("ogm: segment " + std::to_string(i) + " of a modulation has " + what + " = " + std::to_string(value) + "; " + expected +
                    " is needed.");
    };
    if (s.count < 0) return wrong("count", s.count, "0 or more");
    if (s.count > 0x7fffffffL * Tuning::chunk) return wrong("count", s.count, "fewer");
    if (s.stride < s.count) return wrong("stride", s.stride, "count or more");
    if (s.coefficient < 0 || s.coefficient >= coefficients)
      return wrong("coefficient", s.coefficient, ("0 to " + std::to_string(coefficients - 1)).c_str());
    if (s.count > 0 && !(s.gradient && s.value && (s.state || !keeps_state)))
      return status("ogm: segment " + std::to_string(i) + " of a modulation has elements and a null pointer.");
    for (long c = 0; c * Tuning::chunk < s.count; ++c) chunks.push_back({std::int32_t(i), std::int32_t(c)});
  }
  return {};
}

/// moments = those of the gradients whose coefficients draw noise, on `stream`: the first of two launches.
///
/// Numerics   two passes over what registers hold of a chunk, chunks joined by Chan, Golub and LeVeque's formula in a fixed order: no
///            atomics, and no cancellation where the mean is large. A segment's bits depend on its values and the tuning alone
/// Empty      no chunks is success
/// Errors     a status that names the argument
/// Cost       reads each gradient that needs it once
template <storage T, class Tuning = modulation_tuning> status launch_modulation_moments(const modulation_moments_params<T>&, cudaStream_t);

/// deviation = those of op::deviations on the host, of the moments, on `stream`.
template <storage T, class Tuning = modulation_tuning>
status launch_modulation_deviations(const modulation_deviations_params<T>&, cudaStream_t);

/// sum_of_squares = that of op::sum_of_squares on the host, of the moments, on `stream`. One block: moments are few.
///
/// Numerics   parts of a segment in float, their sum in double, in a fixed order
/// Empty      no chunks: 0
template <storage T, class Tuning = modulation_tuning> status launch_modulation_norm(const modulation_norm_params<T>&, cudaStream_t);

/// One step of an optimiser with modulated gradients, on `stream`: the second launch. Nothing is written to the gradients.
///
/// Numerics   those of op::deviations and op::update on the host: the unbiased deviation plus 1e-8, or 1e-8 where it is no number; Philox
///            gives the host's words bit for bit, and normals are made of them by the same lines (compilers may contract products and sums)
/// Empty      no chunks is success
/// Errors     a status that names the argument
/// Cost       gradients are read once, values and states read and written once; by elements where an array does not begin on a multiple of
///            16 bytes (gradients in 16 bits: of 8), or its stride is no multiple of 4
template <storage T, class Rule, class Tuning = modulation_tuning>
status launch_modulation_update(const modulation_update_params<T, Rule>&, cudaStream_t);

}  // namespace ogm::cuda
