#pragma once
// The launchers of element-wise expressions: the only host code that knows their kernels.

#include <ogm/cuda/expression/expression_kernel.cuh>
#include <ogm/cuda/launch.cuh>
#include <ogm/cuda/rows.cuh>

#include <algorithm>
#include <functional>
#include <type_traits>

namespace ogm::cuda {

namespace detail {

/// What a node needs to be a kernel's argument.
template <class Node> struct node_as_an_argument {
  static constexpr bool fits = sizeof(Node) + sizeof(void*) + sizeof(expression_layout) <= 4096;
  static_assert(fits, "ogm: an expression of more than 4 KiB cannot be a kernel's argument. Keep a part of it with evaluate(tape, part).");
  static_assert(std::is_trivially_copyable_v<Node>,
                "ogm: a function of an expression is copied to the device byte by byte. Keep numbers and pointers to its memory in it.");
};

template <class Node> status check_expression(const char* who, const Node& node, const expression::cut& how) {
  if (how.rows < 0 || how.columns < 0) return wrong_argument(who, "rows or columns", std::min(how.rows, how.columns), "0 or more");
  if (Node::flat || how.columns == 0) return {};
  if (how.flat) return status(std::string("ogm: ") + who + " was given a cut without rows, and a leaf that is a row.");
  if (status s = check_rows(who, how.rows, how.columns); !s.ok()) return s;
  long columns = how.columns;  // of a leaf that has others, if there is any
  each_leaf(node, [&]<bool Broadcast, bool D>(const expression::leaf<float, Broadcast, D>& leaf) {
    if (Broadcast && leaf.columns != how.columns) columns = leaf.columns;
  });
  if (columns != how.columns) return wrong_argument(who, "columns of a leaf", columns, "what the cut says");
  return {};
}

/// Whether all arrays that a pass reads or writes by vectors, dy or y among them, begin at a multiple of 16 bytes, and rows have whole
/// vectors.
template <class Node> bool by_vectors(const Node& node, const float* other, const expression::cut& how) {
  const auto aligned = [](const float* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  bool all = aligned(other) && (Node::flat || how.columns % vector_width<float> == 0);
  each_leaf(node, [&]<bool Broadcast, bool Differentiable>(const expression::leaf<float, Broadcast, Differentiable>& leaf) {
    all = all && aligned(leaf.value) && (Broadcast || !Differentiable || aligned(leaf.gradient));
  });
  return all;
}

/// chunk_rows: rows of a block, or 0 where it may have any number.
template <class Tuning, class Node> expression_layout layout_of(const expression::cut& how, int width, long chunk_rows) {
  const long elements = how.rows * how.columns;
  if (Node::flat) {
    const long columns = Tuning::threads * width;
    return {elements, (elements + columns - 1) / columns, Tuning::rows_a_thread, int(columns), Tuning::threads, 1, 1};
  }
  const long vectors = (how.columns + width - 1) / width, rows = std::max(1L, std::min(chunk_rows ? chunk_rows : how.rows, how.rows));
  const int most = std::max(Tuning::tile, Tuning::threads / int(std::min(rows, long(Tuning::threads))));
  const int tile = int(std::max(1L, std::min(vectors, long(most)))), groups = Tuning::threads / tile;
  return {elements,
          how.rows,
          chunk_rows ? chunk_rows : long(groups) * Tuning::rows_a_thread,
          int(how.columns),
          tile,
          int((vectors + tile - 1) / tile),
          groups};
}

/// Whether arrays of so many elements share any.
inline bool overlap(const float* a, long a_count, const float* b, long b_count) {
  return std::less<>{}(a, b + b_count) && std::less<>{}(b, a + a_count);
}

/// The plan in which what the whole arrays' gradients or other totals share with a total counts, whatever the order: such a total is set to
/// 0 before anything is added.
template <class Node>
status begin_totals(const char* who, const expression::backward_pass<float, Node>& pass, expression::backward_plan<float>& plan,
                    cudaStream_t stream) {
  for (int i = 0; i < plan.sum_count; ++i) {
    auto& s = plan.sums[i];
    if (s.add) continue;
    bool shared = false;
    each_leaf(pass.node, [&]<bool Broadcast, bool Differentiable>(const expression::leaf<float, Broadcast, Differentiable>& leaf) {
      shared |= !Broadcast && Differentiable && overlap(s.total, s.columns, leaf.gradient, pass.how.rows * pass.how.columns);
    });
    for (int j = 0; j < plan.sum_count; ++j) shared |= j != i && overlap(s.total, s.columns, plan.sums[j].total, plan.sums[j].columns);
    if (!shared) continue;
    if (status cleared{who, cudaMemsetAsync(s.total, 0, std::size_t(s.columns) * sizeof(float), stream)}; !cleared.ok()) return cleared;
    s.add = true;
  }
  return {};
}

/// Totals that share elements are added to by a launch after the other.
template <class Tuning>
status launch_sums(const char* who, const expression::backward_plan<float>& plan, long chunks, cudaStream_t stream) {
  for (int first = 0, last = 0; first < plan.sum_count; first = last) {
    expression::backward_plan<float> together;
    const auto apart = [&](const auto& s) {
      return std::none_of(together.sums, together.sums + together.sum_count,
                          [&](const auto& t) { return overlap(s.total, s.columns, t.total, t.columns); });
    };
    while (last < plan.sum_count && apart(plan.sums[last])) together.sums[together.sum_count++] = plan.sums[last++];
    const long blocks = (plan.sums[first].columns + warp_size - 1) / warp_size * together.sum_count;
    const launch_shape shape{blocks, Tuning::threads_of_sum};
    if (status s = launch(who, shape, stream, expression_sum_of_chunks<Tuning>, together, chunks); !s.ok()) return s;
  }
  return {};
}

}  // namespace detail

template <class Tuning, class Node>
status launch_expression_forward(const expression::forward_pass<float, Node>& pass, cudaStream_t stream) {
  static_assert(detail::node_as_an_argument<Node>::fits);
  const char* const who = "an expression";
  if (status s = detail::check_expression(who, pass.node, pass.how); !s.ok() || pass.how.columns == 0) return s;
  const auto with = [&]<int Width>(std::integral_constant<int, Width>) {
    const auto layout = detail::layout_of<Tuning, Node>(pass.how, Width, 0);
    return launch(who, {layout.blocks(), Tuning::threads}, stream, expression_forward<Node, Tuning, Width>, pass.node, pass.y, layout);
  };
  constexpr int width = vector_width<float>;
  return detail::by_vectors(pass.node, pass.y, pass.how) ? with(std::integral_constant<int, width>{})
                                                         : with(std::integral_constant<int, 1>{});
}

template <class Tuning, class Node>
status launch_expression_backward(const expression::backward_pass<float, Node>& pass, cudaStream_t stream) {
  static_assert(detail::node_as_an_argument<Node>::fits);
  const char* const who = "an expression's derivative";
  if (status s = detail::check_expression(who, pass.node, pass.how); !s.ok() || pass.how.columns == 0) return s;
  auto plan = pass.plan;
  if (plan.sum_count != detail::differentiable_rows<Node>)
    return wrong_argument(who, "sums", plan.sum_count, "one a leaf that is a row and has a gradient");
  for (int i = 0; i < plan.sum_count; ++i)
    if (plan.sums[i].columns != pass.how.columns) return wrong_argument(who, "columns of a sum", plan.sums[i].columns, "what the cut says");
  if (status s = detail::begin_totals(who, pass, plan, stream); !s.ok()) return s;
  const auto with = [&]<int Width>(std::integral_constant<int, Width>) {
    const auto layout = detail::layout_of<Tuning, Node>(pass.how, Width, plan.sum_count ? pass.how.chunk_rows : 0);
    return launch(who, {layout.blocks(), Tuning::threads}, stream, expression_backward<Node, Tuning, Width>, pass.node, pass.dy, layout);
  };
  constexpr int width = vector_width<float>;
  status s = detail::by_vectors(pass.node, pass.dy, pass.how) ? with(std::integral_constant<int, width>{})
                                                              : with(std::integral_constant<int, 1>{});
  return s.ok() ? detail::launch_sums<Tuning>(who, plan, pass.how.chunks(), stream) : s;
}

}  // namespace ogm::cuda
