#pragma once
// Steps between the encoders and the head that policies ask for: rows scaled forward or backward, gradients looked at on their way.

#include <ogm/autograd/tape.hpp>
#include <ogm/backend/op/rows.hpp>
#include <ogm/backend/op/update.hpp>

#include <span>

namespace ogm::detail {

/// Host numbers in the tape's memory.
template <class U, class Tape> U* upload(Tape& tape, std::span<const U> from) {
  U* to = tape.template scratch<U>(size_type(from.size()));
  Tape::space::copy_from_host(to, from.data(), from.size() * sizeof(U));
  return to;
}

/// A handle of elements that are only read.
template <class S, class T, int... E> basic_view<S, const T, E...> as_data(const basic_view<S, T, E...>& x) {
  return {x.data(), x.shape()};
}
template <class S, class T, int... E> basic_view<S, const T, E...> as_data(const basic_tensor<S, T, E...>& x) { return x.view(); }

/// y[i] = factor[i] x[i] for every sample i of a batch, whatever axes follow, and the same backward.
template <class Tape, class X, class T> auto scaled_rows(Tape& tape, const X& x, const T* factor) {
  auto y = tape.template make<T>(x.shape());
  const long rows = long(x.size(0)), columns = long(x.count()) / std::max(1L, rows);
  tape.run(op::scale_rows<T>{x.data(), factor, y.data(), rows, columns});
  if constexpr (Tape::records && is_var<X>)
    tape.record([x, y, factor, rows, columns](auto& t) {
      if (!y.reached()) return;
      const auto dx = x.accumulate();
      t.run(op::scale_rows<T>{y.gradient(), factor, dx.data, rows, columns, dx.add()});
    });
  return y;
}

/// The same value; on the way back `look(dL/dx)` sees the gradient, and may edit it, before it goes on.
template <class Tape, class X, class F> auto tapped(Tape& tape, const X& x, const F& look) {
  static_assert(Tape::records && is_var<X>);
  using T = typename X::value_type;
  auto copy = tape.template make<T>(x.shape());
  const long n = long(x.count());
  tape.run(op::copy_block<T>{x.data(), copy.data(), 1, n, n, n});
  tape.record([x, copy, look, n](auto& t) {
    if (!copy.reached()) return;
    look(copy);
    const auto dx = x.accumulate();
    t.run(op::copy_block<T>{copy.gradient(), dx.data, 1, n, n, n, dx.add()});
  });
  return copy;
}

}  // namespace ogm::detail
