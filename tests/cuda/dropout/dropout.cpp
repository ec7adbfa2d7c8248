// Random zeros on the device against their reference, and that against the host's implementation.
#include "dropout_instances.hpp"

#include <ogm/cuda/dropout/dropout_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr random::key key{0x123456789abcdef, 0x03000005, 11};

struct shape {
  long count;
  std::size_t offset_x = 0, offset_y = 0;
  double probability = 0.3;
};
std::string text(const shape& s) {
  return std::to_string(s.count) + " elements, offsets " + std::to_string(s.offset_x) + " " + std::to_string(s.offset_y) +
         ", probability " + std::to_string(s.probability);
}

template <class T, class Tuning> std::vector<T> on_device(const shape& s, const T* x, T* y, bool add, device_array<T>& result) {
  check_traced([&] { cuda::launch_dropout<T, Tuning>({x, y, s.count, s.probability, key, add}, nullptr).throw_if_failed(); });
  return result.values();
}

template <class T, class Tuning> void check(const shape& s, bool add) {
  INFO(text(s) << (add ? ", added" : ""));
  std::vector<float> values = numbers(s.count, 1);
  for (float& v : values) v += v < 0 ? -1.f : 1.f;  // 0 is what is dropped
  const std::vector<T> x = stored<T>(values), before = stored<T>(numbers(s.count, 2));
  std::vector<T> host = before;
  const op::dropout<T> p{x.data(), host.data(), s.count, s.probability, key, add};
  const std::vector<double> expected = cuda::dropout_reference(p);
  device_array<T> device_x(x, s.offset_x), y(before, s.offset_y);
  const std::vector<T> got = on_device<T, Tuning>(s, device_x.data(), y.data(), add, y);
  CHECK(count_apart(got, expected, storage_tolerance<T>) == 0);
  if (add) return;
  long wrong = 0;
  for (long i = 0; i < s.count; ++i)
    wrong += (cuda::to_float(got[std::size_t(i)]) == 0) != (double(random::uniform(key, std::uint64_t(i))) < s.probability);
  CHECK(wrong == 0);
  CHECK(count_apart(on_device<T, Tuning>(s, device_x.data(), device_x.data(), false, device_x), expected, storage_tolerance<T>) == 0);
}
template <class T, class Tuning> void check_all(const shape& s) {
  check<T, Tuning>(s, false);
  check<T, Tuning>(s, true);
}

}  // namespace

TEST_CASE("dropout on the device: every number of elements, in every order") {
  in_every_order([] {
    for (const long count : {0, 1, 3, 4, 5, 31, 127, 128, 129, 255, 256, 257, 511, 1000}) {
      check_all<float, small_dropout_tuning>({count});
      check_all<float, small_dropout_tuning>({count, 1, 1});
    }
    for (const long count : {1, 7, 8, 9, 127, 511, 512, 515}) {
      check_all<cuda::half, small_dropout_tuning>({count});
      check_all<cuda::half, small_dropout_tuning>({count, 3, 0});
    }
  });
}

TEST_CASE("dropout on the device: arrays that begin beside a boundary") {
  for (const std::size_t x : {0, 1, 2, 4})
    for (const std::size_t y : {0, 1, 3, 4}) {
      check_all<float, small_dropout_tuning>({301, x, y});
      check_all<cuda::half, small_dropout_tuning>({301, x, y});
    }
}

TEMPLATE_TEST_CASE("dropout on the device: as it is tuned, of every probability", "", float, cuda::half, cuda::bfloat16) {
  for (const double probability : {0.0, 0x1p-24, 0.1, 0.5, double(0.75f), 1 - 0x1p-24, 1.0})
    for (const std::size_t offset : {0, 1}) check_all<TestType, cuda::dropout_tuning>({3001, offset, offset, probability});
}

TEST_CASE("dropout on the device: a number that is exactly the probability is kept") {
  // The probability is element 5's number, and then the next above it.
  const double number = random::uniform(key, 5);
  for (const double probability : {number, std::nextafter(number, 1.0)}) {
    check<float, small_dropout_tuning>({9, 0, 0, probability}, false);
    check<float, small_dropout_tuning>({9, 1, 0, probability}, false);
  }
}

TEST_CASE("dropout on the device: what is dropped is 0 whatever it was; NaN and infinity that are kept stay") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t offset : {0, 1})
    for (const float v : {not_a_number, infinity, -infinity}) {
      const shape s{200, offset, offset, 0.5};
      device_array<float> x(std::vector<float>(200, v), offset), y(200, offset);
      const std::vector<float> got = on_device<float, small_dropout_tuning>(s, x.data(), y.data(), false, y);
      long right = 0;
      for (long i = 0; i < s.count; ++i) {
        const float g = got[std::size_t(i)];
        const bool dropped = random::uniform(key, std::uint64_t(i)) < 0.5f;
        right += dropped ? g == 0 : v == v ? g == v : g != g;
      }
      CHECK(right == s.count);
    }
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("dropout on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  const long count = 16384;
  const double bytes = double(count) * sizeof(T);
  for (const bool add : {false, true}) {
    INFO((add ? "added" : "not added"));
    device_array<T> x(stored<T>(numbers(count, 1))), y(stored<T>(numbers(count, 2)));
    const auto run = [&](const T* from, T* to, long elements) {
      return check_traced([&] { cuda::launch_dropout<T>({from, to, elements, 0.0, key, add}, nullptr).throw_if_failed(); });
    };
    check_moved(run(x.data(), y.data(), count), bytes * (add ? 2 : 1), bytes);
    const auto t = run(x.data() + 1, y.data() + 1, count - 1);
    if (!t.recorded) continue;
    INFO(t.table());
    CHECK(t.worst_ratio(false) <= (sizeof(T) == 4 ? 1.25 : 1.5));  // a sector more than the 4 or 2 of a warp
  }
}
#endif

TEST_CASE("dropout's reference is the host's dropout") {
  for (const double probability : {0.0, 0.1, 0.5, 1.0})
    for (const bool add : {false, true}) {
      const std::vector<float> x = numbers(1001, 1);
      std::vector<float> y = numbers(1001, 2);
      const op::dropout<float> p{x.data(), y.data(), 1001, probability, key, add};
      const std::vector<double> expected = cuda::dropout_reference(p);
      p();
      CHECK(count_apart(y, expected, 1e-6) == 0);
    }
}

TEST_CASE("dropout on the device: arguments that it cannot work with, and none") {
  const auto dropout = [](long count, double probability) {
    return cuda::launch_dropout<float>({nullptr, nullptr, count, probability, key}, nullptr).what();
  };
  CHECK(dropout(0, 0.5) == "");
  CHECK(dropout(-1, 0.5) == "ogm: dropout was given count = -1; 0 or more is needed.");
  CHECK(dropout(5, -0.5) == "ogm: dropout was given probability = -0.500000; 0 to 1 is needed.");
  CHECK(dropout(5, 1.5) == "ogm: dropout was given probability = 1.500000; 0 to 1 is needed.");
  CHECK(dropout(5, std::numeric_limits<double>::quiet_NaN()) == "ogm: dropout was given probability = nan; 0 to 1 is needed.");
}
