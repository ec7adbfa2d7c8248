#pragma once
// Two dense layers with a relu between.

#include <ogm/nn/linear.hpp>

namespace ogm::nn {

/// y = W2 relu(W1 x + b1) + b2.
///
/// Shapes     x (..., In) -> (..., Out)
template <int In, int Hidden, int Out, class Backend = backend::standard> struct mlp {
  using backend_type = Backend;
  static constexpr int width = Out;
  linear<In, Hidden, Backend> first;
  linear<Hidden, Out, Backend> second;
  OGM_FIELDS(first, second)

  auto operator()(auto& tape, const auto& x) const { return second(tape, relu(first(tape, x))); }
};

}  // namespace ogm::nn
