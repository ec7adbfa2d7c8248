#include <avqa/features/op/depthwise.hpp>

#include "../numbers.hpp"
#include "plain_depthwise.hpp"

#include <catch2/catch.hpp>

using namespace avqa;
namespace test = ogm::test;

TEST_CASE("a depth-wise convolution is its definition for every width, number of channels, stride, kernel and padding") {
  const float nothing = 1234.5f;
  const op::limits limit{-0.8f, 1.1f};
  for (const long channels : {1L, 3L, long(ogm::lanes) - 1, long(ogm::lanes), long(ogm::lanes) + 1, 2L * ogm::lanes + 3})
    for (const long kernel : {1L, 3L, 5L})
      for (const long stride : {1L, 2L, 3L})
        for (const long before : {0L, 1L, 2L})
          for (const long after : {0L, 1L})
            for (long width = 1; width <= 14; ++width) {
              const op::depthwise_shape shape{
                  5, width, channels, kernel, stride, std::min(before, kernel - 1), std::min(after, kernel - 1)};
              if (width + shape.pad_before + shape.pad_after < kernel) continue;
              const long in_row = width * channels, out_row = shape.out_width() * channels;
              const auto x = test::uniform_numbers(5 * in_row, 1), weight = test::uniform_numbers(kernel * kernel * channels, 2);
              const auto bias = test::uniform_numbers(channels, 3, 0.2f);
              std::vector<float> y(std::size_t(shape.out_height() * out_row + ogm::lanes), nothing);
              const op::depthwise_row row{shape, weight.data(), bias.data(), limit};
              bool inside = true;
              const auto row_of = [&](long r) {
                inside &= r >= 0 && r < 5;
                return x.data() + r * in_row;
              };
              for (long h = 0; h < shape.out_height(); ++h) row(h, row_of, y.data() + h * out_row);
              INFO("width " << width << ", " << channels << " channels, kernel " << kernel << ", stride " << stride << ", padding "
                            << shape.pad_before << " and " << shape.pad_after);
              REQUIRE(inside);
              for (std::size_t i = std::size_t(shape.out_height() * out_row); i < y.size(); ++i) REQUIRE(y[i] == nothing);
              y.resize(std::size_t(shape.out_height() * out_row));
              REQUIRE(test::apart_of_largest(y, test::plain_depthwise(shape, x.data(), weight, bias, limit)) <= 4e-6);
            }
}
