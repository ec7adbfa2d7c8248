#pragma once
// The kernels of attention for many queries: a block a tile of queries or of keys, with both sides of a product in shared memory.

#include <ogm/cuda/attention/attention_rows.cuh>

namespace ogm::cuda {

namespace detail {

/// How a block's threads lie over a tile: 16 lanes a row, and what each has of it.
template <class T, class Tuning> struct attention_tile {
  static constexpr int lanes = 16;
  static constexpr int width = vector_width<T>;
  static constexpr int vectors_a_lane = (Tuning::most_head_width + lanes * width - 1) / (lanes * width);
  static constexpr int row_step = Tuning::threads / lanes;
  static constexpr int query_rows = Tuning::rows_a_thread, query_count = row_step * query_rows;  // a thread, a tile
  static constexpr int key_columns = Tuning::columns_a_thread, key_count = lanes * key_columns;  // a thread, a tile
  static constexpr int key_rows = key_count / row_step;                                          // where a thread has rows of keys
  static constexpr int weight_stride = key_count | lanes;  // rows of weights of a warp's two halves are 16 banks apart
  static_assert(Tuning::threads % warp_size == 0 && key_count % row_step == 0);

  /// Elements from a row to the next in shared memory: an odd number of vectors, so that 8 rows lie in different banks.
  __host__ __device__ static int stride(int head_width) { return ((head_width + width - 1) / width | 1) * width; }
  /// Of so many rows of tiles and so many tiles of weights.
  __host__ static std::size_t bytes(int head_width, int rows, int tiles_of_weights) {
    return std::size_t(rows) * std::size_t(stride(head_width)) * sizeof(T) +
           std::size_t(tiles_of_weights * query_count * weight_stride) * sizeof(float);
  }

  head_columns columns;
  int lane = int(threadIdx.x) % lanes, row = int(threadIdx.x) / lanes;

  __device__ int vector(int n) const { return lane + n * lanes; }
  __device__ bool has(int n) const { return OGM_BOUND(vector_in_tile, vector(n) < columns.vectors<width>()); }

  /// A tile of Rows rows from `first` on, 0 behind the last of `count`. Each thread writes row + n * row_step.
  template <int Rows> __device__ void load(const head_rows<const T>& from, long first, long count, T* tile) const {
    for (int r = row; r < Rows; r += row_step) {
      OGM_UNROLL
      for (int n = 0; n < vectors_a_lane; ++n) {
        if (!has(n)) continue;
        float x[width] = {};
        if (OGM_BOUND(row_in_head, first + r < count)) columns.load(from.row(first + r), vector(n) * width, x);
        store_vector(tile + r * stride(columns.count) + vector(n) * width, x);
      }
    }
  }
  /// product[i][j] = row + i * row_step of a times lane + j * lanes of b.
  __device__ void products(const T* a, const T* b, float (&product)[query_rows][key_columns]) const {
    const int step = stride(columns.count);
    OGM_UNROLL
    for (int i = 0; i < query_rows; ++i) {
      OGM_UNROLL
      for (int j = 0; j < key_columns; ++j) product[i][j] = 0;
    }
    for (int c = 0; c < columns.vectors<width>() * width; c += width) {
      float x[query_rows][width], y[key_columns][width];
      OGM_UNROLL
      for (int i = 0; i < query_rows; ++i) load_vector(a + (row + i * row_step) * step + c, x[i]);
      OGM_UNROLL
      for (int j = 0; j < key_columns; ++j) load_vector(b + (lane + j * lanes) * step + c, y[j]);
      OGM_UNROLL
      for (int i = 0; i < query_rows; ++i) {
        OGM_UNROLL
        for (int j = 0; j < key_columns; ++j) {
          OGM_UNROLL
          for (int e = 0; e < width; ++e) product[i][j] += x[i][e] * y[j][e];
        }
      }
    }
  }

  /// A thread's part of Rows rows of a head.
  template <int Rows> struct sums {
    float x[Rows][vectors_a_lane][width];

    /// += sum over r below `inner` of weight[row + i * row_step][r] times row r of the tile. Weights are `step` apart from a row to
    /// the next, and `inner_step` from an r to the next.
    __device__ void add(const attention_tile& t, const float* weight, int step, int inner_step, int inner, const T* tile) {
      for (int r = 0; r < inner; ++r) {
        float w[Rows];
        OGM_UNROLL
        for (int i = 0; i < Rows; ++i) w[i] = weight[(t.row + i * row_step) * step + r * inner_step];
        OGM_UNROLL
        for (int n = 0; n < vectors_a_lane; ++n) {
          if (!t.has(n)) continue;
          float y[width];
          load_vector(tile + r * stride(t.columns.count) + t.vector(n) * width, y);
          OGM_UNROLL
          for (int i = 0; i < Rows; ++i) {
            OGM_UNROLL
            for (int e = 0; e < width; ++e) x[i][n][e] += w[i] * y[e];
          }
        }
      }
    }
    __device__ void scale(int i, float by) {
      OGM_UNROLL
      for (int n = 0; n < vectors_a_lane; ++n) {
        OGM_UNROLL
        for (int e = 0; e < width; ++e) x[i][n][e] *= by;
      }
    }
    __device__ void store(const attention_tile& t, const head_rows<T>& to, long first, long count) const {
      OGM_UNROLL
      for (int i = 0; i < Rows; ++i) {
        const long r = first + t.row + i * row_step;
        if (!OGM_BOUND(row_is_there, r < count)) continue;
        OGM_UNROLL
        for (int n = 0; n < vectors_a_lane; ++n) t.columns.store(to.row(r), t.vector(n) * width, x[i][n]);
      }
    }
  };

  /// Products -> scores of the queries and keys from these on, -inf where there is no such query or key.
  __device__ void to_scores(const attention_masks<T>& masks, const attention_shape& s, long batch, long first_query, long first_key,
                            float (&product)[query_rows][key_columns]) const {
    const float scale = attention_scale(s);
    OGM_UNROLL
    for (int i = 0; i < query_rows; ++i) {
      OGM_UNROLL
      for (int j = 0; j < key_columns; ++j) {
        const long query = first_query + row + i * row_step, key = first_key + lane + j * lanes;
        const bool there = query < s.queries && key < s.keys;
        const float raised = OGM_BOUND(pair_has_mask, there) ? attention_addend(masks, s, batch, query, key) : 0;
        product[i][j] = there ? attention_score(product[i][j], scale, raised) : maximum::identity;
      }
    }
  }
};

/// Which tile of which head a block has.
struct attention_place {
  long batch, head, first;
  __device__ static attention_place of(const attention_shape& s, long tokens, int a_tile) {
    const long tiles = (tokens + a_tile - 1) / a_tile, of_head = blockIdx.x / tiles;
    return {of_head / s.heads, of_head % s.heads, blockIdx.x % tiles * a_tile};
  }
  /// Of (batch, heads, queries).
  __device__ long row(const attention_shape& s, long query) const { return (batch * s.heads + head) * s.queries + query; }
  /// Of (batch, heads, queries, keys).
  __device__ long pair(const attention_shape& s, long query, long key) const { return row(s, query) * s.keys + key; }
};

}  // namespace detail

/// A block a tile of queries. Dynamic shared memory: a tile of queries, two of keys, one of weights.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    attention_forward_of_tiles(attention_forward_params<T> p, bool aligned) {
  using tile = detail::attention_tile<T, Tuning>;
  OGM_DYNAMIC_SHARED(T, memory);
  const attention_shape& s = p.shape;
  const tile t{{int(s.head_width), aligned}};
  const int stride = tile::stride(int(s.head_width));
  T *const q_tile = memory, *const k_tile = q_tile + tile::query_count * stride, *const v_tile = k_tile + tile::key_count * stride;
  float* const weights = reinterpret_cast<float*>(v_tile + tile::key_count * stride);  // (query, key)
  const auto place = detail::attention_place::of(s, s.queries, tile::query_count);
  const auto k = detail::rows_of_head(p.k, s, s.keys, s.key_stride, place.batch, place.head);
  const auto v = detail::rows_of_head(p.v, s, s.keys, s.key_stride, place.batch, place.head);
  t.template load<tile::query_count>(detail::rows_of_head(p.q, s, s.queries, s.query_stride, place.batch, place.head), place.first,
                                     s.queries, q_tile);

  float score[tile::query_rows][tile::key_columns];
  float top[tile::query_rows], sum[tile::query_rows];  // sum: of this thread's keys
  typename tile::template sums<tile::query_rows> y{};
  const kept_elements kept = detail::kept_weights(p.dropout);
  OGM_UNROLL
  for (int i = 0; i < tile::query_rows; ++i) {
    top[i] = maximum::identity;
    sum[i] = 0;
  }
  for (long first = 0; first < s.keys; first += tile::key_count) {
    OGM_BARRIER(tile_is_free);  // of the keys before
    t.template load<tile::key_count>(k, first, s.keys, k_tile);
    t.template load<tile::key_count>(v, first, s.keys, v_tile);
    OGM_BARRIER(tile_is_full);
    t.products(q_tile, k_tile, score);
    t.to_scores(p.masks, s, place.batch, place.first, first, score);
    OGM_UNROLL
    for (int i = 0; i < tile::query_rows; ++i) {
      const float before = top[i];
      OGM_UNROLL
      for (int j = 0; j < tile::key_columns; ++j) top[i] = maximum{}(top[i], score[i][j]);
      top[i] = detail::reduce_lane_groups(top[i], maximum{}, tile::lanes);
      if (top[i] != before) {
        const float by = expf(before - top[i]);
        sum[i] *= by;
        y.scale(i, by);
      }
      OGM_UNROLL
      for (int j = 0; j < tile::key_columns; ++j) {
        const float weight = detail::shifted_exp(score[i][j], top[i]);
        sum[i] += weight;
        weights[(t.row + i * tile::row_step) * tile::weight_stride + t.lane + j * tile::lanes] =
            weight * kept.at(place.pair(s, place.first + t.row + i * tile::row_step, first + t.lane + j * tile::lanes));
      }
    }
    OGM_WARP_BARRIER(weights_are_set);  // a row's weights are of one warp
    y.add(t, weights, tile::weight_stride, 1, tile::key_count, v_tile);
  }

  float scale[tile::query_rows];
  OGM_UNROLL
  for (int i = 0; i < tile::query_rows; ++i) {
    sum[i] = detail::reduce_lane_groups(sum[i], addition{}, tile::lanes);
    scale[i] = detail::softmax_part{top[i], sum[i]}.scale();
    y.scale(i, scale[i]);
    const long query = place.first + t.row + i * tile::row_step;
    if (p.log_sum && t.lane == 0 && OGM_BOUND(query_has_sum, query < s.queries)) p.log_sum[place.row(s, query)] = top[i] + logf(sum[i]);
  }
  y.store(t, detail::rows_of_head(p.y, s, s.queries, s.width(), place.batch, place.head), place.first, s.queries);

  if (!p.weights) return;
  for (long first = 0; first < s.keys; first += tile::key_count) {
    OGM_BARRIER(tile_is_free_again);
    t.template load<tile::key_count>(k, first, s.keys, k_tile);
    OGM_BARRIER(tile_is_full_again);
    t.products(q_tile, k_tile, score);
    t.to_scores(p.masks, s, place.batch, place.first, first, score);
    OGM_UNROLL
    for (int i = 0; i < tile::query_rows; ++i) {
      const long query = place.first + t.row + i * tile::row_step;
      OGM_UNROLL
      for (int j = 0; j < tile::key_columns; ++j) {
        const long key = first + t.lane + j * tile::lanes;
        if (OGM_BOUND(weight_is_there, query < s.queries && key < s.keys))
          p.weights[place.pair(s, query, key)] = from_float<T>(detail::shifted_exp(score[i][j], top[i]) * scale[i]);
      }
    }
  }
}

/// dq, and inner = y . dy: a block a tile of queries. Dynamic shared memory: two tiles of queries, two of keys, one of weights.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    attention_backward_of_queries(attention_backward_params<T> p, bool aligned) {
  using tile = detail::attention_tile<T, Tuning>;
  OGM_DYNAMIC_SHARED(T, memory);
  const attention_shape& s = p.shape;
  const tile t{{int(s.head_width), aligned}};
  const int stride = tile::stride(int(s.head_width));
  T *const q_tile = memory, *const dy_tile = q_tile + tile::query_count * stride;
  T *const k_tile = dy_tile + tile::query_count * stride, *const v_tile = k_tile + tile::key_count * stride;
  float* const slopes = reinterpret_cast<float*>(v_tile + tile::key_count * stride);  // (query, key)
  const auto place = detail::attention_place::of(s, s.queries, tile::query_count);
  const auto k = detail::rows_of_head(p.k, s, s.keys, s.key_stride, place.batch, place.head);
  const auto v = detail::rows_of_head(p.v, s, s.keys, s.key_stride, place.batch, place.head);
  const auto y = detail::rows_of_head(p.y, s, s.queries, s.width(), place.batch, place.head);
  t.template load<tile::query_count>(detail::rows_of_head(p.q, s, s.queries, s.query_stride, place.batch, place.head), place.first,
                                     s.queries, q_tile);
  t.template load<tile::query_count>(detail::rows_of_head(p.dy, s, s.queries, s.width(), place.batch, place.head), place.first, s.queries,
                                     dy_tile);

  float inner[tile::query_rows], log_sum[tile::query_rows];
  OGM_UNROLL
  for (int i = 0; i < tile::query_rows; ++i) {
    const int r = t.row + i * tile::row_step;
    const long query = place.first + r;
    inner[i] = log_sum[i] = 0;
    if (OGM_BOUND(query_is_there, query < s.queries)) {
      log_sum[i] = p.log_sum[place.row(s, query)];
      OGM_UNROLL
      for (int n = 0; n < tile::vectors_a_lane; ++n) {
        if (!t.has(n)) continue;
        float a[tile::width], b[tile::width];
        t.columns.load(y.row(query), t.vector(n) * tile::width, a);
        load_vector(dy_tile + r * stride + t.vector(n) * tile::width, b);  // what this thread wrote
        OGM_UNROLL
        for (int e = 0; e < tile::width; ++e) inner[i] += a[e] * b[e];
      }
    }
    inner[i] = detail::reduce_lane_groups(inner[i], addition{}, tile::lanes);
    if (t.lane == 0 && OGM_BOUND(query_has_inner, query < s.queries)) p.inner[place.row(s, query)] = inner[i];
  }

  typename tile::template sums<tile::query_rows> dq{};
  const kept_elements kept = detail::kept_weights(p.dropout);
  for (long first = 0; first < s.keys; first += tile::key_count) {
    OGM_BARRIER(tile_is_free_of_slopes);
    t.template load<tile::key_count>(k, first, s.keys, k_tile);
    t.template load<tile::key_count>(v, first, s.keys, v_tile);
    OGM_BARRIER(tile_is_full_for_slopes);
    float score[tile::query_rows][tile::key_columns], dweight[tile::query_rows][tile::key_columns];
    t.products(q_tile, k_tile, score);
    t.to_scores(p.masks, s, place.batch, place.first, first, score);
    t.products(dy_tile, v_tile, dweight);
    OGM_UNROLL
    for (int i = 0; i < tile::query_rows; ++i) {
      OGM_UNROLL
      for (int j = 0; j < tile::key_columns; ++j) {
        const int r = t.row + i * tile::row_step, column = t.lane + j * tile::lanes;
        const float share = kept.at(place.pair(s, place.first + r, first + column));
        slopes[r * tile::weight_stride + column] =
            detail::shifted_exp(score[i][j], log_sum[i]) * (dweight[i][j] * share - inner[i]) * detail::attention_scale(s);
      }
    }
    OGM_WARP_BARRIER(slopes_are_set);  // a row's are of one warp
    dq.add(t, slopes, tile::weight_stride, 1, tile::key_count, k_tile);
  }
  dq.store(t, detail::rows_of_head(p.dq, s, s.queries, s.query_stride, place.batch, place.head), place.first, s.queries);
}

/// dk and dv: a block a tile of keys. Dynamic shared memory: two tiles of keys, two of queries, two of weights.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    attention_backward_of_keys(attention_backward_params<T> p, bool aligned) {
  using tile = detail::attention_tile<T, Tuning>;
  OGM_DYNAMIC_SHARED(T, memory);
  const attention_shape& s = p.shape;
  const tile t{{int(s.head_width), aligned}};
  const int stride = tile::stride(int(s.head_width));
  T *const k_tile = memory, *const v_tile = k_tile + tile::key_count * stride;
  T *const q_tile = v_tile + tile::key_count * stride, *const dy_tile = q_tile + tile::query_count * stride;
  float* const weights = reinterpret_cast<float*>(dy_tile + tile::query_count * stride);  // (query, key)
  float* const slopes = weights + tile::query_count * tile::weight_stride;                // (query, key)
  const auto place = detail::attention_place::of(s, s.keys, tile::key_count);
  const auto q = detail::rows_of_head(p.q, s, s.queries, s.query_stride, place.batch, place.head);
  const auto dy = detail::rows_of_head(p.dy, s, s.queries, s.width(), place.batch, place.head);
  t.template load<tile::key_count>(detail::rows_of_head(p.k, s, s.keys, s.key_stride, place.batch, place.head), place.first, s.keys,
                                   k_tile);
  t.template load<tile::key_count>(detail::rows_of_head(p.v, s, s.keys, s.key_stride, place.batch, place.head), place.first, s.keys,
                                   v_tile);

  typename tile::template sums<tile::key_rows> dk{}, dv{};
  const kept_elements kept = detail::kept_weights(p.dropout);
  for (long first = 0; first < s.queries; first += tile::query_count) {
    OGM_BARRIER(queries_are_free);
    t.template load<tile::query_count>(q, first, s.queries, q_tile);
    t.template load<tile::query_count>(dy, first, s.queries, dy_tile);
    OGM_BARRIER(queries_are_full);
    float score[tile::query_rows][tile::key_columns], dweight[tile::query_rows][tile::key_columns];
    t.products(q_tile, k_tile, score);
    t.to_scores(p.masks, s, place.batch, first, place.first, score);
    t.products(dy_tile, v_tile, dweight);
    OGM_UNROLL
    for (int i = 0; i < tile::query_rows; ++i) {
      const long query = first + t.row + i * tile::row_step;
      const bool there = OGM_BOUND(query_has_sums, query < s.queries);
      const float log_sum = there ? p.log_sum[place.row(s, query)] : 0, inner = there ? p.inner[place.row(s, query)] : 0;
      OGM_UNROLL
      for (int j = 0; j < tile::key_columns; ++j) {
        const int column = t.lane + j * tile::lanes, at = (t.row + i * tile::row_step) * tile::weight_stride + column;
        const float weight = detail::shifted_exp(score[i][j], log_sum), share = kept.at(place.pair(s, query, place.first + column));
        weights[at] = weight * share;
        slopes[at] = weight * (dweight[i][j] * share - inner) * detail::attention_scale(s);
      }
    }
    OGM_BARRIER(weights_are_full);  // rows are keys from here on
    dk.add(t, slopes, 1, tile::weight_stride, tile::query_count, q_tile);
    dv.add(t, weights, 1, tile::weight_stride, tile::query_count, dy_tile);
  }
  dk.store(t, detail::rows_of_head(p.dk, s, s.keys, s.key_stride, place.batch, place.head), place.first, s.keys);
  dv.store(t, detail::rows_of_head(p.dv, s, s.keys, s.key_stride, place.batch, place.head), place.first, s.keys);
}

}  // namespace ogm::cuda
