#include <ogm/train/metrics/confusion.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace confusion_test {

using namespace ogm;
using metrics::confusion_matrix;

namespace {
using labels = std::vector<std::int32_t>;
bool near(double a, double b) { return !(std::abs(a - b) > 1e-15) && a == a; }
}  // namespace

TEST_CASE("precision, recall and F1 of a case done by hand") {
  confusion_matrix m(3);
  m.add_predictions(labels{0, 1, 1, 1, 2, 0}, labels{0, 0, 1, 1, 2, 2});
  CHECK(m.count(0, 0) == 1);
  CHECK(m.count(0, 1) == 1);
  CHECK(m.count(2, 0) == 1);
  CHECK(m.count(1, 0) == 0);
  CHECK(m.support(1) == 2);
  CHECK(m.predicted(1) == 3);
  CHECK(m.samples() == 6);
  CHECK(near(m.precision(0), 1 / 2.0));
  CHECK(near(m.precision(1), 2 / 3.0));
  CHECK(near(m.precision(2), 1));
  CHECK(near(m.recall(0), 1 / 2.0));
  CHECK(near(m.recall(1), 1));
  CHECK(near(m.recall(2), 1 / 2.0));
  CHECK(near(m.f1(0), 1 / 2.0));
  CHECK(near(m.f1(1), 4 / 5.0));
  CHECK(near(m.f1(2), 2 / 3.0));
  CHECK(near(m.macro_f1(), (1 / 2.0 + 4 / 5.0 + 2 / 3.0) / 3));
  CHECK(near(m.macro_recall(), (1 / 2.0 + 1 + 1 / 2.0) / 3));
  CHECK(near(m.macro_precision(), (1 / 2.0 + 2 / 3.0 + 1) / 3));
  CHECK(near(m.accuracy(), 4 / 6.0));
}

TEST_CASE("classes that do not occur are left out of the means") {
  confusion_matrix m(5);
  CHECK(std::isnan(m.accuracy()));
  CHECK(std::isnan(m.macro_f1()));
  m.add_predictions(labels{0, 3}, labels{0, 1});  // 2 and 4 on neither side
  CHECK(std::isnan(m.precision(1)));              // never predicted
  CHECK(m.recall(1) == 0);
  CHECK(m.f1(1) == 0);
  CHECK(m.precision(3) == 0);
  CHECK(std::isnan(m.recall(3)));  // no sample
  CHECK(m.f1(3) == 0);
  CHECK(std::isnan(m.f1(2)));
  CHECK(near(m.macro_f1(), 1 / 3.0));
  CHECK(near(m.macro_recall(), 1 / 2.0));
  CHECK(near(m.macro_precision(), 1 / 2.0));
  m.reset();
  CHECK(m.samples() == 0);
}

TEST_CASE("scores are counted by their first highest class, rows with a NaN by none") {
  confusion_matrix m(2);
  tensor<float, dyn, 2> scores(4);
  scores(0, 1) = 1;
  scores(2, 0) = std::numeric_limits<float>::quiet_NaN();
  scores(3, 1) = std::numeric_limits<float>::quiet_NaN();
  m.add(scores, labels{1, 0, 0, 1});
  CHECK(m.count(1, 1) == 1);
  CHECK(m.count(0, 0) == 1);  // the first of equals
  CHECK(m.count(0, metrics::no_prediction) == 1);
  CHECK(m.count(1, metrics::no_prediction) == 1);
  CHECK(m.support(0) == 2);
  CHECK(m.predicted(0) == 1);
  CHECK(m.precision(0) == 1);
  CHECK(m.recall(0) == 0.5);
  CHECK(m.accuracy() == 0.5);
}

TEST_CASE("the confusion matrix says what is wrong") {
  CHECK_THROWS_AS(confusion_matrix(0), value_error);
  confusion_matrix m(3);
  CHECK_THROWS_WITH(m.add(tensor<float, dyn, 2>(1), labels{0}), Catch::Contains("3 classes was given scores of 2"));
  CHECK_THROWS_AS(m.add_predictions(labels{0}, labels{0, 1}), shape_error);
  CHECK_THROWS_WITH(m.add_predictions(labels{0, 3}, labels{0, 1}), Catch::Contains("prediction 3 of sample 1"));
  CHECK_THROWS_AS(m.add_predictions(labels{-2}, labels{0}), value_error);
  CHECK(m.samples() == 0);
  CHECK_THROWS_AS(m.count(3, 0), value_error);
  CHECK_THROWS_AS(m.precision(-1), value_error);
}

}  // namespace confusion_test
