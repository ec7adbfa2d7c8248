#include <avqa/features/op/separable_block.hpp>

#include <support/compare.hpp>

#include "../numbers.hpp"
#include "plain_depthwise.hpp"

#include <catch2/catch.hpp>

using namespace avqa;
namespace test = ogm::test;

namespace {

/// Both operations one after the other, in double.
std::vector<double> plain(const op::separable_block& b, const float* x, const std::vector<float>& weight, const std::vector<float>& bias,
                          const op::row_finish& finish) {
  const auto between = test::plain_depthwise(b.shape, x, b.weight, b.bias, b.limit);
  const std::size_t channels = std::size_t(b.shape.channels);
  std::vector<double> y;
  for (std::size_t row = 0; row < between.size() / channels; ++row)
    for (std::size_t c = 0; c < bias.size(); ++c) {
      double sum = bias[c];
      for (std::size_t k = 0; k < channels; ++k) sum += between[row * channels + k] * double(weight[c * channels + k]);
      sum = std::clamp(sum, double(finish.limit.low), double(finish.limit.high));
      if (finish.residual)
        sum = std::clamp(sum + double(finish.residual[row * bias.size() + c]), double(finish.total.low), double(finish.total.high));
      y.push_back(sum);
    }
  return y;
}

}  // namespace

TEST_CASE("a separable block is its definition, in bands of an image in memory and of one that is made, the same bits for any images") {
  // Heights that take one band and several, the last one shorter.
  for (const long stride : {1L, 2L})
    for (const long height : {1L, 2L, 9L, 61L}) {
      const long width = 40, channels = 2 * ogm::lanes + 21, columns = 11, images = 3;
      if (height == 1 && stride == 2) continue;  // no output
      op::separable_block b;
      b.shape = {.height = height, .width = width, .channels = channels, .stride = stride, .pad_before = stride == 1};
      b.weight = test::uniform_numbers(9 * channels, 1), b.bias = test::uniform_numbers(channels, 2), b.limit = {-1.f, 2.f};
      const auto weight = test::uniform_numbers(columns * channels, 3), bias = test::uniform_numbers(columns, 4);
      b.product = op::packed_product(weight, bias);
      const long in = height * width * channels, out = b.shape.out_height() * b.shape.out_width() * columns;
      const auto x = test::uniform_numbers(images * in, 5), residual = test::uniform_numbers(images * out, 6);
      INFO("stride " << stride << ", height " << height);
      for (const bool with_residual : {false, true}) {
        const auto finish_of = [&](long image) {
          return op::row_finish{{-4.f, 5.f}, with_residual ? residual.data() + image * out : nullptr, {-3.f, 3.f}};
        };
        op::block_scratch scratch;
        std::vector<float> all(std::size_t(images * out), 99.f), alone(std::size_t(out), 99.f), made(std::size_t(out), 99.f);
        b.run(images, x.data(), finish_of(0), all.data(), scratch);
        for (long i = 0; i < images; ++i) {
          const float* const image = x.data() + i * in;
          const std::vector<float> mine(all.begin() + i * out, all.begin() + (i + 1) * out);
          REQUIRE(test::apart_of_largest(mine, plain(b, image, weight, bias, finish_of(i))) <= 1e-5);
          b.run(1, image, finish_of(i), alone.data(), scratch);
          REQUIRE(ogm::test::same_bits(alone.data(), mine.data(), mine.size()));
          std::vector<int> times(std::size_t(height), 0);
          const auto make = [&](long first, long last, float* to) {
            for (long r = first; r < last; ++r) ++times[std::size_t(r)];
            std::copy(image + first * width * channels, image + last * width * channels, to);
          };
          b.run_made(make, finish_of(i), made.data(), scratch);
          REQUIRE(ogm::test::same_bits(made.data(), mine.data(), mine.size()));
          REQUIRE(times == std::vector<int>(std::size_t(height), 1));  // no row is made twice, or never
        }
      }
      CHECK(b.filter_flop() == 18.0 * double(out / columns * channels));
    }
}
