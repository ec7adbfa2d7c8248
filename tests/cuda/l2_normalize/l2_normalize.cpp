// Rows of length one on the device against their reference, and that against the host's implementation.
#include "l2_normalize_instances.hpp"

#include <ogm/backend/op/softmax.hpp>
#include <ogm/cuda/l2_normalize/l2_normalize_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

struct shape {
  long rows, columns;
  std::size_t offset_in = 0, offset_out = 0;
};
std::string text(const shape& s) {
  return std::to_string(s.rows) + " x " + std::to_string(s.columns) + ", offsets " + std::to_string(s.offset_in) + " " +
         std::to_string(s.offset_out);
}

template <class T, class Tuning> void check_forward(const shape& s, const std::vector<float>& values, float epsilon = 1e-12f) {
  INFO("forward, " << text(s));
  const std::vector<T> x = stored<T>(values);
  cuda::l2_normalize_forward_params<T> p{x.data(), nullptr, nullptr, s.rows, s.columns, epsilon};
  const auto expected = cuda::l2_normalize_forward_reference(p);

  device_array<T> on_device(x, s.offset_in), y(x.size(), s.offset_out);
  device_array<float> norm(std::size_t(s.rows)), again(std::size_t(s.rows));
  p.x = on_device.data(), p.y = y.data(), p.norm = norm.data();
  check_traced([&] { cuda::launch_l2_normalize_forward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(y.values(), expected.y, storage_tolerance<T>) == 0);
  CHECK(count_apart(norm.values(), expected.norm, storage_tolerance<float>) == 0);

  p.y = on_device.data(), p.norm = again.data();  // in place
  check_traced([&] { cuda::launch_l2_normalize_forward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(on_device.values(), expected.y, storage_tolerance<T>) == 0);
  CHECK(count_apart(again.values(), expected.norm, storage_tolerance<float>) == 0);
}

/// Every third norm is not above epsilon.
template <class T, class Tuning> void check_backward(const shape& s, bool add) {
  INFO("backward, " << text(s) << (add ? ", added" : ""));
  const long count = s.rows * s.columns;
  const float epsilon = 0.5f;
  std::vector<float> norm = numbers(s.rows, 4);
  for (long r = 0; r < s.rows; ++r) norm[std::size_t(r)] = r % 3 == 1 ? (r % 2 ? 0 : epsilon) : 1.6f + norm[std::size_t(r)];
  const std::vector<T> y = stored<T>(numbers(count, 1)), dy = stored<T>(numbers(count, 2)), before = stored<T>(numbers(count, 3));
  std::vector<T> host_dx = before;
  cuda::l2_normalize_backward_params<T> p{y.data(), norm.data(), dy.data(), host_dx.data(), s.rows, s.columns, epsilon, add};
  const std::vector<double> expected = cuda::l2_normalize_backward_reference(p);

  device_array<T> device_y(y, s.offset_in), device_dy(dy, s.offset_in), dx(before, s.offset_out);
  device_array<float> device_norm(norm);
  p.y = device_y.data(), p.norm = device_norm.data(), p.dy = device_dy.data(), p.dx = dx.data();
  check_traced([&] { cuda::launch_l2_normalize_backward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(dx.values(), expected, storage_tolerance<T>) == 0);
  if (add) return;
  p.dx = device_dy.data();  // in place
  check_traced([&] { cuda::launch_l2_normalize_backward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(device_dy.values(), expected, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_all(const shape& s) {
  check_forward<T, Tuning>(s, numbers(s.rows * s.columns, 1, 3));
  check_backward<T, Tuning>(s, false);
  check_backward<T, Tuning>(s, true);
}

}  // namespace

TEST_CASE("l2_normalize on the device: rows of every length") {
  in_every_order([] {
    for (const long columns : {1, 3, 4, 7, 31, 64, 125, 127, 128, 129, 257, 260, 517})
      check_all<float, small_l2_normalize_tuning>({5, columns});
    for (const long columns : {1, 7, 8, 17, 255, 256, 264, 1043}) check_all<cuda::half, small_l2_normalize_tuning>({5, columns});
  });
}

TEST_CASE("l2_normalize on the device: rows that begin beside a boundary, and outputs that lie otherwise than inputs") {
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3})
      for (const long columns : {5, 36, 131, 517}) {
        check_all<float, small_l2_normalize_tuning>({3, columns, in, out});
        check_all<cuda::half, small_l2_normalize_tuning>({3, columns + columns % 2, in, out});
      }
}

TEMPLATE_TEST_CASE("l2_normalize on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  for (const long columns : {60, 512, 1030}) check_all<TestType, cuda::l2_normalize_tuning<TestType>>({9, columns});
}

TEST_CASE("l2_normalize on the device: the same bits in every order of threads") {
  for (const long columns : {36, 301}) {
    const long rows = 5, count = rows * columns;
    device_array<float> x(numbers(count, 1)), dy(numbers(count, 2)), y(std::size_t(count), 0), dx(std::size_t(count), 0),
        norm(std::size_t(rows), 0);
    std::vector<float> first;
    in_every_order([&] {
      cuda::launch_l2_normalize_forward<float, small_l2_normalize_tuning>({x.data(), y.data(), norm.data(), rows, columns}, nullptr)
          .throw_if_failed();
      cuda::launch_l2_normalize_backward<float, small_l2_normalize_tuning>({y.data(), norm.data(), dy.data(), dx.data(), rows, columns},
                                                                           nullptr)
          .throw_if_failed();
      std::vector<float> now = y.values();
      const std::vector<float> more = dx.values();
      now.insert(now.end(), more.begin(), more.end());
      if (first.empty()) first = now;
      CHECK(same_bits(now.data(), first.data(), now.size()));
    });
  }
}

TEST_CASE("l2_normalize on the device: rows of zeros, short rows, infinities and NaN") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();
  for (const long columns : {6, 130, 300}) {
    INFO(columns << " columns");
    std::vector<float> x = numbers(7 * columns, 1);
    const auto at = [&](long row, long column) -> float& { return x[std::size_t(row * columns + column)]; };
    for (long c = 0; c < columns; ++c) {
      at(0, c) = 0;
      at(1, c) = c == 4 ? 1e-13f : 0;    // shorter than epsilon: a tenth
      at(2, c) = c == 4 ? -1e-12f : 0;   // as short
      at(3, c) = c == 4 ? 1.5e-12f : 0;  // longer
    }
    at(4, 0) = not_a_number;
    at(5, columns - 1) = not_a_number;
    at(6, 1) = infinity;  // itself NaN, the others 0
    check_forward<float, small_l2_normalize_tuning>({6, columns}, {x.begin(), x.begin() + 6 * columns});
    check_forward<float, small_l2_normalize_tuning>({4, columns}, {x.begin(), x.begin() + 4 * columns}, 0.25f);

    device_array<float> device_x(x), y(x.size(), 0), norm(7);
    cuda::launch_l2_normalize_forward<float, small_l2_normalize_tuning>({device_x.data(), y.data(), norm.data(), 7, columns}, nullptr)
        .throw_if_failed();
    const std::vector<float> result = y.values();
    CHECK(!apart(result[std::size_t(columns + 4)], 0.1, 1e-6));
    CHECK(norm.values()[6] == infinity);
    for (long c = 0; c < columns; ++c) {
      const float v = result[std::size_t(6 * columns + c)];
      CHECK((c == 1 ? v != v : v == 0));
    }

    // NaN of the norm, of y and of dy go through; y is not looked at where the norm was not above epsilon.
    std::vector<float> direction(std::size_t(4 * columns), 0.5f), gradient(std::size_t(4 * columns), 1);
    direction[2] = not_a_number;
    direction[std::size_t(columns + 2)] = not_a_number;
    gradient[std::size_t(2 * columns + 2)] = not_a_number;
    const std::vector<float> norms{1, 0, 1, not_a_number};
    const auto expected =
        cuda::l2_normalize_backward_reference<float>({direction.data(), norms.data(), gradient.data(), nullptr, 4, columns, 0.5f});
    device_array<float> device_direction(direction), device_gradient(gradient), device_norms(norms), dx(gradient.size());
    cuda::launch_l2_normalize_backward<float, small_l2_normalize_tuning>(
        {device_direction.data(), device_norms.data(), device_gradient.data(), dx.data(), 4, columns, 0.5f}, nullptr)
        .throw_if_failed();
    CHECK(count_apart(dx.values(), expected, storage_tolerance<float>) == 0);
    CHECK(std::count_if(expected.begin(), expected.end(), [](double v) { return v != v; }) == 3 * columns);
  }
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("l2_normalize on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  constexpr int width = cuda::vector_width<T>;
  for (const long columns : {24 * width, 400 * width}) {
    INFO(columns << " columns");
    const bool is_long = columns > 32 * width;
    const double reads = is_long ? 2 : 1;
    const long rows = 24, count = rows * columns;
    const double bytes = double(count) * sizeof(T);
    device_array<T> x(stored<T>(numbers(count, 1))), dy(stored<T>(numbers(count, 2))), y(std::size_t(count), 0), dx(std::size_t(count), 0);
    device_array<float> norm(std::size_t(rows), 0);
    const double norms = 32.0 * double(rows);  // each a sector of its own
    check_moved(check_traced([&] {
                  cuda::launch_l2_normalize_forward<T, small_l2_normalize_tuning>({x.data(), y.data(), norm.data(), rows, columns}, nullptr)
                      .throw_if_failed();
                }),
                reads * bytes, bytes + norms);
    check_moved(check_traced([&] {
                  cuda::launch_l2_normalize_backward<T, small_l2_normalize_tuning>(
                      {y.data(), norm.data(), dy.data(), dx.data(), rows, columns}, nullptr)
                      .throw_if_failed();
                }),
                reads * 2 * bytes + (is_long ? 2 : 1) * norms, bytes);
  }
}
#endif

TEST_CASE("l2_normalize's reference is the host's l2_normalize") {
  const long rows = 5, columns = 37, count = rows * columns;
  std::vector<float> x = numbers(count, 1);
  for (long c = 0; c < columns; ++c) x[std::size_t(columns + c)] = 0, x[std::size_t(2 * columns + c)] *= 1e-4f;
  for (const float epsilon : {1e-12f, 0.25f}) {
    INFO("epsilon " << epsilon);
    std::vector<float> y(x.size()), norm(std::size_t(rows), 0), dx = numbers(count, 3);
    op::l2_normalize_forward<float>{x.data(), y.data(), norm.data(), rows, columns, double(epsilon)}();
    const auto forward = cuda::l2_normalize_forward_reference<float>({x.data(), nullptr, nullptr, rows, columns, epsilon});
    CHECK(count_apart(y, forward.y, 1e-6) == 0);
    CHECK(count_apart(norm, forward.norm, 1e-6) == 0);
    const std::vector<float> dy = numbers(count, 2);
    for (const bool add : {true, false}) {
      const auto expected =
          cuda::l2_normalize_backward_reference<float>({y.data(), norm.data(), dy.data(), dx.data(), rows, columns, epsilon, add});
      op::l2_normalize_backward<float>{y.data(), norm.data(), dy.data(), dx.data(), rows, columns, double(epsilon), add}();
      CHECK(count_apart(dx, expected, 2e-6) == 0);
    }
  }
}

TEST_CASE("l2_normalize on the device: arguments that it cannot work with, and none") {
  const auto forward = [](long rows, long columns, float epsilon = 1e-12f) {
    return cuda::launch_l2_normalize_forward<float>({nullptr, nullptr, nullptr, rows, columns, epsilon}, nullptr).what();
  };
  CHECK(forward(0, 5) == "");
  CHECK(forward(5, 0) == "");
  CHECK(forward(-1, 5) == "ogm: l2_normalize_forward was given rows = -1; 0 or more is needed.");
  CHECK(forward(5, 1L << 31) == "ogm: l2_normalize_forward was given columns = 2147483648; 0 to 2147481599 is needed.");
  CHECK(forward(5, 5, 0) == "ogm: l2_normalize_forward was given epsilon = 0.000000; more than 0 is needed.");
  CHECK(forward(5, 5, -1) == "ogm: l2_normalize_forward was given epsilon = -1.000000; more than 0 is needed.");
  const auto backward = [](long rows, long columns, float epsilon) {
    return cuda::launch_l2_normalize_backward<float>({nullptr, nullptr, nullptr, nullptr, rows, columns, epsilon}, nullptr).what();
  };
  CHECK(backward(5, 0, 1) == "");
  CHECK(backward(5, -2, 1) == "ogm: l2_normalize_backward was given columns = -2; 0 to 2147481599 is needed.");
  CHECK(backward(5, 5, std::numeric_limits<float>::quiet_NaN()) ==
        "ogm: l2_normalize_backward was given epsilon = nan; more than 0 is needed.");
}
