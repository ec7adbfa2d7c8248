#include <ogm/nn/softmax.hpp>

#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {
tensor<std::uint8_t, dyn, dyn> mask_for(long rows, long columns) {
  tensor<std::uint8_t, dyn, dyn> mask(rows, columns);
  for (long i = 0; i < rows * columns; ++i) mask.data()[i] = random::uniform({1, 2, 3}, std::uint64_t(i)) < 0.4f;
  for (long c = 0; c < columns; ++c) mask(0, c) = 1;  // all of a row
  return mask;
}
}  // namespace

TEST_CASE("softmax and log_softmax: gradients, with masks of all sizes") {
  for (const long rows : {2, 18})
    for (const long columns : {1, 3, 7, 8, 9, 16, 35}) {
      INFO(rows << " " << columns);
      auto x = numbers_like(extents<dyn, dyn, dyn>(3, rows, columns), 1, 3);
      const auto mask = mask_for(rows, columns);
      check_function([](auto& t, const auto& v) { return nn::softmax(t, v); }, {}, x);
      check_function([](auto& t, const auto& v) { return nn::log_softmax(t, v); }, {}, x);
      check_function([&](auto& t, const auto& v) { return nn::softmax(t, v, mask); }, {}, x);
      check_function([&](auto& t, const auto& v) { return nn::log_softmax(t, v, mask); }, {}, x);
    }
}

TEMPLATE_TEST_CASE("softmax: PyTorch's values", "", float, double) {
  check_golden_cases<TestType>(run_golden_function<backend::eigen<TestType>>, {"softmax_last", "log_softmax_last"});
}

TEMPLATE_TEST_CASE("softmax: laws", "", float, double) {
  using T = TestType;
  inference<backend::eigen<T>> tape;
  const double tolerance = golden_tolerance<T>;
  for (const long columns : {1, 3, 8, 21}) {
    const auto x = numbers_like<backend::eigen<T>>(extents<dyn, dyn>(5, columns), 2, 30);
    const auto mask = mask_for(5, columns);
    const auto p = nn::softmax(tape, x), l = nn::log_softmax(tape, x), m = nn::softmax(tape, x, mask);
    for (long r = 0; r < 5; ++r) {
      double sum = 0, left = 0;
      long unmasked = 0;
      for (long c = 0; c < columns; ++c) {
        sum += double(p(r, c));
        left += double(m(r, c));
        unmasked += !mask(r, c);
        CHECK(!apart(std::exp(double(l(r, c))), double(p(r, c)), tolerance));
        if (mask(r, c)) CHECK(m(r, c) == T(0));
      }
      CHECK(!apart(sum, 1, tolerance));
      CHECK(!apart(left, unmasked ? 1 : 0, tolerance));
    }
  }
}

TEMPLATE_TEST_CASE("softmax: infinities, NaN and large numbers", "", float, double) {
  using T = TestType;
  constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  inference<backend::eigen<T>> tape;
  tensor<T, 5, 2> x;
  x(0, 0) = -infinity, x(0, 1) = -infinity;
  x(1, 0) = -infinity, x(1, 1) = 3;
  x(2, 0) = nan, x(2, 1) = -infinity;
  x(3, 0) = T(1e30), x(3, 1) = T(-1e30);
  x(4, 0) = nan, x(4, 1) = 1;
  const auto p = nn::softmax(tape, x);
  CHECK((p(0, 0) == 0 && p(0, 1) == 0));
  CHECK((p(1, 0) == 0 && p(1, 1) == 1));
  CHECK(std::isnan(p(2, 0)));
  CHECK((p(3, 0) == 1 && p(3, 1) == 0));
  CHECK((std::isnan(p(4, 0)) && std::isnan(p(4, 1))));
  const auto l = nn::log_softmax(tape, x);
  CHECK((std::isnan(l(2, 0)) && std::isnan(l(4, 1))));
  CHECK(l(3, 0) == 0);
}

TEST_CASE("softmax: a mask of another shape, in words") {
  inference<backend::eigen<float>> tape;
  const tensor<float, 3, 4> x;
  CHECK_THROWS_WITH(
      nn::softmax(tape, x, tensor<std::uint8_t, 2, 4>()),
      "ogm: softmax of a tensor of shape (3, 4) was given a mask of shape (2, 4): the same shape or its last axes are needed.");
}
