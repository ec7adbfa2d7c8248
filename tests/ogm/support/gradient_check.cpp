// The gradient check catches what it is there to catch.
#include <support/gradient_check.hpp>

#include <ogm/nn/linear.hpp>

#include <limits>

using namespace ogm;
using test::gradient_problem;

namespace {
using backend_type = backend::eigen<double>;

/// y = x^2 elementwise, with a mistake of choice.
enum class mistake { none, factor, stale, overwrites, other_in_inference, other_for_data, nothing_written };
template <mistake Mistake> struct squared {
  OGM_NO_FIELDS
  template <class Tape, class X> auto operator()(Tape& tape, const X& x) const {
    auto y = tape.template make<double>(x.shape());
    const long n = x.count();
    if constexpr (Mistake != mistake::stale)
      for (long i = 0; i < n; ++i) y.data()[i] = 0;
    for (long i = 0; i < n; ++i) y.data()[i] += x.data()[i] * x.data()[i];
    if constexpr (Mistake == mistake::other_in_inference && !Tape::records) y.data()[n - 1] += 1e-15;
    if constexpr (Mistake == mistake::other_for_data && !is_var<X>) y.data()[n - 1] += 1e-15;
    if constexpr (Tape::records && is_var<X>)
      tape.record([x, y, n](auto&) {
        if (!y.reached()) return;
        const auto dx = x.accumulate();
        if constexpr (Mistake == mistake::nothing_written) return;
        const double factor = Mistake == mistake::factor ? 2.0001 : 2;
        for (long i = 0; i < n; ++i) {
          const double g = factor * x.data()[i] * y.gradient()[i];
          dx.data[i] = dx.add() && Mistake != mistake::overwrites ? dx.data[i] + g : g;
        }
      });
    return y;
  }
};
template <mistake Mistake> std::string problem_of() {
  squared<Mistake> layer;
  const auto forward = [](auto& tape, const auto& model, const auto& x) { return model(tape, x); };
  return gradient_problem<backend_type>(layer, forward, {}, test::numbers_like(extents<dyn, 3>(5), 1));
}
}  // namespace

TEST_CASE("the comparator: numbers, NaN and infinity", "[support]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK_FALSE(test::apart(1, 1, 0));
  CHECK_FALSE(test::apart(1000, 1000.0005, 1e-6));
  CHECK(test::apart(1000, 1000.002, 1e-6));
  CHECK_FALSE(test::apart(0, 5e-7, 1e-6));
  CHECK(test::apart(0, 2e-6, 1e-6));
  for (const double bad : {nan, infinity, -infinity}) {
    CHECK(test::apart(bad, 1, 1e9));
    CHECK(test::apart(1, bad, 1e9));
    CHECK(test::apart(bad, bad, 1e9));
  }
}

TEST_CASE("the gradient check accepts what is right", "[support]") {
  CHECK(problem_of<mistake::none>() == "");
  nn::linear<5, 3, backend_type> layer;
  nn::initialise(layer, 1);
  for (const int rows : {1, 3, 17}) test::check_layer(layer, {}, test::numbers_like(extents<dyn, 5>(rows), 2));
}

TEST_CASE("the gradient check catches what is wrong", "[support]") {
  CHECK(problem_of<mistake::factor>().find("difference quotient") != std::string::npos);
  CHECK(problem_of<mistake::stale>().find("stale memory") != std::string::npos);
  CHECK(problem_of<mistake::overwrites>().find("does not add up") != std::string::npos);
  CHECK(problem_of<mistake::other_in_inference>().find("inference") != std::string::npos);
  CHECK(!problem_of<mistake::nothing_written>().empty());
}

TEST_CASE("the check of data accepts what is right and catches what is wrong", "[support]") {
  const auto problem = []<mistake Mistake>(squared<Mistake> layer) {
    const auto forward = [](auto& tape, const auto& model, const auto& x) { return model(tape, x); };
    return test::data_problem<backend_type>(layer, forward, test::numbers_like(extents<dyn, 3>(5), 1));
  };
  CHECK(problem(squared<mistake::none>{}) == "");
  CHECK(problem(squared<mistake::other_for_data>{}).find("other bits") != std::string::npos);
}
