#include <ogm/train/metrics/average_precision.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace average_precision_test {

using namespace ogm;

namespace {
bool near(double a, double b) { return !(std::abs(a - b) > 1e-14) && a == a; }
double ap(const std::vector<float>& scores, const std::vector<std::uint8_t>& relevant) {
  return metrics::average_precision<float>(scores, relevant);
}
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
}  // namespace

TEST_CASE("average precision of cases done by hand") {
  CHECK(near(ap({0.1f, 0.4f, 0.35f, 0.8f}, {0, 0, 1, 1}), 0.5 * 1 + 0.5 * 2 / 3));
  CHECK(near(ap({3, 2, 1}, {1, 1, 0}), 1));
  CHECK(near(ap({3, 2, 1}, {0, 0, 1}), 1 / 3.0));
  CHECK(near(ap({3, 2, 1}, {0, 1, 1}), 0.5 * 0.5 + 0.5 * 2 / 3));
  CHECK(near(ap({1}, {1}), 1));
  CHECK(near(ap({5, 4}, {7, 9}), 1));  // any mark but 0 is a positive
}

TEST_CASE("equal scores are retrieved together, in any order") {
  CHECK(near(ap({1, 1, 1, 1}, {1, 0, 0, 0}), 0.25));
  CHECK(near(ap({1, 1, 1, 1}, {0, 0, 0, 1}), 0.25));
  CHECK(near(ap({2, 1, 1, 0}, {0, 1, 0, 1}), 0.5 / 3 + 0.5 / 2));
  CHECK(near(ap({0, 1, 1, 2}, {1, 0, 1, 0}), 0.5 / 3 + 0.5 / 2));
  CHECK(near(ap({infinite, infinite, -infinite}, {1, 0, 1}), 0.5 * 0.5 + 0.5 * 2 / 3));
}

TEST_CASE("average precision depends on the order of scores only") {
  std::vector<float> scores, squashed;
  std::vector<std::uint8_t> relevant;
  unsigned state = 1;
  for (int i = 0; i < 500; ++i) {
    state = state * 1664525u + 1013904223u;
    scores.push_back(float(state >> 24) / 32 - 4);  // with ties
    squashed.push_back(std::tanh(scores.back() / 4) * 3 + 1);
    relevant.push_back(state >> 10 & 1);
  }
  CHECK(ap(scores, relevant) == ap(squashed, relevant));
}

TEST_CASE("average precision without positives, samples or numbers is NaN") {
  CHECK(std::isnan(ap({}, {})));
  CHECK(std::isnan(ap({1, 2}, {0, 0})));
  CHECK(std::isnan(ap({1, not_a_number}, {1, 0})));
  CHECK_THROWS_AS(ap({1, 2}, {1}), shape_error);
}

TEST_CASE("mean average precision is the mean over the classes that occur") {
  metrics::mean_average_precision m(4, metrics::ranking::scores_as_given);
  CHECK(std::isnan(m.value()));
  tensor<float, dyn, 4> a(2), b(2);
  const std::vector<std::int32_t> of_a{0, 1}, of_b{0, 2};
  a(0, 0) = 0.9f;
  a(1, 0) = 0.8f;
  a(1, 1) = 0.5f;
  b(0, 0) = 0.7f;
  b(0, 2) = 0.6f;
  b(1, 2) = 0.3f;
  m.add(a, of_a);
  m.add(b.view(), of_b);
  CHECK(m.samples() == 4);
  CHECK(near(m.of_class(0), 0.5 + 0.5 * 2 / 3));
  CHECK(near(m.of_class(1), 1));
  CHECK(near(m.of_class(2), 0.5));
  CHECK(std::isnan(m.of_class(3)));
  CHECK(near(m.value(), (0.5 + 1 / 3.0 + 1 + 0.5) / 3));
  m.reset();
  CHECK(m.samples() == 0);
}

TEST_CASE("softmax compares samples by probability, logits by themselves") {
  tensor<float, dyn, 2> logits(2);
  logits(0, 0) = 1;  // p(0) = 0.27: the higher logit of class 0, but the lower probability
  logits(0, 1) = 2;
  logits(1, 0) = 0;
  logits(1, 1) = -900;
  const std::vector<std::int32_t> labels{1, 0};
  metrics::mean_average_precision given(2, metrics::ranking::scores_as_given), probability(2, metrics::ranking::softmax);
  given.add(logits, labels);
  probability.add(logits, labels);
  CHECK(near(given.of_class(0), 0.5));
  CHECK(near(probability.of_class(0), 1));
}

TEST_CASE("a NaN shows in the mean") {
  tensor<float, dyn, 2> scores(2);
  scores(0, 1) = not_a_number;
  const std::vector<std::int32_t> labels{0, 1};
  metrics::mean_average_precision given(2, metrics::ranking::scores_as_given), probability(2);
  given.add(scores, labels);
  probability.add(scores, labels);
  CHECK(given.of_class(0) == 0.5);
  CHECK(std::isnan(given.of_class(1)));
  CHECK(std::isnan(given.value()));
  CHECK(std::isnan(probability.of_class(0)));
}

TEST_CASE("mean average precision says what is wrong") {
  metrics::mean_average_precision m(3);
  const std::vector<std::int32_t> one{0}, high{3};
  CHECK_THROWS_AS(m.add(tensor<float, dyn, 2>(1), one), shape_error);
  CHECK_THROWS_AS(m.add(tensor<float, dyn, 3>(1), high), value_error);
  CHECK(m.samples() == 0);
  CHECK_THROWS_AS(m.of_class(3), value_error);
  CHECK_THROWS_AS(metrics::mean_average_precision(0), value_error);
}

}  // namespace average_precision_test
