#pragma once
// The nodes of an element-wise expression: value and derivative, for a scalar, a SIMD pack or a CUDA thread alike.
// forward() returns every intermediate in one struct, so backward() recomputes nothing and never branches.

#include <ogm/core/math.hpp>

namespace ogm::expression {

/// A whole array, or (Broadcast) one row of `columns` used for every row; its gradient is then a partial sum a chunk.
/// `fresh` says that nothing has been added to a whole array's gradient yet: it is written and not read. Of the leaves that share a
/// gradient the first one is: backward() comes to them in the order in which they are written.
template <class T, bool Broadcast, bool Differentiable> struct leaf {
  static constexpr bool flat = !Broadcast;
  const T* value;
  T* gradient;  // Broadcast: (chunk, columns)
  int columns;
  bool fresh = false;
  template <class V> struct trace { V y; };
  template <class V, class P> OGM_HD trace<V> forward(P at) const { return {load<V>(value + (Broadcast ? at.column : at.flat), at)}; }
  template <class V, class P> OGM_HD void backward(const trace<V>&, V g, P at) const {
    if constexpr (Differentiable) {
      T* p = gradient + (Broadcast ? long(at.chunk) * columns + at.column : at.flat);
      if constexpr (Broadcast)
        store(p, V(load<V>(p, at) + g), at);
      else
        store(p, fresh ? g : V(load<V>(p, at) + g), at);
    }
  }
};

template <class T> struct constant {
  static constexpr bool flat = true;
  T value;
  template <class V> struct trace { V y; };
  template <class V, class P> OGM_HD trace<V> forward(P) const { return {V{} + value}; }
  template <class V, class P> OGM_HD void backward(const trace<V>&, V, P) const {}
};

template <class F, class A> struct unary {
  static constexpr bool flat = A::flat;
  A a;
  F f;  // not [[no_unique_address]]: with it nvcc gives a kernel's argument another size than the host's compiler does
  template <class V> struct trace {
    typename A::template trace<V> a;
    V y;
  };
  template <class V, class P> OGM_HD trace<V> forward(P at) const {
    const auto t = a.template forward<V>(at);
    return {t, f.value(t.y)};
  }
  template <class V, class P> OGM_HD void backward(const trace<V>& t, V g, P at) const { a.backward(t.a, V(g * f.slope(t.a.y, t.y)), at); }
};

template <class F, class A, class B> struct binary {
  static constexpr bool flat = A::flat && B::flat;
  A a;
  B b;
  template <class V> struct trace {
    typename A::template trace<V> a;
    typename B::template trace<V> b;
    V y;
  };
  template <class V, class P> OGM_HD trace<V> forward(P at) const {
    const auto s = a.template forward<V>(at);
    const auto t = b.template forward<V>(at);
    return {s, t, F::value(s.y, t.y)};
  }
  template <class V, class P> OGM_HD void backward(const trace<V>& t, V g, P at) const {
    a.backward(t.a, V(g * F::slope_left(t.a.y, t.b.y)), at);
    b.backward(t.b, V(g * F::slope_right(t.a.y, t.b.y)), at);
  }
};

}  // namespace ogm::expression
