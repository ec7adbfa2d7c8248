#include <ogm/train/metrics/accuracy.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

using namespace ogm;
using metrics::accuracy;

namespace {
using labels = std::vector<std::int32_t>;
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
double value(int k, const std::vector<float>& scores, const labels& wanted) {
  accuracy a(k);
  a.add(metrics::score_rows<float>(scores.data(), size_type(wanted.size()), size_type(scores.size() / wanted.size())), wanted);
  return a.value();
}
}  // namespace

TEST_CASE("accuracy counts the first of the highest scores") {
  CHECK(value(1, {1, 2, 3, 3, 2, 1}, {2, 0}) == 1);
  CHECK(value(1, {1, 2, 3, 3, 2, 1}, {2, 1}) == 0.5);
  CHECK(value(1, {5, 5, 5}, {0}) == 1);  // of equal scores the first is predicted
  CHECK(value(1, {5, 5, 5}, {1}) == 0);
  CHECK(value(1, {-infinite, infinite, 0}, {1}) == 1);
  CHECK(value(1, {-infinite, -infinite}, {0}) == 1);
}

TEST_CASE("top-k accuracy agrees with top-1 and counts ranks") {
  CHECK(value(2, {1, 2, 3}, {1}) == 1);
  CHECK(value(2, {1, 2, 3}, {0}) == 0);
  CHECK(value(3, {1, 2, 3}, {0}) == 1);
  CHECK(value(9, {1, 2, 3}, {0}) == 1);
  CHECK(value(2, {5, 5, 5}, {1}) == 1);
  CHECK(value(2, {5, 5, 5}, {2}) == 0);
}

TEST_CASE("a row with a NaN is wrong for every label and every k") {
  for (const int k : {1, 2, 3, 100})
    for (const std::int32_t label : {0, 1, 2}) {
      CHECK(value(k, {not_a_number, 1, 2}, {label}) == 0);
      CHECK(value(k, {1, 2, not_a_number}, {label}) == 0);
    }
}

TEST_CASE("accuracy adds up over batches of tensors and views") {
  tensor<float, dyn, 2> a(2);
  a(0, 1) = 1;  // predicts 1, 0
  tensor<double, dyn, dyn> b(3, 4);
  b(0, 3) = b(1, 2) = b(2, 1) = 1;  // predicts 3, 2, 1
  accuracy sum;
  CHECK(std::isnan(sum.value()));
  const labels of_a{1, 1}, of_b{3, 2, 0};
  sum.add(a, of_a);
  sum.add(b.view(), of_b);
  CHECK(sum.samples() == 5);
  CHECK(sum.correct() == 3);
  CHECK(sum.value() == 0.6);
  sum.add(tensor<float, dyn, 2>(0), {});
  CHECK(sum.samples() == 5);
  sum.reset();
  CHECK(std::isnan(sum.value()));
}

TEST_CASE("accuracy says what is wrong and counts nothing then") {
  accuracy a;
  tensor<float, dyn, 3> scores(2);
  const labels one{0}, high{0, 3}, low{-1, 0};
  CHECK_THROWS_WITH(a.add(scores, one), Catch::Contains("2 samples and 1 labels"));
  CHECK_THROWS_WITH(a.add(scores, high), Catch::Contains("label 3 of sample 1 among 3 classes"));
  CHECK_THROWS_AS(a.add(scores, low), value_error);
  CHECK(a.samples() == 0);
  CHECK_THROWS_AS(accuracy(0), value_error);
  CHECK_THROWS_AS(metrics::score_rows<float>(nullptr, 0, 0), shape_error);
}
