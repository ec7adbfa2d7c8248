#pragma once
// The attention of temporal grounding on the device: its arguments and its launchers, for whom a C++ compiler suffices. Whoever calls them
// links an instantiation: a .cu that includes temporal_grounding_launch.cuh.

#include <avqa/cuda/status.hpp>
#include <ogm/core/random.hpp>
#include <ogm/cuda/storage.hpp>

namespace avqa::cuda {

using ogm::cuda::storage;

/// As op::single_query_shape on the host: one query a sample and head, as wide as the memory.
struct single_query_shape {
  long batch, heads, keys, width;
};

/// Of the weights: weight i of (batch, heads, keys) is 0 where random::uniform_double(key, i) < probability, else divided by
/// 1 - probability. The numbers are those of the host's op::single_query_attention_forward, bit for bit.
struct single_query_dropout {
  double probability = 0;
  ogm::random::key key{};  // the backward pass takes the forward pass's
};

/// Of op::single_query_attention_forward.
template <storage T> struct single_query_attention_forward_params {
  single_query_shape shape;
  float scale;
  const T* query;     // (batch, heads, width)
  const T* memory;    // (batch, keys, width)
  T* weight;          // (batch, heads, keys): the softmax, for the backward pass
  T* mixed;           // (batch, heads, width)
  T* total;           // (batch, heads): the sum of the weights after dropout
  T* kept = nullptr;  // (batch, heads, keys): the weights after dropout; null: not wanted
  single_query_dropout dropout{};
  long shared_bytes = 163 * 1024;  // that a block may have: cudaDevAttrMaxSharedMemoryPerBlockOptin; here sm_80's, sm_90 has 227 KiB
};

/// Of op::single_query_attention_backward. The weights after dropout are made again.
template <storage T> struct single_query_attention_backward_params {
  single_query_shape shape;
  float scale;
  const T* query;
  const T* memory;
  const T* weight;       // as the forward pass left them
  const T* dmixed;       // (batch, heads, width)
  const T* dtotal;       // (batch, heads)
  T* dquery;             // (batch, heads, width)
  T* dmemory = nullptr;  // (batch, keys, width), = or, where `add_memory`, +=; null: not wanted
  bool add_memory = false;
  single_query_dropout dropout{};
  long shared_bytes = 163 * 1024;  // as forward
};

/// Of op::add_by_head.
template <storage T> struct add_by_head_params {
  const T* bias;   // (heads, width)
  const T* total;  // (batch, heads)
  T* y;            // (batch, heads, width), +=
  long batch, heads, width;
};

/// Of op::add_by_head_backward.
template <storage T> struct add_by_head_backward_params {
  const T* bias;   // (heads, width)
  const T* total;  // (batch, heads)
  const T* dy;     // (batch, heads, width)
  T* dbias;        // (heads, width), = or, where `add`, +=
  T* dtotal;       // (batch, heads), =
  long batch, heads, width;
  bool add = false;
};

/// How the work is cut. A type with these members tunes the kernels; tests bring small ones.
struct temporal_grounding_tuning {
  static constexpr int threads = 256;                // a block: of attention it takes a sample
  static constexpr int loads_at_once = 4;            // of a thread, under way together
  static constexpr int heads_at_once = 2;            // that a row of the memory is multiplied with when it is in registers
  static constexpr int keys_at_once = 2;             // whose gradients a thread sums over the heads together
  static constexpr int rows_at_once = 4;             // of y, to which a thread adds its part of the bias
  static constexpr int blocks_a_multiprocessor = 3;  // at least: leaves a thread 80 registers
};

/// weight = softmax over keys of scale * query . memory; kept = weight after dropout; mixed = sum over keys of kept * memory; total = the
/// sum of kept, on `stream`.
///
/// Numerics   float accumulation; a sample's bits depend on its values, its place in the batch (dropout) and the tuning. NaN in -> NaN in
///            its sample
/// Empty      no samples is success; no keys -> mixed and total 0
/// Errors     a status that names the argument, or the shared memory that a sample needs: the queries of all its heads lie there
/// Cost       a block a sample reads query and memory once where `shared_bytes` hold both (75 keys of 512 floats for 4 heads, 107 on
///            sm_90); else memory is read heads / heads_at_once times for the scores and as often for the means
template <storage T, class Tuning = temporal_grounding_tuning>
status launch_single_query_attention_forward(const single_query_attention_forward_params<T>&, cudaStream_t);

/// The derivatives, on `stream`.
///
/// Numerics   as forward; the weights' mean slope is summed in float, the host's in double
/// Cost       as forward, and dmixed beside query (71 keys of 512 floats for 4 heads, 103 on sm_90); dmemory is written once
template <storage T, class Tuning = temporal_grounding_tuning>
status launch_single_query_attention_backward(const single_query_attention_backward_params<T>&, cudaStream_t);

/// y[b, h, :] += bias[h, :] * total[b, h], on `stream`.
///
/// Empty      nothing to add to is success
/// Errors     a status that names the argument
/// Cost       y is read and written once, bias once for every Tuning::rows_at_once samples
template <storage T, class Tuning = temporal_grounding_tuning> status launch_add_by_head(const add_by_head_params<T>&, cudaStream_t);

/// dbias (=, +=) the sum over the batch of total * dy, and dtotal = bias . dy, in one launch on `stream`.
///
/// Numerics   float accumulation, over the batch in a fixed order, which is not the host's
/// Empty      no samples: dbias = 0, or as it was where `add`
/// Cost       dy is read twice, by different blocks at the same time
template <storage T, class Tuning = temporal_grounding_tuning>
status launch_add_by_head_backward(const add_by_head_backward_params<T>&, cudaStream_t);

}  // namespace avqa::cuda
