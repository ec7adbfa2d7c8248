#include <ogm/nn/conv_block.hpp>
#include <ogm/nn/pooling.hpp>
#include <ogm/nn/sequential.hpp>
#include <support/backends.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

namespace {

/// The same block made of single layers, channels second.
template <int In, int Out, bool Pooled, class Backend> struct layers {
  nn::conv2d<In, Out, nn::kernel<3>, nn::padding<1>, nn::no_bias, Backend> conv;
  nn::batch_norm<Out, Backend> norm;
  OGM_FIELDS(conv, norm)
  auto operator()(auto& tape, const auto& x) const {
    const auto y = norm.then_relu(tape, conv(tape, x));
    if constexpr (Pooled)
      return nn::max_pool2d<nn::kernel<2>>{}(tape, y);
    else
      return y;
  }
};

/// Everything that one step gives, channels last.
struct outcome {
  test::doubles out, dx, dfilter, dweight, dbias, mean, variance;
};
template <class View> test::doubles values(const View& x) { return {x.data(), x.data() + x.count()}; }

template <class T> tensor<T, dyn, dyn, dyn, dyn> channels_second(const tensor<T, dyn, dyn, dyn, dyn>& x) {
  tensor<T, dyn, dyn, dyn, dyn> y(x.size(0), x.size(3), x.size(1), x.size(2));
  for (long b = 0; b < x.size(0); ++b)
    for (long h = 0; h < x.size(1); ++h)
      for (long w = 0; w < x.size(2); ++w)
        for (long c = 0; c < x.size(3); ++c) y(b, c, h, w) = x(b, h, w, c);
  return y;
}
template <class View> test::doubles channels_last(const View& x) {
  test::doubles y;
  for (long b = 0; b < x.size(0); ++b)
    for (long h = 0; h < x.size(2); ++h)
      for (long w = 0; w < x.size(3); ++w)
        for (long c = 0; c < x.size(1); ++c) y.push_back(double(x(b, c, h, w)));
  return y;
}

struct flat_values {
  std::array<size_type, 4> sizes;  // (batch, height, width, channel)
  test::doubles values;
};
/// One step of a model that has `conv` and `norm`. `flat` gives an array of its layout channels last, `turned` is the other way round.
template <class Backend, class Model, class X, class Flat, class Turned>
outcome step(Model model, const X& x, bool training, const Flat& flat, const Turned& turned) {
  using T = typename Backend::value_type;
  nn::initialise(model, 1);
  test::randomise(model, 2);
  auto& norm = model.norm;
  for (long c = 0; c < norm.weight.value.count(); ++c)
    norm.running_mean.value(c) = T(0.01 * double(c)), norm.running_var.value(c) = T(0.5 + 0.02 * double(c));
  gradient_store<Backend> store(model);
  tape<Backend> t;
  t.bind(store);
  t.set_training(training);
  const auto v = t.variable(turned(x));
  const auto y = model(t, v);
  const auto out = flat(y);
  tensor<T, dyn, dyn, dyn, dyn> dy(out.sizes);
  const auto seed = test::numbers(std::size_t(dy.count()), 9);
  std::copy(seed.begin(), seed.end(), dy.data());
  const auto dy_turned = turned(dy);
  std::copy_n(dy_turned.data(), dy.count(), y.accumulate().data);
  t.run_backward();
  const auto gradient = [&](const auto& p) { return test::doubles(store.data(p), store.data(p) + p.value.count()); };
  return {out.values,          flat(v.gradient_view()).values,  gradient(model.conv.weight),   gradient(norm.weight),
          gradient(norm.bias), values(norm.running_mean.value), values(norm.running_var.value)};
}
template <int In, int Out, bool Pooled, class Backend>
outcome of_block(const tensor<typename Backend::value_type, dyn, dyn, dyn, dyn>& x, bool training) {
  using block = std::conditional_t<Pooled, nn::conv_block<In, Out, nn::pooled, Backend>, nn::conv_block<In, Out, Backend>>;
  return step<Backend>(
      block{}, x, training,
      [](const auto& y) {
        return flat_values{y.shape().sizes, values(y)};
      },
      [](const auto& y) { return y; });
}
template <int In, int Out, bool Pooled> outcome of_layers(const tensor<double, dyn, dyn, dyn, dyn>& x, bool training) {
  const auto flat = [](const auto& y) { return flat_values{{y.size(0), y.size(2), y.size(3), y.size(1)}, channels_last(y)}; };
  return step<D>(layers<In, Out, Pooled, D>{}, x, training, flat, [](const auto& y) { return channels_second(y); });
}

/// The largest difference, relative to the largest number.
double apart(const test::doubles& a, const test::doubles& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double most = 0, scale = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a[i] - b[i]);
    most = d <= most ? most : d;  // NaN stays
    scale = std::max(scale, std::abs(b[i]));
  }
  return most / scale;
}
void agree(const outcome& a, const outcome& b, double tolerance) {
  CHECK(apart(a.out, b.out) <= tolerance);
  CHECK(apart(a.dx, b.dx) <= tolerance);
  CHECK(apart(a.dfilter, b.dfilter) <= tolerance);
  CHECK(apart(a.dweight, b.dweight) <= tolerance);
  CHECK(apart(a.dbias, b.dbias) <= tolerance);
  CHECK(apart(a.mean, b.mean) <= tolerance);
  CHECK(apart(a.variance, b.variance) <= tolerance);
}

template <int In, int Out, bool Pooled> void same_as_layers(long batch, long height, long width) {
  for (const bool training : {true, false}) {
    INFO(In << " to " << Out << (Pooled ? " pooled, " : ", ") << batch << " x " << height << " x " << width
            << (training ? " training" : ""));
    const auto x = test::numbers_like(extents<dyn, dyn, dyn, dyn>(batch, height, width, In), 3);
    tensor<float, dyn, dyn, dyn, dyn> single(batch, height, width, In);
    std::copy_n(x.data(), x.count(), single.data());
    const auto expected = of_layers<In, Out, Pooled>(x, training);
    agree(of_block<In, Out, Pooled, D>(x, training), expected, 1e-12);
    agree(of_block<In, Out, Pooled, backend::standard>(single, training), expected, 2e-5);
  }
}

}  // namespace

TEST_CASE("conv_block is its four layers, in double and in float", "[nn]") {
  for (const auto& [height, width] : {std::pair{4L, 4L}, {5L, 8L}, {1L, 1L}, {2L, 3L}, {7L, 7L}, {14L, 9L}, {6L, 13L}}) {
    if (height > 1) same_as_layers<16, 16, true>(3, height, width);
    same_as_layers<16, 32, false>(3, height, width);
    if (height > 1) same_as_layers<1, 16, true>(3, height, width);
    same_as_layers<3, 16, false>(3, height, width);
  }
  same_as_layers<32, 48, true>(2, 10, 17);   // 48: a product of four packs less one
  same_as_layers<48, 80, false>(2, 5, 5);    // 80: more than the 64 that are turned at once
  same_as_layers<64, 64, false>(37, 5, 8);   // two chunks of images
  same_as_layers<16, 16, true>(50, 12, 12);  // several groups of tiles
}

TEST_CASE("conv_block has the gradients of its definition, on any number of threads and whatever memory held", "[nn]") {
  const test::gradient_options options{.elements = 40};
  auto image = test::numbers_like(extents<dyn, dyn, dyn, 16>(33, 5, 6), 4);
  nn::conv_block<16, 16, nn::pooled, D> tiles;
  nn::initialise(tiles, 1);
  test::randomise(tiles, 2);
  test::check_layer(tiles, options, image);
  auto small = test::numbers_like(extents<dyn, dyn, dyn, 2>(33, 5, 6), 4);
  nn::conv_block<2, 16, D> strips;
  nn::initialise(strips, 1);
  test::randomise(strips, 2);
  test::check_layer(strips, options, small);
}

TEST_CASE("conv_block passes on a NaN, alone or among numbers", "[nn]") {
  nn::conv_block<16, 16, nn::pooled> block;
  nn::initialise(block, 1);
  inference<> t;
  for (int pixel = 0; pixel < 4; ++pixel) {
    tensor<float, dyn, dyn, dyn, 16> x(1, 8, 8);
    x(0, 4 + pixel / 2, 4 + pixel % 2, 3) = std::numeric_limits<float>::quiet_NaN();
    const auto y = block(t, x);
    CHECK(std::isnan(y(0, 2, 2, 0)));
    t.rewind();
  }
}

TEST_CASE("conv_block says which images it cannot take", "[nn]") {
  nn::conv_block<1, 16, nn::pooled> block;
  nn::initialise(block, 1);
  tape<> t;
  CHECK_THROWS_WITH(block(t, tensor<float, dyn, dyn, dyn, dyn>(2, 8, 8, 3)),
                    "ogm: conv_block<1, 16> was given images of shape (2, 8, 8, 3).");
  CHECK_THROWS_WITH(block(t, tensor<float, dyn, dyn, dyn, 1>(2, 1, 8)), "ogm: conv_block<1, 16> was given images of shape (2, 1, 8, 1).");
  nn::conv_block<1, 16> whole;
  CHECK_THROWS_WITH(whole(t, tensor<float, dyn, dyn, dyn, 1>(1, 1, 1)),
                    "ogm: conv_block<1, 16> was given images of shape (1, 1, 1, 1): in training a channel needs two elements.");
}
