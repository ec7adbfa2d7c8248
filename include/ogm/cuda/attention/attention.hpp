#pragma once
// Multi-head attention on the device, of queries, keys and values that are projected already: its arguments and its launchers, for whom a
// C++ compiler suffices. Whoever calls them links an instantiation: a .cu that includes attention_launch.cuh.

#include <ogm/core/random.hpp>
#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <cstdint>

namespace ogm::cuda {

/// The sizes, and how tokens lie. The heads of a token lie side by side; samples follow each other without a gap.
struct attention_shape {
  long batch, heads, queries, keys, head_width;
  long query_stride;  // of q and dq: elements from a token to the next, heads * head_width at least
  long key_stride;    // of k, v, dk and dv: 2 * heads * head_width where values lie beside keys, as nn::multi_head_attention makes them

  __host__ __device__ long width() const { return heads * head_width; }
};

/// What a query may not look at, and what the scores are raised by: a key that is masked, or whose `additive` is -inf, is left out
/// whatever its score.
template <storage T> struct attention_masks {
  const std::uint8_t* key = nullptr;  // (batch, keys), nonzero leaves a key out; null: none
  const T* additive = nullptr;        // (queries, keys), added to the scaled scores; null: none
};

/// Of the weights, as op::dropout does it on the host to (batch, heads, queries, keys): a weight is 0, or divided by 1 - probability. The
/// host's attention of one query (avqa) draws other numbers of the same key.
struct attention_dropout {
  double probability = 0;
  random::key key{};  // the backward pass takes the forward pass's
};

/// What the forward pass reads and writes, in device memory.
template <storage T> struct attention_forward_params {
  attention_shape shape;
  const T *q, *k, *v;          // (batch, queries, heads, head_width), twice (batch, keys, heads, head_width)
  T* y;                        // (batch, queries, heads, head_width), without gaps
  attention_masks<T> masks{};  // of the scores
  float* log_sum = nullptr;    // (batch, heads, queries), the natural logarithm of the sum of exp(score): for the backward pass; or null
  T* weights = nullptr;        // (batch, heads, queries, keys), the softmax of the scores, before dropout; or null
  attention_dropout dropout{};
};

/// What the backward pass reads and writes, in device memory.
template <storage T> struct attention_backward_params {
  attention_shape shape;
  const T *q, *k, *v;
  const T* y;            // (batch, queries, heads, head_width), what the forward pass gave
  const float* log_sum;  // (batch, heads, queries), what the forward pass gave
  const T* dy;           // (batch, queries, heads, head_width)
  T *dq, *dk, *dv;       // as q, k and v lie
  attention_masks<T> masks{};
  float* inner = nullptr;  // (batch, heads, queries): workspace; may be null for one query of at most Tuning::most_keys keys
  attention_dropout dropout{};
};

/// Of op::mean_of_heads on the host.
template <storage T> struct attention_mean_params {
  const T* weights;  // (batch, heads, pairs)
  T* mean;           // (batch, pairs)
  long batch, heads, pairs;
};

/// How the work is cut. A type with these members tunes the kernels; tests bring small ones. Of many queries, 16 lanes have a row of a
/// tile: a block has tiles of threads / 16 * rows_a_thread queries and of 16 * columns_a_thread keys.
template <storage T> struct attention_tuning {
  static constexpr int most_head_width = 128;
  static constexpr int threads = 128;  // a block
  // One query:
  static constexpr long most_keys = 4096;                      // two floats each in shared memory
  static constexpr int keys_at_once = sizeof(T) == 4 ? 4 : 2;  // whose rows are on their way together, a group of lanes
  // Many:
  static constexpr int rows_a_thread = 4, columns_a_thread = 2;
  static constexpr int blocks_a_multiprocessor = 3;  // at least: leaves a thread 168 registers
};

/// y = dropout(softmax(q k^T / sqrt(head_width) + additive, without masked keys)) v for each head, on `stream`.
///
/// Numerics   float accumulation; the same bits whatever the order of threads and blocks
/// Empty      no queries is success; no key left -> y and weights 0, log_sum -inf. NaN in a score -> NaN in its query's y
/// Errors     a status that names the argument
/// Cost       one query: a block a head reads q, k and v once and writes y once, straight to registers by groups of lanes of 16 bytes each:
///            nothing is used twice. Many: a block a tile of queries reads k and v (k once more for the weights) through shared memory,
///            all in all ceil(queries / 32) times, where straight from global memory each warp would: 4 times as often. Rows that do not
///            begin on 16 bytes are read by elements
/// Source     Vaswani et al., NeurIPS 2017, Sec. 3.2; the running maximum and sum: Milakov and Gimelshein, arXiv:1805.02867
template <storage T, class Tuning = attention_tuning<T>> status launch_attention_forward(const attention_forward_params<T>&, cudaStream_t);

/// dq, dk, dv = the derivatives of y, on `stream`. Weights are made again from the scores and log_sum; nothing is learnt through `weights`.
///
/// Numerics   as forward. The sum of weight times its derivative is y . dy, with y as it is stored
/// Cost       one query: reads q, k, v, y, dy once and writes dq, dk, dv once. Many: two launches; one reads k and v
///            ceil(queries / 32) times, the other q and dy ceil(keys / 32) times
template <storage T, class Tuning = attention_tuning<T>>
status launch_attention_backward(const attention_backward_params<T>&, cudaStream_t);

/// mean = the mean over the heads, on `stream`: the weights that nn::multi_head_attention gives.
template <storage T> status launch_attention_mean_of_heads(const attention_mean_params<T>&, cudaStream_t);

}  // namespace ogm::cuda
