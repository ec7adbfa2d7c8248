#pragma once
// What attention needs beside products: the softmax of its scores, and the mean over heads, as plain data.

#include <ogm/backend/op/softmax.hpp>

namespace ogm::op {

/// In place on score (batch, heads, queries, keys): softmax over keys of scale * score + additive, without the masked keys. A query that
/// is left with no key gets 0 everywhere.
template <class T> struct attention_softmax {
  T* score;
  long batch, heads, queries, keys;
  T scale;
  const std::uint8_t* key_mask;  // (batch, keys), nonzero leaves a key out; or null
  const T* additive;             // (queries, keys), or null
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(batch * heads * queries, keys, [this](long first, long last) {
      for (long r = first; r < last; ++r) {
        T* x = score + r * keys;
        const T* plus = additive ? additive + r % queries * keys : nullptr;
        each_pack<T>(keys, [&](long k, auto at) {
          V v = load<V>(x + k, at) * scale;
          if (plus) v += load<V>(plus + k, at);
          store(x + k, v, at);
        });
        detail::softmax_row(x, x, keys, key_mask ? key_mask + r / (heads * queries) * keys : nullptr);
      }
    });
  }
};

/// mean (batch, pairs) over the heads of x (batch, heads, pairs).
template <class T> struct mean_of_heads {
  const T* x;
  T* mean;
  long batch, heads, pairs;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(batch, heads * pairs, [this](long first, long last) {
      for (long b = first; b < last; ++b)
        each_pack<T>(pairs, [&](long i, auto at) {
          V sum{};
          for (long h = 0; h < heads; ++h) sum += load<V>(x + (b * heads + h) * pairs + i, at);
          store(mean + b * pairs + i, V(sum * T(1.0 / double(heads))), at);
        });
    });
  }
};
/// dx (batch, heads, pairs) (=, or += where `add`) dmean (batch, pairs) / heads, for every head.
template <class T> struct mean_of_heads_backward {
  const T* dmean;
  T* dx;
  long batch, heads, pairs;
  bool add;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(batch * heads, pairs, [this](long first, long last) {
      for (long r = first; r < last; ++r)
        each_pack<T>(pairs, [&](long i, auto at) {
          const V v = load<V>(dmean + r / heads * pairs + i, at) * T(1.0 / double(heads));
          T* d = dx + r * pairs + i;
          store(d, add ? V(load<V>(d, at) + v) : v, at);
        });
    });
  }
};

}  // namespace ogm::op
