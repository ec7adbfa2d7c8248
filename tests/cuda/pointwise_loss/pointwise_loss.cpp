// Losses over elements on the device against their reference, and that against the host's implementation.
#include "pointwise_loss_instances.hpp"

#include <ogm/backend/op/loss.hpp>
#include <ogm/cuda/pointwise_loss/pointwise_loss_reference.hpp>

#include <cuda/support/device.hpp>

#include <cmath>
#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

using op::binary_cross_entropy;
using op::squared_error;

struct shape {
  long count;
  std::size_t offset_x = 0, offset_target = 0, offset_d = 0;
};
std::string text(const shape& s) {
  return std::to_string(s.count) + " elements, offsets " + std::to_string(s.offset_x) + " " + std::to_string(s.offset_target) + " " +
         std::to_string(s.offset_d);
}

/// Targets from 0 to 1.
std::vector<float> targets(long count) {
  std::vector<float> t = numbers(count, 2, 0.5f);
  for (float& v : t) v += 0.5f;
  return t;
}

template <class F, class T, class Tuning>
std::vector<T> run_forward(const shape& s, const std::vector<T>& x, const std::vector<T>& target, double scale) {
  device_array<T> device_x(x, s.offset_x), device_target(target, s.offset_target), loss(1);
  device_array<double> partial(std::size_t(cuda::pointwise_loss_workspace<Tuning>(s.count)));
  check_traced([&] {
    cuda::launch_pointwise_loss_forward<F, T, Tuning>({device_x.data(), device_target.data(), loss.data(), partial.data(), s.count, scale},
                                                      nullptr)
        .throw_if_failed();
  });
  return loss.values();
}

template <class F, class T, class Tuning>
void check_forward(const shape& s, const std::vector<float>& values, const std::vector<float>& target_values) {
  INFO("forward, " << text(s));
  const std::vector<T> x = stored<T>(values), target = stored<T>(target_values);
  const double scale = s.count > 100 ? 0.25 / double(s.count) : 1.5;
  const double expected = cuda::pointwise_loss_forward_reference<F, T>({x.data(), target.data(), nullptr, nullptr, s.count, scale});
  CHECK(count_apart(run_forward<F, T, Tuning>(s, x, target, scale), {expected}, storage_tolerance<T>) == 0);
}

template <class F, class T, class Tuning>
void check_backward(const shape& s, const std::vector<float>& values, const std::vector<float>& target_values) {
  const std::vector<T> x = stored<T>(values), target = stored<T>(target_values), before = stored<T>(numbers(s.count, 3)),
                       dloss = stored<T>({2.5f});
  device_array<T> device_x(x, s.offset_x), device_target(target, s.offset_target), device_dloss(dloss);
  for (const bool of_target : {false, true})
    for (const bool add : {false, true}) {
      INFO("backward, " << text(s) << (of_target ? ", of the target" : "") << (add ? ", added" : ""));
      std::vector<T> host_d = before;
      cuda::pointwise_loss_backward_params<T> p{x.data(), target.data(), dloss.data(), host_d.data(), s.count, 0.3, of_target, add};
      const std::vector<double> expected = cuda::pointwise_loss_backward_reference<F>(p);
      device_array<T> d(before, s.offset_d);
      p.x = device_x.data(), p.target = device_target.data(), p.dloss = device_dloss.data(), p.d = d.data();
      check_traced([&] { cuda::launch_pointwise_loss_backward<F, T, Tuning>(p, nullptr).throw_if_failed(); });
      CHECK(count_apart(d.values(), expected, storage_tolerance<T>) == 0);
    }
}

template <class F, class T, class Tuning> void check_all(const shape& s) {
  const std::vector<float> x = numbers(s.count, 1, 4), target = targets(s.count);
  check_forward<F, T, Tuning>(s, x, target);
  check_backward<F, T, Tuning>(s, x, target);
}

}  // namespace

TEST_CASE("pointwise losses on the device: counts on both sides of a vector, a chunk, the blocks that sum") {
  in_every_order([] {
    for (const long count : {1, 3, 4, 5, 31, 127, 255, 256, 257, 383, 384, 385, 767, 769, 1152, 1153, 2000}) {
      check_all<binary_cross_entropy, float, small_pointwise_loss_tuning>({count});
      check_all<squared_error, float, small_pointwise_loss_tuning>({count});
    }
    for (const long count : {1, 7, 8, 384, 391, 1153}) check_all<binary_cross_entropy, cuda::half, small_pointwise_loss_tuning>({count});
  });
}

TEST_CASE("pointwise losses on the device: arrays that begin beside a boundary, each otherwise") {
  for (const std::size_t x : {0, 1, 3})
    for (const std::size_t target : {0, 1, 2})
      for (const std::size_t d : {0, 1, 3})
        for (const long count : {2, 5, 36, 385, 1200}) {
          check_all<binary_cross_entropy, float, small_pointwise_loss_tuning>({count, x, target, d});
          check_all<binary_cross_entropy, cuda::half, small_pointwise_loss_tuning>({count, x, target, d});
        }
}

TEST_CASE("pointwise losses on the device: as they are tuned") {
  for (const long count : {50, 4096, 10001}) {
    check_all<binary_cross_entropy, float, cuda::pointwise_loss_tuning>({count});
    check_all<binary_cross_entropy, cuda::half, cuda::pointwise_loss_tuning>({count});
    check_all<squared_error, float, cuda::pointwise_loss_tuning>({count});
    check_all<squared_error, cuda::bfloat16, cuda::pointwise_loss_tuning>({count});
  }
}

TEST_CASE("pointwise losses on the device: the same bits in every order of threads") {
  const long count = 1300;
  const std::vector<float> x = numbers(count, 1, 4), target = targets(count);
  std::vector<float> first;
  in_every_order([&] {
    const std::vector<float> now = run_forward<binary_cross_entropy, float, small_pointwise_loss_tuning>({count, 1}, x, target, 1);
    if (first.empty()) first = now;
    CHECK(same_bits(now.data(), first.data(), 1));
  });
}

TEST_CASE("pointwise losses on the device: a sum in double, and derivatives rounded once, as the host's") {
  // In float the sum would stay at 2^24.
  const long count = 1200;
  std::vector<float> x(std::size_t(count), 1), target(std::size_t(count), 0);
  x[0] = 4096;
  CHECK(run_forward<squared_error, float, small_pointwise_loss_tuning>({count}, x, target, 1)[0] == float(16777216.0 + 1199.0));

  const std::vector<float> values = numbers(count, 1, 4), dloss{0.7f};
  std::vector<float> host(values.size());
  device_array<float> device_x(values), device_target(target), device_dloss(dloss), d(values.size());
  op::pointwise_loss_backward<squared_error, float>{values.data(), target.data(), dloss.data(), host.data(), count, 0.1, true, false}();
  cuda::launch_pointwise_loss_backward<squared_error, float, small_pointwise_loss_tuning>(
      {device_x.data(), device_target.data(), device_dloss.data(), d.data(), count, 0.1, true}, nullptr)
      .throw_if_failed();
  CHECK(same_bits(d.values().data(), host.data(), host.size()));
}

TEST_CASE("pointwise losses on the device: infinities and NaN, large logits, none") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();
  const auto check = [](std::vector<float> x, std::vector<float> target) {
    INFO("x " << x[0] << ", target " << target[0]);
    check_forward<binary_cross_entropy, float, small_pointwise_loss_tuning>({long(x.size())}, x, target);
    check_forward<squared_error, float, small_pointwise_loss_tuning>({long(x.size())}, x, target);
    check_backward<binary_cross_entropy, float, small_pointwise_loss_tuning>({long(x.size())}, x, target);
    check_backward<squared_error, float, small_pointwise_loss_tuning>({long(x.size())}, x, target);
  };
  for (const float t : {0.0f, 1.0f, 0.25f, not_a_number})
    for (const float v : {100.0f, -100.0f, 800.0f, -800.0f, 0.0f, -0.0f, 1e-6f, not_a_number}) check({v}, {t});
  std::vector<float> x = numbers(700, 1), target = targets(700);
  x[655] = not_a_number;
  check(x, target);
  for (const float v : {infinity, -infinity})
    for (const float t : {0.0f, 1.0f}) {
      const float squares = run_forward<squared_error, float, small_pointwise_loss_tuning>({1}, {v}, {t}, 1)[0];
      CHECK(squares == infinity);
      const float entropy = run_forward<binary_cross_entropy, float, small_pointwise_loss_tuning>({1}, {v}, {t}, 1)[0];
      const double expected = binary_cross_entropy::value(double(v), double(t));
      CHECK((std::isnan(expected) ? std::isnan(entropy) : double(entropy) == expected));
    }
  CHECK(run_forward<squared_error, float, small_pointwise_loss_tuning>({0}, {}, {}, 1)[0] == 0);
  CHECK(std::isnan(run_forward<squared_error, float, small_pointwise_loss_tuning>({0}, {}, {}, double(infinity))[0]));
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("pointwise losses on the device: how much they move", "", float, cuda::half) {
  using T = TestType;
  for (const long count : {4096, 3 * 4096}) {
    const double bytes = double(count) * sizeof(T), blocks = double(count) / 4096;
    device_array<T> x(stored<T>(numbers(count, 1))), target(stored<T>(targets(count))), d(stored<T>(numbers(count, 3))), loss(1),
        dloss(stored<T>({1.0f}));
    device_array<double> partial(std::size_t(cuda::pointwise_loss_workspace(count)));
    const auto forward = check_traced([&] {
      cuda::launch_pointwise_loss_forward<binary_cross_entropy, T>({x.data(), target.data(), loss.data(), partial.data(), count}, nullptr)
          .throw_if_failed();
    });
    const bool two = count > 4096;
    check_moved(forward, 2 * bytes + (two ? 32 : 0), 32 * (1 + (two ? blocks : 0)));
    for (const bool add : {false, true})
      for (const bool of_target : {false, true}) {
        INFO((add ? "added" : "") << (of_target ? " of the target" : ""));
        const auto backward = check_traced([&] {
          cuda::launch_pointwise_loss_backward<binary_cross_entropy, T>(
              {x.data(), target.data(), dloss.data(), d.data(), count, 1, of_target, add}, nullptr)
              .throw_if_failed();
        });
        check_moved(backward, (add ? 3 : 2) * bytes + 32 * 8 * blocks, bytes);  // dloss is a sector of each warp
      }
  }
}
#endif

TEST_CASE("pointwise losses' reference is the host's, and that the textbook's") {
  const long count = 1030;
  const std::vector<float> x = numbers(count, 1, 4), target = targets(count);
  const auto check = [&]<class F>(F, auto textbook) {
    float loss = 0;
    op::pointwise_loss_forward<F, float>{x.data(), target.data(), &loss, count, 0.125}();
    const double expected = cuda::pointwise_loss_forward_reference<F, float>({x.data(), target.data(), nullptr, nullptr, count, 0.125});
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += textbook(double(x[i]), double(target[i]));
    CHECK_FALSE(apart(double(loss), expected, 1e-6));
    CHECK_FALSE(apart(expected, sum * 0.125, 1e-9));
    const float dloss = 0.7f;
    for (const bool of_target : {false, true})
      for (const bool add : {false, true}) {
        std::vector<float> d = numbers(count, 3);
        const auto slopes =
            cuda::pointwise_loss_backward_reference<F, float>({x.data(), target.data(), &dloss, d.data(), count, 0.125, of_target, add});
        op::pointwise_loss_backward<F, float>{x.data(), target.data(), &dloss, d.data(), count, 0.125, of_target, add}();
        CHECK(count_apart(d, slopes, 1e-6) == 0);
      }
  };
  check(binary_cross_entropy{},
        [](double v, double t) { return -t * std::log(1 / (1 + std::exp(-v))) - (1 - t) * std::log(1 / (1 + std::exp(v))); });
  check(squared_error{}, [](double v, double t) { return std::pow(v - t, 2); });
}

TEST_CASE("pointwise losses on the device: arguments that they cannot work with, and none") {
  const auto forward = [](long count) {
    return cuda::launch_pointwise_loss_forward<squared_error, float>({nullptr, nullptr, nullptr, nullptr, count}, nullptr).what();
  };
  const auto backward = [](long count) {
    return cuda::launch_pointwise_loss_backward<squared_error, float>({nullptr, nullptr, nullptr, nullptr, count}, nullptr).what();
  };
  CHECK(forward(-1) == "ogm: pointwise_loss_forward was given count = -1; 0 or more is needed.");
  CHECK(forward(4097) == "ogm: pointwise_loss_forward was given no workspace.");
  CHECK(backward(-1) == "ogm: pointwise_loss_backward was given count = -1; 0 or more is needed.");
  CHECK(backward(0) == "");
  CHECK(backward(1L << 62) == "ogm: pointwise_loss_backward needs 1125899906842624 blocks; a grid has 1 to 2147483647.");
  CHECK(cuda::pointwise_loss_workspace(4096) == 0);
  CHECK(cuda::pointwise_loss_workspace(4097) == 2);
  CHECK(cuda::pointwise_loss_workspace(1L << 40) == 1024);
}
