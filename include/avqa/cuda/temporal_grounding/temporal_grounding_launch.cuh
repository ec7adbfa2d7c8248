#pragma once
// The launchers of temporal grounding's attention: the only host code that knows its kernels.

#include <avqa/cuda/temporal_grounding/add_by_head_kernel.cuh>
#include <avqa/cuda/temporal_grounding/single_query_attention_kernel.cuh>
#include <ogm/cuda/launch.cuh>

namespace avqa::cuda {

namespace detail {

/// Sizes with which elements can be counted.
inline status check_heads(const char* who, long batch, long heads, long width) {
  if (batch < 0) return wrong_argument(who, "batch", batch, "0 or more");
  if (heads < 1 || heads > most_of_a_size) return wrong_argument(who, "heads", heads, "1 to 1048576");
  if (width < 1 || width > most_of_a_size) return wrong_argument(who, "width", width, "1 to 1048576");
  return {};
}
inline status check_single_query(const char* who, const single_query_shape& s, const single_query_dropout& d) {
  if (status wrong = check_heads(who, s.batch, s.heads, s.width); !wrong.ok()) return wrong;
  if (s.keys < 0 || s.keys > most_of_a_size) return wrong_argument(who, "keys", s.keys, "0 to 1048576");
  if (!(d.probability >= 0 && d.probability <= 1))
    return refused(who, "probability = " + std::to_string(d.probability) + "; 0 to 1 is needed.");
  return {};
}

/// Holds the memory of a sample in shared memory if it fits.
template <template <class> class Layout, class T, class Params>
status launch_samples(const char* who, const Params& p, int threads, cudaStream_t stream, void (*kernel)(Params, bool)) {
  const auto bytes = [&](bool held) { return Layout<T>{p.shape, held}.bytes(); };
  const bool held = bytes(true) <= p.shared_bytes;
  if (bytes(held) > p.shared_bytes)
    return status(std::string("avqa: ") + who + " needs " + std::to_string(bytes(false)) + " bytes of shared memory for " +
                  std::to_string(p.shape.heads) + " heads, " + std::to_string(p.shape.keys) + " keys and a width of " +
                  std::to_string(p.shape.width) + "; it was given shared_bytes = " + std::to_string(p.shared_bytes) + ".");
  return ogm::cuda::launch(who, {p.shape.batch, threads, std::size_t(bytes(held))}, stream, kernel, p, held);
}

/// Whether rows of `width` elements can be walked in vectors of 4 from all these addresses on.
template <class... T> bool in_vectors(long width, const T*... p) { return width % 4 == 0 && (ogm::cuda::lies_in_vectors(p, 4) && ...); }

}  // namespace detail

template <storage T, class Tuning>
status launch_single_query_attention_forward(const single_query_attention_forward_params<T>& p, cudaStream_t stream) {
  const char* const who = "single_query_attention_forward";
  if (status s = detail::check_single_query(who, p.shape, p.dropout); !s.ok()) return s;
  const auto kernel = detail::in_vectors(p.shape.width, p.query, p.memory, p.mixed)
                          ? single_query_attention_forward_of_blocks<T, Tuning, 4>
                          : single_query_attention_forward_of_blocks<T, Tuning, 1>;
  return detail::launch_samples<detail::forward_layout, T>(who, p, Tuning::threads, stream, kernel);
}

template <storage T, class Tuning>
status launch_single_query_attention_backward(const single_query_attention_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "single_query_attention_backward";
  if (status s = detail::check_single_query(who, p.shape, p.dropout); !s.ok()) return s;
  const auto kernel = detail::in_vectors(p.shape.width, p.query, p.memory, p.dmixed, p.dquery, p.dmemory)
                          ? single_query_attention_backward_of_blocks<T, Tuning, 4>
                          : single_query_attention_backward_of_blocks<T, Tuning, 1>;
  return detail::launch_samples<detail::backward_layout, T>(who, p, Tuning::threads, stream, kernel);
}

template <storage T, class Tuning> status launch_add_by_head(const add_by_head_params<T>& p, cudaStream_t stream) {
  const char* const who = "add_by_head";
  if (status s = detail::check_heads(who, p.batch, p.heads, p.width); !s.ok()) return s;
  const auto launch_in = [&](long width, auto kernel) {
    const long items = p.heads * p.width / width * ((p.batch + Tuning::rows_at_once - 1) / Tuning::rows_at_once);
    return ogm::cuda::launch(who, {(items + Tuning::threads - 1) / Tuning::threads, Tuning::threads}, stream, kernel, p);
  };
  return detail::in_vectors(p.width, p.bias, p.y) ? launch_in(4, add_by_head<T, Tuning, 4>) : launch_in(1, add_by_head<T, Tuning, 1>);
}

template <storage T, class Tuning> status launch_add_by_head_backward(const add_by_head_backward_params<T>& p, cudaStream_t stream) {
  const char* const who = "add_by_head_backward";
  if (status s = detail::check_heads(who, p.batch, p.heads, p.width); !s.ok()) return s;
  const auto launch_in = [&](long width, auto kernel) {
    constexpr long warps = Tuning::threads / ogm::cuda::warp_size;
    const long across = detail::lanes_across * width, of_bias = (p.heads * p.width + across - 1) / across;
    const long of_total = (p.batch * p.heads + warps - 1) / warps;
    return ogm::cuda::launch(who, {of_bias + of_total, Tuning::threads}, stream, kernel, p, of_bias);
  };
  return detail::in_vectors(p.width, p.bias, p.dy) ? launch_in(4, add_by_head_backward<T, Tuning, 4>)
                                                   : launch_in(1, add_by_head_backward<T, Tuning, 1>);
}

}  // namespace avqa::cuda
