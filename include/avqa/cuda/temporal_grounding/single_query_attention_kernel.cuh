#pragma once
// The kernels of attention of one query a sample: a block a sample, whose queries, and memory where there is room, lie in shared memory.

#include <avqa/cuda/temporal_grounding/temporal_grounding.hpp>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/softmax/softmax_kernel.cuh>

namespace avqa::cuda {

namespace detail {

/// Shared memory of a block, piece by piece, each on a boundary of 16 bytes. Queries: arrays (heads, width); Scores: arrays of floats
/// (heads, keys). Held: the sample's memory lies there too.
template <class T, int Queries, int Scores> struct single_query_layout {
  static constexpr int queries = Queries, scores = Scores;

  single_query_shape shape;
  bool held;

  __host__ __device__ constexpr long rows_bytes() const { return held ? up(shape.keys * shape.width * long(sizeof(T))) : 0; }
  __host__ __device__ constexpr long query_bytes() const { return up(shape.heads * shape.width * long(sizeof(T))); }
  __host__ __device__ constexpr long score_bytes() const { return up(shape.heads * shape.keys * 4); }
  __host__ __device__ constexpr long bytes() const { return rows_bytes() + Queries * query_bytes() + Scores * score_bytes(); }

  __device__ T* rows(unsigned char* memory) const { return reinterpret_cast<T*>(memory); }
  __device__ T* query(unsigned char* memory, int array) const {
    return reinterpret_cast<T*>(memory + rows_bytes() + array * query_bytes());
  }
  __device__ float* score(unsigned char* memory, int array) const {
    return reinterpret_cast<float*>(memory + rows_bytes() + Queries * query_bytes() + array * score_bytes());
  }

 private:
  __host__ __device__ static constexpr long up(long bytes) { return (bytes + 15) / 16 * 16; }
};
/// Queries; scores, which become weights.
template <class T> using forward_layout = single_query_layout<T, 1, 1>;
/// Queries and the gradients of what is mixed; slopes and weights.
template <class T> using backward_layout = single_query_layout<T, 2, 2>;

/// What dropout makes of a weight: weight i is multiplied by at(i).
class kept_share {
 public:
  __device__ explicit kept_share(const single_query_dropout& d)
      : key_(d.key), least_(std::uint64_t(ceil(d.probability * 0x1p53))), share_(d.probability < 1 ? float(1 / (1 - d.probability)) : 0) {}
  __device__ float at(long i) const {
    if (least_ == 0) return 1;
    const ogm::random::block four = ogm::random::block_of(key_, std::uint64_t(i) >> 1);  // words 2 i and 2 i + 1
    const std::uint32_t high = i & 1 ? four.x[2] : four.x[0], low = i & 1 ? four.x[3] : four.x[1];
    return ((std::uint64_t(high) << 21) ^ (low >> 11)) >= least_ ? share_ : 0;
  }

 private:
  ogm::random::key key_;
  std::uint64_t least_;  // of 53 random bits, to be kept
  float share_;
};

using ogm::cuda::load_vector;

/// to = `count` elements of global memory in vectors of Width, which divides count, by all threads.
template <class Tuning, int Width, class T> __device__ inline void copy_to_shared(const T* from, T* to, long count) {
  constexpr int loads = Tuning::loads_at_once, step = Tuning::threads * Width;
  for (long first = long(threadIdx.x) * Width; first < count; first += loads * step) {
    float x[loads][Width] = {};
    OGM_UNROLL
    for (int k = 0; k < loads; ++k)
      if (OGM_BOUND(vector_is_there, first + k * step < count)) load_vector(from + first + k * step, x[k]);
    OGM_UNROLL
    for (int k = 0; k < loads; ++k)
      if (first + k * step < count) ogm::cuda::store_shared(to + first + k * step, x[k]);
  }
}

/// visit(k) for the heads head + k of Tuning::heads_at_once that there are.
template <class Tuning, class Visit> __device__ inline void each_head(const single_query_shape& s, int head, const Visit& visit) {
  OGM_UNROLL
  for (int k = 0; k < Tuning::heads_at_once; ++k)
    if (OGM_BOUND(head_is_there, head + k < s.heads)) visit(k);
}

/// score[head, key] = query[head] . rows[key], a warp a key.
template <class Tuning, int Width, class T>
__device__ inline void products_with_rows(const single_query_shape& s, const T* query, const T* rows, float* score) {
  constexpr int warps = Tuning::threads / ogm::cuda::warp_size, at_once = Tuning::heads_at_once;
  const int lane = int(threadIdx.x) % ogm::cuda::warp_size, keys = int(s.keys), width = int(s.width);
  for (int key = int(threadIdx.x) / ogm::cuda::warp_size; key < keys; key += warps)
    for (int head = 0; head < s.heads; head += at_once) {
      float sum[at_once] = {};
      for (int c = lane * Width; c < width; c += ogm::cuda::warp_size * Width) {
        float x[Width];
        load_vector(rows + key * s.width + c, x);
        each_head<Tuning>(s, head, [&](int k) {
          float q[Width];
          load_vector(query + (head + k) * s.width + c, q);
          OGM_UNROLL
          for (int i = 0; i < Width; ++i) sum[k] += x[i] * q[i];
        });
      }
      OGM_UNROLL
      for (int k = 0; k < at_once; ++k) sum[k] = ogm::cuda::reduce_warp(sum[k], ogm::cuda::addition{});
      if (lane == 0) each_head<Tuning>(s, head, [&](int k) { score[(head + k) * s.keys + key] = sum[k]; });
    }
}

/// to[head] = the sum over keys of weight[head, key] * rows[key], in global memory.
template <class Tuning, int Width, class T>
__device__ inline void mix_rows(const single_query_shape& s, const float* weight, const T* rows, T* to) {
  constexpr int at_once = Tuning::heads_at_once;
  const int vectors = int(s.width) / Width, keys = int(s.keys), items = (int(s.heads) + at_once - 1) / at_once * vectors;
  for (int i = int(threadIdx.x); i < items; i += Tuning::threads) {
    const int head = i / vectors * at_once, c = i % vectors * Width;
    float sum[at_once][Width] = {};
    for (int key = 0; key < keys; ++key) {
      float x[Width];
      load_vector(rows + key * s.width + c, x);
      each_head<Tuning>(s, head, [&](int k) {
        const float w = weight[(head + k) * s.keys + key];
        OGM_UNROLL
        for (int j = 0; j < Width; ++j) sum[k][j] += w * x[j];
      });
    }
    each_head<Tuning>(s, head, [&](int k) { ogm::cuda::store_vector(to + (head + k) * s.width + c, sum[k]); });
  }
}

/// dmemory (=, +=) the sums over heads of kept * dmixed + slope * query; a thread sums those of a few keys.
template <class Tuning, int Width, class T>
__device__ inline void gradients_of_rows(const single_query_attention_backward_params<T>& p, const T* query, const T* dmixed,
                                         const float* slope, const float* kept, T* dmemory) {
  constexpr int at_once = Tuning::keys_at_once;
  const single_query_shape& s = p.shape;
  const int vectors = int(s.width) / Width, items = (int(s.keys) + at_once - 1) / at_once * vectors;
  for (int i = int(threadIdx.x); i < items; i += Tuning::threads) {
    const int key = i / vectors * at_once, c = i % vectors * Width;
    const auto each_key = [&](const auto& visit) {
      OGM_UNROLL
      for (int k = 0; k < at_once; ++k)
        if (OGM_BOUND(key_is_there, key + k < s.keys)) visit(k, dmemory + (key + k) * s.width + c);
    };
    float d[at_once][Width] = {};
    if (p.add_memory) each_key([&](int k, const T* to) { load_vector(to, d[k]); });
    for (int head = 0; head < s.heads; ++head) {
      float dz[Width], q[Width];
      load_vector(dmixed + head * s.width + c, dz);
      load_vector(query + head * s.width + c, q);
      each_key([&](int k, const T*) {
        const float of_dz = kept[head * s.keys + key + k], of_q = slope[head * s.keys + key + k];
        OGM_UNROLL
        for (int j = 0; j < Width; ++j) d[k][j] += of_dz * dz[j] + of_q * q[j];
      });
    }
    each_key([&](int k, T* to) { ogm::cuda::store_vector(to, d[k]); });
  }
}

/// visit(head, lane) for the heads of this warp.
template <class Tuning, class Visit> __device__ inline void each_head_of_warp(const single_query_shape& s, const Visit& visit) {
  for (int head = int(threadIdx.x) / ogm::cuda::warp_size; head < s.heads; head += Tuning::threads / ogm::cuda::warp_size)
    visit(head, int(threadIdx.x) % ogm::cuda::warp_size);
}

}  // namespace detail

/// A block for each sample.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    single_query_attention_forward_of_blocks(single_query_attention_forward_params<T> p, bool held) {
  using ogm::cuda::from_float;
  OGM_DYNAMIC_SHARED(unsigned char, memory);
  const single_query_shape& s = p.shape;
  const detail::forward_layout<T> in{s, held};
  const long sample = blockIdx.x, queries = s.heads * s.width;
  const T* const own = p.memory + sample * s.keys * s.width;
  const T* const rows = held ? in.rows(memory) : own;
  T* const query = in.query(memory, 0);
  float* const score = in.score(memory, 0);

  detail::copy_to_shared<Tuning, Width>(p.query + sample * queries, query, queries);
  if (held) detail::copy_to_shared<Tuning, Width>(own, in.rows(memory), s.keys * s.width);
  OGM_BARRIER(sample_is_held);
  detail::products_with_rows<Tuning, Width>(s, query, rows, score);
  OGM_BARRIER(scores_are_set);

  const detail::kept_share share(p.dropout);
  detail::each_head_of_warp<Tuning>(s, [&](int head, int lane) {
    const long row = (sample * s.heads + head) * s.keys;  // of weights
    float* const of_head = score + head * s.keys;
    ogm::cuda::detail::softmax_part part = ogm::cuda::detail::join_parts::identity;
    for (int key = lane; key < s.keys; key += ogm::cuda::warp_size) part.add(of_head[key] *= p.scale);
    part = ogm::cuda::reduce_warp(part, ogm::cuda::detail::join_parts{});
    float total = 0;
    for (int key = lane; key < s.keys; key += ogm::cuda::warp_size) {
      const float weight = ogm::cuda::detail::shifted_exp(of_head[key], part.largest) * part.scale(), kept = weight * share.at(row + key);
      p.weight[row + key] = from_float<T>(weight);
      if (p.kept) p.kept[row + key] = from_float<T>(kept);
      of_head[key] = kept;
      total += kept;
    }
    total = ogm::cuda::reduce_warp(total, ogm::cuda::addition{});
    if (lane == 0) p.total[sample * s.heads + head] = from_float<T>(total);
  });
  OGM_BARRIER(weights_are_set);
  detail::mix_rows<Tuning, Width>(s, score, rows, p.mixed + sample * queries);
}

/// Likewise.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    single_query_attention_backward_of_blocks(single_query_attention_backward_params<T> p, bool held) {
  using ogm::cuda::to_float;
  OGM_DYNAMIC_SHARED(unsigned char, memory);
  const single_query_shape& s = p.shape;
  const detail::backward_layout<T> in{s, held};
  const long sample = blockIdx.x, queries = s.heads * s.width;
  const T* const own = p.memory + sample * s.keys * s.width;
  const T* const rows = held ? in.rows(memory) : own;
  T *const query = in.query(memory, 0), *const dmixed = in.query(memory, 1);
  float *const slope = in.score(memory, 0), *const kept = in.score(memory, 1);

  detail::copy_to_shared<Tuning, Width>(p.dmixed + sample * queries, dmixed, queries);
  if (p.dmemory) detail::copy_to_shared<Tuning, Width>(p.query + sample * queries, query, queries);
  if (held) detail::copy_to_shared<Tuning, Width>(own, in.rows(memory), s.keys * s.width);
  OGM_BARRIER(sample_is_held);
  detail::products_with_rows<Tuning, Width>(s, dmixed, rows, slope);
  OGM_BARRIER(slopes_are_set);

  const detail::kept_share share(p.dropout);
  detail::each_head_of_warp<Tuning>(s, [&](int head, int lane) {
    const long row = (sample * s.heads + head) * s.keys;
    const float dtotal = to_float(p.dtotal[sample * s.heads + head]);
    float mean = 0;
    for (int key = lane; key < s.keys; key += ogm::cuda::warp_size) {
      const long at = head * s.keys + key;
      kept[at] = to_float(p.weight[row + key]) * share.at(row + key);
      slope[at] = (slope[at] + dtotal) * kept[at];  // of the weight, times the weight
      mean += slope[at];
    }
    mean = ogm::cuda::reduce_warp(mean, ogm::cuda::addition{});
    for (int key = lane; key < s.keys; key += ogm::cuda::warp_size)
      slope[head * s.keys + key] = p.scale * (slope[head * s.keys + key] - to_float(p.weight[row + key]) * mean);
  });
  OGM_BARRIER(weights_are_set);
  detail::mix_rows<Tuning, Width>(s, slope, rows, p.dquery + sample * queries);
  if (p.dmemory) detail::gradients_of_rows<Tuning, Width>(p, query, dmixed, slope, kept, p.dmemory + sample * s.keys * s.width);
}

}  // namespace avqa::cuda
