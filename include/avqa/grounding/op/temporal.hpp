#pragma once
// Attention of one query to a sequence as plain data: scores, softmax, dropout and mean in one pass over the sequence.

#include <ogm/backend/op/softmax.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/core/random.hpp>

#include <algorithm>

namespace avqa::op {

/// The sizes of an attention of one query a sample; the query has been taken through the keys' weights, so that it is as wide as the
/// memory.
struct single_query_shape {
  long batch, heads, keys, width;
  long scores() const { return batch * heads * keys; }
  long queries() const { return batch * heads * width; }
};

namespace detail {
template <class T> T product(const T* x, const T* y, long n) {
  using V = typename ogm::pack<T>::type;
  V sum{};
  ogm::each_pack<T>(n, [&](long i, auto at) { sum += ogm::load<V>(x + i, at) * ogm::load<V>(y + i, at); });
  return ogm::sum_of<T>(sum);
}
template <class T> void add_scaled(T* to, T scale, const T* x, long n) {
  using V = typename ogm::pack<T>::type;
  ogm::each_pack<T>(n, [&](long i, auto at) { ogm::store(to + i, V(ogm::load<V>(to + i, at) + scale * ogm::load<V>(x + i, at)), at); });
}
template <class T> T kept_share(const ogm::random::key& key, double probability, long i) {
  return probability > 0 && ogm::random::uniform_double(key, std::uint64_t(i)) < probability
             ? T(0)
             : T(probability < 1 ? 1 / (1 - probability) : 0);
}
}  // namespace detail

/// weight = softmax over keys of scale * query . memory; kept = weight after dropout; mixed = sum over keys of kept * memory.
template <class T> struct single_query_attention_forward {
  single_query_shape shape;
  T scale;
  const T* query;   // (batch, head, width)
  const T* memory;  // (batch, key, width)
  T* weight;        // (batch, head, key)
  T* kept;          // (batch, head, key)
  T* mixed;         // (batch, head, width)
  T* total;         // (batch, head): the sum of kept
  double probability;
  ogm::random::key key;

  void operator()() const {
    ogm::op::for_each_row_chunk(shape.batch, shape.keys * shape.width, [this](long first, long last) {
      for (long b = first; b < last; ++b) one(b);
    });
  }

 private:
  void one(long b) const {
    const T* const x = memory + b * shape.keys * shape.width;
    for (long r = b * shape.heads; r < (b + 1) * shape.heads; ++r) {
      T* const w = weight + r * shape.keys;
      T* const k = kept + r * shape.keys;
      T* const to = mixed + r * shape.width;
      for (long t = 0; t < shape.keys; ++t) w[t] = scale * detail::product(query + r * shape.width, x + t * shape.width, shape.width);
      ogm::op::detail::softmax_row(w, w, shape.keys, nullptr);
      T sum = 0;
      std::fill_n(to, shape.width, T(0));
      for (long t = 0; t < shape.keys; ++t) {
        k[t] = w[t] * detail::kept_share<T>(key, probability, r * shape.keys + t);
        sum += k[t];
        detail::add_scaled(to, k[t], x + t * shape.width, shape.width);
      }
      total[r] = sum;
    }
  }
};

/// The derivatives of single_query_attention_forward.
template <class T> struct single_query_attention_backward {
  single_query_shape shape;
  T scale;
  const T* query;
  const T* memory;
  const T* weight;  // as the forward pass left them
  const T* kept;
  const T* dmixed;  // (batch, head, width)
  const T* dtotal;  // (batch, head)
  T* slope;         // (batch, head, key): workspace
  T* dquery;        // (batch, head, width)
  T* dmemory;       // (batch, key, width), or null
  bool add_memory;
  double probability;
  ogm::random::key key;

  void operator()() const {
    ogm::op::for_each_row_chunk(shape.batch, shape.keys * shape.width, [this](long first, long last) {
      for (long b = first; b < last; ++b) one(b);
    });
  }

 private:
  void one(long b) const {
    const T* const x = memory + b * shape.keys * shape.width;
    T* const dx = dmemory ? dmemory + b * shape.keys * shape.width : nullptr;
    if (dx && !add_memory) std::fill_n(dx, shape.keys * shape.width, T(0));
    for (long r = b * shape.heads; r < (b + 1) * shape.heads; ++r) {
      const T* const w = weight + r * shape.keys;
      const T* const dz = dmixed + r * shape.width;
      T* const ds = slope + r * shape.keys;
      T* const du = dquery + r * shape.width;
      double mean = 0;
      for (long t = 0; t < shape.keys; ++t) {
        ds[t] = (detail::product(dz, x + t * shape.width, shape.width) + dtotal[r]) *
                detail::kept_share<T>(key, probability, r * shape.keys + t);
        mean += double(ds[t]) * double(w[t]);
      }
      std::fill_n(du, shape.width, T(0));
      for (long t = 0; t < shape.keys; ++t) {
        ds[t] = scale * w[t] * (ds[t] - T(mean));
        detail::add_scaled(du, ds[t], x + t * shape.width, shape.width);
        if (!dx) continue;
        detail::add_scaled(dx + t * shape.width, kept[r * shape.keys + t], dz, shape.width);
        detail::add_scaled(dx + t * shape.width, ds[t], query + r * shape.width, shape.width);
      }
    }
  }
};

/// y[b, h, :] += bias[h, :] * total[b, h]: what the bias of the values adds to their weighted mean.
template <class T> struct add_by_head {
  const T* bias;   // (head, width)
  const T* total;  // (batch, head)
  T* y;            // (batch, head, width)
  long batch, heads, width;
  void operator()() const {
    ogm::op::for_each_row_chunk(batch * heads, width, [this](long first, long last) {
      for (long r = first; r < last; ++r) detail::add_scaled(y + r * width, total[r], bias + r % heads * width, width);
    });
  }
};
/// The derivatives of add_by_head: dbias (=, or += where `add`), in order of the batch; dtotal =.
template <class T> struct add_by_head_backward {
  const T* bias;
  const T* total;
  const T* dy;  // (batch, head, width)
  T* dbias;     // (head, width)
  T* dtotal;    // (batch, head)
  long batch, heads, width;
  bool add;
  void operator()() const {
    ogm::op::for_each_row_chunk(batch * heads, width, [this](long first, long last) {
      for (long r = first; r < last; ++r) dtotal[r] = detail::product(bias + r % heads * width, dy + r * width, width);
    });
    constexpr long each = 64;  // columns a chunk: no two chunks write the same element
    const long pieces = (width + each - 1) / each;
    ogm::parallel_for(heads * pieces, [&](long k) {
      const long head = k / pieces, from = k % pieces * each, columns = std::min(each, width - from);
      T* const to = dbias + head * width + from;
      if (!add) std::fill_n(to, columns, T(0));
      for (long r = head; r < batch * heads; r += heads) detail::add_scaled(to, total[r], dy + r * width + from, columns);
    });
  }
};

}  // namespace avqa::op
