#include <ogm/nn/conv.hpp>
#include <support/backends.hpp>
#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using nn::conv1d;
using nn::conv2d;
using nn::dilation;
using nn::groups;
using nn::kernel;
using nn::no_bias;
using nn::padding;
using nn::stride;
using D = backend::eigen<double>;

namespace {

/// The definition, term by term.
template <class Layer> std::vector<double> naive(const Layer& layer, const tensor<double, dyn, dyn, dyn, dyn>& x) {
  constexpr auto g = Layer::geometry;
  const auto& w = layer.weight.value;
  const long out = w.size(0), channels = w.size(1), inputs = x.size(1), height = x.size(2), width = x.size(3);
  const long out_height = (height + 2 * g.pad_height - g.dilation_height * (g.kernel_height - 1) - 1) / g.stride_height + 1;
  const long out_width = (width + 2 * g.pad_width - g.dilation_width * (g.kernel_width - 1) - 1) / g.stride_width + 1;
  std::vector<double> y;
  for (long b = 0; b < x.size(0); ++b)
    for (long o = 0; o < out; ++o)
      for (long h = 0; h < out_height; ++h)
        for (long v = 0; v < out_width; ++v) {
          double sum = g.bias ? layer.bias.value(o) : 0;
          for (long c = 0; c < channels; ++c)
            for (long kh = 0; kh < g.kernel_height; ++kh)
              for (long kw = 0; kw < g.kernel_width; ++kw) {
                const long r = h * g.stride_height - g.pad_height + kh * g.dilation_height;
                const long s = v * g.stride_width - g.pad_width + kw * g.dilation_width;
                if (r < 0 || r >= height || s < 0 || s >= width) continue;
                const long from = o / (out / g.groups) * (inputs / g.groups) + c;
                sum += double(w(o, c, kh, kw)) * x(b, from, r, s);
              }
          y.push_back(sum);
        }
  return y;
}

template <class Layer> void agrees_with_the_definition(Layer layer, long batch, long height, long width) {
  const long channels = layer.weight.value.size(1) * Layer::geometry.groups;
  INFO(batch << " x " << channels << " x " << height << " x " << width);
  test::randomise(layer, 3);
  const auto x = test::numbers_like(extents<dyn, dyn, dyn, dyn>(batch, channels, height, width), 4);
  inference<D> plain;
  const auto y = layer(plain, x);
  const auto expected = naive(layer, x);
  REQUIRE(std::size_t(y.count()) == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE_FALSE(test::apart(y.data()[i], expected[i], 1e-12));
}
template <class Layer> void has_right_gradients(Layer layer, long batch, long height, long width) {
  const long channels = layer.weight.value.size(1) * Layer::geometry.groups;
  INFO(batch << " x " << channels << " x " << height << " x " << width);
  test::randomise(layer, 5);
  test::check_layer(layer, {.elements = 40}, test::numbers_like(extents<dyn, dyn, dyn, dyn>(batch, channels, height, width), 6));
}
template <class Layer> void is_right(long batch, long height, long width) {
  agrees_with_the_definition(Layer{}, batch, height, width);
  has_right_gradients(Layer{}, batch, height, width);
}

}  // namespace

TEST_CASE("conv2d is its definition, and so are its gradients", "[nn]") {
  for (const long size : {3, 7, 15, 16, 17, 33}) is_right<conv2d<2, 3, kernel<3>, padding<1>, D>>(2, size, size == 33 ? 5 : size);
  for (const long batch : {1, 3, 5, 7}) is_right<conv2d<3, 2, kernel<3>, D>>(batch, 5, 4);
  is_right<conv2d<1, 17, kernel<7>, stride<2>, padding<3>, no_bias, D>>(1, 15, 16);
  is_right<conv2d<3, 5, kernel<1>, D>>(3, 7, 5);
  is_right<conv2d<3, 5, kernel<1>, stride<2>, no_bias, D>>(2, 7, 6);
  is_right<conv2d<2, 3, kernel<2, 5>, stride<1, 3>, padding<0, 2>, D>>(2, 5, 17);
  is_right<conv2d<2, 2, kernel<3, 1>, stride<3, 2>, padding<1, 0>, D>>(2, 16, 7);
  is_right<conv2d<2, 3, kernel<3>, dilation<2>, padding<2>, D>>(2, 7, 9);
  is_right<conv2d<2, 3, kernel<3, 2>, dilation<1, 3>, stride<2>, padding<1, 2>, D>>(2, 9, 8);
  is_right<conv2d<4, 6, kernel<3>, groups<2>, padding<1>, D>>(3, 5, 6);
  is_right<conv2d<3, 3, kernel<3>, groups<3>, padding<1>, no_bias, D>>(2, 7, 5);
  is_right<conv2d<4, 8, kernel<1>, groups<4>, D>>(5, 3, 5);
  is_right<conv2d<4, 4, kernel<3>, groups<2>, dilation<2>, stride<2>, padding<2>, D>>(2, 8, 9);
  is_right<conv2d<1, 1, kernel<3>, padding<3>, D>>(1, 1, 1);  // most windows see padding only
}

TEST_CASE("conv1d is conv2d of an image of height 1", "[nn]") {
  const auto compare = [](auto sequence, auto image, long batch, long channels, long time) {
    test::randomise(sequence, 9);
    test::randomise(image, 9);
    const auto x = test::numbers_like(extents<dyn, dyn, dyn>(batch, channels, time), 10);
    inference<D> plain;
    const auto y = sequence(plain, x);
    const auto z = image(plain, reshape(x.view(), extents<dyn, dyn, 1, dyn>(batch, channels, time)));
    REQUIRE(y.count() == z.count());
    CHECK(test::same_bits(y.data(), z.data(), std::size_t(y.count())));
    test::check_layer(sequence, {.elements = 40}, x);
  };
  for (const long time : {3, 7, 15, 16, 17, 33})
    compare(conv1d<2, 3, kernel<3>, padding<1>, D>{}, conv2d<2, 3, kernel<1, 3>, padding<0, 1>, D>{}, 3, 2, time);
  compare(conv1d<4, 6, kernel<5>, stride<2>, padding<4>, dilation<2>, groups<2>, no_bias, D>{},
          conv2d<4, 6, kernel<1, 5>, stride<1, 2>, padding<0, 4>, dilation<1, 2>, groups<2>, no_bias, D>{}, 2, 4, 17);
}

TEST_CASE("convolutions of no images give none, and gradients of 0", "[nn]") {
  conv2d<2, 3, kernel<3>, padding<1>, D> layer;
  test::randomise(layer, 1);
  test::check_layer(layer, {.elements = 5}, test::numbers_like(extents<dyn, 2, 5, 5>(0), 1));
}

TEST_CASE("convolutions keep what is static, and say what does not fit", "[nn]") {
  conv2d<3, 8, kernel<3>, stride<2>, padding<1>, D> layer;
  test::randomise(layer, 1);
  inference<D> plain;
  const auto y = layer(plain, tensor<double, dyn, 3, 32, dyn>(2, 7));
  static_assert(std::same_as<decltype(y.shape()), const extents<dyn, 8, 16, dyn>&>);
  CHECK(y.shape().text() == "(2, 8, 16, 4)");
  CHECK_THROWS_AS(layer(plain, tensor<double, dyn, dyn, dyn, dyn>(2, 4, 8, 8)), shape_error);
  conv2d<3, 8, kernel<5>, D> wide;
  CHECK_THROWS_AS(wide(plain, tensor<double, dyn, 3, dyn, dyn>(2, 8, 4)), shape_error);
  conv1d<3, 8, kernel<5>, D> long_one;
  CHECK_THROWS_AS(long_one(plain, tensor<double, dyn, 3, dyn>(2, 4)), shape_error);
  CHECK_THROWS_WITH(layer(plain, tensor<double, dyn, dyn, dyn, dyn>(2, 4, 8, 8)),
                    "ogm: conv2d<3, 8, kernel<3, 3>> was given an image of shape (2, 4, 8, 8).");
}

TEMPLATE_TEST_CASE("convolutions give PyTorch's numbers", "[nn][golden]", OGM_TEST_BACKENDS) {
  test::check_golden_cases<typename TestType::value_type>(
      test::run_golden_convolution<TestType>,
      {"conv2d", "conv2d_stride2_7x7", "conv2d_dilated", "conv2d_depthwise", "conv2d_1x1_stride2", "conv1d"});
}
