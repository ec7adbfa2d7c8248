#pragma once
// Concatenation fusion, never concatenated: f = b + sum_u W_u z_u, with W_u the columns of W that belong to modality u.

#include <ogm/fusion/head.hpp>
#include <ogm/nn/initialise.hpp>

namespace ogm::fusion {

/// One dense layer over the features of all modalities side by side.
///
/// Shapes     z_u (batch, width_u) -> (batch, Classes); weight (Classes, sum of widths), bias (Classes)
/// Probe      W_u z_u + b / M: the probes sum to the fused logits
/// Source     Peng et al., CVPR 2022, Sec. 3; the published ConcatFusion
template <int Classes> struct concat {
  template <class Backend, int... Widths> struct over {
    using value_type = typename Backend::value_type;
    static constexpr ogm::role role_of = ogm::role::head;
    static constexpr int modalities = sizeof...(Widths), classes = Classes, total = (0 + ... + Widths);
    static constexpr bool separable = true;

    parameter<Backend, kind::dense, Classes, total> weight;
    parameter<Backend, kind::bias, Classes> bias;
    OGM_FIELDS(weight, bias)
    void initialise(nn::initialiser& init) {
      init.uniform(weight, nn::bound_of_fan_in(total));
      init.uniform(bias, nn::bound_of_fan_in(total));
    }

    template <class Tape, class... Z> auto operator()(Tape& tape, const Z&... z) const {
      check(z...);
      return run<-1>(tape, z...);
    }
    template <int U, class Tape, class... Z> auto probe(Tape& tape, const Z&... z) const {
      check(z...);
      return run<U>(tape, z...);
    }

   private:
    static constexpr int widths[]{Widths...};
    static constexpr int first_column(int u) {
      int from = 0;
      for (int i = 0; i < u; ++i) from += widths[i];
      return from;
    }
    template <class... Z> static void check(const Z&... z) {
      static_assert(sizeof...(Z) == sizeof...(Widths), "ogm: a head was given another number of modalities than it has.");
      static_assert(((Z::width == Widths || Z::width == dyn) && ...),
                    "ogm: a head was given features of another width than its encoders declare.");
      const size_type rows[]{z.rows()...};
      for (const size_type r : rows)
        if (r != rows[0])
          throw shape_error("ogm: concat was given features of " + std::to_string(rows[0]) + " and of " + std::to_string(r) + " samples.");
    }

    /// All modalities where Only is -1, else modality Only and its share of the bias.
    template <int Only, class Tape, class... Z> auto run(Tape& tape, const Z&... z) const {
      using T = value_type;
      constexpr T share = Only < 0 ? T(1) : T(1) / T(modalities);
      const long batch = std::get<0>(std::tie(z...)).rows();
      auto f = tape.template make<T>(extents<dyn, Classes>(batch));
      tape.run(op::broadcast_row<T>{bias.value.data(), f.data(), batch, Classes, share});
      each<Only>(std::tie(z...), [&]<int U>(std::integral_constant<int, U>, const auto& x) {
        constexpr long width = widths[U];
        tape.run(op::gemm<T>{.a = x.data(),
                             .b = weight.value.data() + first_column(U),
                             .c = f.data(),
                             .rows = batch,
                             .columns = Classes,
                             .inner = width,
                             .a_stride = width,
                             .b_stride = total,
                             .c_stride = Classes,
                             .b_transposed = true,
                             .add = true});
      });
      if constexpr (Tape::records)
        tape.record([this, held = std::tuple<Z...>(z...), f, batch](auto& t) {
          if (!f.reached()) return;
          const auto dw = t.gradient(weight);
          if (Only >= 0 && dw.fresh) t.run(op::fill<T>{dw.data, Classes * long(total), T(0)});
          each<Only>(held, [&]<int U, class X>(std::integral_constant<int, U>, const X& x) {
            constexpr long width = widths[U], column = first_column(U);
            t.run(op::gemm<T>{.a = f.gradient(),
                              .b = x.data(),
                              .c = dw.data + column,
                              .rows = Classes,
                              .columns = width,
                              .inner = batch,
                              .a_stride = Classes,
                              .b_stride = width,
                              .c_stride = total,
                              .a_transposed = true,
                              .add = Only >= 0 || dw.add()});
            if constexpr (is_var<X>) {
              const auto dx = x.accumulate();
              t.run(op::gemm<T>{.a = f.gradient(),
                                .b = weight.value.data() + column,
                                .c = dx.data,
                                .rows = batch,
                                .columns = width,
                                .inner = Classes,
                                .a_stride = Classes,
                                .b_stride = total,
                                .c_stride = width,
                                .add = dx.add()});
            }
          });
          const auto db = t.gradient(bias);
          t.run(op::sum_rows<T>{f.gradient(), db.data, batch, Classes, db.add(), share});
        });
      return f;  // (batch, Classes)
    }
    template <int Only, class Tuple, class F> static void each(const Tuple& z, const F& f) {
      [&]<int... I>(std::integer_sequence<int, I...>) {
        (
            [&] {
              if constexpr (Only < 0 || Only == I) f(std::integral_constant<int, I>{}, std::get<I>(z));
            }(),
            ...);
      }
      (std::make_integer_sequence<int, modalities>{});
    }
  };
};

}  // namespace ogm::fusion
