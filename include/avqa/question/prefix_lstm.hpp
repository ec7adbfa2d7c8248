#pragma once
// An LSTM over questions that begin alike.

#include <avqa/question/op/prefix_tree.hpp>
#include <ogm/nn/lstm.hpp>

namespace avqa {

/// The state after the last token of each sequence.
template <class State> struct last_state {
  State h, c;  // (batch, Hidden)
};

/// The last state of lstm(x), where the sequences of a batch have prefixes in common: each different prefix is computed once.
///
/// Shapes     x (vector, In); tokens (batch, time), in the host's memory -> last_state
/// Vectors    what a step reads is a row of x: where `by_token` that of the token's number, else that of its position in (batch, time)
/// Cost       of the products with the state: one row a node of the tree of prefixes instead of one a token; of
///            those with the input: one row a vector of x. Of 64 training questions of MUSIC-AVQA, 896 tokens, 509 nodes are different
/// Numerics   as of the layer itself but for rounding; the same bits on any number of threads
/// Errors     shape_error where there is no step, or too few vectors; tokens are taken to be rows of x
template <class Tape, int In, int Hidden, class Backend, class X, class Tokens>
auto lstm_over_prefixes(Tape& tape, const ogm::nn::lstm<In, Hidden, false, Backend>& layer, const X& x, const Tokens& tokens,
                        bool by_token) {
  namespace op = ogm::op;
  using ogm::nn::detail::times_transpose, ogm::nn::detail::times_weight, ogm::nn::detail::weight_gradient;
  using T = typename Backend::value_type;
  static_assert(std::same_as<typename Tape::space, ogm::memory::host>,
                "avqa: prefixes are found in the host's memory, and the tape works in another. Call the LSTM itself.");
  constexpr long gate_width = 4 * Hidden;
  const auto& cell = std::get<0>(layer.cells);
  const long batch = tokens.size(0), time = tokens.size(1), most = batch * time, vectors = x.size(0);
  if (time < 1 || x.size(1) != In || (!by_token && vectors < most))
    throw ogm::shape_error("avqa: an LSTM over prefixes was given vectors of shape " + x.shape().text() + " for tokens of shape " +
                           tokens.shape().text() + "; a step at least, and vectors of " + std::to_string(In) + " numbers expected" +
                           (by_token ? "." : ", one a token."));
  const auto indices = [&](long count) { return tape.template scratch<std::int32_t>(count); };
  const avqa::op::prefix_tree tree{.tokens = tokens.data(),
                                   .batch = batch,
                                   .time = time,
                                   .begin = indices(time + 1),
                                   .position = indices(most),
                                   .parent = indices(most),
                                   .leaf = indices(batch),
                                   .room = indices(3 * batch)};
  std::int32_t* const vector = indices(most);  // of each node, its row of x
  tape.run(tree);
  const long nodes = tree.begin[time];
  for (long n = 0; n < nodes; ++n) vector[n] = by_token ? tokens.data()[tree.position[n]] : tree.position[n];
  const auto rows = [&](long width) { return tape.template scratch<T>(most * width); };  // (node, width), as many as there can be
  T *const gates = rows(gate_width), *const h = rows(Hidden), *const c = rows(Hidden);   // h, c: after each node
  T *const h_before = rows(Hidden), *const c_before = rows(Hidden);
  T* const of_vector = tape.template scratch<T>(vectors * gate_width);  // what each row of x gives the gates
  tape.run(op::broadcast_sum<T>{cell.bias_ih.value.data(), cell.bias_hh.value.data(), of_vector, vectors, gate_width});
  tape.run(times_weight<T>({x.data(), In}, cell.weight_ih.value.data(), {of_vector, gate_width}, vectors, gate_width, In));
  tape.run(op::gather_rows<T>{of_vector, vector, gates, nodes, gate_width});
  const auto step_of = [](long k, long count) { return op::recurrent_step<T>{{nullptr, nullptr, k, 0}, count, Hidden, k == 0}; };
  for (long k = 0; k < time; ++k) {
    const long first = tree.begin[k], count = tree.begin[k + 1] - first;
    const auto at = [&](T* p, long width) { return op::strided<T>{p + first * width, width}; };
    if (k > 0) {
      const long before = tree.begin[k - 1];
      tape.run(op::gather_rows<T>{h + before * Hidden, tree.parent + first, h_before + first * Hidden, count, Hidden});
      tape.run(op::gather_rows<T>{c + before * Hidden, tree.parent + first, c_before + first * Hidden, count, Hidden});
      tape.run(times_weight<T>(at(h_before, Hidden), cell.weight_hh.value.data(), at(gates, gate_width), count, gate_width, Hidden));
    }
    tape.run(op::lstm_step_forward<T>{.step = step_of(k, count),
                                      .gates = at(gates, gate_width),
                                      .h = at(h_before, Hidden),
                                      .c = at(c_before, Hidden),
                                      .next_h = at(h, Hidden),
                                      .next_c = at(c, Hidden),
                                      .y = at(h, Hidden)});
  }
  const auto last = tape.template make<T>(ogm::extents<Tokens::shape_type::statics[0], Hidden>({tokens.size(0), Hidden}));
  const auto content = tape.template make<T>(last.shape());
  const long leaves = tree.begin[time - 1];
  tape.run(op::gather_rows<T>{h + leaves * Hidden, tree.leaf, last.data(), batch, Hidden});
  tape.run(op::gather_rows<T>{c + leaves * Hidden, tree.leaf, content.data(), batch, Hidden});
  if constexpr (Tape::records)
    tape.record([=, &cell](auto& t) {
      if (!last.reached() && !content.reached()) return;
      T* const dgates = t.template scratch<T>(most * gate_width);
      T* dh = t.template scratch<T>(batch * Hidden);  // of the nodes of a step
      T* dc = t.template scratch<T>(batch * Hidden);
      T* dh_before = t.template scratch<T>(batch * Hidden);  // of those of the step before it
      T* dc_before = t.template scratch<T>(batch * Hidden);
      const auto of_leaves = [&](const auto& state, T* d) {
        const long count = nodes - leaves;
        if (state.reached())
          t.run(op::scatter_rows<T>{state.gradient(), tree.leaf, d, batch, count, Hidden, false});
        else
          t.run(op::fill<T>{d, count * Hidden, T(0)});
      };
      of_leaves(last, dh), of_leaves(content, dc);
      for (long k = time - 1; k >= 0; --k) {
        const long first = tree.begin[k], count = tree.begin[k + 1] - first;
        const auto at = [&](T* p, long width) { return op::strided<T>{p + first * width, width}; };
        t.run(op::lstm_step_backward<T>{.step = step_of(k, count),
                                        .gates = at(gates, gate_width),
                                        .c = at(c_before, Hidden),
                                        .next_c = at(c, Hidden),
                                        .dy = {nullptr, Hidden},
                                        .dh = {dh, Hidden},
                                        .dc = {dc, Hidden},
                                        .dgates = at(dgates, gate_width)});
        if (k == 0) break;
        t.run(times_transpose<T>(at(dgates, gate_width), cell.weight_hh.value.data(), dh, count, gate_width, Hidden, true));
        const long parents = first - tree.begin[k - 1];
        t.run(op::scatter_rows<T>{dh, tree.parent + first, dh_before, count, parents, Hidden, false});
        t.run(op::scatter_rows<T>{dc, tree.parent + first, dc_before, count, parents, Hidden, false});
        std::swap(dh, dh_before), std::swap(dc, dc_before);
      }
      const auto du = t.gradient(cell.weight_hh);
      t.run(weight_gradient<T>(dgates, h_before, du.data, nodes, gate_width, Hidden, du.add()));
      T* const dvector = t.template scratch<T>(vectors * gate_width);
      t.run(op::scatter_rows<T>{dgates, vector, dvector, nodes, vectors, gate_width, false});
      const auto dw = t.gradient(cell.weight_ih);
      t.run(weight_gradient<T>(dvector, x.data(), dw.data, vectors, gate_width, In, dw.add()));
      for (const auto* bias : {&cell.bias_ih, &cell.bias_hh}) {
        const auto d = t.gradient(*bias);
        t.run(op::sum_rows<T>{dvector, d.data, vectors, gate_width, d.add()});
      }
      if constexpr (ogm::is_var<X>) {
        const auto dx = x.accumulate();
        t.run(times_transpose<T>({dvector, gate_width}, cell.weight_ih.value.data(), dx.data, vectors, gate_width, In, dx.add()));
      }
    });
  return last_state<std::remove_const_t<decltype(last)>>{last, content};
}

}  // namespace avqa
