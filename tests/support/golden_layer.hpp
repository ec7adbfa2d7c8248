#pragma once
// A layer of one input and one output against its case in layers.json.

#include <support/golden.hpp>

#include <type_traits>

namespace ogm::test {

/// Output and all gradients of a layer; its parameters are filled first. `input` is the shape of x.
template <class Backend, class Layer, int... E>
void check_golden_layer(Layer& layer, const std::string& name, const extents<E...>& input, bool training = true) {
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  INFO(name);
  const json& c = golden_case(name);
  fill_golden_parameters(layer, c);
  basic_tensor<space, T, E...> data(input);
  REQUIRE(size_type(golden_input(c).size()) == data.count());
  assign<space>(data.data(), golden_input(c));
  gradient_store<Backend> store(layer);
  tape<Backend> t;
  t.bind(store);
  t.set_training(training);
  const auto x = t.variable(data);
  const auto y = std::as_const(layer)(t, x);
  seed_gradient(y, golden_cotangent(c));
  t.run_backward();
  check_golden(y, c.at("outputs").at("output"));
  check_golden_gradient(x, c.at("input_gradients").at("x"));
  check_golden_parameters(store, layer, c);
}

}  // namespace ogm::test
