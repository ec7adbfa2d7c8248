#include <ogm/nn/pooling.hpp>
#include <support/backends.hpp>
#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

#include <limits>

using namespace ogm;
using nn::kernel;
using nn::padding;
using nn::stride;
using D = backend::eigen<double>;

namespace {

using image = extents<dyn, dyn, dyn, dyn>;

/// Maximum and place of each window by the definition: the first in row-major order, or the last NaN.
struct maximum_at {
  double value;
  long index;
};
template <class T> std::vector<maximum_at> naive_maxima(const nn::detail::geometry& g, const T* x, long planes, long height, long width) {
  std::vector<maximum_at> out;
  for (long p = 0; p < planes; ++p)
    for (long h = -g.pad_height; h + g.kernel_height <= height + g.pad_height; h += g.stride_height)
      for (long w = -g.pad_width; w + g.kernel_width <= width + g.pad_width; w += g.stride_width) {
        maximum_at m{0, -1};
        for (long r = std::max(0L, h); r < std::min(height, h + g.kernel_height); ++r)
          for (long c = std::max(0L, w); c < std::min(width, w + g.kernel_width); ++c) {
            const double v = double(x[(p * height + r) * width + c]);
            if (m.index < 0 || v > m.value) m = {v, r * width + c};
          }
        out.push_back(m);
      }
  return out;
}

template <class Backend, class Pool> void agrees_with_the_definition(long planes, long height, long width) {
  using T = typename Backend::value_type;
  INFO(planes << " x " << height << " x " << width);
  auto x = test::numbers_like<Backend>(image(planes, 1, height, width), 3);
  for (T& v : x.flat()) v = T(std::round(3 * double(v)));  // many ties
  const auto expected = naive_maxima(Pool::geometry, x.data(), planes, height, width);
  tape<Backend> t;
  const auto v = t.variable(x);
  const auto y = Pool{}(t, v);
  REQUIRE(std::size_t(y.count()) == expected.size());
  std::vector<double> gradient(std::size_t(x.count()));
  std::vector<T> cotangent;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    REQUIRE(double(y.data()[i]) == expected[i].value);
    cotangent.push_back(T(i % 7 + 1));
    gradient[i / (expected.size() / std::size_t(planes)) * std::size_t(height * width) + std::size_t(expected[i].index)] +=
        double(i % 7 + 1);
  }
  std::copy(cotangent.begin(), cotangent.end(), y.accumulate().data);
  t.run_backward();
  for (std::size_t i = 0; i < gradient.size(); ++i) REQUIRE(double(v.gradient()[i]) == gradient[i]);
}

template <class Pool, int... E> void has_right_gradients(const extents<E...>& shape) {
  INFO(shape.text());
  Pool pool;
  test::check_layer(pool, {.elements = 60}, test::numbers_like(shape, 4));
}

}  // namespace

TEMPLATE_TEST_CASE("max_pool2d is its definition, ties included", "[nn]", backend::eigen<float>, D) {
  using B = TestType;
  for (const long size : {3, 7, 15, 16, 17, 33}) {
    agrees_with_the_definition<B, nn::max_pool2d<kernel<3>, stride<2>, padding<1>>>(3, size, size);
    agrees_with_the_definition<B, nn::max_pool2d<kernel<2>>>(2, size, 5);
    agrees_with_the_definition<B, nn::max_pool2d<kernel<3, 2>, stride<1, 3>, padding<0, 1>>>(2, 4, size);
  }
  agrees_with_the_definition<B, nn::max_pool2d<kernel<3>, stride<1>, padding<1>>>(2, 3, 1200);  // several strips of a row
  agrees_with_the_definition<B, nn::max_pool2d<kernel<2, 600>, stride<1, 7>>>(2, 3, 650);       // a kernel wider than a strip
}

TEST_CASE("poolings have the gradients of their definitions", "[nn]") {
  for (const long size : {3, 7, 15, 16, 17}) {
    has_right_gradients<nn::max_pool2d<kernel<3>, stride<2>, padding<1>>>(image(2, 3, size, 5));
    has_right_gradients<nn::avg_pool2d<kernel<3>, stride<2>, padding<1>>>(image(2, 3, size, 5));
    has_right_gradients<nn::avg_pool2d<kernel<2>>>(image(2, 1, 3, size));
    has_right_gradients<nn::avg_pool2d<kernel<3, 2>, stride<1, 3>>>(image(1, 2, size, 4));
    has_right_gradients<nn::adaptive_avg_pool2d<3, 2>>(image(2, 2, size, 5));
    has_right_gradients<nn::adaptive_avg_pool2d<1>>(image(2, 2, size, 7));
    has_right_gradients<nn::adaptive_avg_pool2d<5>>(image(1, 1, 3, size));  // more outputs than inputs: windows overlap
    has_right_gradients<nn::adaptive_avg_pool3d<2, 3, 1>>(extents<dyn, 2, dyn, dyn, dyn>(2, 3, 4, size));
    has_right_gradients<nn::global_mean>(extents<dyn, dyn, dyn>(2, 3, size));
    has_right_gradients<nn::global_mean>(extents<dyn, 3, 2, dyn, 2>(2, size));
    has_right_gradients<nn::mean_over_time>(extents<dyn, dyn, dyn>(3, 4, size));
    has_right_gradients<nn::mean_over_time>(extents<dyn, dyn, dyn>(2, size, 3));
  }
  has_right_gradients<nn::global_mean>(image(2, 3, 40, 40));
  has_right_gradients<nn::max_pool2d<kernel<2>>>(image(0, 3, 4, 4));
  has_right_gradients<nn::global_mean>(image(0, 3, 4, 4));
}

TEST_CASE("a mean over everything is the sum over the count", "[nn]") {
  const auto x = test::numbers_like(extents<dyn, dyn, dyn, dyn, dyn>(2, 3, 2, 17, 5), 8);
  inference<D> plain;
  const auto flat = nn::global_mean{}(plain, x);
  const auto video = nn::adaptive_avg_pool3d<1>{}(plain, x);
  for (long p = 0; p < 6; ++p) {
    double sum = 0;
    for (long i = 0; i < 170; ++i) sum += x.data()[p * 170 + i];
    CHECK_FALSE(test::apart(flat.data()[p], sum / 170, 1e-14));
    CHECK_FALSE(test::apart(video.data()[p], sum / 170, 1e-14));
  }
  const auto y = nn::mean_over_time{}(plain, reshape(x.view(), extents<dyn, dyn, dyn>(3, 4, 85)));
  for (long b = 0; b < 3; ++b)
    for (long c = 0; c < 85; ++c) {
      double sum = 0;
      for (long t = 0; t < 4; ++t) sum += x.data()[(b * 4 + t) * 85 + c];
      CHECK_FALSE(test::apart(y(b, c), sum / 4, 1e-14));
    }
}

TEMPLATE_TEST_CASE("a maximum lets NaN and infinity through", "[nn]", backend::eigen<float>, D) {
  using T = typename TestType::value_type;
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (long place = 0; place < 36; ++place) {
    tensor<T, 1, 1, 6, 6> x;
    for (T& v : x.flat()) v = -infinity;
    x.data()[place] = nan;
    tape<TestType> t;
    const auto v = t.variable(x);
    const auto y = nn::max_pool2d<kernel<3>>{}(t, v);
    std::fill_n(y.accumulate().data, 4, T(1));
    t.run_backward();
    for (long o = 0; o < 4; ++o) {
      const bool here = o == place / 18 * 2 + place % 6 / 3;
      CHECK((y.data()[o] != y.data()[o]) == here);
      if (!here) CHECK(y.data()[o] == -infinity);
    }
    CHECK(v.gradient()[place] == 1);
  }
}

TEST_CASE("poolings keep what is static, and say what does not fit", "[nn]") {
  inference<D> plain;
  const auto y = nn::max_pool2d<kernel<3>, stride<2>, padding<1>>{}(plain, tensor<double, dyn, 4, 9, dyn>(2, 6));
  static_assert(std::same_as<decltype(y.shape()), const extents<dyn, 4, 5, dyn>&>);
  CHECK(y.shape().text() == "(2, 4, 5, 3)");
  CHECK_THROWS_WITH((nn::max_pool2d<kernel<3>>{}(plain, tensor<double, dyn, 4, dyn, dyn>(2, 2, 9))),
                    "ogm: max_pool2d with kernel<3, 3> was given an image of shape (2, 4, 2, 9).");
  CHECK_THROWS_AS((nn::avg_pool2d<kernel<3>>{}(plain, tensor<double, dyn, 4, dyn, dyn>(2, 9, 2))), shape_error);
}

TEMPLATE_TEST_CASE("poolings give PyTorch's numbers", "[nn][golden]", OGM_TEST_BACKENDS) {
  test::check_golden_cases<typename TestType::value_type>(
      test::run_golden_pooling<TestType>, {"max_pool_3_2_1", "avg_pool_2", "adaptive_avg_pool2d_3x2", "adaptive_avg_pool3d_1"});
}
