// Elementary work on matrices on the device against its reference, and that against the host's implementation.
#include "rows_instances.hpp"

#include <ogm/backend/op/attention.hpp>
#include <ogm/backend/op/pooling.hpp>
#include <ogm/backend/op/rows.hpp>
#include <ogm/backend/op/update.hpp>
#include <ogm/cuda/rows/rows_reference.hpp>

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

/// Runs launch(output), whose output lies `offset` behind a boundary and holds `before`, and compares.
template <class T, class Launch>
void check_written(const std::vector<T>& before, std::size_t offset, const std::vector<double>& expected, const Launch& launch) {
  device_array<T> output(before, offset);
  check_traced([&] { launch(output.data()).throw_if_failed(); });
  CHECK(count_apart(output.values(), expected, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_fill(const shape& s) {
  INFO("fill, " << text(s));
  const long count = s.rows * s.columns;
  const cuda::fill_params<T> p{nullptr, count, 0.3f};
  check_written(stored<T>(numbers(count, 1)), s.offset_out, cuda::fill_reference(p), [&](T* x) {
    return cuda::launch_fill<T, Tuning>({x, count, 0.3f}, nullptr);
  });
}

/// Rows `gap` further apart than they are long; what lies between them stays.
template <class T, class Tuning> void check_copy_block(const shape& s, long from_gap, long to_gap, bool add, float scale) {
  INFO("copy_block, " << text(s) << ", gaps " << from_gap << " " << to_gap << (add ? ", added" : ""));
  const long from_stride = s.columns + from_gap, to_stride = s.columns + to_gap;
  const std::vector<T> from = stored<T>(numbers(s.rows * from_stride, 1));
  std::vector<T> before = stored<T>(numbers(s.rows * to_stride, 2));
  cuda::copy_block_params<T> p{from.data(), before.data(), s.rows, s.columns, from_stride, to_stride, add, scale};
  const std::vector<double> block = cuda::copy_block_reference(p);
  std::vector<double> expected;
  for (const T v : before) expected.push_back(double(cuda::to_float(v)));
  for (long i = 0; i < s.rows * s.columns; ++i) expected[std::size_t(i / s.columns * to_stride + i % s.columns)] = block[std::size_t(i)];
  device_array<T> device_from(from, s.offset_in);
  p.from = device_from.data();
  check_written(before, s.offset_out, expected, [&](T* to) {
    p.to = to;
    return cuda::launch_copy_block<T, Tuning>(p, nullptr);
  });
}

template <class T, class Tuning> void check_broadcast_row(const shape& s) {
  INFO("broadcast_row, " << text(s));
  const std::vector<T> row = stored<T>(numbers(s.columns, 1));
  cuda::broadcast_row_params<T> p{row.data(), nullptr, s.rows, s.columns, 1.5f};
  const std::vector<double> expected = cuda::broadcast_row_reference(p);
  device_array<T> device_row(row, s.offset_in);
  p.row = device_row.data();
  check_written(stored<T>(numbers(s.rows * s.columns, 2)), s.offset_out, expected, [&](T* y) {
    p.y = y;
    return cuda::launch_broadcast_row<T, Tuning>(p, nullptr);
  });
}

template <class T, class Tuning> void check_scale_rows(const shape& s, bool add) {
  INFO("scale_rows, " << text(s) << (add ? ", added" : ""));
  const std::vector<T> x = stored<T>(numbers(s.rows * s.columns, 1)), factor = stored<T>(numbers(s.rows, 2));
  std::vector<T> before = stored<T>(numbers(s.rows * s.columns, 3));
  cuda::scale_rows_params<T> p{x.data(), factor.data(), before.data(), s.rows, s.columns, add};
  const std::vector<double> expected = cuda::scale_rows_reference(p);
  device_array<T> device_x(x, s.offset_in), device_factor(factor);
  p.x = device_x.data(), p.factor = device_factor.data();
  check_written(before, s.offset_out, expected, [&](T* y) {
    p.y = y;
    return cuda::launch_scale_rows<T, Tuning>(p, nullptr);
  });
  if (add) return;
  p.y = device_x.data();  // in place
  check_traced([&] { cuda::launch_scale_rows<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(device_x.values(), expected, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_sum_rows(const shape& s, bool add) {
  INFO("sum_rows, " << text(s) << (add ? ", added" : ""));
  const std::vector<T> x = stored<T>(numbers(s.rows * s.columns, 1));
  std::vector<T> before = stored<T>(numbers(s.columns, 2));
  cuda::sum_rows_params<T> p{x.data(), before.data(), nullptr, s.rows, s.columns, add, 0.5f};
  const std::vector<double> expected = cuda::sum_rows_reference(p);
  device_array<T> device_x(x, s.offset_in);
  device_array<float> partial(std::size_t(cuda::sum_rows_workspace<T, Tuning>(s.rows, s.columns)));
  p.x = device_x.data(), p.partial = partial.data();
  check_written(before, s.offset_out, expected, [&](T* total) {
    p.total = total;
    return cuda::launch_sum_rows<T, Tuning>(p, nullptr);
  });
}

template <class T, class Tuning> void check_all(const shape& s) {
  check_fill<T, Tuning>(s);
  for (const bool add : {false, true}) {
    for (const long gap : {0, 3, 8}) check_copy_block<T, Tuning>(s, gap, 11 - gap, add, add ? -0.5f : 1);
    check_copy_block<T, Tuning>(s, 0, 0, add, 0.75f);
    check_scale_rows<T, Tuning>(s, add);
    check_sum_rows<T, Tuning>(s, add);
  }
  check_broadcast_row<T, Tuning>(s);
}

struct axes {
  long outer, first, second, inner;
  std::size_t offset_in = 0, offset_out = 0;
};

template <class T, class Tuning> void check_axes(const axes& a) {
  INFO(a.outer << " x " << a.first << " x " << a.second << " x " << a.inner << ", offsets " << a.offset_in << " " << a.offset_out);
  const long count = a.outer * a.first * a.second * a.inner;
  const std::vector<T> x = stored<T>(numbers(count, 1));
  std::vector<T> before = stored<T>(numbers(count, 2));
  device_array<T> device_x(x, a.offset_in);
  for (const bool add : {false, true}) {
    cuda::swap_axes_params<T> p{x.data(), before.data(), a.outer, a.first, a.second, a.inner, add};
    const std::vector<double> expected = cuda::swap_axes_reference(p);
    p.x = device_x.data();
    check_written(before, a.offset_out, expected, [&](T* y) {
      p.y = y;
      return cuda::launch_swap_axes<T, Tuning>(p, nullptr);
    });
  }

  const long inner = a.second * a.inner;
  cuda::mean_middle_forward_params<T> forward{x.data(), nullptr, a.outer, a.first, inner};
  const std::vector<double> mean = cuda::mean_middle_forward_reference(forward);
  forward.x = device_x.data();
  check_written(std::vector<T>(mean.size()), a.offset_out, mean, [&](T* y) {
    forward.y = y;
    return cuda::launch_mean_middle_forward<T, Tuning>(forward, nullptr);
  });
  for (const bool add : {false, true}) {
    cuda::mean_middle_backward_params<T> backward{x.data(), before.data(), a.outer, a.first, inner, add};  // of the first outer * inner
    const std::vector<double> dx = cuda::mean_middle_backward_reference(backward);
    backward.dy = device_x.data();
    check_written(before, a.offset_out, dx, [&](T* to) {
      backward.dx = to;
      return cuda::launch_mean_middle_backward<T, Tuning>(backward, nullptr);
    });
  }
}

/// `sum` and `squares` begin where they are told to; squares are those of a spread, but for every fifth, below what the sum allows.
template <class Tuning> void check_moments(long count, std::size_t offset_sum, std::size_t offset_squares) {
  INFO("moments of " << count << ", offsets " << offset_sum << " " << offset_squares);
  const std::vector<float> gradient = numbers(count, 1), sum = numbers(count, 2, 3);
  std::vector<float> squares = numbers(count, 3);
  for (std::size_t i = 0; i < squares.size(); ++i) squares[i] = i % 5 ? sum[i] * sum[i] + squares[i] + 1 : 0;
  const auto expected = cuda::add_moments_reference({gradient.data(), const_cast<float*>(sum.data()), squares.data(), count});
  device_array<float> device_gradient(gradient, 1), device_sum(sum, offset_sum), device_squares(squares, offset_squares);
  check_traced([&] {
    cuda::launch_add_moments<Tuning>({device_gradient.data(), device_sum.data(), device_squares.data(), count}, nullptr).throw_if_failed();
  });
  std::vector<float> got = device_sum.values();
  const std::vector<float> more = device_squares.values();
  got.insert(got.end(), more.begin(), more.end());
  CHECK(count_apart(got, expected, storage_tolerance<float>) == 0);

  const auto deviation = cuda::deviation_of_mean_reference({sum.data(), squares.data(), count, 6});
  device_array<float> unchanged_sum(sum, offset_sum);
  check_written(squares, offset_squares, deviation, [&](float* to) {
    return cuda::launch_deviation_of_mean<Tuning>({unchanged_sum.data(), to, count, 6}, nullptr);
  });
}

}  // namespace

TEST_CASE("rows on the device: matrices of every shape") {
  in_every_order([] {
    for (const long columns : {1, 2, 3, 4, 7, 42, 64, 125, 128, 129, 260}) check_all<float, small_rows_tuning>({5, columns});
    for (const long columns : {1, 7, 8, 42, 255, 264}) check_all<cuda::half, small_rows_tuning>({5, columns});
  });
  for (const long rows : {1, 2, 8, 9, 16, 33, 130})
    for (const long columns : {1, 6, 42, 128, 203}) {
      check_all<float, small_rows_tuning>({rows, columns});
      check_all<cuda::half, small_rows_tuning>({rows, columns});
    }
}

TEST_CASE("rows on the device: matrices that begin beside a boundary, and outputs that lie otherwise than inputs") {
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3})
      for (const long columns : {5, 36, 131}) {
        check_all<float, small_rows_tuning>({19, columns, in, out});
        check_all<cuda::half, small_rows_tuning>({19, columns, in, out});
      }
}

TEST_CASE("rows on the device: axes of every length") {
  in_every_order([] {
    for (const long inner : {1, 2, 4, 5, 64, 67}) check_axes<float, small_rows_tuning>({2, 3, 5, inner});
    for (const long first : {1, 4, 31, 32, 33, 70})
      for (const long second : {1, 10, 32, 65}) check_axes<float, small_rows_tuning>({2, first, second, 1});
    check_axes<cuda::half, small_rows_tuning>({2, 33, 40, 1});
    check_axes<cuda::half, small_rows_tuning>({2, 3, 5, 24});
  });
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3}) {
      check_axes<float, small_rows_tuning>({2, 3, 5, 36, in, out});
      check_axes<cuda::half, small_rows_tuning>({2, 6, 7, 1, in, out});
    }
}

TEST_CASE("rows on the device: moments of every length") {
  in_every_order([] {
    for (const long count : {0, 1, 3, 4, 5, 127, 128, 513, 1000, 1001, 2100}) check_moments<small_rows_tuning>(count, 0, 0);
  });
  for (const std::size_t first : {0, 1, 2, 3})
    for (const std::size_t second : {0, 1, 2, 3}) check_moments<small_rows_tuning>(301, first, second);
  check_moments<cuda::rows_tuning<float>>(5000, 0, 0);
}

TEMPLATE_TEST_CASE("rows on the device: as they are tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = cuda::rows_tuning<TestType>;
  for (const shape& s : {shape{64, 42}, shape{70, 512}, shape{300, 64}, shape{1, 5000}}) check_all<TestType, tuning>(s);
  for (const axes& a : {axes{2, 3, 5, 64}, axes{2, 24, 70, 1}}) check_axes<TestType, tuning>(a);
}

TEST_CASE("rows on the device: the same bits in every order of threads") {
  for (const long columns : {42, 203}) {
    const long rows = 100;
    device_array<float> x(numbers(rows * columns, 1)), total(std::size_t(columns), 0),
        partial(std::size_t(cuda::sum_rows_workspace<float, small_rows_tuning>(rows, columns)), 0);
    std::vector<float> first;
    in_every_order([&] {
      cuda::launch_sum_rows<float, small_rows_tuning>({x.data(), total.data(), partial.data(), rows, columns}, nullptr).throw_if_failed();
      const std::vector<float> now = total.values();
      if (first.empty()) first = now;
      CHECK(same_bits(now.data(), first.data(), now.size()));
    });
  }
}

TEST_CASE("rows on the device: infinities and NaN stay in their column and row; integers are filled in as bits") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const long rows = 20, columns = 6;
  std::vector<float> x = numbers(rows * columns, 1);
  x[8] = std::numeric_limits<float>::quiet_NaN();
  x[9] = infinity, x[15] = -infinity;
  device_array<float> device_x(x), total(std::size_t(columns), 0), y(std::size_t(columns), 0),
      partial(std::size_t(cuda::sum_rows_workspace<float, small_rows_tuning>(rows, columns)), 0);
  cuda::launch_sum_rows<float, small_rows_tuning>({device_x.data(), total.data(), partial.data(), rows, columns}, nullptr)
      .throw_if_failed();
  cuda::launch_mean_middle_forward<float, small_rows_tuning>({device_x.data(), y.data(), 1, rows, columns}, nullptr).throw_if_failed();
  for (const std::vector<float>& got : {total.values(), y.values()})
    for (std::size_t c = 0; c < got.size(); ++c) CHECK((got[c] != got[c]) == (c == 2 || c == 3));

  device_array<std::int32_t> labels(7, 0);
  cuda::launch_fill<float>({reinterpret_cast<float*>(labels.data()), 7, __builtin_bit_cast(float, 41)}, nullptr).throw_if_failed();
  CHECK(labels.values() == std::vector<std::int32_t>(7, 41));
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("rows on the device: how much they move", "", float, cuda::half) {
  using T = TestType;
  const auto launched = [](const cuda::status& s) { s.throw_if_failed(); };
  for (const long columns : {64L, 512L}) {
    INFO(columns << " columns");
    const long rows = 48, count = rows * columns;
    const double bytes = double(count) * sizeof(T), a_row = double(columns) * sizeof(T);
    device_array<T> x(stored<T>(numbers(count, 1))), y(std::size_t(count), 0), row(stored<T>(numbers(columns, 2)));
    const auto moved = [&](double loads, double stores, auto launch) {
      check_moved(check_traced([&] { launched(launch()); }), loads, stores);
    };
    moved(0, bytes, [&] { return cuda::launch_fill<T, small_rows_tuning>({y.data(), count, 1}, nullptr); });
    moved(bytes, bytes, [&] { return cuda::launch_copy_block<T, small_rows_tuning>({x.data(), y.data(), 1, count, 0, 0}, nullptr); });
    moved(bytes / 2, bytes / 2, [&] {
      return cuda::launch_copy_block<T, small_rows_tuning>({x.data(), y.data(), rows, columns / 2, columns, columns}, nullptr);
    });
    moved(2 * bytes, bytes, [&] {
      return cuda::launch_copy_block<T, small_rows_tuning>({x.data(), y.data(), 1, count, 0, 0, true}, nullptr);
    });
    // The rows of one warp that come from one row ask for it together.
    const auto at_most = [&](double loads, auto launch) {
      const auto t = check_traced([&] { launched(launch()); });
      if (t.recorded) check_moved(t, std::min(loads, double(t.load_bytes())), bytes);
    };
    at_most(bytes, [&] { return cuda::launch_broadcast_row<T, small_rows_tuning>({row.data(), y.data(), rows, columns}, nullptr); });
    moved(bytes, bytes, [&] { return cuda::launch_swap_axes<T, small_rows_tuning>({x.data(), y.data(), 2, 3, 8, columns}, nullptr); });
    moved(bytes, bytes / 3, [&] {
      return cuda::launch_mean_middle_forward<T, small_rows_tuning>({x.data(), y.data(), 16, 3, columns}, nullptr);
    });
    at_most(bytes, [&] { return cuda::launch_mean_middle_backward<T, small_rows_tuning>({x.data(), y.data(), 16, 3, columns}, nullptr); });
    // Sums of chunks are written and read once.
    const double chunks = double(cuda::sum_rows_workspace<T, small_rows_tuning>(rows, columns)) * sizeof(float);
    device_array<float> partial(std::size_t(chunks) / sizeof(float), 0);
    const auto t = check_traced([&] {
      launched(cuda::launch_sum_rows<T, small_rows_tuning>({x.data(), row.data(), partial.data(), rows, columns}, nullptr));
    });
    if (!t.recorded) continue;
    t.note("moved");
    INFO(t.table());
    CHECK(t.worst_ratio(false) <= 1.05);
    CHECK(t.worst_ratio(true) == 1);
    CHECK(double(t.load_bytes()) >= bytes);
    CHECK(double(t.load_bytes()) <= 1.02 * (bytes + chunks));
    CHECK(double(t.store_bytes()) <= 1.02 * (a_row + chunks));
  }
}

TEST_CASE("rows on the device: how much is moved where rows begin anywhere, and of planes that are transposed") {
  const auto traced = [](auto launch) { return check_traced([&] { launch().throw_if_failed(); }); };
  device_array<float> x(numbers(96 * 42, 1)), y(96 * 42), total(42), partial(2000);
  const double bytes = 96 * 42 * 4;
  const auto sum = traced([&] {
    return cuda::launch_sum_rows<float, small_rows_tuning>({x.data(), total.data(), partial.data(), 96, 42}, nullptr);
  });
  const auto swap = traced([&] { return cuda::launch_swap_axes<float, small_rows_tuning>({x.data(), y.data(), 1, 64, 63, 1}, nullptr); });
  const auto whole = traced([&] { return cuda::launch_swap_axes<float, small_rows_tuning>({x.data(), y.data(), 1, 64, 32, 1}, nullptr); });
  check_moved(whole, 64 * 32 * 4, 64 * 32 * 4);
  if (!sum.recorded) return;
  INFO(sum.table() << swap.table());
  CHECK(double(sum.distinct_load_sectors) * 32 >= bytes);
  CHECK(double(sum.load_bytes()) <= 1.35 * bytes);  // with the sums of three chunks
  CHECK(double(swap.load_bytes()) <= 1.35 * bytes);
  CHECK(double(swap.store_bytes()) <= 1.35 * bytes);
}
#endif

TEST_CASE("rows' references are the host's operations") {
  const long rows = 6, columns = 35, count = rows * columns;
  const std::vector<float> x = numbers(count, 1), factor = numbers(rows, 2), row = numbers(columns, 3);
  std::vector<float> y = numbers(count, 4);
  const auto agrees = [](const std::vector<float>& got, const std::vector<double>& expected) {
    CHECK(count_apart(got, expected, 2e-6) == 0);
  };
  for (const bool add : {false, true}) {
    const auto check = [&](const std::vector<double>& expected, auto host) {
      host();
      agrees(y, expected);
    };
    check(cuda::copy_block_reference<float>({x.data(), y.data(), 1, count, 0, 0, add, 0.75f}),
          op::copy_block<float>{x.data(), y.data(), 1, count, 0, 0, add, 0.75f});
    check(cuda::scale_rows_reference<float>({x.data(), factor.data(), y.data(), rows, columns, add}),
          op::scale_rows<float>{x.data(), factor.data(), y.data(), rows, columns, add});
    check(cuda::swap_axes_reference<float>({x.data(), y.data(), 2, 3, 7, 5, add}),
          op::swap_axes<float>{x.data(), y.data(), 2, 3, 7, 5, add});
    check(cuda::mean_middle_backward_reference<float>({x.data(), y.data(), 2, 3, columns, add}),
          op::mean_middle_backward<float>{x.data(), y.data(), 2, 3, columns, add});
    check(cuda::mean_middle_backward_reference<float>({x.data(), y.data(), 2, 3, columns, add}),
          op::mean_of_heads_backward<float>{x.data(), y.data(), 2, 3, columns, add});
    std::vector<float> total = row;
    const std::vector<double> sums = cuda::sum_rows_reference<float>({x.data(), total.data(), nullptr, rows, columns, add, 0.5f});
    op::sum_rows<float>{x.data(), total.data(), rows, columns, add, 0.5f}();
    agrees(total, sums);
  }
  op::broadcast_row<float>{row.data(), y.data(), rows, columns, 1.5f}();
  agrees(y, cuda::broadcast_row_reference<float>({row.data(), nullptr, rows, columns, 1.5f}));
  op::fill<float>{y.data(), count, 0.25f}();
  agrees(y, cuda::fill_reference<float>({nullptr, count, 0.25f}));

  std::vector<float> block(x.size(), 0);  // with strides
  op::copy_block<float>{x.data() + 3, block.data() + 5, rows, 20, columns, columns}();
  const std::vector<double> within = cuda::copy_block_reference<float>({x.data() + 3, block.data() + 5, rows, 20, columns, columns});
  for (long i = 0; i < rows * 20; ++i) CHECK(double(block[std::size_t(5 + i / 20 * columns + i % 20)]) == within[std::size_t(i)]);

  std::vector<float> mean(std::size_t(2 * columns));
  op::mean_middle_forward<float>{x.data(), mean.data(), 2, 3, columns}();
  agrees(mean, cuda::mean_middle_forward_reference<float>({x.data(), nullptr, 2, 3, columns}));
  op::mean_of_heads<float>{x.data(), mean.data(), 2, 3, columns}();
  agrees(mean, cuda::mean_middle_forward_reference<float>({x.data(), nullptr, 2, 3, columns}));

  std::vector<float> sum = numbers(count, 5), squares = numbers(count, 6);
  for (float& v : squares) v += 1;
  const auto moments = cuda::add_moments_reference({x.data(), sum.data(), squares.data(), count});
  op::add_moments<float>{x.data(), sum.data(), squares.data(), count}();
  agrees(sum, {moments.begin(), moments.begin() + count});
  agrees(squares, {moments.begin() + count, moments.end()});
  const auto deviation = cuda::deviation_of_mean_reference({sum.data(), squares.data(), count, 2});
  CHECK(std::count(deviation.begin(), deviation.end(), 0.0) > 0);
  op::deviation_of_mean<float>{sum.data(), squares.data(), count, 2}();
  CHECK(count_apart(squares, deviation, 1e-4) == 0);  // the host's difference of squares is in float
}

TEST_CASE("rows on the device: no rows") {
  for (const bool add : {false, true}) {
    const std::vector<float> before = numbers(300, 1);
    device_array<float> total(before), partial(std::size_t(cuda::sum_rows_workspace<float, small_rows_tuning>(0, 300)));
    check_traced([&] {
      cuda::launch_sum_rows<float, small_rows_tuning>({nullptr, total.data(), partial.data(), 0, 300, add}, nullptr).throw_if_failed();
    });
    CHECK(total.values() == (add ? before : std::vector<float>(300, 0)));
  }
}

TEST_CASE("rows on the device: arguments that they cannot work with, and none") {
  const auto sum = [](long rows, long columns) {
    return cuda::launch_sum_rows<float>({nullptr, nullptr, nullptr, rows, columns}, nullptr).what();
  };
  CHECK(sum(5, 0) == "");
  CHECK(sum(-1, 5) == "ogm: sum_rows was given rows = -1; 0 or more is needed.");
  CHECK(sum(5, 1L << 28) == "ogm: sum_rows was given columns = 268435456; 0 to 268435199 is needed.");
  CHECK(sum(500, 500) == "ogm: sum_rows was given no workspace.");
  const auto copy = [](long rows, long columns, long stride) {
    return cuda::launch_copy_block<float>({nullptr, nullptr, rows, columns, columns, stride}, nullptr).what();
  };
  CHECK(copy(0, 5, 5) == "");
  CHECK(copy(5, 0, 7) == "");
  CHECK(copy(-1, 5, 5) == "ogm: copy_block was given rows = -1; 0 or more is needed.");
  CHECK(copy(1, -5, 5) == "ogm: copy_block was given columns = -5; 0 to 2147481599 is needed.");
  CHECK(copy(2, 5, 4) == "ogm: copy_block was given to_stride = 4; the number of columns, or more, is needed.");
  CHECK(cuda::launch_fill<float>({nullptr, 0, 1}, nullptr).ok());
  CHECK(cuda::launch_fill<float>({nullptr, -3, 1}, nullptr).what() == "ogm: fill was given count = -3; 0 or more is needed.");
  CHECK(cuda::launch_add_moments({nullptr, nullptr, nullptr, -3}, nullptr).error() == cudaErrorInvalidValue);
  CHECK(cuda::launch_deviation_of_mean({nullptr, nullptr, -3, 1}, nullptr).error() == cudaErrorInvalidValue);
  CHECK(cuda::launch_broadcast_row<float>({nullptr, nullptr, -3, 1}, nullptr).error() == cudaErrorInvalidValue);
  CHECK(cuda::launch_scale_rows<float>({nullptr, nullptr, nullptr, 3, -1}, nullptr).error() == cudaErrorInvalidValue);
  const auto swap = [](long outer, long first, long second) {
    return cuda::launch_swap_axes<float>({nullptr, nullptr, outer, first, second, 1}, nullptr).what();
  };
  CHECK(swap(0, 2, 2) == "");
  CHECK(swap(2, 0, 2) == "");
  CHECK(swap(-1, 2, 2) == "ogm: swap_axes was given outer = -1; 0 or more is needed.");
  CHECK(swap(2, -1, 2) == "ogm: swap_axes was given first = -1; 0 or more is needed.");
  CHECK(swap(2, 2, -1) == "ogm: swap_axes was given second = -1; 0 or more is needed.");
  const auto mean = cuda::launch_mean_middle_forward<float>({nullptr, nullptr, 2, -1, 2}, nullptr);
  CHECK(mean.what() == "ogm: mean_middle_forward was given middle = -1; 0 or more is needed.");
  CHECK(cuda::launch_mean_middle_backward<float>({nullptr, nullptr, 2, -1, 2}, nullptr).error() == cudaErrorInvalidValue);
}
