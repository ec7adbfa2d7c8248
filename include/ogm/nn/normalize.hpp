#pragma once
// Rows of length one.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/softmax.hpp>

namespace ogm::nn {

/// x / max(|x|, epsilon) over the last axis.
///
/// Shapes     x (..., n) -> (..., n)
/// Numerics   the norm is summed in double; the same bits on any number of threads. NaN in -> NaN in its row
/// Empty      a row of zeros stays 0
template <class Tape, class X> auto l2_normalize(Tape& tape, const X& argument, double epsilon = 1e-12) {
  const auto x = input(tape, argument);
  using In = std::remove_const_t<decltype(x)>;
  using T = typename In::value_type;
  static_assert(In::rank >= 1, "ogm: l2_normalize needs an axis to go over. Give a tensor of one axis or more.");
  const long rows = x.rows(), columns = x.size(In::rank - 1);
  auto y = tape.template make<T>(x.shape());
  T* const norm = tape.template scratch<T>(rows);
  tape.run(op::l2_normalize_forward<T>{x.data(), y.data(), norm, rows, columns, epsilon});
  if constexpr (Tape::records && is_var<In>)
    tape.record([=](auto& t) {
      if (!y.reached()) return;
      const auto dx = x.accumulate();
      t.run(op::l2_normalize_backward<T>{y.data(), norm, y.gradient(), dx.data, rows, columns, epsilon, dx.add()});
    });
  return y;
}

}  // namespace ogm::nn
