#pragma once
// The expressions that are tested, of float for the device and of double for the reference: as the kernels are tuned, and so small that
// few elements reach every branch.

#include <ogm/cuda/expression/expression.hpp>
#include <ogm/expression/functions.hpp>

namespace ogm::test {

/// Two warps, tiles of four vectors, of which a block with many rows has sixteen groups.
struct small_expression_tuning {
  static constexpr int threads = 64;
  static constexpr int tile = 4;
  static constexpr int rows_a_thread = 2;
  static constexpr int threads_of_sum = 64;
};
/// Threads of a block that tiles do not divide: some have no rows.
struct uneven_expression_tuning : small_expression_tuning {
  static constexpr int tile = 5;
};

/// What expressions are made of: a and b (rows, columns), r and s (columns). Gradients of rows are partial sums.
template <class T> struct operands {
  const T *a, *b, *r, *s;
  T *da, *db, *dr, *ds;
  int columns;
  bool fresh;  // da and db

  auto whole_a() const { return expression::leaf<T, false, true>{a, da, 0, fresh}; }
  auto again_a() const { return expression::leaf<T, false, true>{a, da, 0, false}; }
  auto whole_b() const { return expression::leaf<T, false, true>{b, db, 0, fresh}; }
  auto view_b() const { return expression::leaf<T, false, false>{b, nullptr, 0}; }
  auto row_r() const { return expression::leaf<T, true, true>{r, dr, columns}; }
  auto row_s() const { return expression::leaf<T, true, true>{s, ds, columns}; }
  auto view_r() const { return expression::leaf<T, true, false>{r, nullptr, columns}; }
  auto number(double x) const { return expression::constant<T>{T(x)}; }
};
template <class F, class A> expression::unary<F, A> of(F f, A a) { return {a, f}; }
template <class F, class A, class B> expression::binary<F, A, B> of(F, A a, B b) { return {a, b}; }

/// Any of the functions of one argument.
struct any_function {
  int which;
  static constexpr int count = 12;

  template <class G> OGM_HD auto call(const G& g) const {
    using namespace expression;
    switch (which) {
      case 0:
        return g(relu{});
      case 1:
        return g(expression::tanh{});
      case 2:
        return g(sigmoid{});
      case 3:
        return g(expression::exp{});
      case 4:
        return g(expression::log{});
      case 5:
        return g(expression::sqrt{});
      case 6:
        return g(negate{});
      case 7:
        return g(square{});
      case 8:
        return g(expression::abs{});
      case 9:
        return g(leaky_relu{0.2});
      case 10:
        return g(elu{1.5});
      default:
        return g(gelu{});
    }
  }
  template <class V> struct value_at {
    V x;
    template <class F> OGM_HD V operator()(const F& f) const { return f.value(x); }
  };
  template <class V> struct slope_at {
    V x, y;
    template <class F> OGM_HD V operator()(const F& f) const { return f.slope(x, y); }
  };
  template <class V> OGM_HD V value(V x) const { return call(value_at<V>{x}); }
  template <class V> OGM_HD V slope(V x, V y) const { return call(slope_at<V>{x, y}); }
};

/// An expression: its node, how many leaves are rows with gradients, and whether these are one parameter.
struct gated {
  static constexpr int rows = 2;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const {  // tanh(a) * r + s
    return of(expression::plus{}, of(expression::times{}, of(expression::tanh{}, o.whole_a()), o.row_r()), o.row_s());
  }
};
struct relu_of_sum {
  static constexpr int rows = 0;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const {
    return of(expression::relu{}, of(expression::plus{}, o.whole_a(), o.whole_b()));
  }
};
struct squared_by_two_leaves {
  static constexpr int rows = 0;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const { return of(expression::times{}, o.whole_a(), o.again_a()); }
};
struct row_twice {
  static constexpr int rows = 2;
  static constexpr bool one_row = true;
  template <class T> auto operator()(const operands<T>& o) const {  // (a + r) * r
    operands<T> same = o;
    same.s = o.r;
    return of(expression::times{}, of(expression::plus{}, o.whole_a(), o.row_r()), same.row_s());
  }
};
struct scaled {
  static constexpr int rows = 1;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const { return of(expression::times{}, o.whole_a(), o.row_r()); }
};
struct with_numbers {
  static constexpr int rows = 0;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const {  // 2.5 a - 1 / (b + 3)
    return of(expression::minus{}, of(expression::times{}, o.number(2.5), o.whole_a()),
              of(expression::divides{}, o.number(1), of(expression::plus{}, o.view_b(), o.number(3))));
  }
};
struct bounded {
  static constexpr int rows = 1;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const {  // max(min(a, r), b) * elu(s)
    return of(expression::times{}, of(expression::maximum{}, of(expression::minimum{}, o.whole_a(), o.view_r()), o.whole_b()),
              of(expression::elu{0.5}, o.row_s()));
  }
};
struct of_function {
  int which;
  static constexpr int rows = 0;
  static constexpr bool one_row = false;
  template <class T> auto operator()(const operands<T>& o) const { return of(any_function{which}, o.whole_a()); }
};
/// Its node, of float.
template <class Expression> using node_of = decltype(Expression{}(operands<float>{}));

}  // namespace ogm::test
