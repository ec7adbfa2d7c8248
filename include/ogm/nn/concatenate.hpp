#pragma once
// Tensors side by side.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/rows.hpp>

namespace ogm::nn {

namespace detail {
template <int... W> inline constexpr int total_width = ((W == dyn) || ...) ? dyn : (0 + ... + (W == dyn ? 0 : W));

/// The same extents but for the last one: a static Last, or dyn of a size.
template <int Last, int... E> auto with_last_size(const extents<E...>& e, size_type size) {
  if constexpr (Last != dyn)
    return with_last<Last>(e);
  else {
    constexpr int rank = sizeof...(E);
    return [&]<int... I>(std::integer_sequence<int, I...>) {
      auto sizes = e.sizes;
      sizes[std::size_t(rank - 1)] = size;
      return extents<extents<E...>::statics[std::size_t(I)]..., dyn>(sizes);
    }
    (std::make_integer_sequence<int, rank - 1>{});
  }
}

/// Copies x into the columns of y that begin at `at`, which moves on.
template <class Tape, class X, class Y> void copy_beside(Tape& tape, const X& x, const Y& y, long& at) {
  using T = typename X::value_type;
  const long from = at, width = x.size(X::rank - 1), rows = y.rows(), stride = y.size(Y::rank - 1);
  at += width;
  tape.run(op::copy_block<T>{x.data(), y.data() + from, rows, width, width, stride});
  if constexpr (Tape::records && is_var<X>)
    tape.record([=](auto& t) {
      if (!y.reached()) return;
      const auto dx = x.accumulate();
      t.run(op::copy_block<T>{y.gradient() + from, dx.data, rows, width, stride, width, dx.add()});
    });
}

template <class Tape, class First, class... Rest> auto concatenate_inputs(Tape& tape, const First& first, const Rest&... rest) {
  using T = typename First::value_type;
  constexpr int rank = First::rank;
  static_assert(((rank == Rest::rank) && ...), "ogm: tensors to concatenate differ in their number of axes. Reshape them.");
  static_assert(rank >= 1, "ogm: tensors to concatenate need an axis. Reshape them.");
  size_type columns = first.size(rank - 1);
  const auto add = [&](const auto& x) {
    for (int axis = 0; axis + 1 < rank; ++axis)
      if (x.size(axis) != first.size(axis))
        throw shape_error("ogm: concatenate was given tensors of shape " + first.shape().text() + " and " + x.shape().text() +
                          ": all axes but the last must agree.");
    columns += x.size(rank - 1);
  };
  (add(rest), ...);
  auto y = tape.template make<T>(with_last_size<total_width<First::width, Rest::width...>>(first.shape(), columns));  // (..., sum)
  long at = 0;
  copy_beside(tape, first, y, at);
  (copy_beside(tape, rest, y, at), ...);
  return y;
}
}  // namespace detail

/// All arguments side by side along the last axis, which is static where all of theirs are.
///
/// Shapes     (..., a), (..., b), ... -> (..., a + b + ...)
/// Errors     shape_error names both shapes
template <class Tape, class... X> auto concatenate(Tape& tape, const X&... x) {
  static_assert(sizeof...(X) > 0, "ogm: nothing to concatenate. Give one tensor or more.");
  return detail::concatenate_inputs(tape, input(tape, x)...);
}

}  // namespace ogm::nn
