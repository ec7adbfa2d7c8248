#pragma once
// The launchers of attention: the only host code that knows its kernels.

#include <ogm/cuda/attention/attention_kernel.cuh>
#include <ogm/cuda/launch.cuh>

#include <algorithm>

namespace ogm::cuda {

namespace detail {

inline constexpr long most_tokens = 0x7fffffff - 4096;

inline status wrong_attention(const char* who, const char* what, long value, const std::string& expected) {
  return status(std::string("ogm: ") + who + " was given " + what + " = " + std::to_string(value) + "; " + expected + " is needed.");
}

template <class Tuning> status check_attention(const char* who, const attention_shape& s, const attention_dropout& dropout) {
  const auto wrong = [who](const char* what, long value, const std::string& expected) {
    return wrong_attention(who, what, value, expected);
  };
  if (s.batch < 0) return wrong("batch", s.batch, "0 or more");
  if (s.heads < 1) return wrong("heads", s.heads, "1 or more");
  if (s.queries < 0 || s.queries > most_tokens) return wrong("queries", s.queries, "0 to " + std::to_string(most_tokens));
  if (s.keys < 0 || s.keys > most_tokens) return wrong("keys", s.keys, "0 to " + std::to_string(most_tokens));
  if (s.head_width < 1 || s.head_width > Tuning::most_head_width)
    return wrong("head_width", s.head_width, "1 to " + std::to_string(Tuning::most_head_width));
  const std::string width = "the " + std::to_string(s.width()) + " elements of all heads, or more,";
  if (s.query_stride < s.width()) return wrong("query_stride", s.query_stride, width);
  if (s.key_stride < s.width()) return wrong("key_stride", s.key_stride, width);
  if (!(dropout.probability >= 0 && dropout.probability <= 1))
    return status(std::string("ogm: ") + who + " was given a dropout of probability " + std::to_string(dropout.probability) +
                  "; 0 to 1 is needed.");
  return {};
}

/// Whether every row of every head begins on 16 bytes.
template <class T, class... Pointers> bool rows_aligned(const attention_shape& s, const Pointers*... pointers) {
  constexpr long width = vector_width<T>;
  return s.head_width % width == 0 && s.query_stride % width == 0 && s.key_stride % width == 0 &&
         ((reinterpret_cast<std::uintptr_t>(pointers) % 16 == 0) && ...);
}

template <class Tuning> bool for_one_query(const attention_shape& s) { return s.queries == 1 && s.keys <= Tuning::most_keys; }

/// A block a head. A group of lanes is as large as a row has vectors, 32 at most.
template <class T, class Tuning, class Params>
status launch_one_query(const char* who, const Params& p, bool aligned, cudaStream_t stream, void (*kernel)(Params, int, bool)) {
  int lanes = 1;
  while (lanes < warp_size && lanes * long(vector_width<T>) < p.shape.head_width) lanes *= 2;
  const std::size_t key_bytes = 2 * std::size_t(p.shape.keys) * sizeof(float);
  return launch(who, {p.shape.batch * p.shape.heads, Tuning::threads, key_bytes}, stream, kernel, p, lanes, aligned);
}

/// A block for each `a_tile` of `tokens` of a head.
template <class Tuning, class Params>
status launch_tiles(const char* who, const Params& p, long tokens, int a_tile, std::size_t bytes, bool aligned, cudaStream_t stream,
                    void (*kernel)(Params, bool)) {
  const long blocks = p.shape.batch * p.shape.heads * ((tokens + a_tile - 1) / a_tile);
  return launch(who, {blocks, Tuning::threads, bytes}, stream, kernel, p, aligned);
}

}  // namespace detail

template <storage T, class Tuning> status launch_attention_forward(const attention_forward_params<T>& p, cudaStream_t stream) {
  constexpr const char* who = "attention_forward";
  using tile = detail::attention_tile<T, Tuning>;
  const attention_shape& s = p.shape;
  if (status wrong = detail::check_attention<Tuning>(who, s, p.dropout); !wrong.ok()) return wrong;
  const bool aligned = detail::rows_aligned<T>(s, p.q, p.k, p.v, p.y);
  if (detail::for_one_query<Tuning>(s))
    return detail::launch_one_query<T, Tuning>(who, p, aligned, stream, &attention_forward_of_one_query<T, Tuning>);
  return detail::launch_tiles<Tuning>(who, p, s.queries, tile::query_count,
                                      tile::bytes(int(s.head_width), tile::query_count + 2 * tile::key_count, 1), aligned, stream,
                                      &attention_forward_of_tiles<T, Tuning>);
}

template <storage T, class Tuning> status launch_attention_backward(const attention_backward_params<T>& p, cudaStream_t stream) {
  constexpr const char* who = "attention_backward";
  using tile = detail::attention_tile<T, Tuning>;
  const attention_shape& s = p.shape;
  if (status wrong = detail::check_attention<Tuning>(who, s, p.dropout); !wrong.ok()) return wrong;
  const bool aligned = detail::rows_aligned<T>(s, p.q, p.k, p.v, p.y, p.dy, p.dq, p.dk, p.dv);
  if (detail::for_one_query<Tuning>(s))
    return detail::launch_one_query<T, Tuning>(who, p, aligned, stream, &attention_backward_of_one_query<T, Tuning>);
  if (!p.inner && s.batch > 0 && s.queries > 0)
    return status(std::string("ogm: ") + who + " was given no workspace `inner`; one of (batch, heads, queries) floats is needed.");
  constexpr int rows = 2 * (tile::query_count + tile::key_count);
  status first = detail::launch_tiles<Tuning>(who, p, s.queries, tile::query_count, tile::bytes(int(s.head_width), rows, 1), aligned,
                                              stream, &attention_backward_of_queries<T, Tuning>);
  if (!first.ok()) return first;
  return detail::launch_tiles<Tuning>(who, p, s.keys, tile::key_count, tile::bytes(int(s.head_width), rows, 2), aligned, stream,
                                      &attention_backward_of_keys<T, Tuning>);
}

template <storage T> status launch_attention_mean_of_heads(const attention_mean_params<T>& p, cudaStream_t stream) {
  constexpr const char* who = "attention_mean_of_heads";
  constexpr int threads = 256;
  if (p.batch < 0) return detail::wrong_attention(who, "batch", p.batch, "0 or more");
  if (p.heads < 1) return detail::wrong_attention(who, "heads", p.heads, "1 or more");
  if (p.pairs < 0) return detail::wrong_attention(who, "pairs", p.pairs, "0 or more");
  return launch(who, {(p.batch * p.pairs + threads - 1) / threads, threads}, stream, &attention_mean_of_heads<T, threads>, p);
}

}  // namespace ogm::cuda
