#pragma once
// What a user writes: tanh(x) * gate + bias. Holds handles (var, view, parameter) or, given an rvalue tensor, the tensor; evaluate(tape, e)
// binds it to pointers, runs it in one pass and records a backward step of one pass.

#include <ogm/autograd/tape.hpp>
#include <ogm/expression/functions.hpp>
#include <ogm/expression/loop.hpp>

#include <tuple>

namespace ogm {

struct expression_base {};

template <class X>
concept lazy_expression = std::derived_from<std::remove_cvref_t<X>, expression_base>;
template <class X>
concept array = requires(const std::remove_cvref_t<X>& x) {
  x.data();
  x.shape();
  typename std::remove_cvref_t<X>::space;
};
template <class X>
concept operand = lazy_expression<X> || array<X> || is_parameter<std::remove_cvref_t<X>>;

namespace detail {
struct number {
  double value;
};
template <class X> struct operand_traits {
  static constexpr bool shaped = [] {
    if constexpr (requires { X::has_shape; })
      return X::has_shape;
    else
      return true;
  }();
};
template <class B, kind K, int... E> struct operand_traits<const parameter<B, K, E...>*> {
  static constexpr bool shaped = false;  // a row for all rows
};
template <> struct operand_traits<number> { static constexpr bool shaped = false; };

/// The position of the operand that gives the shape: the first of the largest rank, no parameter and no number.
template <class... O> constexpr int shape_giver() {
  constexpr bool shaped[]{operand_traits<O>::shaped...};
  constexpr int ranks[]{[] {
    if constexpr (operand_traits<O>::shaped)
      return O::rank;
    else
      return -1;
  }()...};
  int best = -1;
  for (int i = 0; i < int(sizeof...(O)); ++i)
    if (shaped[i] && (best < 0 || ranks[i] > ranks[best])) best = i;
  return best < 0 ? 0 : best;
}
template <class... O> using shape_operand = std::tuple_element_t<std::size_t(shape_giver<O...>()), std::tuple<O...>>;

/// What an expression knows of its shape; nothing where it is made of parameters and numbers only.
template <class Giver, bool Shaped = operand_traits<Giver>::shaped> struct lazy_shape {};
template <class Giver> struct lazy_shape<Giver, true> {
  using value_type = typename Giver::value_type;
  using space = typename Giver::space;
  using shape_type = typename Giver::shape_type;
  static constexpr int width = shape_type::width;
  static constexpr int rank = shape_type::rank;
};
}  // namespace detail

/// F of its operands, not computed yet. Given to evaluate(tape, e), to a layer or to another expression. An expression that is kept in
/// an `auto` and used twice is computed twice: keep evaluate(tape, e) instead.
template <class F, class... Operands> struct lazy : expression_base, detail::lazy_shape<detail::shape_operand<Operands...>> {
  static constexpr bool has_shape = detail::operand_traits<detail::shape_operand<Operands...>>::shaped;

  std::tuple<Operands...> operands;
  [[no_unique_address]] F f;
  explicit lazy(F function, Operands... o) : operands(std::move(o)...), f(function) {}
  auto shape() const requires has_shape { return std::get<std::size_t(detail::shape_giver<Operands...>())>(operands).shape(); }
};

namespace detail {
template <class X> auto hold(X&& x) {  // an lvalue by handle, an rvalue by value
  using P = std::remove_cvref_t<X>;
  if constexpr (std::is_arithmetic_v<P>)
    return number{double(x)};
  else if constexpr (lazy_expression<P>)
    return P(std::forward<X>(x));
  else if constexpr (is_parameter<P>) {
    static_assert(std::is_lvalue_reference_v<X>, "ogm: a temporary parameter in an expression. Name it in the module.");
    return static_cast<const P*>(&x);
  } else if constexpr (std::is_lvalue_reference_v<X> || !requires { P(x.shape()); })
    return as_view(x);
  else
    return P(std::forward<X>(x));
}
template <class F, class... X> auto make_lazy(F f, X&&... x) {
  return lazy<F, decltype(hold(std::forward<X>(x)))...>(f, hold(std::forward<X>(x))...);
}
template <class E, class F> void each_leaf(const E& e, const F& f) {
  if constexpr (lazy_expression<E>)
    std::apply([&](const auto&... o) { (each_leaf(o, f), ...); }, e.operands);
  else
    f(e);
}

/// Whether a leaf is one row that is used for every row of the whole expression: fewer axes than it, the same last ones.
template <class Leaf, class Shape>
constexpr bool is_row = [] {
  if constexpr (std::is_pointer_v<Leaf>)
    return true;
  else
    return Leaf::rank < Shape::rank;
}();

/// Operands to nodes that hold plain pointers. When differentiating it also notes what to sum up afterwards.
template <class Backend, class T, class Shape, bool Differentiate> struct binder {
  long chunks = 0;
  tape<Backend>* recorder = nullptr;
  expression::backward_plan<T> plan{};

  template <class F, class... O> auto operator()(const lazy<F, O...>& e) {
    return std::apply(
        [&](const auto&... o) {
          if constexpr (sizeof...(O) == 1)
            return unary_node(e.f, (*this)(o)...);
          else
            return ordered(e.f, o...);
        },
        e.operands);
  }
  auto operator()(const number& n) { return expression::constant<T>{T(n.value)}; }
  template <class P>
  requires is_parameter<P>
  auto operator()(const P* p) {
    const long columns = long(p->value.count());
    T* partial = nullptr;
    if constexpr (Differentiate) partial = row_partial(columns, recorder->gradient(*p));
    return expression::leaf<T, true, Differentiate>{p->value.data(), partial, int(columns)};
  }
  template <array X> auto operator()(const X& x) {
    constexpr bool differentiable = Differentiate && is_var<X>;
    T* gradient = nullptr;
    if constexpr (is_row<X, Shape>) {
      if constexpr (differentiable) gradient = row_partial(long(x.count()), x.accumulate());
      return expression::leaf<T, true, differentiable>{x.data(), gradient, int(x.count())};
    } else {
      bool fresh = false;
      if constexpr (differentiable) {
        gradient = x.gradient();
        fresh = x.accumulate().fresh;
      }
      return expression::leaf<T, false, differentiable>{x.data(), gradient, 0, fresh};
    }
  }

 private:
  template <class F, class A> static auto unary_node(F f, A a) { return expression::unary<F, A>{a, f}; }
  template <class F, class A, class B> auto ordered(F, const A& a, const B& b) {
    auto left = (*this)(a);
    auto right = (*this)(b);
    return expression::binary<F, decltype(left), decltype(right)>{left, right};
  }
  T* row_partial(long columns, accumulator<T> total) {
    T* partial = recorder->template scratch<T>(chunks * columns);
    plan.sums[plan.sum_count++] = {partial, total.data, columns, total.add()};
    return partial;
  }
};

/// The shape of a leaf, whichever it is.
template <class L> const auto& shape_of(const L& x) {
  if constexpr (std::is_pointer_v<L>)
    return x->value.shape();
  else
    return x.shape();
}
/// Whether `row` is the last axes of `whole`, or all of them.
template <class Row, class Whole> bool ends_with(const Whole& whole, const Row& row) {
  if (Row::rank > Whole::rank) return false;
  for (int i = 1; i <= Row::rank; ++i)
    if (row[Row::rank - i] != whole[Whole::rank - i]) return false;
  return true;
}

/// Columns of the loop: the elements of the leaves that are rows, or everything.
template <class E, class Shape> long row_columns(const E& e, const Shape& shape) {
  long columns = 0;
  each_leaf(e, [&]<class L>(const L& x) {
    if constexpr (!std::same_as<L, number>) {
      const auto& own = shape_of(x);
      if (!ends_with(shape, own))
        throw shape_error("ogm: an expression of shapes " + shape.text() + " and " + own.text() +
                          (is_row<L, Shape> ? ". A tensor of fewer axes must be the last axes of the other." : "."));
      if constexpr (is_row<L, Shape>) {
        const long n = long(own.count());
        if (columns && n != columns)
          throw shape_error("ogm: an expression broadcasts rows of " + std::to_string(n) + " and of " + std::to_string(columns) +
                            " elements. Keep a part of it with evaluate(tape, part).");
        columns = n;
      }
    }
  });
  return columns;
}
template <class E> constexpr int leaf_count() {
  if constexpr (lazy_expression<E>)
    return []<class F, class... O>(const lazy<F, O...>*) { return (0 + ... + leaf_count<O>()); }(static_cast<const E*>(nullptr));
  else
    return 1;
}
}  // namespace detail

/// The value of an expression, in the tape's memory; on a tape that records, a var.
///
/// Shapes     that of the operand with most axes; others have the same shape, or are its last axes, used for every row
/// Errors     shape_error names both shapes
template <class Tape, lazy_expression E> auto evaluate(Tape& tape_, const E& e) {
  static_assert(E::has_shape, "ogm: an expression of parameters and numbers only has no shape. Add a tensor to it.");
  using T = typename E::value_type;
  using B = typename Tape::backend_type;
  using Shape = typename E::shape_type;
  static_assert(detail::leaf_count<E>() <= expression::backward_plan<T>::capacity,
                "ogm: an expression has more than 16 operands. Keep a part of it with evaluate(tape, part).");
  const auto shape = e.shape();
  detail::each_leaf(e, [&]<class L>(const L& x) {
    (void)x;
    if constexpr (array<L>) tape_.template fail_unless_mine<L>();
  });
  const long columns = detail::row_columns(e, shape);
  detail::binder<B, T, Shape, false> bind;
  const auto node = bind(e);
  const expression::cut how(columns ? shape.count() / columns : 1, columns ? columns : shape.count(), columns == 0);
  auto y = tape_.template make<T>(shape);
  tape_.run(expression::forward_pass<T, std::remove_const_t<decltype(node)>>{node, y.data(), how});
  if constexpr (Tape::records) {
    static_assert(std::is_trivially_destructible_v<E>, "ogm: a recorded expression owns a tensor. Keep it in a variable and pass that.");
    tape_.record([e, y, how](auto& t) {
      if (!y.reached()) return;
      detail::binder<B, T, Shape, true> back{.chunks = how.chunks(), .recorder = &t};
      const auto tree = back(e);
      t.run(expression::backward_pass<T, std::remove_const_t<decltype(tree)>>{tree, y.gradient(), how, back.plan});
    });
  }
  return y;
}

/// What a layer sees of its argument: an expression is evaluated, a tensor viewed, a var passed on.
template <class Tape, class X> auto input(Tape& tape, const X& x) {
  tape.template fail_unless_mine<X>();
  if constexpr (lazy_expression<X>)
    return evaluate(tape, x);
  else
    return as_view(x);
}

#define OGM_UNARY(name) \
  template <operand A> auto name(A&& a) { return detail::make_lazy(expression::name{}, std::forward<A>(a)); }
OGM_UNARY(relu)
OGM_UNARY(tanh)
OGM_UNARY(sigmoid)
OGM_UNARY(exp)
OGM_UNARY(log)
OGM_UNARY(sqrt)
OGM_UNARY(abs)
OGM_UNARY(square)
OGM_UNARY(gelu)
#undef OGM_UNARY
/// x where x > 0, else negative_slope x.
template <operand A> auto leaky_relu(A&& a, double negative_slope = 0.01) {
  return detail::make_lazy(expression::leaky_relu{negative_slope}, std::forward<A>(a));
}
/// x where x > 0, else alpha (e^x - 1).
template <operand A> auto elu(A&& a, double alpha = 1) { return detail::make_lazy(expression::elu{alpha}, std::forward<A>(a)); }
template <operand A> auto operator-(A&& a) { return detail::make_lazy(expression::negate{}, std::forward<A>(a)); }

namespace detail {
template <class A, class B>
concept operands = (operand<A> && (operand<B> || std::is_arithmetic_v<std::remove_cvref_t<B>>)) ||
                   (operand<B> && std::is_arithmetic_v<std::remove_cvref_t<A>>);
}
#define OGM_BINARY(name, function) \
  template <class A, class B>      \
  requires detail::operands<A, B>  \
  auto name(A&& a, B&& b) { return detail::make_lazy(expression::function{}, std::forward<A>(a), std::forward<B>(b)); }
OGM_BINARY(operator+, plus)
OGM_BINARY(operator-, minus)
OGM_BINARY(operator*, times)
OGM_BINARY(operator/, divides)
OGM_BINARY(maximum, maximum)
OGM_BINARY(minimum, minimum)
#undef OGM_BINARY

}  // namespace ogm
