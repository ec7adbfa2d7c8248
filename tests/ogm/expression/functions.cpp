// Every function of an expression by itself: the float arithmetic against the double one, the slope against difference quotients.
#include <ogm/expression/functions.hpp>

#include <support/compare.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using namespace ogm::expression;

namespace {

constexpr int points = 400;
double point(double from, double to, int i) { return from + (to - from) * (i + 0.5) / points; }
/// All lanes of f at x; they must agree with each other.
template <class F> float on_pack(const F& f, float x) {
  const float_pack y = f(float_pack{} + x);
  for (int k = 1; k < lanes; ++k) REQUIRE(test::same_bits(reinterpret_cast<const float*>(&y), reinterpret_cast<const float*>(&y) + k, 1));
  return y[0];
}

template <class F> void check(const F& f, double from, double to, double tolerance = 2e-6) {
  for (int i = 0; i < points; ++i) {
    const double x = point(from, to, i), h = 1e-6;
    INFO("x = " << x);
    const double y = f.value(x), slope = f.slope(x, y), quotient = (f.value(x + h) - f.value(x - h)) / (2 * h);
    CHECK(!test::apart(slope, quotient, 1e-7));
    const float single = float(x);
    const double exact = f.value(double(single));
    const float value = on_pack([&](float_pack v) { return f.value(v); }, single);
    CHECK(!test::apart(double(value), exact, tolerance));
    CHECK(!test::apart(double(on_pack([&](float_pack v) { return f.slope(v, f.value(v)); }, single)), f.slope(double(single), exact),
                       tolerance));
  }
}
template <class F> void check_two(double from, double to) {
  for (int i = 0; i < points; ++i) {
    const double a = point(from, to, i), b = point(to, from, (i * 7) % points) + 0.013, h = 1e-6;
    INFO("a = " << a << ", b = " << b);
    CHECK(!test::apart(F::slope_left(a, b), (F::value(a + h, b) - F::value(a - h, b)) / (2 * h), 1e-7));
    CHECK(!test::apart(F::slope_right(a, b), (F::value(a, b + h) - F::value(a, b - h)) / (2 * h), 1e-7));
    const float x = float(a), y = float(b);
    CHECK(!test::apart(double(on_pack([&](float_pack v) { return F::value(v, float_pack{} + y); }, x)), F::value(double(x), double(y)),
                       1e-6));
    CHECK(!test::apart(double(on_pack([&](float_pack v) { return F::slope_right(v, float_pack{} + y); }, x)),
                       F::slope_right(double(x), double(y)), 1e-6));
    CHECK(!test::apart(double(on_pack([&](float_pack v) { return F::slope_left(v, float_pack{} + y); }, x)),
                       F::slope_left(double(x), double(y)), 1e-6));
  }
}
}  // namespace

TEST_CASE("functions of one operand: value in float, slope against difference quotients") {
  check(expression::relu{}, -2, -0.01);
  check(expression::relu{}, 0.01, 2);
  check(expression::tanh{}, -4, 4);
  check(expression::sigmoid{}, -8, 8);
  check(expression::exp{}, -5, 3, 1e-6);
  check(expression::log{}, 0.05, 9);
  check(expression::sqrt{}, 0.05, 9);
  check(expression::negate{}, -2, 2);
  check(expression::square{}, -2, 2);
  check(expression::abs{}, -2, -0.01);
  check(expression::abs{}, 0.01, 2);
  check(expression::leaky_relu{0.2}, -2, -0.01);
  check(expression::leaky_relu{0.2}, 0.01, 2);
  check(expression::elu{1.3}, -2, -0.01);
  check(expression::elu{1.3}, 0.01, 2);
  check(expression::gelu{}, -4, 4);
}

TEST_CASE("functions of two operands") {
  check_two<plus>(-2, 2);
  check_two<minus>(-2, 2);
  check_two<times>(-2, 2);
  check_two<divides>(0.5, 3);
  check_two<maximum>(-2, 2);
  check_two<minimum>(-2, 2);
}

TEST_CASE("kinks: the slope at 0, and whom an equal pair belongs to") {
  CHECK(expression::relu{}.slope(0.0, 0.0) == 0);
  CHECK(expression::abs{}.slope(0.0, 0.0) == 0);
  CHECK((maximum::slope_left(1.0, 1.0) == 1 && maximum::slope_right(1.0, 1.0) == 0));
  CHECK((minimum::slope_left(1.0, 1.0) == 1 && minimum::slope_right(1.0, 1.0) == 0));
}

TEST_CASE("NaN goes through") {
  const auto pack = float_pack{} + std::nanf("");
  const auto through = [&](const auto& f) { return std::isnan(f.value(pack)[0]) && std::isnan(f.value(std::nan(""))); };
  CHECK(through(expression::relu{}));
  CHECK(through(expression::tanh{}));
  CHECK(through(expression::sigmoid{}));
  CHECK(through(expression::exp{}));
  CHECK(through(expression::log{}));
  CHECK(through(expression::sqrt{}));
  CHECK(through(expression::square{}));
  CHECK(through(expression::abs{}));
  CHECK(through(expression::leaky_relu{}));
  CHECK(through(expression::elu{}));
  CHECK(through(expression::gelu{}));
  CHECK(std::isnan(maximum::value(std::nan(""), 1.0)));
}
