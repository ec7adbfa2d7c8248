#pragma once
// The kernels of attention: a block a head for one query, whose keys and values go to registers; for many queries a block a tile of queries
// or of keys, with both sides of a product in shared memory.

#include <ogm/cuda/attention/attention.hpp>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/softmax/softmax_kernel.cuh>

namespace ogm::cuda {

namespace detail {

/// Over groups of so many neighbouring lanes, a power of two; all lanes of the warp take part.
template <class Combine> __device__ inline float reduce_lane_groups(float value, const Combine& combine, int lanes) {
  for (int apart = lanes / 2; apart > 0; apart /= 2) value = combine(value, cuda::shuffle_xor(value, apart));
  return value;
}

/// The rows of one head, a token each.
template <class T> struct head_rows {
  T* first;
  long stride;
  __device__ T* row(long token) const { return first + token * stride; }
};
/// x (batch, tokens, heads, head_width), its tokens `stride` elements apart.
template <class T>
__device__ inline head_rows<T> rows_of_head(T* x, const attention_shape& s, long tokens, long stride, long batch, long head) {
  return {x + batch * tokens * stride + head * s.head_width, stride};
}

/// How a head's rows are read: aligned, 16 bytes at once; otherwise by elements.
struct head_columns {
  int count;
  bool aligned;

  template <int Width> __device__ int vectors() const { return (count + Width - 1) / Width; }
  /// Elements from column `first` on, 0 where there is none.
  template <class T, int Width> __device__ void load(const T* row, int first, float (&to)[Width]) const {
    const row_vectors<Width> vectors{count, 0};
    if (aligned) return load_row(row, vectors, first, 0, to);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) to[i] = vectors.holds(first + i) ? to_float(row[first + i]) : 0;
  }
  template <class T, int Width> __device__ void store(T* row, int first, const float (&from)[Width]) const {
    const row_vectors<Width> vectors{count, 0};
    if (aligned) return store_row(row, vectors, first, from);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i)
      if (vectors.holds(first + i)) row[first + i] = from_float<T>(from[i]);
  }
};

/// What a scaled product is raised by; -inf where the key is left out.
template <class T>
__device__ inline float attention_addend(const attention_masks<T>& masks, const attention_shape& s, long batch, long query, long key) {
  const float plus = masks.additive ? to_float(masks.additive[query * s.keys + key]) : 0;  // by all lanes, masked or not: whole sectors
  return masks.key && masks.key[batch * s.keys + key] ? maximum::identity : plus;
}
__device__ inline float attention_score(float product, float scale, float raised) {
  return raised == maximum::identity ? raised : product * scale + raised;
}
__device__ inline float attention_scale(const attention_shape& s) { return 1 / sqrtf(float(s.head_width)); }

/// What dropout makes of a weight: each is multiplied by at(its place in (batch, heads, queries, keys)).
struct kept_weights {
  random::key key;
  std::uint32_t least;  // of 24 random bits, to be kept
  float share;

  __device__ explicit kept_weights(const attention_dropout& d)
      : key(d.key), least(std::uint32_t(ceil(d.probability * 0x1p24))), share(d.probability < 1 ? float(1 / (1 - d.probability)) : 0) {}
  __device__ float at(long i) const {
    if (least == 0) return 1;
    const random::block four = random::block_of(key, std::uint64_t(i) >> 2);
    const std::uint32_t low = i & 1 ? four.x[1] : four.x[0], high = i & 1 ? four.x[3] : four.x[2];  // indexed, they would be in memory
    return (i & 2 ? high : low) >> 8 >= least ? share : 0;
  }
};

// ---- one query ----

/// A row spread over a group of neighbouring lanes, the same in every group of the warp.
template <class T, class Tuning> struct row_in_group {
  static constexpr int width = vector_width<T>;
  static constexpr int vectors_a_lane = (Tuning::most_head_width + warp_size * width - 1) / (warp_size * width);
  static constexpr int floats = vectors_a_lane * width;  // a lane
  static constexpr int warp_floats = floats * warp_size;
  static constexpr int block_floats = floats * Tuning::threads;

  float x[vectors_a_lane][width];

  __device__ void load(const T* row, const head_columns& columns, int lane, int lanes) {
    OGM_UNROLL
    for (int v = 0; v < vectors_a_lane; ++v) columns.load(row, (lane + v * lanes) * width, x[v]);
  }
  __device__ void store(T* row, const head_columns& columns, int lane, int lanes) const {
    OGM_UNROLL
    for (int v = 0; v < vectors_a_lane; ++v) columns.store(row, (lane + v * lanes) * width, x[v]);
  }
  /// In shared memory as floats, neighbouring lanes side by side.
  __device__ void put(float* to, int lane) const {
    OGM_UNROLL
    for (int i = 0; i < floats; ++i) to[i * warp_size + lane] = x[i / width][i % width];
  }
  __device__ void get(const float* from, int lane) {
    OGM_UNROLL
    for (int i = 0; i < floats; ++i) x[i / width][i % width] = from[i * warp_size + lane];
  }
  /// This lane's part.
  __device__ float dot(const row_in_group& other) const {
    float sum = 0;
    OGM_UNROLL
    for (int i = 0; i < floats; ++i) sum += x[i / width][i % width] * other.x[i / width][i % width];
    return sum;
  }
  __device__ void add(float scale, const row_in_group& other) {
    OGM_UNROLL
    for (int i = 0; i < floats; ++i) x[i / width][i % width] += scale * other.x[i / width][i % width];
  }
  __device__ row_in_group times(float scale) const {
    row_in_group product{};
    product.add(scale, *this);
    return product;
  }
};

/// A thread of a block that has one head: groups of lanes take the keys in turn.
template <class Tuning> struct group_of_lanes {
  static constexpr int warps = Tuning::threads / warp_size;
  int lanes;  // a group, a power of two
  int lane, group, groups;

  __device__ explicit group_of_lanes(int lanes)
      : lanes(lanes), lane(int(threadIdx.x) % lanes), group(int(threadIdx.x) / lanes), groups(Tuning::threads / lanes) {}
  /// Whether a thread is the one that writes for its lane of all groups of the warp.
  __device__ bool first_of_warp() const { return int(threadIdx.x) % warp_size < lanes; }

  /// The sum over all groups of the block, in the first group. `scratch` has room for `floats` a thread.
  template <class Row> __device__ void sum_over_groups(Row& row, float* scratch) const {
    OGM_UNROLL
    for (int i = 0; i < Row::floats; ++i)
      for (int apart = lanes; apart < warp_size; apart *= 2) {
        float& x = row.x[i / Row::width][i % Row::width];
        x += cuda::shuffle_xor(x, apart);
      }
    constexpr int each = Row::warp_floats;
    if (first_of_warp()) row.put(scratch + int(threadIdx.x) / warp_size * each, lane);
    OGM_BARRIER(sums_are_set);
    if (group > 0) return;
    row = {};
    for (int warp = 0; warp < warps; ++warp) {
      Row part;
      part.get(scratch + warp * each, lane);
      row.add(1, part);
    }
  }
};

}  // namespace detail

/// One query of each sample. `lanes` have a row; `aligned`: rows begin on 16 bytes. Dynamic shared memory has two floats a key.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) attention_forward_of_one_query(attention_forward_params<T> p, int lanes, bool aligned) {
  using row = detail::row_in_group<T, Tuning>;
  constexpr int at_once = Tuning::keys_at_once;
  OGM_DYNAMIC_SHARED(float, score);           // (keys)
  float* const share = score + p.shape.keys;  // (keys)
  OGM_SHARED(float, shared_q, row::warp_floats);
  OGM_SHARED(float, sums, row::block_floats);
  const attention_shape& s = p.shape;
  const long batch = blockIdx.x / s.heads, head = blockIdx.x % s.heads;
  const int keys = int(s.keys), thread = int(threadIdx.x);
  const detail::head_columns columns{int(s.head_width), aligned};
  const detail::group_of_lanes<Tuning> g(lanes);
  const auto k = detail::rows_of_head(p.k, s, s.keys, s.key_stride, batch, head);
  const auto v = detail::rows_of_head(p.v, s, s.keys, s.key_stride, batch, head);

  const detail::kept_weights kept(p.dropout);
  for (int key = thread; key < keys; key += Tuning::threads) {
    score[key] = detail::attention_addend(p.masks, s, batch, 0, key);
    share[key] = kept.at(blockIdx.x * s.keys + key);
  }
  row q;
  if (thread < lanes) {
    q.load(detail::rows_of_head(p.q, s, 1, s.query_stride, batch, head).first, columns, g.lane, lanes);
    q.put(shared_q, g.lane);
  }
  OGM_BARRIER(query_is_set);
  q.get(shared_q, g.lane);

  for (int first = g.group; first < keys + g.group; first += at_once * g.groups) {  // as often in every group
    row rows[at_once];
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) {
      rows[n] = {};
      if (const int key = first + n * g.groups; OGM_BOUND(key_has_product, key < keys)) rows[n].load(k.row(key), columns, g.lane, lanes);
    }
    float product[at_once];
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) product[n] = detail::reduce_lane_groups(q.dot(rows[n]), addition{}, lanes);
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) {
      const int key = first + n * g.groups;
      if (g.lane == 0 && OGM_BOUND(key_has_score, key < keys))
        score[key] = detail::attention_score(product[n], detail::attention_scale(s), score[key]);
    }
  }
  OGM_BARRIER(scores_are_set);

  const int lane = thread % warp_size;  // each warp by itself
  float top = maximum::identity, sum = 0;
  for (int key = lane; key < keys; key += warp_size) top = maximum{}(top, score[key]);
  top = reduce_warp(top, maximum{});
  for (int key = lane; key < keys; key += warp_size) sum += detail::shifted_exp(score[key], top);
  sum = reduce_warp(sum, addition{});
  const float scale = detail::softmax_part{top, sum}.scale();

  row y{};
  for (int first = g.group; first < keys; first += at_once * g.groups) {
    row rows[at_once];
    float weight[at_once];
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) {
      rows[n] = {};
      weight[n] = 0;
      if (const int key = first + n * g.groups; OGM_BOUND(key_has_value, key < keys)) {
        rows[n].load(v.row(key), columns, g.lane, lanes);
        weight[n] = detail::shifted_exp(score[key], top) * share[key];
      }
    }
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) y.add(weight[n], rows[n]);
  }
  g.sum_over_groups(y, sums);
  if (g.group == 0) y.times(scale).store(detail::rows_of_head(p.y, s, 1, s.width(), batch, head).first, columns, g.lane, lanes);
  if (p.weights) {
    T* const weights = p.weights + long(blockIdx.x) * s.keys;
    for (int key = thread; key < keys; key += Tuning::threads) weights[key] = from_float<T>(detail::shifted_exp(score[key], top) * scale);
  }
  if (p.log_sum && thread == 0) p.log_sum[blockIdx.x] = top + logf(sum);
}

/// One query of each sample, as forward.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads)
    attention_backward_of_one_query(attention_backward_params<T> p, int lanes, bool aligned) {
  using row = detail::row_in_group<T, Tuning>;
  constexpr int at_once = Tuning::keys_at_once;
  OGM_DYNAMIC_SHARED(float, raised);           // (keys)
  float* const share = raised + p.shape.keys;  // (keys)
  OGM_SHARED(float, shared_q, row::warp_floats);
  OGM_SHARED(float, shared_dy, row::warp_floats);
  OGM_SHARED(float, shared_inner, 1);
  OGM_SHARED(float, sums, row::block_floats);
  const attention_shape& s = p.shape;
  const long batch = blockIdx.x / s.heads, head = blockIdx.x % s.heads;
  const int keys = int(s.keys), thread = int(threadIdx.x);
  const detail::head_columns columns{int(s.head_width), aligned};
  const detail::group_of_lanes<Tuning> g(lanes);
  const auto k = detail::rows_of_head(p.k, s, s.keys, s.key_stride, batch, head);
  const auto v = detail::rows_of_head(p.v, s, s.keys, s.key_stride, batch, head);
  const auto dk = detail::rows_of_head(p.dk, s, s.keys, s.key_stride, batch, head);
  const auto dv = detail::rows_of_head(p.dv, s, s.keys, s.key_stride, batch, head);

  const detail::kept_weights kept(p.dropout);
  for (int key = thread; key < keys; key += Tuning::threads) {
    raised[key] = detail::attention_addend(p.masks, s, batch, 0, key);
    share[key] = kept.at(blockIdx.x * s.keys + key);
  }
  row q, dy;
  if (thread < warp_size) {  // groups of the warp read the same
    row y;
    q.load(detail::rows_of_head(p.q, s, 1, s.query_stride, batch, head).first, columns, g.lane, lanes);
    y.load(detail::rows_of_head(p.y, s, 1, s.width(), batch, head).first, columns, g.lane, lanes);
    dy.load(detail::rows_of_head(p.dy, s, 1, s.width(), batch, head).first, columns, g.lane, lanes);
    const float inner = detail::reduce_lane_groups(y.dot(dy), addition{}, lanes);
    if (g.group == 0) {
      q.put(shared_q, g.lane);
      dy.put(shared_dy, g.lane);
    }
    if (thread == 0) shared_inner[0] = inner;
  }
  OGM_BARRIER(query_is_set);
  q.get(shared_q, g.lane);
  dy.get(shared_dy, g.lane);
  const float inner = shared_inner[0], log_sum = p.log_sum[blockIdx.x], scale = detail::attention_scale(s);

  row dq{};
  for (int first = g.group; first < keys + g.group; first += at_once * g.groups) {  // as often in every group
    row key_rows[at_once], value_rows[at_once];
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) {
      key_rows[n] = value_rows[n] = {};
      if (const int key = first + n * g.groups; OGM_BOUND(key_has_rows, key < keys)) {
        key_rows[n].load(k.row(key), columns, g.lane, lanes);
        value_rows[n].load(v.row(key), columns, g.lane, lanes);
      }
    }
    float product[at_once], dweight[at_once];
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) {
      product[n] = detail::reduce_lane_groups(q.dot(key_rows[n]), addition{}, lanes);
      dweight[n] = detail::reduce_lane_groups(dy.dot(value_rows[n]), addition{}, lanes);
    }
    OGM_UNROLL
    for (int n = 0; n < at_once; ++n) {
      const int key = first + n * g.groups;
      if (!OGM_BOUND(key_has_gradient, key < keys)) continue;
      const float weight = detail::shifted_exp(detail::attention_score(product[n], scale, raised[key]), log_sum);
      const float slope = weight * (dweight[n] * share[key] - inner) * scale;
      dq.add(slope, key_rows[n]);
      q.times(slope).store(dk.row(key), columns, g.lane, lanes);
      dy.times(weight * share[key]).store(dv.row(key), columns, g.lane, lanes);
    }
  }
  g.sum_over_groups(dq, sums);
  if (g.group == 0) dq.store(detail::rows_of_head(p.dq, s, 1, s.query_stride, batch, head).first, columns, g.lane, lanes);
}

namespace detail {

// ---- many queries ----

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
  const detail::kept_weights kept(p.dropout);
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
  const detail::kept_weights kept(p.dropout);
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
  const detail::kept_weights kept(p.dropout);
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

/// mean = the mean over heads; a thread an element.
template <class T, int Threads> __global__ void __launch_bounds__(Threads) attention_mean_of_heads(attention_mean_params<T> p) {
  const long i = long(blockIdx.x) * Threads + threadIdx.x;
  if (!OGM_BOUND(mean_is_there, i < p.batch * p.pairs)) return;
  const T* const weights = p.weights + i / p.pairs * p.heads * p.pairs + i % p.pairs;
  float sum = 0;
  for (long h = 0; h < p.heads; ++h) sum += to_float(weights[h * p.pairs]);
  p.mean[i] = from_float<T>(sum / float(p.heads));
}

}  // namespace ogm::cuda
