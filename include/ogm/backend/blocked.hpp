#pragma once
// Images whose channels lie in the lanes of a vector: (block, height, width, lane), block = channel / lanes. The last block is filled up
// with zeros. A double has one lane, so the same code is the plain layout there.

#include <ogm/core/pack.hpp>

#include <algorithm>

namespace ogm::backend::blocked {

template <class T> using vector = typename pack<T>::type;
template <class T> inline constexpr long width = pack<T>::lanes;
template <class T> constexpr long blocks(long channels) { return (channels + width<T> - 1) / width<T>; }

template <class T> inline vector<T> get(const T* p) { return load<vector<T>>(p, position<int(width<T>)>{}); }
template <class T> inline void put(T* p, vector<T> v) { store(p, v, position<int(width<T>)>{}); }

namespace detail {

/// Rows become columns, by exchanging halves, quarters, ...: log2(lanes) shuffles a vector.
template <int Half, class V, int N> inline void exchange(V (&r)[N]) {
#if defined(__CUDACC__)
  static_cast<void>(r);
#else
  if constexpr (Half > 0) {
    using I = int_pack;
    static constexpr auto low = [] {
      I i{};
      for (int k = 0; k < N; ++k) i[k] = k & Half ? k - Half + N : k;
      return i;
    };
    static constexpr auto high = [] {
      I i{};
      for (int k = 0; k < N; ++k) i[k] = k & Half ? k + N : k + Half;
      return i;
    };
    (void)low, (void)high;
    for (int i = 0; i < N; ++i)
      if (!(i & Half)) {
        const V a = r[i], b = r[i + Half];
        [&]<int... K>(std::integer_sequence<int, K...>) {
          r[i] = __builtin_shufflevector(a, b, (K & Half ? K - Half + N : K)...);
          r[i + Half] = __builtin_shufflevector(a, b, (K & Half ? K + N : K + Half)...);
        }
        (std::make_integer_sequence<int, N>{});
      }
    exchange<Half / 2>(r);
  }
#endif
}

}  // namespace detail
}  // namespace ogm::backend::blocked
