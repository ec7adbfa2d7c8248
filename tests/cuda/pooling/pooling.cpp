// Pooling on the device against its reference, and that against the host's implementation.
#include <ogm/backend/op/pooling.hpp>
#include <ogm/cuda/pooling/pooling_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;
using cuda::window_axis;

namespace {

/// The windows that fit.
window_axis windows(long in, long kernel, long stride, long pad) { return {in, (in + 2 * pad - kernel) / stride + 1, kernel, stride, pad}; }
std::string text(const window_axis& a) {
  return std::to_string(a.in) + " to " + std::to_string(a.out) + " (kernel " + std::to_string(a.kernel) + ", stride " +
         std::to_string(a.stride) + ", pad " + std::to_string(a.pad) + ")";
}

/// Equal numbers occur, so that there are ties.
std::vector<float> with_ties(long count) {
  std::vector<float> all = numbers(count, 1, 4);
  for (float& v : all) v = float(int(v));
  return all;
}

template <class T> void check_max(long planes, const window_axis& height, const window_axis& width, const std::vector<float>& values) {
  INFO("max, " << planes << " planes, " << text(height) << " x " << text(width));
  const std::size_t in = std::size_t(planes * height.in * width.in), out = std::size_t(planes * height.out * width.out);
  const std::vector<T> x = stored<T>(values), dy = stored<T>(numbers(long(out), 2));
  std::vector<T> before = stored<T>(numbers(long(in), 3));
  const auto expected = cuda::max_pool_forward_reference<T>({x.data(), nullptr, nullptr, planes, height, width});
  device_array<T> device_x(x), y(out), again(out), device_dy(dy);
  device_array<std::int32_t> index(out);
  check_traced([&] {
    cuda::launch_max_pool_forward<T>({device_x.data(), y.data(), index.data(), planes, height, width}, nullptr).throw_if_failed();
    cuda::launch_max_pool_forward<T>({device_x.data(), again.data(), nullptr, planes, height, width}, nullptr).throw_if_failed();
  });
  CHECK(count_apart(y.values(), expected.y, 0) == 0);
  CHECK(count_apart(again.values(), expected.y, 0) == 0);
  CHECK(index.values() == expected.index);
  for (const bool add : {false, true}) {
    const auto dx = cuda::max_pool_backward_reference<T>({dy.data(), expected.index.data(), before.data(), planes, height, width, add});
    device_array<T> device_dx(before);
    check_traced([&] {
      cuda::launch_max_pool_backward<T>({device_dy.data(), index.data(), device_dx.data(), planes, height, width, add}, nullptr)
          .throw_if_failed();
    });
    CHECK(count_apart(device_dx.values(), dx, storage_tolerance<T>) == 0);
  }
}

template <class T> void check_mean(long planes, const window_axis& depth, const window_axis& height, const window_axis& width) {
  INFO("mean, " << planes << " planes, " << text(depth) << " x " << text(height) << " x " << text(width));
  const long in = planes * depth.in * height.in * width.in, out = planes * depth.out * height.out * width.out;
  const std::vector<T> x = stored<T>(numbers(in, 1)), dy = stored<T>(numbers(out, 2));
  std::vector<T> before = stored<T>(numbers(in, 3));
  device_array<T> device_x(x), y(std::size_t(out), 0), device_dy(dy);
  check_traced([&] {
    cuda::launch_mean_pool_forward<T>({device_x.data(), y.data(), planes, depth, height, width}, nullptr).throw_if_failed();
  });
  const auto expected = cuda::mean_pool_forward_reference<T>({x.data(), nullptr, planes, depth, height, width});
  CHECK(count_apart(y.values(), expected, storage_tolerance<T>) == 0);
  for (const bool add : {false, true}) {
    const auto dx = cuda::mean_pool_backward_reference<T>({dy.data(), before.data(), planes, depth, height, width, add});
    device_array<T> device_dx(before);
    check_traced([&] {
      cuda::launch_mean_pool_backward<T>({device_dy.data(), device_dx.data(), planes, depth, height, width, add}, nullptr)
          .throw_if_failed();
    });
    CHECK(count_apart(device_dx.values(), dx, storage_tolerance<T>) == 0);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("pooling on the device: maxima of windows of every kind", "", float, cuda::half, cuda::bfloat16) {
  in_every_order([] {
    for (const window_axis& height :
         {windows(7, 3, 2, 1), windows(8, 2, 2, 0), windows(5, 5, 1, 2), windows(6, 1, 3, 0), windows(5, 5, 5, 0)})
      for (const window_axis& width : {windows(9, 3, 2, 1), windows(10, 2, 2, 0), windows(5, 2, 3, 0), windows(1, 1, 1, 0)})
        for (const long planes : {1, 6}) check_max<TestType>(planes, height, width, with_ties(planes * height.in * width.in));
  });
  check_max<TestType>(3, windows(56, 3, 2, 1), windows(70, 3, 2, 1), with_ties(3 * 56 * 70));
}

TEMPLATE_TEST_CASE("pooling on the device: means of windows of every kind", "", float, cuda::half, cuda::bfloat16) {
  in_every_order([] {
    for (const window_axis& depth : {window_axis{1, 1}, window_axis{5, 2}, windows(4, 2, 1, 0)})
      for (const window_axis& height : {windows(7, 3, 2, 1), window_axis{7, 3}, window_axis{3, 5}, window_axis{5, 1}})
        for (const window_axis& width : {windows(9, 3, 2, 1), window_axis{9, 4}, window_axis{8, 8}, window_axis{2, 7}})
          for (const long planes : {1, 4}) check_mean<TestType>(planes, depth, height, width);
  });
  check_mean<TestType>(3, {1, 1}, windows(56, 2, 2, 0), windows(70, 2, 2, 0));
}

TEST_CASE("pooling on the device: infinities and NaN; no planes, and windows of nothing") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> x = numbers(2 * 6 * 6, 1);
  for (std::size_t i = 0; i < 36; ++i) x[i] = -infinity;
  x[40] = std::numeric_limits<float>::quiet_NaN();
  x[47] = std::numeric_limits<float>::quiet_NaN();
  x[60] = infinity;
  check_max<float>(2, windows(6, 3, 1, 1), windows(6, 3, 1, 1), x);
  check_max<float>(0, windows(6, 3, 1, 1), windows(6, 3, 1, 1), {});
  check_mean<float>(0, {1, 1}, {6, 2}, {6, 2});

  device_array<float> nothing(0), y(8);
  cuda::launch_mean_pool_forward<float>({nothing.data(), y.data(), 2, {1, 1}, {0, 2}, {6, 2}}, nullptr).throw_if_failed();
  for (const float v : y.values()) CHECK(v != v);
  CHECK(cuda::launch_mean_pool_backward<float>({y.data(), nothing.data(), 2, {1, 1}, {0, 2}, {6, 2}}, nullptr).ok());
}

#ifdef OGM_CUDA_ON_CPU
TEST_CASE("pooling on the device: how much it moves") {
  const long planes = 2;
  const auto traced = [](auto launch) { return check_traced([&] { launch().throw_if_failed(); }); };
  device_array<float> x(numbers(planes * 64 * 64, 1)), y(std::size_t(planes * 32 * 32)), dy(numbers(planes * 32 * 32, 2)),
      dx(std::size_t(planes * 64 * 64));
  device_array<std::int32_t> index(std::size_t(planes * 32 * 32));
  const double in = double(planes * 64 * 64) * 4, out = in / 4;
  for (const long kernel : {2, 3}) {
    INFO("kernel " << kernel);
    const window_axis side = windows(64, kernel, 2, kernel - 2);
    const auto forward = traced([&] {
      return cuda::launch_max_pool_forward<float>({x.data(), y.data(), index.data(), planes, side, side}, nullptr);
    });
    const auto backward = traced([&] {
      return cuda::launch_max_pool_backward<float>({dy.data(), index.data(), dx.data(), planes, side, side}, nullptr);
    });
    const auto mean = traced([&] {
      return cuda::launch_mean_pool_forward<float>({x.data(), y.data(), planes, {1, 1}, side, side}, nullptr);
    });
    const auto mean_backward = traced([&] {
      return cuda::launch_mean_pool_backward<float>({dy.data(), dx.data(), planes, {1, 1}, side, side}, nullptr);
    });
    if (!forward.recorded) continue;
    for (const auto* t : {&forward, &backward, &mean, &mean_backward}) t->note("moved");
    INFO(forward.table() << backward.table() << mean.table() << mean_backward.table());
    // Every input once from memory; from the cache, a row of a window asks for each sector twice or more, as lanes are two elements apart.
    for (const auto* t : {&forward, &mean}) {
      CHECK(double(t->distinct_load_sectors) * 32 == in);
      CHECK(double(t->load_bytes()) <= (kernel == 2 ? 2.0 : 5.0) * in);
    }
    CHECK(double(forward.store_bytes()) == 2 * out);
    CHECK(double(mean.store_bytes()) == out);
    CHECK(double(backward.distinct_load_sectors) * 32 <= 2 * out);
    CHECK(double(mean_backward.distinct_load_sectors) * 32 == out);
    CHECK(double(backward.store_bytes()) == in);
    CHECK(double(mean_backward.store_bytes()) == in);
  }
}
#endif

TEST_CASE("pooling's references are the host's pooling") {
  const long planes = 5;
  const window_axis height = windows(9, 3, 2, 1), width = windows(11, 2, 3, 1);
  const op::max_pool_shape shape{planes,       height.in,     width.in,     height.out, width.out, height.kernel,
                                 width.kernel, height.stride, width.stride, height.pad, width.pad};
  const std::vector<float> x = with_ties(planes * shape.in_plane()), dy = numbers(planes * shape.out_plane(), 2);
  std::vector<float> y(dy.size()), dx = numbers(planes * shape.in_plane(), 3);
  std::vector<std::int32_t> index(dy.size());
  op::max_pool_forward<float>{shape, x.data(), y.data(), index.data()}();
  const auto forward = cuda::max_pool_forward_reference<float>({x.data(), nullptr, nullptr, planes, height, width});
  CHECK(count_apart(y, forward.y, 0) == 0);
  CHECK(index == forward.index);
  for (const bool add : {true, false}) {
    const auto expected = cuda::max_pool_backward_reference<float>({dy.data(), index.data(), dx.data(), planes, height, width, add});
    op::max_pool_backward<float>{shape, dy.data(), index.data(), dx.data(), add}();
    CHECK(count_apart(dx, expected, 1e-6) == 0);
  }

  const auto check = [&](const op::mean_axis& d, const op::mean_axis& h, const op::mean_axis& w) {
    const op::mean_pool_shape s{planes, d, h, w};
    const auto axis = [](const op::mean_axis& a) { return window_axis{a.in, a.out, a.kernel, a.stride, a.pad}; };
    const std::vector<float> from = numbers(planes * s.in_plane(), 4), slope = numbers(planes * s.out_plane(), 5);
    std::vector<float> to(slope.size()), gradient = numbers(planes * s.in_plane(), 6);
    op::mean_pool_forward<float>{s, from.data(), to.data()}();
    CHECK(count_apart(to, cuda::mean_pool_forward_reference<float>({from.data(), nullptr, planes, axis(d), axis(h), axis(w)}), 1e-6) == 0);
    for (const bool add : {true, false}) {
      const auto expected =
          cuda::mean_pool_backward_reference<float>({slope.data(), gradient.data(), planes, axis(d), axis(h), axis(w), add});
      op::mean_pool_backward<float>{s, slope.data(), gradient.data(), add}();
      CHECK(count_apart(gradient, expected, 1e-6) == 0);
    }
  };
  check({1, 1}, {9, 5, 3, 2, 1}, {11, 4, 3, 3, 1});
  check({4, 3}, {7, 2}, {5, 8});
}

TEST_CASE("pooling on the device: arguments that it cannot work with") {
  const window_axis good = windows(6, 2, 2, 0);
  const auto maximum = [&](long planes, const window_axis& axis) {
    return cuda::launch_max_pool_forward<float>({nullptr, nullptr, nullptr, planes, good, axis}, nullptr).what();
  };
  CHECK(maximum(0, good) == "");
  CHECK(maximum(-1, good) == "ogm: max_pool_forward was given planes = -1; 0 or more is needed.");
  CHECK(maximum(1, {-6, 3, 2, 2}) == "ogm: max_pool_forward was given in = -6; 0 or more is needed.");
  CHECK(maximum(1, {6, -3, 2, 2}) == "ogm: max_pool_forward was given out = -3; 0 or more is needed.");
  CHECK(maximum(1, {6, 3}) == "ogm: max_pool_forward was given kernel = 0; 1 or more is needed.");
  CHECK(maximum(1, {6, 3, 2, 0}) == "ogm: max_pool_forward was given stride = 0; 1 or more is needed.");
  CHECK(maximum(1, {6, 3, 2, 2, -1}) == "ogm: max_pool_forward was given pad = -1; 0 or more is needed.");
  CHECK(maximum(1, {1L << 30, 3, 2, 2}) ==
        "ogm: max_pool_forward was given elements of a plane of inputs = 6442450944; 0 to 2147481599 is needed.");
  CHECK(maximum(1, {6, 1L << 30, 2, 2}) ==
        "ogm: max_pool_forward was given elements of a plane of outputs = 3221225472; 0 to 2147481599 is needed.");
  CHECK(cuda::launch_max_pool_backward<float>({nullptr, nullptr, nullptr, -1, good, good}, nullptr).error() == cudaErrorInvalidValue);
  CHECK(cuda::launch_mean_pool_forward<float>({nullptr, nullptr, 1, {1, 1, -1}, good, good}, nullptr).what() ==
        "ogm: mean_pool_forward was given kernel = -1; 0 or more is needed.");
  CHECK(maximum(1, {6, 3, 2, 1L << 40}) == "ogm: max_pool_forward was given pad or stride = 1099511627776; less is needed.");
  CHECK(cuda::launch_mean_pool_backward<float>({nullptr, nullptr, -1, {1, 1}, good, good}, nullptr).error() == cudaErrorInvalidValue);
}
