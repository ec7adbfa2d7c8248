#pragma once
// What element-wise expressions on the device have to be: plain loops over host memory, in double.

#include <ogm/expression/node.hpp>

#include <vector>

namespace ogm::cuda {

/// f(position) for every element.
template <class F> void expression_elements(long rows, long columns, const F& f) {
  for (long row = 0; row < rows; ++row)
    for (long column = 0; column < columns; ++column) f(position<1>{row * columns + column, int(column), 0});
}

/// (rows, columns) in double. The node's leaves are arrays of double.
template <class Node> std::vector<double> expression_forward_reference(const Node& node, long rows, long columns) {
  std::vector<double> y;
  expression_elements(rows, columns, [&](auto at) { y.push_back(node.template forward<double>(at).y); });
  return y;
}

/// Adds dy (rows, columns) times the derivative to the leaves' gradients, of double too: (1, columns) of a leaf that is a row for all rows.
template <class Node> void expression_backward_reference(const Node& node, const double* dy, long rows, long columns) {
  expression_elements(rows, columns, [&](auto at) { node.backward(node.template forward<double>(at), dy[at.flat], at); });
}

}  // namespace ogm::cuda
