#include <avqa/features/op/row_product.hpp>

#include <support/compare.hpp>

#include "../numbers.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace avqa;
namespace test = ogm::test;

namespace {
constexpr float nothing = 1234.5f;  // what must not be written
const std::vector<long> tails{1, 3, 7, ogm::lanes - 1, ogm::lanes, ogm::lanes + 1, 2 * ogm::lanes, 2 * ogm::lanes + 1, 4 * ogm::lanes + 3};

double clamped(double x, op::limits to) { return std::min(std::max(x, double(to.low)), double(to.high)); }

/// The definition, in double.
std::vector<double> plain(long rows, long inner, const auto& left, const std::vector<float>& weight, const std::vector<float>& bias,
                          const op::row_finish& finish) {
  const long columns = long(bias.size());
  std::vector<double> y;
  for (long i = 0; i < rows; ++i)
    for (long c = 0; c < columns; ++c) {
      double sum = bias[std::size_t(c)];
      for (long k = 0; k < inner; ++k) sum += double(left(i, k)) * double(weight[std::size_t(c * inner + k)]);
      sum = clamped(sum, finish.limit);
      y.push_back(finish.residual ? clamped(sum + double(finish.residual[i * columns + c]), finish.total) : sum);
    }
  return y;
}
}  // namespace

TEST_CASE("a product of rows is its definition for every number of rows, inner numbers and columns, and writes nothing behind") {
  const op::limits narrow{-0.4f, 0.7f}, wide{-1e9f, 1e9f};
  for (const long columns : tails)
    for (const long inner : {1L, 2L, 7L, 16L, 33L}) {
      const auto weight = test::uniform_numbers(columns * inner, 1), bias = test::uniform_numbers(columns, 2);
      const op::packed_product product(weight, bias);
      REQUIRE(product.columns() == columns);
      REQUIRE(product.inner() == inner);
      for (long rows = 0; rows <= 31; rows += rows < 16 ? 1 : 3) {
        const auto x = test::uniform_numbers(rows * inner, 3), residual = test::uniform_numbers(rows * columns, 4);
        const auto left = [&](long i, long k) { return x[std::size_t(i * inner + k)]; };
        for (const op::row_finish& finish : {op::row_finish{wide}, op::row_finish{narrow}, op::row_finish{wide, residual.data(), narrow},
                                             op::row_finish{narrow, residual.data(), wide}}) {
          std::vector<float> y(std::size_t(rows * columns + 2 * ogm::lanes), nothing);
          product.run(rows, x.data(), finish, y.data());
          for (std::size_t i = std::size_t(rows * columns); i < y.size(); ++i) REQUIRE(y[i] == nothing);
          y.resize(std::size_t(rows * columns));
          INFO(rows << " x " << inner << " x " << columns);
          REQUIRE(test::apart_of_largest(y, plain(rows, inner, left, weight, bias, finish)) <= 4e-6);
        }
      }
    }
}

TEST_CASE("a product whose weight does not stay in the first-level cache is its definition too") {
  const long rows = 131, inner = 150, columns = 5 * ogm::lanes + 2;
  const auto weight = test::uniform_numbers(columns * inner, 1), bias = test::uniform_numbers(columns, 2),
             x = test::uniform_numbers(rows * inner, 3);
  const op::row_finish finish{{-2.f, 2.f}};
  std::vector<float> y(std::size_t(rows * columns), nothing);
  op::packed_product(weight, bias).run(rows, x.data(), finish, y.data());
  const auto left = [&](long i, long k) { return x[std::size_t(i * inner + k)]; };
  CHECK(test::apart_of_largest(y, plain(rows, inner, left, weight, bias, finish)) <= 1e-5);
}

TEST_CASE("a product walks the windows of an image without a copy of them") {
  const long width = 9, channels = 3, columns = ogm::lanes + 3, inner = 9 * channels, places = 4 * 4;
  const auto image = test::uniform_numbers(width * width * channels, 5), weight = test::uniform_numbers(columns * inner, 6);
  const std::vector<float> bias(std::size_t(columns), 0.25f);
  const op::row_finish finish{{-100.f, 100.f}};
  const auto corner = [&](long i) { return (i / 4 * 2 * width + i % 4 * 2) * channels; };
  std::vector<float> y(std::size_t(places * columns), nothing);
  op::packed_product(weight, bias)
      .run(
          places, {3 * channels, 3, width * channels}, [&](long i) { return image.data() + corner(i); }, finish, y.data());
  const auto left = [&](long i, long k) {
    return image[std::size_t(corner(i) + k / (3 * channels) * width * channels + k % (3 * channels))];
  };
  CHECK(test::apart_of_largest(y, plain(places, inner, left, weight, bias, finish)) <= 4e-6);
}

TEST_CASE("a row of a product has the same bits whatever rows are computed with it") {
  const long rows = 40, inner = 21, columns = 3 * ogm::lanes + 5;
  const auto weight = test::uniform_numbers(columns * inner, 1), bias = test::uniform_numbers(columns, 2),
             x = test::uniform_numbers(rows * inner, 3);
  const op::packed_product product(weight, bias);
  const op::row_finish finish{{-1.f, 6.f}};
  std::vector<float> all(std::size_t(rows * columns)), one(static_cast<std::size_t>(columns));
  product.run(rows, x.data(), finish, all.data());
  for (long i = 0; i < rows; ++i) {
    product.run(1, x.data() + i * inner, finish, one.data());
    CHECK(ogm::test::same_bits(one.data(), all.data() + i * columns, one.size()));
  }
}

TEST_CASE("what is NaN in a row stays NaN through the limits, in that row alone") {
  const long inner = 4, columns = ogm::lanes + 1;
  std::vector<float> x(std::size_t(3 * inner), 1.f), y(std::size_t(3 * columns));
  x[std::size_t(inner)] = std::numeric_limits<float>::quiet_NaN();
  op::packed_product(test::uniform_numbers(columns * inner, 1), test::uniform_numbers(columns, 2)).run(3, x.data(), {{0.f, 6.f}}, y.data());
  for (long i = 0; i < 3; ++i)
    for (long c = 0; c < columns; ++c) CHECK(std::isnan(y[std::size_t(i * columns + c)]) == (i == 1));
}

TEST_CASE("the mean of rows is its definition for every number of columns") {
  for (const long columns : tails)
    for (const long rows : {1L, 2L, 49L}) {
      const auto x = test::uniform_numbers(rows * columns, 7);
      std::vector<float> y(std::size_t(columns + ogm::lanes), nothing);
      std::vector<double> expected(static_cast<std::size_t>(columns));
      for (long i = 0; i < rows * columns; ++i) expected[std::size_t(i % columns)] += double(x[std::size_t(i)]) / double(rows);
      op::mean_of_rows(rows, columns, x.data(), y.data());
      for (std::size_t i = std::size_t(columns); i < y.size(); ++i) CHECK(y[i] == nothing);
      y.resize(std::size_t(columns));
      CHECK(test::apart_of_largest(y, expected) <= 1e-5);
    }
}
