#pragma once
// The cases of layers.json that are a layer, or a function, of one input and one output.

#include <support/golden.hpp>

#include <ogm/nn/batch_norm.hpp>
#include <ogm/nn/conv.hpp>
#include <ogm/nn/layer_norm.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/normalize.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/softmax.hpp>

namespace ogm::test {

/// Output and all gradients of a layer; its parameters are filled first. `input` is the shape of x.
template <class Backend, class Layer, int... E>
void run_golden_layer(Layer& layer, const json& c, golden_report& report, const extents<E...>& input, bool training = true) {
  fill_golden_parameters(layer, c);
  basic_tensor<typename Backend::space, typename Backend::value_type, E...> data(input);
  fill_golden_input(data, c, golden_input(c));
  gradient_store<Backend> store(layer);
  tape<Backend> t;
  t.bind(store);
  t.set_training(training);
  const auto x = t.variable(data);
  const auto y = std::as_const(layer)(t, x);
  seed_gradient(y, golden_cotangent(c));
  t.run_backward();
  report.compare("output", y, c.at("outputs").at("output"));
  report.compare("gradient of x", gradient_of(x), c.at("input_gradients").at("x"));
  compare_golden_parameters(report, store, layer, c);
}

/// The shape of x in the file as that of a tensor of some rank.
template <int... E> extents<E...> golden_extents(const json& c) {
  const auto sizes = c.at("inputs").at("x").at("shape").get<std::vector<size_type>>();
  std::array<size_type, sizeof...(E)> s{};
  if (sizes.size() != s.size())
    golden_mismatch(c, "x has " + std::to_string(sizes.size()) + " axes, not " + std::to_string(s.size()) + ".");
  std::copy(sizes.begin(), sizes.end(), s.begin());
  std::size_t axis = 0;
  for (const int fixed : {E...}) {
    if (fixed != dyn && size_type(fixed) != s[axis])
      golden_mismatch(
          c, "axis " + std::to_string(axis) + " of x has " + std::to_string(s[axis]) + " elements, not " + std::to_string(fixed) + ".");
    ++axis;
  }
  return extents<E...>(s);
}

/// "conv2d...", "conv1d"; false where the case is none of them.
template <class B> bool run_golden_convolution(const json& c, golden_report& report) {
  using namespace nn;
  const auto name = c.at("name").get<std::string>();
  const auto run = [&]<class Layer, int... E>(Layer layer, std::integer_sequence<int, E...>) {
    run_golden_layer<B>(layer, c, report, golden_extents<E...>(c));
  };
  if (name == "conv2d")
    run(conv2d<3, 4, kernel<3>, padding<1>, B>{}, std::integer_sequence<int, dyn, 3, dyn, dyn>{});
  else if (name == "conv2d_stride2_7x7")
    run(conv2d<2, 3, kernel<7>, stride<2>, padding<3>, no_bias, B>{}, std::integer_sequence<int, dyn, 2, dyn, dyn>{});
  else if (name == "conv2d_dilated")
    run(conv2d<2, 2, kernel<3>, dilation<2>, padding<2>, B>{}, std::integer_sequence<int, dyn, 2, dyn, dyn>{});
  else if (name == "conv2d_depthwise")
    run(conv2d<4, 4, kernel<3>, padding<1>, groups<4>, B>{}, std::integer_sequence<int, dyn, 4, dyn, dyn>{});
  else if (name == "conv2d_1x1_stride2")
    run(conv2d<3, 2, kernel<1>, stride<2>, no_bias, B>{}, std::integer_sequence<int, dyn, 3, dyn, dyn>{});
  else if (name == "conv1d")
    run(conv1d<3, 4, kernel<3>, padding<1>, B>{}, std::integer_sequence<int, dyn, 3, dyn>{});
  else
    return false;
  return true;
}

/// "linear", "batch_norm...", "layer_norm".
template <class B> bool run_golden_dense(const json& c, golden_report& report) {
  const auto name = c.at("name").get<std::string>();
  const auto norm = [&](auto layer, const auto& shape) {
    nn::initialise(layer, 1);
    run_golden_layer<B>(layer, c, report, shape, name.ends_with("train"));
    for_each_buffer(layer, [&](const std::string& buffer, auto& b) {
      report.compare(buffer + " afterwards", b.value, c.at("buffers_after").at(buffer));
    });
  };
  if (name == "linear") {
    nn::linear<5, 3, B> layer;
    run_golden_layer<B>(layer, c, report, golden_extents<dyn, 5>(c));
  } else if (name == "layer_norm") {
    nn::layer_norm<6, B> layer;
    run_golden_layer<B>(layer, c, report, golden_extents<dyn, dyn, 6>(c));
  } else if (name.starts_with("batch_norm2d_")) {
    norm(nn::batch_norm<3, B>{}, golden_extents<dyn, 3, dyn, dyn>(c));
  } else if (name.starts_with("batch_norm1d_")) {
    norm(nn::batch_norm<4, B>{}, golden_extents<dyn, 4>(c));
  } else {
    return false;
  }
  return true;
}

/// Poolings.
template <class B> bool run_golden_pooling(const json& c, golden_report& report) {
  using namespace nn;
  const auto name = c.at("name").get<std::string>();
  const auto image = [&](auto pool) { run_golden_layer<B>(pool, c, report, golden_extents<dyn, dyn, dyn, dyn>(c)); };
  if (name == "max_pool_3_2_1")
    image(max_pool2d<kernel<3>, stride<2>, padding<1>>{});
  else if (name == "avg_pool_2")
    image(avg_pool2d<kernel<2>>{});
  else if (name == "adaptive_avg_pool2d_3x2")
    image(adaptive_avg_pool2d<3, 2>{});
  else if (name == "adaptive_avg_pool3d_1") {
    adaptive_avg_pool3d<1> pool;
    run_golden_layer<B>(pool, c, report, golden_extents<dyn, dyn, dyn, dyn, dyn>(c));
  } else
    return false;
  return true;
}

/// Functions of a matrix, element by element or row by row.
template <class B> bool run_golden_function(const json& c, golden_report& report) {
  const auto name = c.at("name").get<std::string>();
  const auto run = [&](const auto& f) {
    tape<B> t;
    basic_tensor<typename B::space, typename B::value_type, dyn, dyn> data(golden_extents<dyn, dyn>(c));
    fill_golden_input(data, c, golden_input(c));
    const auto x = t.variable(data);
    const auto y = f(t, x);
    seed_gradient(y, golden_cotangent(c));
    t.run_backward();
    report.compare("output", y, c.at("outputs").at("output"));
    report.compare("gradient of x", gradient_of(x), c.at("input_gradients").at("x"));
  };
  if (name == "relu")
    run([](auto& t, const auto& x) { return evaluate(t, relu(x)); });
  else if (name == "elu")
    run([](auto& t, const auto& x) { return evaluate(t, elu(x)); });
  else if (name == "gelu_exact")
    run([](auto& t, const auto& x) { return evaluate(t, gelu(x)); });
  else if (name == "tanh")
    run([](auto& t, const auto& x) { return evaluate(t, tanh(x)); });
  else if (name == "sigmoid")
    run([](auto& t, const auto& x) { return evaluate(t, sigmoid(x)); });
  else if (name == "leaky_relu_0.01")
    run([](auto& t, const auto& x) { return evaluate(t, leaky_relu(x, 0.01)); });
  else if (name == "softmax_last")
    run([](auto& t, const auto& x) { return nn::softmax(t, x); });
  else if (name == "log_softmax_last")
    run([](auto& t, const auto& x) { return nn::log_softmax(t, x); });
  else if (name == "l2_normalize_last")
    run([](auto& t, const auto& x) { return nn::l2_normalize(t, x); });
  else
    return false;
  return true;
}

}  // namespace ogm::test
