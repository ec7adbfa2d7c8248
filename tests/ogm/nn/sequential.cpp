#include <ogm/nn/conv.hpp>
#include <ogm/nn/linear.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/sequential.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

TEST_CASE("sequential calls its layers in order and names them by position", "[nn]") {
  nn::sequential<nn::conv2d<2, 3, nn::kernel<3>, D>, nn::tanh_layer, nn::max_pool2d<nn::kernel<2>>, nn::flatten, nn::linear<12, 5, D>> net;
  static_assert(net.width == 5);
  nn::initialise(net, 1);
  std::string names;
  for_each_parameter(net, [&](auto, const std::string& name, auto&) { names += name + " "; });
  CHECK(names == "0.weight 0.bias 4.weight 4.bias ");
  CHECK(parameter_count(net) == 3 * 2 * 9 + 3 + 12 * 5 + 5);
  const auto x = test::numbers_like(extents<dyn, 2, 6, 6>(3), 2);
  test::check_layer(net, {.elements = 40}, x);
  inference<D> plain;
  const auto y = net(plain, x);
  const auto h = net.get<0>()(plain, x);
  const auto z = net.get<4>()(plain, nn::flatten{}(plain, nn::max_pool2d<nn::kernel<2>>{}(plain, evaluate(plain, tanh(h)))));
  CHECK(test::same_bits(y.data(), z.data(), std::size_t(y.count())));
}

TEST_CASE("activation layers are their functions", "[nn]") {
  const auto x = test::numbers_like(extents<dyn, 7>(5), 3, 2.0);
  inference<D> plain;
  const auto same = [&](const auto& layer, const auto& function) {
    const auto y = layer(plain, x);
    const auto z = evaluate(plain, function(x));
    CHECK(test::same_bits(y.data(), z.data(), std::size_t(y.count())));
  };
  same(nn::relu_layer{}, [](const auto& v) { return relu(v); });
  same(nn::leaky_relu_layer{}, [](const auto& v) { return leaky_relu(v); });
  same(nn::elu_layer{}, [](const auto& v) { return elu(v); });
  same(nn::elu_layer{{.alpha = 0.5}}, [](const auto& v) { return elu(v, 0.5); });
  same(nn::gelu_layer{}, [](const auto& v) { return gelu(v); });
  same(nn::tanh_layer{}, [](const auto& v) { return tanh(v); });
  same(nn::sigmoid_layer{}, [](const auto& v) { return sigmoid(v); });
}

TEST_CASE("flatten shares the elements and keeps what is static", "[nn]") {
  const auto x = test::numbers_like(extents<dyn, 2, 3, 4>(5), 3);
  inference<D> plain;
  const auto y = nn::flatten{}(plain, x);
  static_assert(std::same_as<decltype(y.shape()), const extents<dyn, 24>&>);
  CHECK(y.data() == x.data());
  CHECK(nn::flatten{}(plain, tensor<double, dyn, dyn, 3>(5, 2)).shape().text() == "(5, 6)");
}
