#include <ogm/nn/batch_norm.hpp>
#include <support/backends.hpp>
#include <support/golden_check.hpp>
#include <support/golden_layer.hpp>
#include <support/gradient_check.hpp>

using namespace ogm;
using D = backend::eigen<double>;

namespace {
template <int Channels, int... E> void is_right(const extents<E...>& shape, bool training) {
  INFO(shape.text() << (training ? " in training" : ""));
  nn::batch_norm<Channels, D> norm;
  nn::initialise(norm, 1);
  test::randomise(norm, 2);
  for (int c = 0; c < Channels; ++c) norm.running_mean.value(c) = 0.1 * c - 0.3, norm.running_var.value(c) = 0.5 + 0.2 * c;
  const test::gradient_options options{.training = training, .elements = 40};
  const auto x = test::numbers_like(shape, 3), residual = test::numbers_like(shape, 4);
  auto a = x, b = residual;
  test::check_layer(norm, options, a);
  CHECK(test::gradient_problem<D>(
            norm, [](auto& t, const auto& m, const auto& one) { return m.then_relu(t, one); }, options, a) == "");
  CHECK(test::gradient_problem<D>(
            norm, [](auto& t, const auto& m, const auto& one, const auto& two) { return m.then_relu(t, one, two); }, options, a, b) == "");
  CHECK(test::gradient_problem<D>(
            norm, [](auto& t, const auto& m, const auto& one) { return m.then_relu(t, one, one); }, options, a) == "");  // f(x) + x
}
}  // namespace

TEST_CASE("batch_norm has the gradients of its definition", "[nn]") {
  for (const bool training : {true, false}) {
    for (const long batch : {2, 3, 7, 17, 33}) is_right<3>(extents<dyn, 3>(batch), training);
    for (const long time : {1, 3, 7, 15, 16, 17, 33}) is_right<2>(extents<dyn, 2, dyn>(3, time), training);
    for (const long size : {1, 3, 7}) is_right<5>(extents<dyn, 5, dyn, dyn>(3, size, 5), training);
    is_right<33>(extents<dyn, 33>(4), training);
    is_right<2>(extents<dyn, 2, dyn, dyn, dyn>(2, 3, 2, 5), training);
  }
  is_right<3>(extents<dyn, 3, dyn>(1, 700), true);  // several blocks of a sum
}

TEMPLATE_TEST_CASE("batch_norm standardises every channel, whatever its mean", "[nn]", OGM_TEST_BACKENDS) {
  using T = typename TestType::value_type;
  for (const long inner : {1, 3, 16, 17, 1000}) {
    INFO(inner);
    nn::batch_norm<3, TestType> norm;
    nn::initialise(norm, 1);
    auto x = test::numbers_like<TestType>(extents<dyn, 3, dyn>(7, inner), 5);
    for (long b = 0; b < 7; ++b)
      for (long i = 0; i < inner; ++i) x(b, 1, i) += T(1000), x(b, 2, i) *= T(1e-2);
    tape<TestType> t;
    const auto y = norm(t, x);
    for (long c = 0; c < 3; ++c) {
      double sum = 0, squares = 0, mean = 0, variance = 0;
      for (long b = 0; b < 7; ++b)
        for (long i = 0; i < inner; ++i)
          sum += double(y(b, c, i)), squares += double(y(b, c, i)) * double(y(b, c, i)), mean += double(x(b, c, i));
      const double n = 7.0 * double(inner);
      mean /= n;
      for (long b = 0; b < 7; ++b)
        for (long i = 0; i < inner; ++i) variance += (double(x(b, c, i)) - mean) * (double(x(b, c, i)) - mean);
      variance /= n;
      const double tolerance = sizeof(T) == 4 ? 5e-4 : 1e-9;  // a float near 1000 has steps of 6e-5
      CHECK_FALSE(test::apart(sum / n, 0, tolerance));
      CHECK_FALSE(test::apart(squares / n, variance / (variance + 1e-5), tolerance));
      CHECK_FALSE(test::apart(double(norm.running_mean.value(c)), 0.1 * mean, sizeof(T) == 4 ? 1e-6 : 1e-12));
      CHECK_FALSE(test::apart(double(norm.running_var.value(c)), 0.9 + 0.1 * variance * n / (n - 1), sizeof(T) == 4 ? 1e-6 : 1e-12));
    }
  }
}

TEST_CASE("a guard freezes the running statistics, and inference never moves them", "[nn]") {
  nn::batch_norm<3, D> norm;
  nn::initialise(norm, 1);
  const auto x = test::numbers_like(extents<dyn, 3, 4>(5), 6);
  const auto statistics = [&] { return std::pair(norm.running_mean.value(1), norm.running_var.value(1)); };
  const auto before = statistics();
  CHECK(before == std::pair(0.0, 1.0));
  tape<D> t;
  const auto free = norm(t, x);
  const auto moved = statistics();
  CHECK(moved != before);
  {
    const frozen_statistics guard(t);
    const frozen_statistics again(t);
    const auto frozen = norm(t, x);
    CHECK(test::same_bits(free.data(), frozen.data(), std::size_t(free.count())));  // still those of the batch
    CHECK(statistics() == moved);
  }
  inference<D> plain;
  norm(plain, x);
  t.set_training(false);
  norm(t, x);
  CHECK(statistics() == moved);
  t.set_training(true);
  norm(t, x);
  CHECK(statistics() != moved);
}

TEST_CASE("then_relu is relu after the norm", "[nn]") {
  nn::batch_norm<3, D> norm;
  nn::initialise(norm, 1);
  const auto x = test::numbers_like(extents<dyn, 3, 7>(5), 6), r = test::numbers_like(extents<dyn, 3, 7>(5), 7);
  tape<D> t;
  const auto y = norm(t, x), fused = norm.then_relu(t, x), both = norm.then_relu(t, x, r);
  const auto plain = evaluate(t, relu(y)), sum = evaluate(t, relu(y + r));
  CHECK(test::same_bits(fused.data(), plain.data(), std::size_t(y.count())));
  CHECK(test::same_bits(both.data(), sum.data(), std::size_t(y.count())));
}

TEST_CASE("batch_norm says what does not fit", "[nn]") {
  nn::batch_norm<3, D> norm;
  nn::initialise(norm, 1);
  tape<D> t;
  CHECK_THROWS_WITH(norm(t, tensor<double, dyn, dyn>(2, 4)), "ogm: batch_norm<3> was given a tensor of shape (2, 4).");
  CHECK_THROWS_WITH(norm(t, tensor<double, dyn, 3>(1)),
                    "ogm: batch_norm<3> was given a tensor of shape (1, 3): in training a channel needs two elements.");
  CHECK_THROWS_AS(norm.then_relu(t, tensor<double, dyn, 3>(4), tensor<double, dyn, 3>(5)), shape_error);
  inference<D> plain;
  CHECK(norm(plain, tensor<double, dyn, 3>(1)).count() == 3);
  CHECK(norm(plain, tensor<double, dyn, 3, 5>(0)).count() == 0);
}

TEMPLATE_TEST_CASE("batch_norm gives PyTorch's numbers", "[nn][golden]", OGM_TEST_BACKENDS) {
  test::check_golden_cases<typename TestType::value_type>(test::run_golden_dense<TestType>,
                                                          {"batch_norm2d_train", "batch_norm2d_eval", "batch_norm1d_train"});
}
