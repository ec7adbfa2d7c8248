#pragma once
// Layers one after another.

#include <ogm/autograd/expression.hpp>

#include <string>
#include <tuple>

namespace ogm::nn {

namespace detail {
template <class Last> struct width_of {};
template <class Last>
requires requires { Last::width; }
struct width_of<Last> {
  static constexpr int width = Last::width;
};

template <class Last, class... Before> struct last_of { using type = typename last_of<Before...>::type; };
template <class Last> struct last_of<Last> { using type = Last; };
}  // namespace detail

/// Each layer is given what the one before it returned: sequential<conv2d<1, 8, kernel<3>>, batch_norm<8>, relu_layer>.
///
/// The parameters are named by the position of their layer, as in PyTorch: "0.weight", "1.running_mean". Layer i is get<i>().
template <class... Layers> struct sequential : detail::width_of<typename detail::last_of<Layers...>::type> {
  static_assert(sizeof...(Layers) > 0, "ogm: sequential holds no layer. Give it one.");

  std::tuple<Layers...> layers;

  template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (visit(index_name<I>(), std::get<I>(self.layers)), ...); }
    (std::index_sequence_for<Layers...>{});
  }
  template <std::size_t I> auto& get() { return std::get<I>(layers); }
  template <std::size_t I> const auto& get() const { return std::get<I>(layers); }

  template <class Tape, class X> auto operator()(Tape& tape, const X& x) const { return from<0>(tape, x); }

 private:
  template <std::size_t I, class Tape, class X> auto from(Tape& tape, const X& x) const {
    if constexpr (I + 1 == sizeof...(Layers))
      return std::get<I>(layers)(tape, x);
    else
      return from<I + 1>(tape, std::get<I>(layers)(tape, x));
  }
};

/// An element-wise function as a layer, for sequential: activation<expression::elu>{{.alpha = 0.5}} or one of the names below.
template <class Function> struct activation {
  [[no_unique_address]] Function function;
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    const auto x = input(tape, argument);
    return evaluate(tape, ogm::detail::make_lazy(function, x));
  }
};
using relu_layer = activation<expression::relu>;
using leaky_relu_layer = activation<expression::leaky_relu>;
using elu_layer = activation<expression::elu>;
using gelu_layer = activation<expression::gelu>;
using tanh_layer = activation<expression::tanh>;
using sigmoid_layer = activation<expression::sigmoid>;

/// All axes but the first as one, static where they are: (batch, channel, height, width) -> (batch, channel * height * width). No copy.
struct flatten {
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    static_assert(X::rank >= 2, "ogm: flatten takes a batch and at least one more axis. Reshape the tensor.");
    const auto x = input(tape, argument);
    constexpr int batch = X::shape_type::statics[0];
    constexpr int features = [] {
      constexpr auto in = X::shape_type::statics;
      int n = 1;
      for (int axis = 1; axis < X::rank; ++axis) n = n == dyn || in[axis] == dyn ? dyn : n * in[axis];
      return n;
    }();
    size_type n = 1;
    for (int axis = 1; axis < X::rank; ++axis) n *= x.size(axis);
    return reshape(x, extents<batch, features>(std::array<size_type, 2>{x.size(0), n}));  // (batch, feature)
  }
};

}  // namespace ogm::nn
