// Layer normalisation on the device against its reference, and that against the host's implementation.
#include "layer_norm_instances.hpp"

#include <ogm/backend/op/normalisation.hpp>
#include <ogm/cuda/layer_norm/layer_norm_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

struct shape {
  long rows, columns;
  std::size_t offset_in = 0, offset_out = 0, offset_weight = 0;
};
std::string text(const shape& s) {
  return std::to_string(s.rows) + " x " + std::to_string(s.columns) + ", offsets " + std::to_string(s.offset_in) + " " +
         std::to_string(s.offset_out) + " " + std::to_string(s.offset_weight);
}

template <class T, class Tuning> void check_forward(const shape& s, const std::vector<float>& values, float epsilon = 1e-5f) {
  INFO("forward, " << text(s));
  const std::vector<T> x = stored<T>(values), weight = stored<T>(numbers(s.columns, 2)), bias = stored<T>(numbers(s.columns, 3));
  cuda::layer_norm_forward_params<T> p{x.data(), weight.data(), bias.data(), nullptr, nullptr, nullptr, s.rows, s.columns, epsilon};
  const auto expected = cuda::layer_norm_forward_reference(p);

  device_array<T> device_x(x, s.offset_in), device_weight(weight, s.offset_weight), device_bias(bias, s.offset_weight),
      y(x.size(), s.offset_out);
  device_array<float> mean(std::size_t(s.rows)), inverse(std::size_t(s.rows));
  p.x = device_x.data(), p.weight = device_weight.data(), p.bias = device_bias.data(), p.y = y.data();
  p.mean = mean.data(), p.inverse_deviation = inverse.data();
  check_traced([&] { cuda::launch_layer_norm_forward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(y.values(), expected.y, storage_tolerance<T>) == 0);
  CHECK(count_apart(mean.values(), expected.mean, storage_tolerance<float>) == 0);
  CHECK(count_apart(inverse.values(), expected.inverse_deviation, storage_tolerance<float>) == 0);
}

struct additions {
  bool x = false, weight = false, bias = false;
};
template <class T, class Tuning> void check_backward(const shape& s, const additions& add, bool wanted = true) {
  INFO("backward, " << text(s) << ", added " << add.x << add.weight << add.bias << (wanted ? "" : ", without dx"));
  const long count = s.rows * s.columns;
  const std::vector<T> x = stored<T>(numbers(count, 1, 3)), dy = stored<T>(numbers(count, 4)), weight = stored<T>(numbers(s.columns, 2)),
                       dx = stored<T>(numbers(count, 5)), dweight = stored<T>(numbers(s.columns, 6)),
                       dbias = stored<T>(numbers(s.columns, 7));
  const std::vector<float> mean = numbers(s.rows, 8, 0.3f), inverse = numbers(s.rows, 9);
  std::vector<T> host_dx = dx, host_dweight = dweight, host_dbias = dbias;
  cuda::layer_norm_backward_params<T> p{.dy = dy.data(),
                                        .x = x.data(),
                                        .weight = weight.data(),
                                        .mean = mean.data(),
                                        .inverse_deviation = inverse.data(),
                                        .dx = wanted ? host_dx.data() : nullptr,
                                        .dweight = host_dweight.data(),
                                        .dbias = host_dbias.data(),
                                        .partial = nullptr,
                                        .rows = s.rows,
                                        .columns = s.columns,
                                        .add_x = add.x,
                                        .add_weight = add.weight,
                                        .add_bias = add.bias};
  const auto expected = cuda::layer_norm_backward_reference(p);

  device_array<T> device_dy(dy, s.offset_in), device_x(x, s.offset_in), device_weight(weight, s.offset_weight), device_dx(dx, s.offset_out),
      device_dweight(dweight, s.offset_weight), device_dbias(dbias);
  device_array<float> device_mean(mean), device_inverse(inverse),
      partial(std::size_t(cuda::layer_norm_workspace<T, Tuning>(s.rows, s.columns)));
  p.dy = device_dy.data(), p.x = device_x.data(), p.weight = device_weight.data(), p.dx = wanted ? device_dx.data() : nullptr;
  p.mean = device_mean.data(), p.inverse_deviation = device_inverse.data(), p.partial = partial.data();
  p.dweight = device_dweight.data(), p.dbias = device_dbias.data();
  check_traced([&] { cuda::launch_layer_norm_backward<T, Tuning>(p, nullptr).throw_if_failed(); });
  if (wanted) CHECK(count_apart(device_dx.values(), expected.dx, storage_tolerance<T>) == 0);
  CHECK(count_apart(device_dweight.values(), expected.dweight, storage_tolerance<T>) == 0);
  CHECK(count_apart(device_dbias.values(), expected.dbias, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_both(const shape& s) {
  check_forward<T, Tuning>(s, numbers(s.rows * s.columns, 1, 3));
  check_backward<T, Tuning>(s, {});
  check_backward<T, Tuning>(s, {.x = true, .weight = true, .bias = true});
}

}  // namespace

TEST_CASE("layer_norm on the device: rows of every length") {
  in_every_order([] {
    for (const long columns : {1, 3, 4, 31, 64, 125, 128, 129, 132, 256, 260, 517})
      check_both<float, small_layer_norm_tuning>({5, columns});
    for (const long columns : {1, 7, 8, 40, 255, 256, 264, 512, 520, 1043}) check_both<cuda::half, small_layer_norm_tuning>({5, columns});
  });
}

TEST_CASE("layer_norm on the device: every number of rows, and parts that are not wanted") {
  for (const long rows : {1, 2, 3, 4, 7, 10})
    for (const long columns : {36, 37, 180, 260}) {
      check_both<float, small_layer_norm_tuning>({rows, columns});
      check_backward<float, small_layer_norm_tuning>({rows, columns}, {.weight = true}, false);
    }
  check_backward<float, small_layer_norm_tuning>({4, 36}, {.x = true});
  check_backward<float, small_layer_norm_tuning>({4, 36}, {.bias = true});
}

TEST_CASE("layer_norm on the device: rows that begin beside a boundary, and arrays that lie otherwise") {
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3})
      for (const std::size_t weight : {0, 3})
        for (const long columns : {5, 36, 128, 200, 516}) {
          check_both<float, small_layer_norm_tuning>({3, columns, in, out, weight});
          check_both<cuda::half, small_layer_norm_tuning>({3, columns + columns % 8, in, out, weight});
        }
}

TEMPLATE_TEST_CASE("layer_norm on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = cuda::layer_norm_tuning<TestType>;
  for (const long columns : {60, 512, 1024, 4104}) check_both<TestType, tuning>({9, columns});
  check_both<TestType, tuning>({70, 8});
}

TEST_CASE("layer_norm on the device: in place of the gradient") {
  for (const long columns : {36, 37, 180, 260}) {
    const long rows = 4, count = rows * columns;
    const std::vector<float> x = numbers(count, 1), dy = numbers(count, 2), weight = numbers(columns, 3), statistics = numbers(rows, 4);
    std::vector<float> unused(std::size_t(count), 0);
    cuda::layer_norm_backward_params<float> p{.dy = dy.data(),
                                              .x = x.data(),
                                              .weight = weight.data(),
                                              .mean = statistics.data(),
                                              .inverse_deviation = statistics.data(),
                                              .dx = unused.data(),
                                              .dweight = unused.data(),
                                              .dbias = unused.data(),
                                              .partial = nullptr,
                                              .rows = rows,
                                              .columns = columns};
    const auto expected = cuda::layer_norm_backward_reference(p);
    device_array<float> device_x(x), device_dy(dy), device_weight(weight), device_statistics(statistics), dweight(std::size_t(columns), 0),
        dbias(std::size_t(columns), 0), partial(std::size_t(cuda::layer_norm_workspace<float, small_layer_norm_tuning>(rows, columns)));
    p.x = device_x.data(), p.dy = p.dx = device_dy.data(), p.weight = device_weight.data();
    p.mean = p.inverse_deviation = device_statistics.data();
    p.dweight = dweight.data(), p.dbias = dbias.data(), p.partial = partial.data();
    check_traced([&] { cuda::launch_layer_norm_backward<float, small_layer_norm_tuning>(p, nullptr).throw_if_failed(); });
    CHECK(count_apart(device_dy.values(), expected.dx, storage_tolerance<float>) == 0);
    CHECK(count_apart(dweight.values(), expected.dweight, storage_tolerance<float>) == 0);
  }
}

TEST_CASE("layer_norm on the device: the same bits in every order of threads") {
  for (const long columns : {36, 180, 301, 520}) {
    const long rows = 9, count = rows * columns;
    device_array<float> x(numbers(count, 1)), dy(numbers(count, 2)), weight(numbers(columns, 3)), y(std::size_t(count), 0),
        mean(std::size_t(rows), 0), inverse(std::size_t(rows), 0), dx(std::size_t(count), 0), dweight(std::size_t(columns), 0),
        dbias(std::size_t(columns), 0), partial(std::size_t(cuda::layer_norm_workspace<float, small_layer_norm_tuning>(rows, columns)));
    std::vector<float> first;
    in_every_order([&] {
      cuda::launch_layer_norm_forward<float, small_layer_norm_tuning>(
          {x.data(), weight.data(), weight.data(), y.data(), mean.data(), inverse.data(), rows, columns}, nullptr)
          .throw_if_failed();
      cuda::launch_layer_norm_backward<float, small_layer_norm_tuning>(
          {dy.data(), x.data(), weight.data(), mean.data(), inverse.data(), dx.data(), dweight.data(), dbias.data(), partial.data(), rows,
           columns},
          nullptr)
          .throw_if_failed();
      std::vector<float> now = y.values();
      for (const auto& more : {dx.values(), dweight.values(), dbias.values()}) now.insert(now.end(), more.begin(), more.end());
      if (first.empty()) first = now;
      REQUIRE(now.size() == first.size());
      CHECK(same_bits(now.data(), first.data(), now.size()));
    });
  }
}

TEST_CASE("layer_norm on the device: large means, equal elements, infinities and NaN") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const long columns : {6, 130, 300}) {
    INFO(columns << " columns");
    std::vector<float> x = numbers(6 * columns, 1);
    const auto at = [&](long row, long column) { return std::size_t(row * columns + column); };
    for (long c = 0; c < columns; ++c) {
      x[at(0, c)] = 8192 + float(c % 7) / 8;  // the deviation is below 1e-4 of the mean
      x[at(1, c)] = 2.5f;
    }
    x[at(2, 0)] = std::numeric_limits<float>::quiet_NaN();
    x[at(3, columns - 1)] = std::numeric_limits<float>::quiet_NaN();
    check_forward<float, small_layer_norm_tuning>({4, columns}, {x.begin(), x.begin() + 4 * columns});
    x[at(4, 0)] = infinity;
    x[at(5, columns - 1)] = -infinity;
    // The mean of a row with an infinity is NaN or that infinity; y and the deviation are NaN.
    device_array<float> device_x(x), weight(numbers(columns, 2)), bias(numbers(columns, 3)), y(x.size(), 0), mean(6), inverse(6);
    cuda::launch_layer_norm_forward<float, small_layer_norm_tuning>(
        {device_x.data(), weight.data(), bias.data(), y.data(), mean.data(), inverse.data(), 6, columns}, nullptr)
        .throw_if_failed();
    const auto not_numbers = [](const std::vector<float>& all, std::size_t from) {
      return std::count_if(all.begin() + long(from), all.end(), [](float v) { return v != v; });
    };
    CHECK(not_numbers(y.values(), at(4, 0)) == 2 * columns);
    CHECK(not_numbers(inverse.values(), 4) == 2);
  }
  check_forward<float, small_layer_norm_tuning>({2, 40}, numbers(80, 1, 0.01f), 0.1f);
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("layer_norm on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  constexpr int width = cuda::vector_width<T>;
  for (const long columns : {24 * width, 48 * width, 400 * width}) {
    INFO(columns << " columns");
    const bool is_long = columns > 32 * width, is_held = columns <= 64 * width;
    const long rows = 24, count = rows * columns;
    const double bytes = double(count) * sizeof(T), a_row = double(columns) * sizeof(T);
    device_array<T> x(stored<T>(numbers(count, 1))), dy(stored<T>(numbers(count, 2))), weight(stored<T>(numbers(columns, 3))),
        y(std::size_t(count), 0), dx(std::size_t(count), 0), dweight(std::size_t(columns), 0), dbias(std::size_t(columns), 0);
    const long workspace = cuda::layer_norm_workspace<T, small_layer_norm_tuning>(rows, columns);
    device_array<float> mean(numbers(rows, 4)), inverse(numbers(rows, 5)), partial(std::size_t(workspace), 0);
    // weight and bias are asked for once a row; a statistic is a sector of its own, and so is a warp's look at the first element.
    const double a_sector_a_row = 32 * double(rows), warps = is_long ? 2 : 1;
    check_moved(check_traced([&] {
                  cuda::launch_layer_norm_forward<T, small_layer_norm_tuning>(
                      {x.data(), weight.data(), weight.data(), y.data(), mean.data(), inverse.data(), rows, columns}, nullptr)
                      .throw_if_failed();
                }),
                (is_long ? 4 : 3) * bytes + warps * a_sector_a_row, bytes + 2 * a_sector_a_row);
    // The sums of each of three chunks are written and read once; those of rows that are not held once a row. weight: once a chunk, or with
    // each read.
    const double sums = 3 * 2 * double(columns) * sizeof(float);
    check_moved(check_traced([&] {
                  cuda::launch_layer_norm_backward<T, small_layer_norm_tuning>(
                      {dy.data(), x.data(), weight.data(), mean.data(), inverse.data(), dx.data(), dweight.data(), dbias.data(),
                       partial.data(), rows, columns},
                      nullptr)
                      .throw_if_failed();
                }),
                (is_held ? 2 * bytes + 3 * a_row : 6 * bytes + sums / 3 * double(rows - 3)) + sums + 2 * warps * a_sector_a_row,
                bytes + (is_held ? sums : sums / 3 * double(rows)) + 2 * a_row);
  }
}
#endif

TEST_CASE("layer_norm's reference is the host's layer_norm") {
  const long rows = 7, columns = 37, count = rows * columns;
  const std::vector<float> x = numbers(count, 1, 3), weight = numbers(columns, 2), bias = numbers(columns, 3), dy = numbers(count, 4);
  std::vector<float> y(x.size()), mean(std::size_t(rows), 0), inverse(std::size_t(rows), 0);
  op::layer_norm_forward<float>{x.data(), weight.data(), bias.data(), y.data(), mean.data(), inverse.data(), rows, columns, 1e-5}();
  const auto forward = cuda::layer_norm_forward_reference(
      cuda::layer_norm_forward_params<float>{x.data(), weight.data(), bias.data(), nullptr, nullptr, nullptr, rows, columns});
  CHECK(count_apart(y, forward.y, 2e-6) == 0);
  CHECK(count_apart(mean, forward.mean, 2e-6) == 0);
  CHECK(count_apart(inverse, forward.inverse_deviation, 2e-6) == 0);

  using backward = op::layer_norm_backward<float>;
  std::vector<float> dx = numbers(count, 5), dweight = numbers(columns, 6), dbias = numbers(columns, 7),
                     partial(std::size_t(backward::chunks(rows, columns) * 2 * columns));
  for (const bool add : {false, true})
    for (const bool wanted : {true, false}) {
      float* const to = wanted ? dx.data() : nullptr;
      const auto expected = cuda::layer_norm_backward_reference(
          cuda::layer_norm_backward_params<float>{dy.data(), x.data(), weight.data(), mean.data(), inverse.data(), to, dweight.data(),
                                                  dbias.data(), nullptr, rows, columns, add, add, add});
      backward{dy.data(), x.data(), weight.data(), mean.data(), inverse.data(), to, dweight.data(), dbias.data(), partial.data(), rows,
               columns,   add,      add,           add}();
      if (wanted) CHECK(count_apart(dx, expected.dx, 4e-6) == 0);
      CHECK(expected.dx.size() == (wanted ? dx.size() : 0));
      CHECK(count_apart(dweight, expected.dweight, 4e-6) == 0);
      CHECK(count_apart(dbias, expected.dbias, 4e-6) == 0);
    }
}

TEST_CASE("layer_norm on the device: no rows") {
  for (const bool add : {false, true}) {
    const std::vector<float> before = numbers(40, 1);
    device_array<float> dweight(before), dbias(before);
    cuda::layer_norm_backward_params<float> p{};
    p.columns = 40, p.dweight = dweight.data(), p.dbias = dbias.data(), p.add_weight = p.add_bias = add;
    check_traced([&] { cuda::launch_layer_norm_backward<float, small_layer_norm_tuning>(p, nullptr).throw_if_failed(); });
    const std::vector<float> expected = add ? before : std::vector<float>(40, 0);
    CHECK(dweight.values() == expected);
    CHECK(dbias.values() == expected);
  }
}

TEST_CASE("layer_norm on the device: arguments that it cannot work with, and none") {
  const auto forward = [](long rows, long columns, float epsilon = 1e-5f) {
    cuda::layer_norm_forward_params<float> p{};
    p.rows = rows, p.columns = columns, p.epsilon = epsilon;
    return cuda::launch_layer_norm_forward<float>(p, nullptr).what();
  };
  CHECK(forward(0, 5) == "");
  CHECK(forward(5, 0) == "");
  CHECK(forward(-1, 5) == "ogm: layer_norm_forward was given rows = -1; 0 or more is needed.");
  CHECK(forward(5, 1L << 31) == "ogm: layer_norm_forward was given columns = 2147483648; 0 to 2147481599 is needed.");
  CHECK(forward(5, 5, -1) == "ogm: layer_norm_forward was given epsilon = -1.000000; 0 or more is needed.");
  CHECK(forward(5, 5, std::numeric_limits<float>::quiet_NaN()) == "ogm: layer_norm_forward was given epsilon = nan; 0 or more is needed.");
  const auto backward = [](long rows, long columns, float* partial = nullptr) {
    cuda::layer_norm_backward_params<float> p{};
    p.rows = rows, p.columns = columns, p.partial = partial;
    return cuda::launch_layer_norm_backward<float>(p, nullptr).what();
  };
  CHECK(backward(5, 0) == "");
  CHECK(backward(5, -2) == "ogm: layer_norm_backward was given columns = -2; 0 to 2147481599 is needed.");
  CHECK(backward(5, 5) == "ogm: layer_norm_backward was given no workspace.");
  device_array<float> workspace(64);
  CHECK(backward(5, 5, workspace.data() + 1) ==
        "ogm: layer_norm_backward was given a workspace that does not begin at a multiple of 16 bytes.");
}
