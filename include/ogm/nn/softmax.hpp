#pragma once
// Softmax over the last axis, and its logarithm.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/softmax.hpp>

namespace ogm::nn {

namespace detail {
/// No mask, as the argument that stands for it.
struct no_mask {};

struct mask_rows {
  const std::uint8_t* data = nullptr;
  long rows = 1;
};
template <class Tape, class X, class M> mask_rows mask_of(const char* who, Tape& tape, const X& x, const M& mask) {
  if constexpr (std::same_as<M, no_mask>)
    return {};
  else {
    static_assert(sizeof(typename M::value_type) == 1 && std::is_unsigned_v<typename M::value_type>,
                  "ogm: a mask is not of std::uint8_t. Convert it: nonzero leaves an element out.");
    tape.template fail_unless_mine<M>();
    const size_type columns = x.size(X::rank - 1);
    if (mask.count() == 0 || mask.size(M::rank - 1) != columns || x.count() % mask.count() != 0)
      throw shape_error(std::string("ogm: ") + who + " of a tensor of shape " + x.shape().text() + " was given a mask of shape " +
                        mask.shape().text() + ": the same shape or its last axes are needed.");
    return {mask.data(), long(mask.count() / columns)};
  }
}

template <template <class> class Forward, template <class> class Backward, class Tape, class X, class M>
auto softmax_like(const char* who, Tape& tape, const X& x, const M& mask) {
  using T = typename X::value_type;
  static_assert(X::rank >= 1, "ogm: softmax needs an axis to go over. Give a tensor of one axis or more.");
  const long columns = x.size(X::rank - 1), rows = x.rows();
  const mask_rows m = x.count() ? mask_of(who, tape, x, mask) : mask_rows{};
  auto y = tape.template make<T>(x.shape());
  tape.run(Forward<T>{x.data(), y.data(), rows, columns, m.data, 1, m.rows});
  if constexpr (Tape::records && is_var<X>)
    tape.record([=](auto& t) {
      if (!y.reached()) return;
      const auto dx = x.accumulate();
      Backward<T> back{y.data(), y.gradient(), dx.data, rows, columns, dx.add()};
      if constexpr (requires { back.mask; }) back.mask = m.data, back.mask_rows = m.rows;
      t.run(back);
    });
  return y;
}
}  // namespace detail

/// softmax(x) = exp(x) / sum of exp(x), over the last axis.
///
/// Shapes     x (..., n) -> (..., n); mask of std::uint8_t, nonzero leaves an element out: x's shape or its last axes
/// Numerics   shifted by the largest, summed in double; the same bits on any number of threads. NaN in -> NaN in its row
/// Empty      everything masked, or -inf -> 0
/// Errors     shape_error names both shapes
template <class Tape, class X, class M = detail::no_mask> auto softmax(Tape& tape, const X& x, const M& mask = {}) {
  return detail::softmax_like<op::softmax_forward, op::softmax_backward>("softmax", tape, input(tape, x), mask);
}

/// The natural logarithm of softmax(x), without computing the latter. What is masked becomes 0.
///
/// Shapes     as softmax
template <class Tape, class X, class M = detail::no_mask> auto log_softmax(Tape& tape, const X& x, const M& mask = {}) {
  return detail::softmax_like<op::log_softmax_forward, op::log_softmax_backward>("log_softmax", tape, input(tape, x), mask);
}

}  // namespace ogm::nn
