#include <ogm/nn/loss.hpp>

#include <support/golden_check.hpp>
#include <support/golden_training.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

namespace {
tensor<std::int32_t, dyn> labels_for(long rows, long classes) {
  tensor<std::int32_t, dyn> y(rows);
  for (long r = 0; r < rows; ++r) y(r) = std::int32_t(random::below({5, 6, 7}, std::uint64_t(r), std::uint64_t(classes)));
  return y;
}
tensor<double, dyn> positive(long n) {
  auto w = numbers_like(extents<dyn>(n), 31);
  for (double& v : w.flat()) v += 1.5;
  return w;
}
std::string message_of(const auto& f) {
  try {
    f();
  } catch (const error& e) {
    return e.what();
  }
  return "nothing was thrown";
}
}  // namespace

TEST_CASE("cross_entropy: gradients") {
  for (const long rows : {1, 3, 17})
    for (const long classes : {1, 2, 7, 8, 9, 33}) {
      const auto x = numbers_like(extents<dyn, dyn>(rows, classes), 1, 3);
      const auto y = labels_for(rows, classes);
      const auto w = positive(classes), s = positive(rows);
      for (const double smoothing : {0.0, 0.1, 1.0})
        for (const auto over : {nn::reduction::mean, nn::reduction::sum})
          for (const bool weighted : {false, true}) {
            INFO(rows << " " << classes << " " << smoothing << " " << weighted);
            nn::cross_entropy_options<memory::host, double> options{.label_smoothing = smoothing, .over = over};
            if (weighted) options.class_weight = w, options.sample_weight = s;
            auto values = x;
            check_function([&](auto& t, const auto& v) { return nn::cross_entropy(t, v, y, options); }, {}, values);
          }
    }
}

TEMPLATE_TEST_CASE("cross_entropy: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_loss<backend::eigen<TestType>>,
                               {"cross_entropy", "cross_entropy_label_smoothing_0.1", "cross_entropy_weighted", "cross_entropy_sum"});
}

TEMPLATE_TEST_CASE("bce_with_logits and mse: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_loss<backend::eigen<TestType>>, {"bce_with_logits", "mse_to_zero"});
}

TEST_CASE("bce_with_logits and mse: gradients of both arguments") {
  for (const long n : {1, 7, 600, 1025}) {
    auto x = numbers_like(extents<dyn>(n), 2, 4), t = numbers_like(extents<dyn>(n), 3);
    for (const auto over : {nn::reduction::mean, nn::reduction::sum}) {
      check_function([&](auto& tape, const auto& a, const auto& b) { return nn::mse(tape, a, b, over); }, {}, x, t);
      check_function([&](auto& tape, const auto& a, const auto& b) { return nn::bce_with_logits(tape, a, b, over); }, {}, x, t);
    }
  }
}

TEST_CASE("losses of extreme logits are finite") {
  tape<backend::eigen<float>> tape;
  tensor<float, 2, 3> x;
  const std::vector<double> extreme{1000, -1000, 0, -1e30, 1e30, 0};
  assign<memory::host>(x.data(), extreme);
  tensor<std::int32_t, 2> y;
  y(1) = 1;
  CHECK(tape.read(nn::cross_entropy(tape, x, y)) == 0.f);
  tensor<float, 2, 3> ones;
  for (float& v : ones.flat()) v = 1;
  const float bce = tape.read(nn::bce_with_logits(tape, x, ones, nn::reduction::sum));
  CHECK(!apart(double(bce) / 1e30, 1, 1e-6));
  x(0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(tape.read(nn::cross_entropy(tape, x, y))));
}

TEST_CASE("softmax_scores: the probabilities of the labels, skipped rows, weights, ties") {
  inference<backend::eigen<double>> tape;
  for (const long rows : {1, 5, 130})
    for (const long classes : {1, 3, 700}) {
      const auto x = numbers_like(extents<dyn, dyn>(rows, classes), 4, 5);
      auto y = labels_for(rows, classes);
      const auto w = positive(rows);
      double probability = 0, cost = 0, weighted = 0, correct = 0;
      if (rows > 1) y(1) = -1;
      for (long r = 0; r < rows; ++r) {
        if (y(r) < 0) continue;
        double sum = 0;
        long best = 0;
        for (long c = 0; c < classes; ++c) {
          sum += std::exp(x(r, c));
          if (x(r, c) > x(r, best)) best = c;
        }
        const double p = std::exp(x(r, y(r))) / sum;
        probability += p, cost -= std::log(p), weighted += w(r) * p, correct += best == y(r);
      }
      const auto s = nn::softmax_scores(tape, x, y);
      CHECK(!apart(s.probability, probability, 1e-12));
      CHECK(!apart(s.cross_entropy, cost, 1e-12));
      CHECK(s.correct == correct);
      CHECK(s.rows == double(rows > 1 ? rows - 1 : rows));
      CHECK(!apart(nn::softmax_scores(tape, x, y, w.view()).probability, weighted, 1e-12));
      const use_threads two(2);
      const auto again = nn::softmax_scores(tape, x, y);
      CHECK(same_bits(&s, &again, 1));
    }
  const tensor<double, 2, 3> equal;
  tensor<std::int32_t, 2> y;
  y(1) = 2;
  CHECK(nn::softmax_scores(tape, equal, y).correct == 1);
}

TEST_CASE("labels that are no class, and other misuse, in words") {
  tape<backend::eigen<float>> tape;
  const tensor<float, 3, 4> x;
  tensor<std::int32_t, 3> y;
  y(2) = 4;
  CHECK(message_of([&] { nn::cross_entropy(tape, x, y); }) ==
        "ogm: cross_entropy was given label 4 in row 2: 4 classes are labelled 0 to 3.");
  y(2) = -1;
  CHECK(message_of([&] { nn::cross_entropy(tape, x, y); }) ==
        "ogm: cross_entropy was given label -1 in row 2: 4 classes are labelled 0 to 3.");
  CHECK(nn::softmax_scores(tape, x, y).rows == 2);
  y(0) = -2;
  CHECK(message_of([&] { nn::softmax_scores(tape, x, y); }) ==
        "ogm: softmax_scores was given label -2 in row 0: 4 classes are labelled 0 to 3.");
  const tensor<std::int32_t, 2> two;
  CHECK(message_of([&] { nn::cross_entropy(tape, x, two); }) ==
        "ogm: cross_entropy was given logits of shape (3, 4) and 2 labels: one label a row is needed.");
  CHECK(message_of([&] { nn::cross_entropy(tape, x, tensor<std::int32_t, 3>(), {.label_smoothing = 2}); }) ==
        "ogm: cross_entropy was given a label smoothing of 2.000000: a number from 0 to 1 is needed.");
  CHECK(message_of([&] { nn::mse(tape, x, tensor<float, 2>()); }) == "ogm: mse was given tensors of shape (3, 4) and (2).");
}
