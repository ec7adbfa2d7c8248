#pragma once
// A part of a tensor: a range of the last axis, or one index of another.

#include <ogm/nn/concatenate.hpp>

namespace ogm::nn {

namespace detail {
/// y = the block of x that starts at `offset`: `rows` rows of `width` elements, `stride` apart. Its gradient is 0 outside.
template <class Tape, class X, class Shape>
auto copy_part(Tape& tape, const X& x, const Shape& shape, long offset, long rows, long width, long stride) {
  using T = typename X::value_type;
  auto y = tape.template make<T>(shape);
  tape.run(op::copy_block<T>{x.data() + offset, y.data(), rows, width, stride, width});
  if constexpr (Tape::records && is_var<X>)
    tape.record([=](auto& t) {
      if (!y.reached()) return;
      const auto dx = x.accumulate();
      if (dx.fresh) t.run(op::fill<T>{dx.data, long(x.count()), T(0)});
      t.run(op::copy_block<T>{y.gradient(), dx.data + offset, rows, width, width, stride, true});
    });
  return y;
}
template <int Count, class Tape, class X> auto slice_last(Tape& tape, const X& x, size_type first, size_type count) {
  static_assert(X::rank >= 1, "ogm: a tensor to slice needs an axis. Reshape it.");
  const size_type columns = x.size(X::rank - 1);
  if (first < 0 || count < 0 || count > columns - first)
    throw shape_error("ogm: slice of " + std::to_string(count) + " elements from " + std::to_string(first) + " on of a tensor of shape " +
                      x.shape().text() + ": they are not all there.");
  return copy_part(tape, x, with_last_size<Count>(x.shape(), count), first, x.rows(), count, columns);
}
/// All extents but that of Axis.
template <int Axis, int... E> auto without_axis(const extents<E...>& e) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return extents<extents<E...>::statics[std::size_t(I < Axis ? I : I + 1)]...>(
        std::array<size_type, sizeof...(I)>{e.sizes[std::size_t(I < Axis ? I : I + 1)]...});
  }
  (std::make_integer_sequence<int, int(sizeof...(E)) - 1>{});
}
}  // namespace detail

/// Elements First to First + Count of the last axis.
///
/// Shapes     (..., n) -> (..., Count)
/// Errors     shape_error where they are not all there
template <int First, int Count, class Tape, class X> auto slice(Tape& tape, const X& x) {
  static_assert(First >= 0 && Count >= 0 && (X::width == dyn || First + Count <= X::width),
                "ogm: a slice goes beyond the last axis of its tensor. Make it shorter.");
  return detail::slice_last<Count>(tape, input(tape, x), First, Count);
}
/// The same with numbers of the run: (..., n) -> (..., count), dyn.
template <class Tape, class X> auto slice(Tape& tape, const X& x, size_type first, size_type count) {
  return detail::slice_last<dyn>(tape, input(tape, x), first, count);
}

/// One index of an axis, which goes: select<1>(tape, sequence, t) is one time step.
///
/// Shapes     Axis 1: (batch, time, channel) -> (batch, channel)
/// Errors     value_error where there is no such index
template <int Axis, class Tape, class X> auto select(Tape& tape, const X& argument, size_type index) {
  const auto x = input(tape, argument);
  using In = std::remove_const_t<decltype(x)>;
  static_assert(Axis >= 0 && Axis < In::rank, "ogm: select names an axis that the tensor does not have. Count from 0.");
  const size_type size = x.size(Axis);
  if (index < 0 || index >= size)
    throw value_error("ogm: select of index " + std::to_string(index) + " of axis " + std::to_string(Axis) + " of a tensor of shape " +
                      x.shape().text() + ".");
  size_type outer = 1, inner = 1;
  for (int axis = 0; axis < Axis; ++axis) outer *= x.size(axis);
  for (int axis = Axis + 1; axis < In::rank; ++axis) inner *= x.size(axis);
  return detail::copy_part(tape, x, detail::without_axis<Axis>(x.shape()), index * inner, outer, inner, size * inner);
}

}  // namespace ogm::nn
