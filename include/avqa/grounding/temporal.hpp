#pragma once
// Temporal grounding: the moments of a clip that a question asks about.

#include <avqa/grounding/op/temporal.hpp>
#include <ogm/nn/attention.hpp>
#include <ogm/nn/dropout.hpp>
#include <ogm/nn/layer_norm.hpp>
#include <ogm/nn/linear.hpp>

namespace avqa {

/// What temporal attention gives, with how much each moment counted.
template <class Output, class Weights> struct attended {
  Output output;    // (batch, Width)
  Weights weights;  // (batch, head, time), before dropout
};

/// Multi-head attention of one query to a sequence. The same function as nn::multi_head_attention with a single query, its parameters and
/// its names, but keys and values are never made: q . (W_k x) = (W_k^T q) . x, and the weighted mean goes before W_v instead of after it.
/// The bias of the keys moves all scores of a head alike, so it has no influence and no gradient but 0. There are no masks.
///
/// Shapes     query (batch, Width), memory (batch, time, Width) -> (batch, Width)
/// Dropout    of the weights, in training, where weight_dropout is above 0
/// Numerics   the same bits on any number of threads
/// Errors     a compile error for a known width that does not fit; shape_error names both shapes; value_error for a weight_dropout outside
///            [0, 1]
/// Cost       4 products of batch rows, whatever the length of the sequence, where keys and values take 2 of batch * time rows; the
///            sequence is walked 2 Heads times while it is in cache
/// Source     Vaswani et al., NeurIPS 2017, Sec. 3.2
template <int Width, int Heads, class Backend = ogm::backend::standard>
struct single_query_attention : private ogm::nn::multi_head_attention<Width, Heads, Backend> {
 private:
  using many = ogm::nn::multi_head_attention<Width, Heads, Backend>;  // its parameters are taken, its calls are not
  using T = typename Backend::value_type;

 public:
  using many::fields, many::initialise;
  using many::head_width, many::width;
  using many::in_proj_bias, many::in_proj_weight, many::out_proj, many::weight_dropout;
  using typename many::backend_type, typename many::value_type;

  template <class Tape, class Q, class M> auto operator()(Tape& tape, const Q& query, const M& memory) const {
    return with_weights(tape, query, memory).output;
  }
  template <class Tape, class Q, class M> auto with_weights(Tape& tape, const Q& query, const M& memory) const {
    static_assert(Q::rank == 2 && M::rank == 3,
                  "avqa: temporal attention takes a query (batch, channel) and a sequence (batch, time, channel). Reshape the tensor.");
    static_assert(ogm::a_layer_of_input_width<Width>::template was_given_a_tensor_of_width<Q::width> &&
                      ogm::a_layer_of_input_width<Width>::template was_given_a_tensor_of_width<M::width>,
                  "avqa: the query or the sequence is not as wide as the temporal attention. Make them equal.");
    const auto [mixed, weights] = attend(tape, ogm::input(tape, query), ogm::input(tape, memory));
    const auto output = out_proj(tape, mixed);
    return attended<std::remove_const_t<decltype(output)>, std::remove_const_t<decltype(weights)>>{output, weights};
  }

 private:
  /// y[:, head] (=, or += where `add`) x[:, head] times the rows of a head of in_proj_weight from First on, or times their transpose.
  template <int First>
  ogm::op::gemm<T> by_head(const T* x, long x_stride, T* y, long y_stride, long rows, int head, bool transposed) const {
    return {.a = x,
            .b = in_proj_weight.value.data() + long(First + head * head_width) * Width,
            .c = y,
            .rows = rows,
            .columns = transposed ? head_width : Width,
            .inner = transposed ? Width : head_width,
            .a_stride = x_stride,
            .b_stride = Width,
            .c_stride = y_stride,
            .b_transposed = transposed,
            .add = false};
  }
  /// The gradient of the rows of a head of in_proj_weight: dy^T x.
  template <int First>
  ogm::op::gemm<T> weight_gradient(const T* dy, const T* x, long x_stride, const ogm::accumulator<T>& dw, long rows, int head) const {
    return {.a = dy + head * head_width,
            .b = x,
            .c = dw.data + long(First + head * head_width) * Width,
            .rows = head_width,
            .columns = Width,
            .inner = rows,
            .a_stride = Width,
            .b_stride = x_stride,
            .c_stride = Width,
            .a_transposed = true,
            .add = dw.add()};
  }

  template <class Tape, class Q, class M> auto attend(Tape& tape, const Q& query, const M& memory) const {
    const auto name = [] {
      return "avqa: single_query_attention<" + std::to_string(Width) + ", " + std::to_string(Heads) + "> was given ";
    };
    if (query.size(0) != memory.size(0) || query.size(1) != Width || memory.size(2) != Width || memory.size(1) == 0)
      throw ogm::shape_error(name() + "a query of shape " + query.shape().text() + " and a sequence of shape " + memory.shape().text() +
                             "; the same batch, a width of " + std::to_string(Width) + " and a moment at least are needed.");
    ogm::nn::detail::require_probability(weight_dropout, [&] { return name() + "the weight_dropout "; });
    const op::single_query_shape shape{long(memory.size(0)), Heads, long(memory.size(1)), Width};
    const long batch = shape.batch;
    const T scale = T(1 / std::sqrt(double(head_width)));
    const T* const value_bias = in_proj_bias.value.data() + 2 * Width;
    T* const q = tape.template scratch<T>(batch * Width);        // (batch, Width)
    T* const u = tape.template scratch<T>(shape.queries());      // (batch, head, Width): W_k^T q
    T* const mixed = tape.template scratch<T>(shape.queries());  // (batch, head, Width)
    T* const total = tape.template scratch<T>(batch * Heads);
    const auto weights = basic_rows(tape, shape);
    tape.run(ogm::op::broadcast_row<T>{in_proj_bias.value.data(), q, batch, Width});
    tape.run(ogm::op::gemm<T>{.a = query.data(),
                              .b = in_proj_weight.value.data(),
                              .c = q,
                              .rows = batch,
                              .columns = Width,
                              .inner = Width,
                              .a_stride = Width,
                              .b_stride = Width,
                              .c_stride = Width,
                              .b_transposed = true,
                              .add = true});
    for (int h = 0; h < Heads; ++h) tape.run(by_head<Width>(q + h * head_width, Width, u + h * Width, Heads * Width, batch, h, false));
    T* kept = weights.data();
    double probability = 0;
    ogm::random::key key;
    if constexpr (Tape::records)
      if (tape.training() && weight_dropout > 0) {
        probability = weight_dropout;
        key = tape.next_key();
        kept = tape.template scratch<T>(shape.scores());
      }
    tape.run(op::single_query_attention_forward<T>{shape, scale, u, memory.data(), weights.data(), kept, mixed, total, probability, key});
    auto y = tape.template make<T>(ogm::extents<Q::shape_type::statics[0], Width>({query.size(0), Width}));
    for (int h = 0; h < Heads; ++h)
      tape.run(by_head<2 * Width>(mixed + h * Width, Heads * Width, y.data() + h * head_width, Width, batch, h, true));
    tape.run(op::add_by_head<T>{value_bias, total, y.data(), batch, Heads, head_width});
    if constexpr (Tape::records)
      tape.record([=, this](auto& t) {
        if (!y.reached()) return;
        const T* const dy = y.gradient();
        T* const dmixed = t.template scratch<T>(shape.queries());
        T* const dtotal = t.template scratch<T>(batch * Heads);
        T* const du = t.template scratch<T>(shape.queries());
        T* const dq = t.template scratch<T>(batch * Width);
        const auto dw = t.gradient(in_proj_weight);
        const auto db = t.gradient(in_proj_bias);
        t.run(op::add_by_head_backward<T>{value_bias, total, dy, db.data + 2 * Width, dtotal, batch, Heads, head_width, db.add()});
        for (int h = 0; h < Heads; ++h) {
          t.run(by_head<2 * Width>(dy + h * head_width, Width, dmixed + h * Width, Heads * Width, batch, h, false));
          t.run(weight_gradient<2 * Width>(dy, mixed + h * Width, Heads * Width, dw, batch, h));
        }
        op::single_query_attention_backward<T> back{.shape = shape,
                                                    .scale = scale,
                                                    .query = u,
                                                    .memory = memory.data(),
                                                    .weight = weights.data(),
                                                    .kept = kept,
                                                    .dmixed = dmixed,
                                                    .dtotal = dtotal,
                                                    .slope = t.template scratch<T>(shape.scores()),
                                                    .dquery = du,
                                                    .dmemory = nullptr,
                                                    .add_memory = false,
                                                    .probability = probability,
                                                    .key = key};
        if constexpr (ogm::is_var<M>) {
          const auto d = memory.accumulate();
          back.dmemory = d.data, back.add_memory = d.add();
        }
        t.run(back);
        for (int h = 0; h < Heads; ++h) {
          t.run(by_head<Width>(du + h * Width, Heads * Width, dq + h * head_width, Width, batch, h, true));
          t.run(weight_gradient<Width>(q, du + h * Width, Heads * Width, dw, batch, h));
        }
        if (!db.add()) t.run(ogm::op::fill<T>{db.data + Width, Width, T(0)});
        t.run(ogm::op::sum_rows<T>{dq, db.data, batch, Width, db.add()});
        t.run(ogm::op::gemm<T>{.a = dq,
                               .b = query.data(),
                               .c = dw.data,
                               .rows = Width,
                               .columns = Width,
                               .inner = batch,
                               .a_stride = Width,
                               .b_stride = Width,
                               .c_stride = Width,
                               .a_transposed = true,
                               .add = dw.add()});
        if constexpr (ogm::is_var<Q>) {
          const auto d = query.accumulate();
          t.run(ogm::op::gemm<T>{.a = dq,
                                 .b = in_proj_weight.value.data(),
                                 .c = d.data,
                                 .rows = batch,
                                 .columns = Width,
                                 .inner = Width,
                                 .a_stride = Width,
                                 .b_stride = Width,
                                 .c_stride = Width,
                                 .add = d.add()});
        }
      });
    return std::pair(y, weights);
  }
  /// The weights are looked at, not trained through: a view and not a var.
  template <class Tape> static auto basic_rows(Tape& tape, const op::single_query_shape& s) {
    return ogm::basic_view<typename Tape::space, T, ogm::dyn, Heads, ogm::dyn>(tape.template scratch<T>(s.scores()),
                                                                               ogm::extents<ogm::dyn, Heads, ogm::dyn>(s.batch, s.keys));
  }
};

/// Temporal grounding: x = attention of the question to the sequence, then norm(x + drop(outer(drop(relu(inner(x)))))).
///
/// Shapes     question (batch, Width), sequence (batch, time, Width) -> (batch, Width)
/// Dropout    `dropout` of the attention's weights, inside and after the feed-forward layers; 0.1, a setting and no parameter
/// Source     Li et al., CVPR 2022, Sec. 4.3, and the released code: no residual from the question
/// Example    include/avqa/models/network.hpp
template <int Width, int Heads, class Backend = ogm::backend::standard> struct temporal_grounding {
  using backend_type = Backend;
  using value_type = typename Backend::value_type;
  static constexpr int width = Width;

  single_query_attention<Width, Heads, Backend> attention;
  ogm::nn::linear<Width, Width, Backend> inner, outer;
  ogm::nn::layer_norm<Width, Backend> norm;
  OGM_FIELDS(attention, inner, outer, norm)

  /// The probability of all three dropouts.
  void set_dropout(double p) {
    attention.weight_dropout = p;
    dropout_ = p;
  }
  temporal_grounding() { set_dropout(0.1); }

  template <class Tape, class Q, class M> auto operator()(Tape& tape, const Q& question, const M& sequence) const {
    return with_weights(tape, question, sequence).output;
  }
  /// The same, with how much each moment counted: weights (batch, head, time).
  template <class Tape, class Q, class M> auto with_weights(Tape& tape, const Q& question, const M& sequence) const {
    const auto [x, weights] = attention.with_weights(tape, question, sequence);
    const ogm::nn::dropout drop{dropout_};
    const auto h = drop(tape, outer(tape, drop(tape, relu(inner(tape, x)))));
    const auto y = norm(tape, x + h);
    return attended<std::remove_const_t<decltype(y)>, std::remove_cvref_t<decltype(weights)>>{y, weights};
  }

 private:
  double dropout_;
};

}  // namespace avqa
