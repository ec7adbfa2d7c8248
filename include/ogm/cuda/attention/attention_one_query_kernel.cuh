#pragma once
// The kernels of attention for one query: a block a head, whose keys and values go to registers.

#include <ogm/cuda/attention/attention_rows.cuh>

namespace ogm::cuda {

namespace detail {

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

  const kept_elements kept = detail::kept_weights(p.dropout);
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

  const kept_elements kept = detail::kept_weights(p.dropout);
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

}  // namespace ogm::cuda
