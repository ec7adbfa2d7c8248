#pragma once
// A layer and a way round it.

#include <ogm/autograd/expression.hpp>

namespace ogm::nn {

/// y = f(x) + x. Its parameters are named "f....".
///
/// Shapes     x -> the same; f keeps the shape
/// Errors     shape_error names both shapes where f changes it
/// Source     He et al., CVPR 2016
template <class F> struct residual {
  F f;
  OGM_FIELDS(f)

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    const auto x = input(tape, argument);
    const auto y = f(tape, x);
    static_assert(X::rank == decltype(input(tape, y))::rank, "ogm: the layer in a residual changes the number of axes. Keep them.");
    return evaluate(tape, y + x);
  }
};

}  // namespace ogm::nn
