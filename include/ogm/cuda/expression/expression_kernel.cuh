#pragma once
// The kernels of element-wise expressions. A thread has Width neighbouring columns of several rows: it reads the leaves of Width elements
// into registers, by one access each, asks the node for one element after the other, and writes Width results.

#include <ogm/core/platform.hpp>
#include <ogm/cuda/column_sums.cuh>
#include <ogm/cuda/expression/expression.hpp>
#include <ogm/cuda/reduce.cuh>
#include <ogm/cuda/storage.hpp>

namespace ogm::cuda {

/// How the blocks of a launch share (rows, columns): each has `tile` vectors of columns of rows_a_block rows, and its threads have them in
/// `groups`, a row each at a time. Arrays of which no leaf is a row are cut into rows of a block's length, the last of which may be short.
struct expression_layout {
  long elements, rows, rows_a_block;
  int columns;
  int tile, tiles;  // vectors of a block, blocks next to each other
  int groups;

  long blocks() const { return (rows + rows_a_block - 1) / rows_a_block * tiles; }
};

namespace detail {

/// Which of a thread's Width elements a node is asked for.
struct lane {
  int index;
};

/// A leaf whose Width elements are in registers, and what they add to the gradient: of a row's leaf, the sum over the thread's rows.
template <bool Broadcast, bool Differentiable, int Width> struct held_leaf {
  static constexpr bool broadcast = Broadcast, differentiable = Differentiable;
  expression::leaf<float, Broadcast, Differentiable> memory;
  float value[Width];
  mutable float gradient[Width];  // backward() of nodes is const
  template <class V> struct trace { V y; };
  template <class V, class P> OGM_HD trace<V> forward(P at) const { return {value[at.index]}; }
  template <class V, class P> OGM_HD void backward(const trace<V>&, V g, P at) const {
    gradient[at.index] = Broadcast ? gradient[at.index] + g : g;
  }
};

/// A node with its leaves held.
template <class Node, int Width> struct held {
  static_assert(sizeof(Node) == 0,
                "ogm: the device knows the nodes of ogm/expression/node.hpp only, of float. Write a function for unary<> or binary<>.");
};
template <bool Broadcast, bool Differentiable, int Width> struct held<expression::leaf<float, Broadcast, Differentiable>, Width> {
  using type = held_leaf<Broadcast, Differentiable, Width>;
  __device__ static type of(const expression::leaf<float, Broadcast, Differentiable>& n) { return {n, {}, {}}; }
};
template <int Width> struct held<expression::constant<float>, Width> {
  using type = expression::constant<float>;
  __device__ static type of(const expression::constant<float>& n) { return n; }
};
template <class F, class A, int Width> struct held<expression::unary<F, A>, Width> {
  using type = expression::unary<F, typename held<A, Width>::type>;
  __device__ static type of(const expression::unary<F, A>& n) { return {held<A, Width>::of(n.a), n.f}; }
};
template <class F, class A, class B, int Width> struct held<expression::binary<F, A, B>, Width> {
  using type = expression::binary<F, typename held<A, Width>::type, typename held<B, Width>::type>;
  __device__ static type of(const expression::binary<F, A, B>& n) { return {held<A, Width>::of(n.a), held<B, Width>::of(n.b)}; }
};

/// f(leaf) for every leaf, in the order in which backward() comes to them.
OGM_EITHER_SIDE
template <class Node, class F> OGM_HD void each_leaf(Node& node, const F& f) {
  if constexpr (requires { node.b; }) {
    each_leaf(node.a, f);
    each_leaf(node.b, f);
  } else if constexpr (requires { node.a; }) {
    each_leaf(node.a, f);
  } else if constexpr (requires { node.gradient; }) {
    f(node);
  }
}

/// Width columns from `column` on, of the rows first, first + groups, ... before last.
struct rows_of_thread {
  int column;
  long block, first, last;

  template <int Width> __device__ static rows_of_thread of(const expression_layout& l) {
    const long block = blockIdx.x / unsigned(l.tiles), begin = block * l.rows_a_block;
    const int tile = int(blockIdx.x % unsigned(l.tiles)), group = int(threadIdx.x) / l.tile, vector = int(threadIdx.x) % l.tile;
    const long end = begin + l.rows_a_block < l.rows ? begin + l.rows_a_block : l.rows;
    const int column = (tile * l.tile + vector) * Width;
    const bool any = OGM_BOUND(thread_has_rows, group < l.groups) && column < l.columns;
    return {column, block, begin + group, any ? end : 0};
  }
};

/// What of a row there is.
template <int Width> __device__ inline row_vectors<Width> vectors_of_row(const expression_layout& l, long row) {
  const long left = l.elements - row * l.columns;
  return {int(left < l.columns ? left : l.columns), 0};
}

/// Reads the leaves that are a row for all rows, whose sums become 0.
template <int Width, class Tree> __device__ inline void begin_columns(Tree& tree, const expression_layout& l, int column) {
  each_leaf(tree, [&]<class Leaf>(Leaf& leaf) {
    if constexpr (Leaf::broadcast) {
      load_row(leaf.memory.value, row_vectors<Width>{l.columns, 0}, column, 0, leaf.value);
      OGM_UNROLL
      for (int i = 0; i < Width; ++i) leaf.gradient[i] = 0;
    }
  });
}
/// Reads the other leaves in a row that begins `begin` elements into the arrays.
template <int Width, class Tree> __device__ inline void load_leaves(Tree& tree, row_vectors<Width> vectors, long begin, int column) {
  each_leaf(tree, [&]<class Leaf>(Leaf& leaf) {
    if constexpr (!Leaf::broadcast) load_row(leaf.memory.value + begin, vectors, column, 0, leaf.value);
  });
}
/// Writes or adds to their gradients. Leaves that share one come after each other.
template <int Width, class Tree> __device__ inline void store_gradients(Tree& tree, row_vectors<Width> vectors, long begin, int column) {
  each_leaf(tree, [&]<class Leaf>(Leaf& leaf) {
    if constexpr (!Leaf::broadcast && Leaf::differentiable) {
      float* const gradient = leaf.memory.gradient + begin;
      if (!leaf.memory.fresh) {
        float before[Width];
        load_row(gradient, vectors, column, 0, before);
        OGM_UNROLL
        for (int i = 0; i < Width; ++i) leaf.gradient[i] += before[i];
      }
      store_row(gradient, vectors, column, leaf.gradient);
    }
  });
}

/// The sum over the groups of a block, in their order, to the partial sums of its chunk. All threads take part. `scratch` has room for
/// Width values of each, and may be used again by the next leaf.
template <int Width>
__device__ inline void store_sums(const float (&of_thread)[Width], const expression_layout& l, long chunk, float* partial, float* scratch) {
  OGM_BARRIER(sums_are_read);
  store_shared(scratch + int(threadIdx.x) * Width, of_thread);
  OGM_BARRIER(sums_are_there);
  const int columns_of_tile = l.tile * Width, first = int(blockIdx.x % unsigned(l.tiles)) * columns_of_tile;
  for (int c = int(threadIdx.x); c < columns_of_tile; c += int(blockDim.x)) {
    if (!OGM_BOUND(sum_has_column, first + c < l.columns)) break;
    float sum = 0;
    for (int group = 0; group < l.groups; ++group) sum += scratch[group * columns_of_tile + c];
    partial[chunk * l.columns + first + c] = sum;
  }
}

template <class Node> inline constexpr int differentiable_rows = 0;
template <> inline constexpr int differentiable_rows<expression::leaf<float, true, true>> = 1;
template <class F, class A> inline constexpr int differentiable_rows<expression::unary<F, A>> = differentiable_rows<A>;
template <class F, class A, class B>
inline constexpr int differentiable_rows<expression::binary<F, A, B>> = differentiable_rows<A> + differentiable_rows<B>;

}  // namespace detail

template <class Node, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) expression_forward(Node node, float* y, expression_layout l) {
  const auto mine = detail::rows_of_thread::of<Width>(l);
  if (mine.first >= mine.last) return;
  auto tree = detail::held<Node, Width>::of(node);
  detail::begin_columns<Width>(tree, l, mine.column);
  for (long row = mine.first; row < mine.last; row += l.groups) {
    const auto vectors = detail::vectors_of_row<Width>(l, row);
    const long begin = row * l.columns;
    detail::load_leaves(tree, vectors, begin, mine.column);
    float value[Width];
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) value[i] = tree.template forward<float>(detail::lane{i}).y;
    store_row(y + begin, vectors, mine.column, value);
  }
}

/// A block whose sums are asked for has a chunk of rows: its number is that of the row of partial sums.
template <class Node, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads) expression_backward(Node node, const float* dy, expression_layout l) {
  const auto mine = detail::rows_of_thread::of<Width>(l);
  auto tree = detail::held<Node, Width>::of(node);
  detail::begin_columns<Width>(tree, l, mine.column);
  for (long row = mine.first; row < mine.last; row += l.groups) {
    const auto vectors = detail::vectors_of_row<Width>(l, row);
    const long begin = row * l.columns;
    detail::load_leaves(tree, vectors, begin, mine.column);
    float slope[Width];
    load_row(dy + begin, vectors, mine.column, 0, slope);
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) tree.backward(tree.template forward<float>(detail::lane{i}), slope[i], detail::lane{i});
    detail::store_gradients(tree, vectors, begin, mine.column);
  }
  if constexpr (detail::differentiable_rows < Node >> 0) {
    OGM_SHARED(float, scratch, Tuning::threads* Width);
    detail::each_leaf(tree, [&]<class Leaf>(Leaf& leaf) {
      if constexpr (Leaf::broadcast && Leaf::differentiable)
        detail::store_sums(leaf.gradient, l, mine.block, leaf.memory.gradient, scratch);
    });
  }
}

/// The total (=, +=) the sum of a partial's chunks: a lane a column, a warp every so many-th chunk, then the warps in their order.
template <class Tuning>
__global__ void __launch_bounds__(Tuning::threads_of_sum) expression_sum_of_chunks(expression::backward_plan<float> plan, long chunks) {
  OGM_SHARED(float, of_thread, Tuning::threads_of_sum);
  const int blocks = int(gridDim.x) / plan.sum_count, lane = int(threadIdx.x) % warp_size;
  const auto& sum = plan.sums[int(blockIdx.x) / blocks];
  const long column = long(int(blockIdx.x) % blocks) * warp_size + lane;
  const bool has_column = OGM_BOUND(lane_has_column, column < sum.columns);
  float total = 0;
  if (has_column)
    for (long chunk = int(threadIdx.x) / warp_size; chunk < chunks; chunk += Tuning::threads_of_sum / warp_size)
      total += sum.partial[chunk * sum.columns + column];
  total = combine_warps<Tuning::threads_of_sum>(total, addition{}, of_thread);
  if (int(threadIdx.x) < warp_size && has_column) sum.total[column] = (sum.add ? sum.total[column] : 0) + total;
}

}  // namespace ogm::cuda
