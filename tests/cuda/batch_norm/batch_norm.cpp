// Batch normalisation on the device against its reference, and that against the host's implementation.
#include "batch_norm_instances.hpp"

#include <ogm/backend/op/normalisation.hpp>
#include <ogm/cuda/batch_norm/batch_norm_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

struct shape {
  long batch, channels, inner;
  std::size_t offset_in = 0, offset_out = 0;

  long count() const { return batch * channels * inner; }
  cuda::batch_norm_dimensions dimensions() const { return {batch, channels, inner}; }
};
std::string text(const shape& s) {
  return std::to_string(s.batch) + " x " + std::to_string(s.channels) + " x " + std::to_string(s.inner) + ", offsets " +
         std::to_string(s.offset_in) + " " + std::to_string(s.offset_out);
}

/// Statistics are in double.
std::size_t count_apart_in_double(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < got.size(); ++i) count += apart(got[i], expected[i], 1e-9);
  return count;
}

struct kind {
  bool of_batch = true, update = true, relu = false, residual = false;
};

template <class T, class Tuning> void check_forward(const shape& s, const kind& k, const std::vector<float>& values) {
  INFO("forward, " << text(s) << (k.of_batch ? "" : ", running") << (k.update ? ", updated" : "") << (k.relu ? ", relu" : "")
                   << (k.residual ? ", residual" : ""));
  const std::vector<T> x = stored<T>(values), residual = stored<T>(numbers(s.count(), 2)), weight = stored<T>(numbers(s.channels, 3)),
                       bias = stored<T>(numbers(s.channels, 4));
  std::vector<float> running_mean = numbers(s.channels, 5), running_variance = numbers(s.channels, 6);
  for (float& v : running_variance) v += 1.5f;
  cuda::batch_norm_forward_params<T> p{.shape = s.dimensions(),
                                       .x = x.data(),
                                       .residual = k.residual ? residual.data() : nullptr,
                                       .weight = weight.data(),
                                       .bias = bias.data(),
                                       .y = nullptr,
                                       .mean = nullptr,
                                       .inverse_deviation = nullptr,
                                       .running_mean = running_mean.data(),
                                       .running_variance = running_variance.data(),
                                       .partial = nullptr,
                                       .of_batch = k.of_batch,
                                       .update = k.update,
                                       .relu = k.relu};
  const auto expected = cuda::batch_norm_forward_reference(p);

  device_array<T> device_x(x, s.offset_in), device_residual(residual, s.offset_out), device_weight(weight), device_bias(bias),
      y(x.size(), s.offset_out);
  device_array<double> mean(std::size_t(s.channels), 0), inverse(std::size_t(s.channels), 0),
      partial(std::size_t(cuda::batch_norm_workspace<T, Tuning>(p.shape)));
  device_array<float> device_mean(running_mean), device_variance(running_variance);
  p.x = device_x.data(), p.weight = device_weight.data(), p.bias = device_bias.data(), p.y = y.data(), p.mean = mean.data();
  p.inverse_deviation = inverse.data(), p.running_mean = device_mean.data(), p.running_variance = device_variance.data();
  if (k.residual) p.residual = device_residual.data();
  if (k.of_batch) p.partial = partial.data();
  check_traced([&] { cuda::launch_batch_norm_forward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(y.values(), expected.y, storage_tolerance<T>) == 0);
  CHECK(count_apart_in_double(mean.values(), expected.mean) == 0);
  CHECK(count_apart_in_double(inverse.values(), expected.inverse_deviation) == 0);
  CHECK(count_apart(device_mean.values(), expected.running_mean, 1e-7) == 0);
  CHECK(count_apart(device_variance.values(), expected.running_variance, 1e-7) == 0);
}

enum class wanted { both, dx, dresidual, neither, one_for_both };

template <class T, class Tuning> void check_backward(const shape& s, bool of_batch, bool relu, bool add, wanted what) {
  INFO("backward, " << text(s) << (of_batch ? "" : ", running") << (relu ? ", relu" : "") << (add ? ", added" : "") << ", wanted "
                    << int(what));
  const std::vector<T> x = stored<T>(numbers(s.count(), 1)), dy = stored<T>(numbers(s.count(), 2)), y = stored<T>(numbers(s.count(), 3)),
                       weight = stored<T>(numbers(s.channels, 4));
  std::vector<T> before_x = stored<T>(numbers(s.count(), 5)), before_residual = stored<T>(numbers(s.count(), 6)),
                 before_weight = stored<T>(numbers(s.channels, 7)), before_bias = stored<T>(numbers(s.channels, 8));
  std::vector<double> mean, inverse;
  for (const float v : numbers(s.channels, 9)) mean.push_back(v), inverse.push_back(1.5 + v);
  cuda::batch_norm_backward_params<T> p{.shape = s.dimensions(),
                                        .dy = dy.data(),
                                        .x = x.data(),
                                        .y = relu ? y.data() : nullptr,
                                        .weight = weight.data(),
                                        .mean = mean.data(),
                                        .inverse_deviation = inverse.data(),
                                        .dx = before_x.data(),
                                        .dresidual = before_residual.data(),
                                        .dweight = before_weight.data(),
                                        .dbias = before_bias.data(),
                                        .partial = nullptr,
                                        .of_batch = of_batch,
                                        .add_x = add,
                                        .add_residual = add || what == wanted::one_for_both,
                                        .add_weight = add,
                                        .add_bias = add};
  auto expected = cuda::batch_norm_backward_reference(p);
  if (what == wanted::one_for_both)
    for (std::size_t i = 0; i < expected.dx.size(); ++i)
      expected.dx[i] += expected.dresidual[i] - double(cuda::to_float(before_residual[i]));

  device_array<T> device_x(x, s.offset_in), device_dy(dy, s.offset_out), device_y(y, s.offset_in), device_weight(weight),
      dx(before_x, s.offset_out), dresidual(before_residual, s.offset_in), dweight(before_weight), dbias(before_bias);
  device_array<double> device_mean(mean), device_inverse(inverse), partial(std::size_t(cuda::batch_norm_workspace<T, Tuning>(p.shape)));
  p.dy = device_dy.data(), p.x = device_x.data(), p.weight = device_weight.data(), p.mean = device_mean.data();
  p.inverse_deviation = device_inverse.data(), p.dweight = dweight.data(), p.dbias = dbias.data(), p.partial = partial.data();
  if (relu) p.y = device_y.data();
  const bool x_wanted = what != wanted::dresidual && what != wanted::neither,
             residual_wanted = what != wanted::dx && what != wanted::neither;
  p.dx = x_wanted ? dx.data() : nullptr;
  p.dresidual = !residual_wanted ? nullptr : what == wanted::one_for_both ? dx.data() : dresidual.data();
  check_traced([&] { cuda::launch_batch_norm_backward<T, Tuning>(p, nullptr).throw_if_failed(); });
  if (x_wanted) CHECK(count_apart(dx.values(), expected.dx, storage_tolerance<T>) == 0);
  if (residual_wanted && what != wanted::one_for_both)
    CHECK(count_apart(dresidual.values(), expected.dresidual, storage_tolerance<T>) == 0);
  CHECK(count_apart(dweight.values(), expected.dweight, storage_tolerance<T>) == 0);
  CHECK(count_apart(dbias.values(), expected.dbias, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_all(const shape& s) {
  const std::vector<float> x = numbers(s.count(), 1, 3);
  check_forward<T, Tuning>(s, {}, x);
  check_forward<T, Tuning>(s, {.update = false, .relu = true, .residual = true}, x);
  check_forward<T, Tuning>(s, {.of_batch = false}, x);
  check_forward<T, Tuning>(s, {.of_batch = false, .relu = true, .residual = true}, x);
  check_backward<T, Tuning>(s, true, false, false, wanted::both);
  check_backward<T, Tuning>(s, true, true, true, wanted::both);
  check_backward<T, Tuning>(s, false, true, false, wanted::dx);
  check_backward<T, Tuning>(s, true, true, true, wanted::dresidual);
  check_backward<T, Tuning>(s, true, false, true, wanted::neither);
  if constexpr (sizeof(T) == 4) check_backward<T, Tuning>(s, true, true, false, wanted::one_for_both);  // else it is rounded in between
}

}  // namespace

TEST_CASE("batch_norm on the device: maps of every size") {
  in_every_order([] {
    for (const long inner : {1, 3, 4, 49, 64, 65, 260}) check_all<float, small_batch_norm_tuning>({3, 5, inner});
    for (const long inner : {1, 8, 49, 264}) check_all<cuda::half, small_batch_norm_tuning>({3, 5, inner});
  });
  for (const long batch : {1, 2, 17})
    for (const long inner : {5, 196, 1024}) check_all<float, small_batch_norm_tuning>({batch, 3, inner});
  check_all<float, small_batch_norm_tuning>({2, 1, 7000});  // forty chunks, each of more than a block has threads
}

TEST_CASE("batch_norm on the device: maps that begin beside a boundary, and outputs that lie otherwise than inputs") {
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3}) {
      check_all<float, small_batch_norm_tuning>({3, 2, 64, in, out});
      check_all<float, small_batch_norm_tuning>({3, 2, 49, in, out});
      check_all<cuda::half, small_batch_norm_tuning>({3, 2, 40, in, out});
    }
}

TEMPLATE_TEST_CASE("batch_norm on the device: as it is tuned", "", float, cuda::half) {
  check_all<TestType, cuda::batch_norm_tuning<TestType>>({4, 3, 196});
  check_all<TestType, cuda::batch_norm_tuning<TestType>>({3, 2, 3000});
}

TEST_CASE("batch_norm on the device: the same bits in every order of threads") {
  const shape s{5, 3, 301};
  device_array<float> x(numbers(s.count(), 1)), weight(numbers(3, 2)), y(std::size_t(s.count()), 0), dx(std::size_t(s.count()), 0),
      running_mean(numbers(3, 3)), running_variance(numbers(3, 3)), dweight(3), dbias(3);
  device_array<double> mean(3), inverse(3),
      partial(std::size_t(cuda::batch_norm_workspace<float, small_batch_norm_tuning>(s.dimensions())));
  std::vector<float> first;
  in_every_order([&] {
    cuda::launch_batch_norm_forward<float, small_batch_norm_tuning>(
        {s.dimensions(), x.data(), nullptr, weight.data(), weight.data(), y.data(), mean.data(), inverse.data(), running_mean.data(),
         running_variance.data(), partial.data(), 0.1, 1e-5, true, false, true},
        nullptr)
        .throw_if_failed();
    cuda::launch_batch_norm_backward<float, small_batch_norm_tuning>(
        {s.dimensions(), x.data(), x.data(), y.data(), weight.data(), mean.data(), inverse.data(), dx.data(), nullptr, dweight.data(),
         dbias.data(), partial.data()},
        nullptr)
        .throw_if_failed();
    std::vector<float> now = y.values();
    for (const std::vector<float>& more : {dx.values(), dweight.values(), dbias.values()}) now.insert(now.end(), more.begin(), more.end());
    if (first.empty()) first = now;
    CHECK(same_bits(now.data(), first.data(), now.size()));
  });
}

TEST_CASE("batch_norm on the device: large means, equal elements, and NaN stays in its channel") {
  const shape s{3, 3, 85};
  std::vector<float> x = numbers(s.count(), 1);
  for (long i = 0; i < s.count(); ++i) {
    if (i / s.inner % 3 == 0) x[std::size_t(i)] = 8192 + float(i % 7) / 8;
    if (i / s.inner % 3 == 1) x[std::size_t(i)] = 2.5f;
  }
  check_forward<float, small_batch_norm_tuning>(s, {}, x);
  x[std::size_t(s.inner) + 7] = std::numeric_limits<float>::quiet_NaN();
  device_array<float> device_x(x), weight(numbers(3, 2)), y(x.size(), 0), running_mean(numbers(3, 3)), running_variance(numbers(3, 3));
  device_array<double> mean(3), inverse(3),
      partial(std::size_t(cuda::batch_norm_workspace<float, small_batch_norm_tuning>(s.dimensions())));
  cuda::launch_batch_norm_forward<float, small_batch_norm_tuning>(
      {s.dimensions(), device_x.data(), nullptr, weight.data(), weight.data(), y.data(), mean.data(), inverse.data(), running_mean.data(),
       running_variance.data(), partial.data()},
      nullptr)
      .throw_if_failed();
  const std::vector<float> got = y.values();
  for (long i = 0; i < s.count(); ++i) CHECK((got[std::size_t(i)] != got[std::size_t(i)]) == (i / s.inner % 3 == 1));
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("batch_norm on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  const shape s{6, 2, 512};
  const double bytes = double(s.count()) * sizeof(T);
  device_array<T> x(stored<T>(numbers(s.count(), 1))), dy(stored<T>(numbers(s.count(), 2))), y(std::size_t(s.count())),
      dx(std::size_t(s.count())), weight(stored<T>(numbers(2, 3))), dweight(2), dbias(2);
  device_array<float> running_mean(numbers(2, 4)), running_variance(numbers(2, 4));
  device_array<double> mean(2), inverse(2), partial(std::size_t(cuda::batch_norm_workspace<T, small_batch_norm_tuning>(s.dimensions())));
  const double chunks = double(cuda::batch_norm_workspace<T, small_batch_norm_tuning>(s.dimensions())) / 2;
  const auto forward = check_traced([&] {
    cuda::launch_batch_norm_forward<T, small_batch_norm_tuning>(
        {s.dimensions(), x.data(), nullptr, weight.data(), weight.data(), y.data(), mean.data(), inverse.data(), running_mean.data(),
         running_variance.data(), partial.data()},
        nullptr)
        .throw_if_failed();
  });
  const auto backward = check_traced([&] {
    cuda::launch_batch_norm_backward<T, small_batch_norm_tuning>(
        {s.dimensions(), dy.data(), x.data(), nullptr, weight.data(), mean.data(), inverse.data(), dx.data(), nullptr, dweight.data(),
         dbias.data(), partial.data()},
        nullptr)
        .throw_if_failed();
  });
  if (!forward.recorded) return;
  // A warp's look at a number is a sector: in a small map as this one a fifth of all; and each block reads the sums of all chunks.
  for (const auto* t : {&forward, &backward}) {
    t->note("moved");
    INFO(t->table());
    CHECK(t->worst_ratio(true) == 1);
    CHECK(t->worst_ratio(false) <= 1.05);
  }
  const double looks = 32 * 16 * chunks;
  CHECK(double(forward.load_bytes()) >= 2 * bytes);
  CHECK(double(forward.load_bytes()) <= 2 * bytes + looks);
  CHECK(double(forward.store_bytes()) >= bytes);
  CHECK(double(forward.store_bytes()) <= bytes + 32 * (chunks + 8));
  CHECK(double(backward.load_bytes()) >= 4 * bytes);
  CHECK(double(backward.load_bytes()) <= 4 * bytes + looks);
  CHECK(double(backward.store_bytes()) <= bytes + 32 * (chunks + 4));
}
#endif

TEST_CASE("batch_norm's reference is the host's batch_norm") {
  const long batch = 4, channels = 3, inner = 13, count = batch * channels * inner;
  const op::batch_norm_shape shape{batch, channels, inner};
  const std::vector<float> x = numbers(count, 1, 3), residual = numbers(count, 2), weight = numbers(channels, 3),
                           bias = numbers(channels, 4), dy = numbers(count, 5);
  for (const bool of_batch : {true, false})
    for (const bool relu : {true, false}) {
      std::vector<float> y(x.size()), running_mean = numbers(channels, 6), running_variance(3, 1.5f);
      std::vector<double> mean(3), inverse(3);
      const auto forward = cuda::batch_norm_forward_reference<float>({{batch, channels, inner},
                                                                      x.data(),
                                                                      residual.data(),
                                                                      weight.data(),
                                                                      bias.data(),
                                                                      nullptr,
                                                                      nullptr,
                                                                      nullptr,
                                                                      running_mean.data(),
                                                                      running_variance.data(),
                                                                      nullptr,
                                                                      0.2,
                                                                      1e-3,
                                                                      of_batch,
                                                                      true,
                                                                      relu});
      op::batch_norm_forward<float>{shape,
                                    x.data(),
                                    residual.data(),
                                    weight.data(),
                                    bias.data(),
                                    y.data(),
                                    mean.data(),
                                    inverse.data(),
                                    running_mean.data(),
                                    running_variance.data(),
                                    0.2,
                                    1e-3,
                                    of_batch,
                                    of_batch,
                                    relu}();
      CHECK(count_apart(y, forward.y, 1e-6) == 0);
      CHECK(count_apart_in_double(mean, forward.mean) == 0);
      CHECK(count_apart_in_double(inverse, forward.inverse_deviation) == 0);
      CHECK(count_apart(running_mean, forward.running_mean, 1e-6) == 0);
      CHECK(count_apart(running_variance, forward.running_variance, 1e-6) == 0);
      for (const bool add : {true, false}) {
        std::vector<float> dx = numbers(count, 7), dresidual = numbers(count, 8), dweight = numbers(channels, 9),
                           dbias = numbers(channels, 9);
        const float* const behind = relu ? y.data() : nullptr;
        const auto backward = cuda::batch_norm_backward_reference<float>({{batch, channels, inner},
                                                                          dy.data(),
                                                                          x.data(),
                                                                          behind,
                                                                          weight.data(),
                                                                          mean.data(),
                                                                          inverse.data(),
                                                                          dx.data(),
                                                                          dresidual.data(),
                                                                          dweight.data(),
                                                                          dbias.data(),
                                                                          nullptr,
                                                                          of_batch,
                                                                          add,
                                                                          add,
                                                                          add,
                                                                          add});
        op::batch_norm_backward<float>{shape,
                                       dy.data(),
                                       x.data(),
                                       behind,
                                       weight.data(),
                                       mean.data(),
                                       inverse.data(),
                                       dx.data(),
                                       dresidual.data(),
                                       dweight.data(),
                                       dbias.data(),
                                       of_batch,
                                       add,
                                       add,
                                       add,
                                       add}();
        CHECK(count_apart(dx, backward.dx, 4e-6) == 0);
        CHECK(count_apart(dresidual, backward.dresidual, 1e-6) == 0);
        CHECK(count_apart(dweight, backward.dweight, 4e-6) == 0);
        CHECK(count_apart(dbias, backward.dbias, 4e-6) == 0);
      }
    }
}

TEST_CASE("batch_norm on the device: no elements") {
  for (const bool add : {false, true}) {
    const std::vector<float> before = numbers(3, 1);
    device_array<float> dweight(before), dbias(before), weight(before);
    device_array<double> ones(std::vector<double>(3, 1)), partial(6);
    cuda::batch_norm_backward_params<float> p{};
    p.shape = {0, 3, 5}, p.weight = weight.data(), p.mean = p.inverse_deviation = ones.data();
    p.dweight = dweight.data(), p.dbias = dbias.data(), p.partial = partial.data(), p.add_weight = p.add_bias = add;
    check_traced([&] { cuda::launch_batch_norm_backward<float, small_batch_norm_tuning>(p, nullptr).throw_if_failed(); });
    CHECK(dweight.values() == (add ? before : std::vector<float>(3, 0)));
    CHECK(dbias.values() == (add ? before : std::vector<float>(3, 0)));
  }
}

TEST_CASE("batch_norm on the device: arguments that it cannot work with, and none") {
  const auto forward = [](long batch, long channels, long inner) {
    cuda::batch_norm_forward_params<float> p{};
    p.shape = {batch, channels, inner};
    return cuda::launch_batch_norm_forward<float>(p, nullptr).what();
  };
  CHECK(forward(0, 5, 5) == "");
  CHECK(forward(5, 0, 5) == "");
  CHECK(forward(-1, 5, 5) == "ogm: batch_norm_forward was given batch = -1; 0 or more is needed.");
  CHECK(forward(5, -1, 5) == "ogm: batch_norm_forward was given channels = -1; 0 or more is needed.");
  CHECK(forward(2, 5, 1L << 30) == "ogm: batch_norm_forward was given elements of a channel = 2147483648; 0 to 2147481599 is needed.");
  CHECK(forward(2, 5, 5) == "ogm: batch_norm_forward was given no workspace.");
  cuda::batch_norm_backward_params<float> p{};
  p.shape = {2, 5, 5};
  CHECK(cuda::launch_batch_norm_backward<float>(p, nullptr).what() == "ogm: batch_norm_backward was given no workspace.");
}
