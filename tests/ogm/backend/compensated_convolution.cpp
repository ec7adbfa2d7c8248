// The forward convolution of floats against Eigen's in double.

#include <ogm/backend/compensated_convolution.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/core/random.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using ogm::op::convolution_shape;

struct geometry {
  long batch, in, height, width, out, kernel_height, kernel_width, stride_height = 1, stride_width = 1, pad_height = 0, pad_width = 0,
                                                                   dilation_height = 1, dilation_width = 1, groups = 1;
};
convolution_shape shape_of(const geometry& g) {
  return {.batch = g.batch,
          .in_channels = g.in,
          .in_height = g.height,
          .in_width = g.width,
          .out_channels = g.out,
          .out_height = ogm::op::convolved(g.height, g.kernel_height, g.stride_height, g.pad_height, g.dilation_height),
          .out_width = ogm::op::convolved(g.width, g.kernel_width, g.stride_width, g.pad_width, g.dilation_width),
          .kernel_height = g.kernel_height,
          .kernel_width = g.kernel_width,
          .stride_height = g.stride_height,
          .stride_width = g.stride_width,
          .pad_height = g.pad_height,
          .pad_width = g.pad_width,
          .dilation_height = g.dilation_height,
          .dilation_width = g.dilation_width,
          .groups = g.groups};
}

std::vector<float> numbers(long count, std::uint32_t stream) {
  std::vector<float> v(static_cast<std::size_t>(count));
  ogm::random::generator g({7, stream, 0});
  for (float& x : v) x = 2 * g.uniform() - 1;
  return v;
}

/// Inputs of a shape, its outputs, and those in double. What is not written is NaN.
struct convolved {
  convolution_shape shape;
  std::vector<float> x, weight, bias, y;

  explicit convolved(const convolution_shape& s)
      : shape(s),
        x(numbers(s.batch * s.in_image(), 1)),
        weight(numbers(s.weights(), 2)),
        bias(numbers(s.out_channels, 3)),
        y(std::size_t(s.batch * s.out_image()), std::numeric_limits<float>::quiet_NaN()) {}

  void run(bool biased = true) {
    ogm::backend::workspace memory;
    ogm::backend::convolve_compensated({shape, x.data(), weight.data(), biased ? bias.data() : nullptr, y.data()}, memory);
  }
  /// The root of the mean squared difference to the exact outputs, over that of these.
  double error(bool biased = true) const {
    const std::vector<double> xd(x.begin(), x.end()), wd(weight.begin(), weight.end()), bd(bias.begin(), bias.end());
    std::vector<double> exact(y.size());
    ogm::backend::eigen<double> reference;
    reference.run(ogm::op::convolution_forward<double>{shape, xd.data(), wd.data(), biased ? bd.data() : nullptr, exact.data()});
    double wrong = 0, all = 0;
    for (std::size_t i = 0; i < y.size(); ++i) wrong += (double(y[i]) - exact[i]) * (double(y[i]) - exact[i]), all += exact[i] * exact[i];
    return std::sqrt(wrong / (all > 0 ? all : 1));
  }
};

}  // namespace

TEST_CASE("compensated convolutions of every geometry", "[backend]") {
  const geometry geometries[] = {
      {1, 1, 1, 1, 1, 1, 1},
      {1, 1, 5, 5, 1, 3, 3, 1, 1, 1, 1},
      {2, 3, 17, 13, 7, 3, 3, 2, 2, 1, 1},
      {4, 3, 31, 29, 8, 7, 7, 2, 2, 3, 3},
      {6, 16, 9, 9, 33, 1, 1, 2, 2},
      {3, 5, 6, 50, 9, 1, 5, 1, 3, 0, 2},             // three strips, and rows wider than a tile
      {3, 4, 11, 7, 12, 3, 3, 1, 1, 2, 2, 2, 2},      // dilated
      {2, 4, 12, 15, 6, 3, 3, 2, 3, 2, 4, 1, 2},      // a dilated kernel that steps from strip to strip
      {3, 12, 9, 8, 18, 3, 3, 1, 1, 1, 1, 1, 1, 3},   // groups
      {4, 32, 8, 8, 32, 3, 3, 2, 2, 1, 1, 1, 1, 32},  // depthwise
      {40, 2, 4, 4, 5, 3, 3, 1, 1, 1, 1},             // many small images a tile
      {2, 64, 50, 50, 16, 3, 3, 1, 1, 1, 1},          // one image at a time
      {5, 17, 6, 6, 19, 2, 3},
      {9, 8, 3, 3, 8, 3, 3},  // one pixel an image
      {0, 4, 6, 6, 3, 3, 3, 1, 1, 1, 1},
  };
  for (const geometry& g : geometries)
    for (const bool biased : {false, true}) {
      convolved c(shape_of(g));
      INFO("batch " << g.batch << " channels " << g.in << " " << g.height << "x" << g.width << " kernel " << g.kernel_height << "x"
                    << g.kernel_width << " stride " << g.stride_height << " " << g.stride_width << (biased ? " biased" : ""));
      c.run(biased);
      CHECK(c.error(biased) <= 1e-7);
    }
}

TEST_CASE("a compensated convolution is as exact for many products as for few", "[backend]") {
  for (const long channels : {1, 16, 64, 512}) {
    INFO(channels * 9 << " products");
    convolved c(shape_of({2, channels, 6, 6, 16, 3, 3, 1, 1, 1, 1}));
    c.run(false);
    CHECK(c.error(false) <= 1e-7);  // 8e-8 with fused multiply-adds; a plain float sum loses with the root of the number
  }
}

TEST_CASE("infinite and NaN pixels reach the outputs that see them, and no others", "[backend]") {
  convolved c(shape_of({1, 2, 9, 40, 8, 3, 3, 1, 1, 1, 1}));
  for (float& w : c.weight) w = std::fabs(w);
  c.x[4 * 40 + 10] = std::numeric_limits<float>::infinity();
  c.x[4 * 40 + 30] = std::numeric_limits<float>::quiet_NaN();
  c.run();
  for (long o = 0; o < 8; ++o)
    for (long h = 0; h < 9; ++h)
      for (long w = 0; w < 40; ++w) {
        const float y = c.y[std::size_t((o * 9 + h) * 40 + w)];
        const bool row = h >= 3 && h <= 5;
        INFO(o << " " << h << " " << w);
        if (row && w >= 9 && w <= 11)
          CHECK(y == std::numeric_limits<float>::infinity());
        else if (row && w >= 29 && w <= 31)
          CHECK(std::isnan(y));
        else
          CHECK(std::isfinite(y));
      }
}

TEST_CASE("a sum that overflows is infinite and not NaN", "[backend]") {
  convolved c(shape_of({1, 1, 3, 20, 2, 1, 1}));
  std::fill(c.x.begin(), c.x.end(), 1e38f);
  std::fill(c.weight.begin(), c.weight.end(), 1.f);
  std::fill(c.bias.begin(), c.bias.end(), 3e38f);
  c.run();
  for (const float y : c.y) CHECK(y == std::numeric_limits<float>::infinity());
}

TEST_CASE("the output of an image does not depend on its batch, nor on the threads", "[backend][threads]") {
  convolved all(shape_of({11, 6, 7, 5, 20, 3, 3, 1, 1, 1, 1}));
  all.run();
  for (const int threads : {1, 2, 4}) {
    const ogm::use_threads scope(threads);
    convolved again(all.shape);
    again.run();
    CHECK(std::memcmp(again.y.data(), all.y.data(), all.y.size() * sizeof(float)) == 0);
  }
  for (long i = 0; i < 11; ++i) {
    convolution_shape one = all.shape;
    one.batch = 1;
    convolved alone(one);
    std::copy_n(all.x.begin() + i * one.in_image(), one.in_image(), alone.x.begin());
    alone.run();
    CHECK(std::memcmp(alone.y.data(), all.y.data() + i * one.out_image(), alone.y.size() * sizeof(float)) == 0);
  }
}
