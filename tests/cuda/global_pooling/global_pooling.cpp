// The mean of planes on the device against its reference, and that against the host's implementation.
#include "global_pooling_instances.hpp"

#include <ogm/backend/op/pooling.hpp>
#include <ogm/cuda/global_pooling/global_pooling_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

struct shape {
  long planes, places;
  std::size_t offset = 0;
};
std::string text(const shape& s) {
  return std::to_string(s.planes) + " x " + std::to_string(s.places) + ", offset " + std::to_string(s.offset);
}

template <class T, class Tuning> void check_forward(const shape& s, const std::vector<float>& values) {
  INFO("forward, " << text(s));
  const std::vector<T> x = stored<T>(values);
  const std::vector<double> expected =
      cuda::global_pooling_forward_reference(cuda::global_pooling_forward_params<T>{x.data(), nullptr, s.planes, s.places});
  device_array<T> device_x(x, s.offset), y(std::size_t(s.planes), s.offset);
  check_traced([&] {
    cuda::launch_global_pooling_forward<T, Tuning>({device_x.data(), y.data(), s.planes, s.places}, nullptr).throw_if_failed();
  });
  CHECK(count_apart(y.values(), expected, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_backward(const shape& s, bool add) {
  INFO("backward, " << text(s) << (add ? ", added" : ""));
  const std::vector<T> dy = stored<T>(numbers(s.planes, 2, 9)), before = stored<T>(numbers(s.planes * s.places, 3));
  std::vector<T> host_dx = before;
  const std::vector<double> expected =
      cuda::global_pooling_backward_reference(cuda::global_pooling_backward_params<T>{dy.data(), host_dx.data(), s.planes, s.places, add});
  device_array<T> device_dy(dy), dx(before, s.offset);
  check_traced([&] {
    cuda::launch_global_pooling_backward<T, Tuning>({device_dy.data(), dx.data(), s.planes, s.places, add}, nullptr).throw_if_failed();
  });
  CHECK(count_apart(dx.values(), expected, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_all(const shape& s) {
  check_forward<T, Tuning>(s, numbers(s.planes * s.places, 1, 3));
  check_backward<T, Tuning>(s, false);
  check_backward<T, Tuning>(s, true);
}

}  // namespace

TEST_CASE("global_pooling on the device: planes of every size, and every number of them") {
  in_every_order([] {
    for (const long places : {1, 2, 3, 4, 5, 49, 127, 128, 129, 196, 200, 201, 255, 256, 257, 260, 519})
      check_all<float, small_global_pooling_tuning>({7, places});
    for (const long places : {1, 7, 8, 9, 49, 196, 255, 264, 515}) check_all<cuda::half, small_global_pooling_tuning>({7, places});
  });
  for (const long planes : {1, 2, 3, 4, 5, 8, 9, 65})
    for (const long places : {1, 49, 64, 213}) {
      check_all<float, small_global_pooling_tuning>({planes, places});
      check_all<cuda::half, small_global_pooling_tuning>({planes, places});
    }
}

TEST_CASE("global_pooling on the device: maps that begin beside a boundary") {
  for (const std::size_t offset : {1, 2, 3, 5})
    for (const long places : {1, 3, 49, 64, 213, 256}) {
      check_all<float, small_global_pooling_tuning>({5, places, offset});
      check_all<cuda::half, small_global_pooling_tuning>({5, places, offset});
    }
}

TEMPLATE_TEST_CASE("global_pooling on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = cuda::global_pooling_tuning<TestType>;
  for (const long places : {7 * 7, 14 * 14, 2 * 7 * 7}) check_all<TestType, tuning>({70, places});
  check_all<TestType, tuning>({3, 4097});
}

TEST_CASE("global_pooling on the device: the same bits in every order of threads") {
  for (const long places : {49, 301}) {
    const long planes = 9;
    device_array<float> x(numbers(planes * places, 1)), y(std::size_t(planes), 0);
    std::vector<float> first;
    in_every_order([&] {
      cuda::launch_global_pooling_forward<float, small_global_pooling_tuning>({x.data(), y.data(), planes, places}, nullptr)
          .throw_if_failed();
      const std::vector<float> now = y.values();
      if (first.empty()) first = now;
      CHECK(same_bits(now.data(), first.data(), now.size()));
    });
  }
}

TEST_CASE("global_pooling on the device: infinities and NaN stay in their plane; no places, no planes") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const long places : {5, 49, 213}) {
    std::vector<float> x = numbers(6 * places, 1);
    const auto at = [&](long plane, long place) -> float& { return x[std::size_t(plane * places + place)]; };
    at(1, 0) = std::numeric_limits<float>::quiet_NaN();
    at(3, places - 1) = std::numeric_limits<float>::quiet_NaN();
    at(4, 0) = infinity, at(4, 2) = -infinity;
    check_forward<float, small_global_pooling_tuning>({6, places}, x);
    at(4, 2) = 0;
    device_array<float> device_x(x), y(6);
    cuda::launch_global_pooling_forward<float, small_global_pooling_tuning>({device_x.data(), y.data(), 6, places}, nullptr)
        .throw_if_failed();
    CHECK(y.values()[4] == infinity);
  }
  check_all<float, small_global_pooling_tuning>({6, 0});
  check_all<float, small_global_pooling_tuning>({0, 6});
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("global_pooling on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  for (const long places : {64, 192, 512}) {
    INFO(places << " places");
    const long planes = 64;
    const double bytes = double(planes * places) * sizeof(T), means = double(planes) * sizeof(T);
    device_array<T> x(stored<T>(numbers(planes * places, 1))), y(std::size_t(planes), 0);
    // Means of small planes are written four at once, of large ones alone: each time a sector.
    check_moved(check_traced([&] {
                  cuda::launch_global_pooling_forward<T, small_global_pooling_tuning>({x.data(), y.data(), planes, places}, nullptr)
                      .throw_if_failed();
                }),
                bytes, 32.0 * double(places > 200 ? planes : planes / 4));
    // A warp's vectors lie in one plane or in two: a sector of dy, and another where the second begins one.
    const double warps = bytes / 512;
    const auto t = check_traced([&] {
      cuda::launch_global_pooling_backward<T, small_global_pooling_tuning>({y.data(), x.data(), planes, places}, nullptr).throw_if_failed();
    });
    check_moved(t, 32 * warps, bytes);
    if (t.recorded) CHECK(double(t.distinct_load_sectors) * 32 == means);
  }
}

TEMPLATE_TEST_CASE("global_pooling on the device: how much it moves where planes begin anywhere", "", float, cuda::half) {
  using T = TestType;
  const long planes = 64, places = 49;
  const double bytes = double(planes * places) * sizeof(T);
  device_array<T> x(stored<T>(numbers(planes * places, 1))), y(std::size_t(planes), 0);
  const auto forward = check_traced([&] {
    cuda::launch_global_pooling_forward<T, small_global_pooling_tuning>({x.data(), y.data(), planes, places}, nullptr).throw_if_failed();
  });
  const auto backward = check_traced([&] {
    cuda::launch_global_pooling_backward<T, small_global_pooling_tuning>({y.data(), x.data(), planes, places}, nullptr).throw_if_failed();
  });
  if (!forward.recorded) return;
  INFO(forward.table());
  // Each plane but the first and the last asks for the sectors at its ends too, which its neighbours ask for as well.
  CHECK(double(forward.load_bytes()) <= bytes + 32.0 * planes);
  CHECK(double(forward.distinct_load_sectors) * 32 == bytes);
  CHECK(double(backward.store_bytes()) == bytes);
}
#endif

TEST_CASE("global_pooling's reference is the host's global_mean") {
  const long planes = 6, places = 37;
  const op::mean_pool_shape shape{.planes = planes, .depth = {1, 1}, .height = {1, 1}, .width = {places, 1}};
  const std::vector<float> x = numbers(planes * places, 1), dy = numbers(planes, 2, 9);
  std::vector<float> y(std::size_t(planes), 0), dx = numbers(planes * places, 3);
  op::mean_pool_forward<float>{shape, x.data(), y.data()}();
  CHECK(count_apart(y, cuda::global_pooling_forward_reference<float>({x.data(), nullptr, planes, places}), 1e-6) == 0);
  for (const bool add : {true, false}) {
    const std::vector<double> expected = cuda::global_pooling_backward_reference<float>({dy.data(), dx.data(), planes, places, add});
    op::mean_pool_backward<float>{shape, dy.data(), dx.data(), add}();
    CHECK(count_apart(dx, expected, 1e-6) == 0);
  }
}

TEST_CASE("global_pooling on the device: arguments that it cannot work with, and none") {
  const auto forward = [](long planes, long places) {
    return cuda::launch_global_pooling_forward<float>({nullptr, nullptr, planes, places}, nullptr).what();
  };
  CHECK(forward(0, 5) == "");
  CHECK(forward(-1, 5) == "ogm: global_pooling_forward was given planes = -1; 0 or more is needed.");
  CHECK(forward(5, 1L << 31) == "ogm: global_pooling_forward was given places = 2147483648; 0 to 2147481599 is needed.");
  const auto backward = cuda::launch_global_pooling_backward<float>({nullptr, nullptr, 5, -2}, nullptr);
  CHECK(backward.error() == cudaErrorInvalidValue);
  CHECK(backward.what() == "ogm: global_pooling_backward was given places = -2; 0 to 2147481599 is needed.");
  CHECK(cuda::launch_global_pooling_backward<float>({nullptr, nullptr, 5, 0}, nullptr).ok());
}
