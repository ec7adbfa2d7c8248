#pragma once
// Multi-head attention.

#include <ogm/backend/op/attention.hpp>
#include <ogm/backend/op/dropout.hpp>
#include <ogm/nn/dropout.hpp>
#include <ogm/nn/linear.hpp>

namespace ogm::nn {

/// What a query may not look at.
template <memory::space Space, class T> struct attention_options {
  basic_view<Space, const std::uint8_t, dyn, dyn> key_padding_mask{};  // (batch, key), nonzero leaves a key out; empty: none
  basic_view<Space, const T, dyn, dyn> additive_mask{};                // (query, key), added to the scores: 0, or -inf; empty: none
};

/// What attention gives, with the weights.
template <class Output, class Weights> struct attention_result {
  Output output;    // (batch, query, Width)
  Weights weights;  // (batch, query, key), the mean over the heads
};

/// Multi-head attention: softmax(Q K^T / sqrt(Width / Heads)) V for each head, side by side, then a dense layer. Keys and values come from
/// the same memory; attention(tape, x, x) is self-attention.
///
/// Shapes     query (batch, query, Width), memory (batch, key, Width) -> (batch, query, Width); in_proj_weight (3 Width, Width) is that
///            of q, k and v, one below the other; names are PyTorch's
/// Masks      nonzero, or -inf, leaves a key out. Differs from PyTorch: a query with no key left attends to nothing, so its output is
///            out_proj.bias, where PyTorch gives NaN
/// Dropout    of the weights, in training, if weight_dropout is above 0
/// Numerics   the same bits on any number of threads
/// Errors     shape_error names both shapes; value_error where weight_dropout is not in [0, 1]
/// Initial    in_proj_weight Xavier uniform, biases 0, out_proj.weight as linear: as PyTorch's
/// Source     Vaswani et al., NeurIPS 2017, Sec. 3.2
template <int Width, int Heads, class Backend = backend::standard> struct multi_head_attention {
  static_assert(Heads > 0 && Width % Heads == 0,
                "ogm: the width of an attention is not a multiple of its heads. Choose another number of heads.");
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Width;
  static constexpr int head_width = Width / Heads;

  parameter<Backend, kind::dense, 3 * Width, Width> in_proj_weight;
  parameter<Backend, kind::bias, 3 * Width> in_proj_bias;
  linear<Width, Width, Backend> out_proj;
  double weight_dropout = 0;  // a setting, not a parameter
  OGM_FIELDS(in_proj_weight, in_proj_bias, out_proj)

  template <class Initialiser> void initialise(Initialiser& init) {
    init.uniform(in_proj_weight, xavier_uniform(Width, 3 * Width));
    init.constant(in_proj_bias, 0);
    out_proj.initialise(init);
    init.constant(out_proj.bias, 0);
  }

  /// The output alone.
  template <class Tape, class Q, class M>
  auto operator()(Tape& tape, const Q& query, const M& memory,
                  const attention_options<typename Tape::space, value_type>& options = {}) const {
    return out_proj(tape, attend(tape, input(tape, query), input(tape, memory), options, nothing{}));
  }
  /// The output, and how much each query looked at each key.
  template <class Tape, class Q, class M>
  auto with_weights(Tape& tape, const Q& query, const M& memory,
                    const attention_options<typename Tape::space, value_type>& options = {}) const {
    const auto q = input(tape, query);
    const auto m = input(tape, memory);
    const auto weights = tape.template make<value_type>(extents<dyn, dyn, dyn>(q.size(0), q.size(1), m.size(1)));  // (batch, query, key)
    const auto output = out_proj(tape, attend(tape, q, m, options, weights));
    return attention_result<std::remove_const_t<decltype(output)>, std::remove_const_t<decltype(weights)>>{output, weights};
  }

 private:
  using T = value_type;
  struct nothing {};
  struct sizes {
    long batch, queries, keys;
    long scores() const { return batch * Heads * queries * keys; }
  };

  template <class Q, class M, class Options> sizes check(const Q& query, const M& memory, const Options& options) const {
    static_assert(Q::rank == 3 && M::rank == 3, "ogm: attention needs sequences (batch, token, channel). Reshape its inputs.");
    static_assert(a_layer_of_input_width<Width>::template was_given_a_tensor_of_width<Q::width> &&
                      a_layer_of_input_width<Width>::template was_given_a_tensor_of_width<M::width>,
                  "ogm: the last extent of a tensor is not the width of the attention. Make them equal.");
    const auto name = [] { return "ogm: multi_head_attention<" + std::to_string(Width) + ", " + std::to_string(Heads) + "> was given "; };
    const auto both = [&] { return "a query of shape " + query.shape().text() + " and a memory of shape " + memory.shape().text(); };
    if (query.size(2) != Width || memory.size(2) != Width || query.size(0) != memory.size(0)) throw shape_error(name() + both() + ".");
    const auto fits = [&](const auto& mask, const char* what, size_type rows) {
      if (mask.data() && (mask.size(0) != rows || mask.size(1) != memory.size(1)))
        throw shape_error(name() + what + mask.shape().text() + " for " + both() + ".");
    };
    fits(options.key_padding_mask, "a key padding mask of shape ", query.size(0));
    fits(options.additive_mask, "an additive mask of shape ", query.size(1));
    detail::require_probability(weight_dropout, [&] { return name() + "the weight_dropout "; });
    return {query.size(0), query.size(1), memory.size(1)};
  }

  /// A product for every sample of one head. Of each factor: where the head begins, elements a row, elements a sample.
  struct factor {
    const T* data;
    long stride, step;
    bool transposed = false;
  };
  template <class Tape>
  static void product(Tape& t, const factor& a, const factor& b, T* c, long c_stride, long c_step, const sizes& s, long rows, long columns,
                      long inner) {
    t.run(op::batched_gemm<T>{.first = {.a = a.data,
                                        .b = b.data,
                                        .c = c,
                                        .rows = rows,
                                        .columns = columns,
                                        .inner = inner,
                                        .a_stride = a.stride,
                                        .b_stride = b.stride,
                                        .c_stride = c_stride,
                                        .a_transposed = a.transposed,
                                        .b_transposed = b.transposed},
                              .count = s.batch,
                              .a_step = a.step,
                              .b_step = b.step,
                              .c_step = c_step});
  }
  /// x (rows, Width) times rows First to First + Count of in_proj_weight, transposed, plus their bias.
  template <int First, int Count, class Tape, class X> T* project(Tape& tape, const X& x) const {
    const long rows = x.rows();
    T* const y = tape.template scratch<T>(rows * Count);
    tape.run(op::broadcast_row<T>{in_proj_bias.value.data() + First, y, rows, Count});
    tape.run(op::gemm<T>{.a = x.data(),
                         .b = in_proj_weight.value.data() + long(First) * Width,
                         .c = y,
                         .rows = rows,
                         .columns = Count,
                         .inner = Width,
                         .a_stride = Width,
                         .b_stride = Width,
                         .c_stride = Count,
                         .b_transposed = true,
                         .add = true});
    return y;
  }
  template <int First, int Count, class Tape, class X>
  void project_backward(Tape& t, const X& x, const T* dy, const accumulator<T>& dw, const accumulator<T>& db) const {
    const long rows = x.rows();
    t.run(op::gemm<T>{.a = dy,
                      .b = x.data(),
                      .c = dw.data + long(First) * Width,
                      .rows = Count,
                      .columns = Width,
                      .inner = rows,
                      .a_stride = Count,
                      .b_stride = Width,
                      .c_stride = Width,
                      .a_transposed = true,
                      .add = dw.add()});
    t.run(op::sum_rows<T>{dy, db.data + First, rows, Count, db.add()});
    if constexpr (is_var<X>) {
      const auto dx = x.accumulate();
      t.run(op::gemm<T>{.a = dy,
                        .b = in_proj_weight.value.data() + long(First) * Width,
                        .c = dx.data,
                        .rows = rows,
                        .columns = Width,
                        .inner = Count,
                        .a_stride = Count,
                        .b_stride = Width,
                        .c_stride = Width,
                        .add = dx.add()});
    }
  }

  template <class Tape, class Q, class M, class Options, class W>
  auto attend(Tape& tape, const Q& query, const M& memory, const Options& options, const W& weights) const {
    const sizes s = check(query, memory, options);
    const long pairs = s.queries * s.keys, each = Heads * pairs;  // scores of a head, of a sample
    const T scale = T(1 / std::sqrt(double(head_width)));
    T* const q = project<0, Width>(tape, query);            // (batch, query, Width)
    T* const kv = project<Width, 2 * Width>(tape, memory);  // (batch, key, 2 Width): the keys, beside them the values
    T* const p = tape.template scratch<T>(s.scores());      // (batch, head, query, key)
    for (int h = 0; h < Heads; ++h)
      product(tape, {q + h * head_width, Width, s.queries * Width}, {kv + h * head_width, 2 * Width, s.keys * 2 * Width, true},
              p + h * pairs, s.keys, each, s, s.queries, s.keys, head_width);
    tape.run(op::attention_softmax<T>{p, s.batch, Heads, s.queries, s.keys, scale, options.key_padding_mask.data(),
                                      options.additive_mask.data()});
    T* kept = p;  // after dropout
    random::key key;
    if constexpr (Tape::records)
      if (tape.training() && weight_dropout > 0) {
        key = tape.next_key();
        kept = tape.template scratch<T>(s.scores());
        tape.run(op::dropout<T>{p, kept, s.scores(), weight_dropout, key});
      }
    auto y = tape.template make<T>(with_last<Width>(query.shape()));  // (batch, query, Width)
    for (int h = 0; h < Heads; ++h)
      product(tape, {kept + h * pairs, s.keys, each}, {kv + Width + h * head_width, 2 * Width, s.keys * 2 * Width},
              y.data() + h * head_width, Width, s.queries * Width, s, s.queries, head_width, s.keys);
    constexpr bool wanted = !std::same_as<W, nothing>;
    if constexpr (wanted) tape.run(op::mean_of_heads<T>{kept, weights.data(), s.batch, Heads, pairs});
    if constexpr (Tape::records)
      tape.record([=, this, dropped = weight_dropout](auto& t) {
        bool weights_reached = false;
        if constexpr (wanted) weights_reached = weights.reached();
        if (!y.reached() && !weights_reached) return;
        T* const dq = t.template scratch<T>(s.batch * s.queries * Width);
        T* const dkv = t.template scratch<T>(s.batch * s.keys * 2 * Width);
        T* const dp = t.template scratch<T>(s.scores());
        if (y.reached())
          for (int h = 0; h < Heads; ++h) {
            const factor dy{y.gradient() + h * head_width, Width, s.queries * Width};
            product(t, dy, {kv + Width + h * head_width, 2 * Width, s.keys * 2 * Width, true}, dp + h * pairs, s.keys, each, s, s.queries,
                    s.keys, head_width);
            product(t, {kept + h * pairs, s.keys, each, true}, dy, dkv + Width + h * head_width, 2 * Width, s.keys * 2 * Width, s, s.keys,
                    head_width, s.queries);
          }
        else
          t.run(op::fill<T>{dkv, s.batch * s.keys * 2 * Width, T(0)});
        if constexpr (wanted)
          if (weights_reached) t.run(op::mean_of_heads_backward<T>{weights.gradient(), dp, s.batch, Heads, pairs, y.reached()});
        if (kept != p) t.run(op::dropout<T>{dp, dp, s.scores(), dropped, key});
        t.run(op::softmax_backward<T>{p, dp, dp, s.batch * Heads * s.queries, s.keys, false, scale});
        for (int h = 0; h < Heads; ++h) {
          product(t, {dp + h * pairs, s.keys, each}, {kv + h * head_width, 2 * Width, s.keys * 2 * Width}, dq + h * head_width, Width,
                  s.queries * Width, s, s.queries, head_width, s.keys);
          product(t, {dp + h * pairs, s.keys, each, true}, {q + h * head_width, Width, s.queries * Width}, dkv + h * head_width, 2 * Width,
                  s.keys * 2 * Width, s, s.keys, head_width, s.queries);
        }
        const auto dw = t.gradient(in_proj_weight);
        const auto db = t.gradient(in_proj_bias);
        project_backward<0, Width>(t, query, dq, dw, db);
        project_backward<Width, 2 * Width>(t, memory, dkv, dw, db);
      });
    return y;
  }
};

}  // namespace ogm::nn
