// Softmax on the device against its reference, and that against the host's implementation.
#include "softmax_instances.hpp"

#include <ogm/backend/op/attention.hpp>
#include <ogm/core/random.hpp>
#include <ogm/cuda/softmax/softmax_reference.hpp>

#include <cuda/support/device.hpp>

#include <cmath>
#include <limits>
#include <utility>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::vector<std::uint8_t> mask_bytes(long count) {
  std::vector<std::uint8_t> all;
  for (long i = 0; i < count; ++i) all.push_back(random::uniform({7, 2, 3}, std::uint64_t(i)) < 0.3f ? 5 : 0);
  return all;
}

struct shape {
  long rows, columns;
  long rows_a_mask = 0, mask_rows = 0;  // 0: no mask
  std::size_t offset_in = 0, offset_out = 0;
};
std::string text(const shape& s) {
  return std::to_string(s.rows) + " x " + std::to_string(s.columns) + ", masks " + std::to_string(s.rows_a_mask) + " " +
         std::to_string(s.mask_rows) + ", offsets " + std::to_string(s.offset_in) + " " + std::to_string(s.offset_out);
}

/// A launch from x to y and in place.
template <class T, class Launch>
void check_result(const char* what, cuda::softmax_forward_params<T> p, const shape& s, const std::vector<double>& expected,
                  const Launch& launch) {
  INFO(what << ", " << text(s));
  const std::vector<T> in(p.x, p.x + s.rows * s.columns);
  const auto copied = [](const auto* from, long count) { return std::vector(from, from + (from ? count : 0)); };
  device_array<T> on_device(in, s.offset_in), y(in.size(), s.offset_out), additive(copied(p.additive, p.additive_rows * s.columns));
  device_array<std::uint8_t> mask(copied(p.mask, p.mask_rows * s.columns));
  p.x = on_device.data(), p.y = y.data();
  if (p.mask) p.mask = mask.data();
  if (p.additive) p.additive = additive.data();
  check_traced([&] { launch(p).throw_if_failed(); });
  CHECK(count_apart(y.values(), expected, storage_tolerance<T>) == 0);

  p.y = on_device.data();  // in place
  launch(p).throw_if_failed();
  CHECK(count_apart(on_device.values(), expected, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_forward(const shape& s, const std::vector<float>& x, const std::vector<std::uint8_t>& mask) {
  const std::vector<T> in = stored<T>(x), additive = stored<T>(numbers(2 * s.columns, 9, 3));
  cuda::softmax_forward_params<T> p{in.data(), nullptr, s.rows, s.columns};
  if (s.mask_rows) p.mask = mask.data(), p.rows_a_mask = s.rows_a_mask, p.mask_rows = s.mask_rows;
  const auto softmax = [](const auto& q) { return cuda::launch_softmax_forward<T, Tuning>(q, nullptr); };
  check_result("softmax", p, s, cuda::softmax_forward_reference(p), softmax);
  check_result("log_softmax", p, s, cuda::log_softmax_forward_reference(p),
               [](const auto& q) { return cuda::launch_log_softmax_forward<T, Tuning>(q, nullptr); });
  p.scale = 0.25f;
  check_result("scaled", p, s, cuda::softmax_forward_reference(p), softmax);
  p.scale = -0.5f, p.additive = additive.data(), p.additive_rows = 2;
  check_result("scaled and added to", p, s, cuda::softmax_forward_reference(p), softmax);
}

template <class T, class Tuning> void check_backward(const shape& s, const std::vector<std::uint8_t>& mask, bool add) {
  INFO("backward, " << text(s) << (add ? ", added" : ""));
  const long count = s.rows * s.columns;
  std::vector<float> probability = numbers(count, 4);
  for (float& v : probability) v = (v + 1) / float(s.columns);
  const std::vector<T> y = stored<T>(probability), dy = stored<T>(numbers(count, 5, 3)), before = stored<T>(numbers(count, 6));
  std::vector<T> host_dx = before;
  cuda::softmax_backward_params<T> p{y.data(), dy.data(), host_dx.data(), s.rows, s.columns, add, 0.75f};
  const std::vector<double> expected = cuda::softmax_backward_reference(p);

  device_array<T> device_y(y, s.offset_in), device_dy(dy, s.offset_in), dx(before, s.offset_out);
  p.y = device_y.data(), p.dy = device_dy.data(), p.dx = dx.data();
  check_traced([&] { cuda::launch_softmax_backward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(dx.values(), expected, storage_tolerance<T>) == 0);

  for (float& v : probability) v = v > 0 ? std::log(v) : -infinity;
  const std::vector<T> log_y = stored<T>(probability);
  cuda::log_softmax_backward_params<T> q{log_y.data(), dy.data(), host_dx.data(), s.rows, s.columns, add};
  if (s.mask_rows) q.mask = mask.data(), q.rows_a_mask = s.rows_a_mask, q.mask_rows = s.mask_rows;
  const std::vector<double> of_logarithm = cuda::log_softmax_backward_reference(q);
  device_array<T> device_log_y(log_y, s.offset_in), again(before, s.offset_out);
  device_array<std::uint8_t> device_mask(mask);
  q.y = device_log_y.data(), q.dy = device_dy.data(), q.dx = again.data();
  if (s.mask_rows) q.mask = device_mask.data();
  check_traced([&] { cuda::launch_log_softmax_backward<T, Tuning>(q, nullptr).throw_if_failed(); });
  CHECK(count_apart(again.values(), of_logarithm, storage_tolerance<T>) == 0);
}

template <class T, class Tuning> void check_both(const shape& s) {
  std::vector<float> x = numbers(s.rows * s.columns, 1, 8);
  std::vector<std::uint8_t> mask = mask_bytes(s.mask_rows * s.columns);
  if (s.mask_rows > 1) std::fill_n(mask.begin() + s.columns, s.columns, std::uint8_t(1));  // all of a row
  check_forward<T, Tuning>(s, x, mask);
  check_backward<T, Tuning>(s, mask, false);
  check_backward<T, Tuning>(s, mask, true);
}

/// Lengths on both sides of what one access, one warp, the registers and shared memory hold.
template <class T, class Tuning> void sweep(std::initializer_list<long> lengths) {
  for (const long columns : lengths) check_both<T, Tuning>({5, columns, columns % 2 + 1, 2});
}

}  // namespace

TEST_CASE("softmax on the device: rows of every length, with masks") {
  in_every_order([] {
    sweep<float, small_softmax_tuning>({1, 3, 4, 7, 31, 64, 127, 128, 129, 200, 250, 256, 257, 260, 517});
    sweep<cuda::half, small_softmax_tuning>({1, 7, 8, 17, 255, 264, 500, 521, 1043});
  });
}

TEST_CASE("softmax on the device: rows that begin beside a boundary, and outputs that lie otherwise than inputs") {
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3})
      for (const long columns : {5, 36, 131, 517}) {
        check_both<float, small_softmax_tuning>({3, columns, 1, 3, in, out});
        check_both<cuda::half, small_softmax_tuning>({3, columns + columns % 2, 1, 3, in, out});
      }
}

TEMPLATE_TEST_CASE("softmax on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = cuda::softmax_tuning<TestType>;
  for (const long columns : {60, 196, 512, 1030}) check_both<TestType, tuning>({9, columns, 3, 3});
  check_both<TestType, tuning>({1, 30001, 1, 1});  // more than shared memory holds, of float's two rows
  check_both<TestType, tuning>({2, 9000});         // more shared memory than a kernel has without permission
}

TEST_CASE("softmax on the device: the same bits in every order of threads") {
  const long rows = 5, columns = 301;
  device_array<float> x(numbers(rows * columns, 1, 8)), y(std::size_t(rows * columns), 0);
  std::vector<float> first;
  in_every_order([&] {
    cuda::launch_softmax_forward<float, small_softmax_tuning>({x.data(), y.data(), rows, columns}, nullptr).throw_if_failed();
    const std::vector<float> now = y.values();
    if (first.empty()) first = now;
    CHECK(same_bits(now.data(), first.data(), now.size()));
  });
}

TEST_CASE("softmax on the device: infinities, NaN and nothing at all") {
  for (const long columns : {6, 130, 300}) {
    INFO(columns << " columns");
    const shape s{7, columns, 1, 7};
    std::vector<float> x = numbers(s.rows * columns, 1, 8);
    std::vector<std::uint8_t> mask(std::size_t(s.rows * columns), 0);
    const auto at = [&](long row, long column) { return std::size_t(row * columns + column); };
    x[at(0, 2)] = -infinity;
    x[at(1, 0)] = not_a_number;
    x[at(2, 1)] = infinity;  // infinity - infinity: NaN
    std::fill_n(x.begin() + long(at(3, 0)), columns, -infinity);
    std::fill_n(x.begin() + long(at(4, 0)), columns, -infinity);
    x[at(4, columns - 1)] = not_a_number;
    x[at(5, 3)] = not_a_number, mask[at(5, 3)] = 1;  // what is masked is not looked at
    std::fill_n(mask.begin() + long(at(6, 0)), columns, std::uint8_t(1));
    check_forward<float, small_softmax_tuning>(s, x, mask);
    check_forward<cuda::half, small_softmax_tuning>(s, x, mask);
  }
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("softmax on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  constexpr int width = cuda::vector_width<T>;
  struct kind {
    long columns;
    double reads;  // of each input
  };
  for (const kind& k : {kind{24 * width, 1}, kind{48 * width, 1}, kind{400 * width, 2}}) {
    const long rows = 6, count = rows * k.columns;
    INFO(k.columns << " columns");
    device_array<T> x(stored<T>(numbers(count, 1, 8))), dy(stored<T>(numbers(count, 2))), y(std::size_t(count), 0),
        dx(std::size_t(count), 0);
    device_array<std::uint8_t> mask(mask_bytes(count));
    const cuda::softmax_forward_params<T> forward{x.data(), y.data(), rows, k.columns, mask.data(), 1, rows};
    const cuda::softmax_backward_params<T> backward{y.data(), dy.data(), dx.data(), rows, k.columns};
    const double bytes = double(count) * sizeof(T);
    const auto launched = [](const cuda::status& s) { s.throw_if_failed(); };
    check_moved(check_traced([&] { launched(cuda::launch_softmax_forward<T, small_softmax_tuning>(forward, nullptr)); }),
                k.reads * (bytes + double(count)), bytes);
    check_moved(check_traced([&] { launched(cuda::launch_softmax_backward<T, small_softmax_tuning>(backward, nullptr)); }),
                k.reads * 2 * bytes, bytes);
    // The logarithm looks at a mask once more.
    check_moved(check_traced([&] { launched(cuda::launch_log_softmax_forward<T, small_softmax_tuning>(forward, nullptr)); }),
                k.reads * bytes + (k.reads + 1) * double(count), bytes);
    const cuda::log_softmax_backward_params<T> log_backward{y.data(), dy.data(), dx.data(), rows, k.columns};
    // nvcc leaves out the first of two readings of y, of which nothing is summed.
    const auto t = check_traced([&] { launched(cuda::launch_log_softmax_backward<T, small_softmax_tuning>(log_backward, nullptr)); });
    if (!t.recorded) continue;
    check_moved(t, std::min(double(t.load_bytes()), k.reads * 2 * bytes), bytes);
    CHECK(double(t.load_bytes()) >= (k.reads + 1) * bytes);
  }
}
#endif

TEST_CASE("softmax's reference is the host's softmax") {
  const long rows = 6, columns = 37;
  const std::vector<float> x = numbers(rows * columns, 1, 8), dy = numbers(rows * columns, 2);
  std::vector<std::uint8_t> mask = mask_bytes(2 * columns);
  std::fill_n(mask.begin() + columns, columns, std::uint8_t(1));
  std::vector<float> y(x.size()), dx = numbers(rows * columns, 3);
  op::softmax_forward<float>{x.data(), y.data(), rows, columns, mask.data(), 2, 2}();
  const cuda::softmax_forward_params<float> forward{x.data(), nullptr, rows, columns, mask.data(), 2, 2};
  CHECK(count_apart(y, cuda::softmax_forward_reference(forward), 1e-6) == 0);

  for (const bool add : {false, true}) {
    const cuda::softmax_backward_params<float> backward{y.data(), dy.data(), dx.data(), rows, columns, add, 0.5f};
    const std::vector<double> expected = cuda::softmax_backward_reference(backward);
    op::softmax_backward<float>{y.data(), dy.data(), dx.data(), rows, columns, add, 0.5f}();
    CHECK(count_apart(dx, expected, 1e-6) == 0);
  }
}

TEST_CASE("softmax's reference with a scale and something additive is the host's softmax of attention") {
  const long batch = 2, heads = 3, queries = 5, keys = 37, rows = batch * heads * queries;
  const std::vector<float> x = numbers(rows * keys, 1, 8), additive = numbers(queries * keys, 2, 2);
  std::vector<std::uint8_t> mask = mask_bytes(batch * keys);
  std::vector<float> score = x;
  op::attention_softmax<float>{score.data(), batch, heads, queries, keys, 0.4f, mask.data(), additive.data()}();
  const cuda::softmax_forward_params<float> p{x.data(), nullptr,         rows,   keys, mask.data(), heads * queries, batch,
                                              0.4f,     additive.data(), queries};
  CHECK(count_apart(score, cuda::softmax_forward_reference(p), 2e-6) == 0);
}

TEST_CASE("log_softmax's reference is the host's log_softmax") {
  const long rows = 6, columns = 37;
  const std::vector<float> x = numbers(rows * columns, 1, 8), dy = numbers(rows * columns, 2);
  std::vector<std::uint8_t> mask = mask_bytes(2 * columns);
  std::fill_n(mask.begin() + columns, columns, std::uint8_t(1));
  for (const std::uint8_t* m : {static_cast<const std::uint8_t*>(nullptr), static_cast<const std::uint8_t*>(mask.data())}) {
    std::vector<float> y(x.size()), dx = numbers(rows * columns, 3);
    op::log_softmax_forward<float>{x.data(), y.data(), rows, columns, m, 2, 2}();
    CHECK(count_apart(y, cuda::log_softmax_forward_reference<float>({x.data(), nullptr, rows, columns, m, 2, 2}), 2e-6) == 0);
    for (const bool add : {false, true}) {
      const auto expected = cuda::log_softmax_backward_reference<float>({y.data(), dy.data(), dx.data(), rows, columns, add, m, 2, 2});
      op::log_softmax_backward<float>{y.data(), dy.data(), dx.data(), rows, columns, add, m, 2, 2}();
      CHECK(count_apart(dx, expected, 2e-6) == 0);
    }
  }
}

TEST_CASE("softmax on the device: arguments that it cannot work with, and none") {
  const auto forward = [](long rows, long columns, long rows_a_mask = 1, long mask_rows = 1) {
    const std::uint8_t mask = 0;
    return cuda::launch_softmax_forward<float>({nullptr, nullptr, rows, columns, &mask, rows_a_mask, mask_rows}, nullptr).what();
  };
  CHECK(forward(0, 5) == "");
  CHECK(forward(5, 0) == "");
  CHECK(forward(-1, 5) == "ogm: softmax_forward was given rows = -1; 0 or more is needed.");
  CHECK(forward(5, 1L << 31) == "ogm: softmax_forward was given columns = 2147483648; 0 to 2147481599 is needed.");
  CHECK(forward(5, 5, 0) == "ogm: softmax_forward was given rows_a_mask = 0; 1 or more is needed.");
  CHECK(forward(5, 5, 1, 0) == "ogm: softmax_forward was given mask_rows = 0; 1 or more is needed.");
  const float nothing = 0;
  cuda::softmax_forward_params<float> added{nullptr, nullptr, 5, 5};
  added.additive = &nothing, added.additive_rows = 0;
  CHECK(cuda::launch_log_softmax_forward<float>(added, nullptr).what() ==
        "ogm: log_softmax_forward was given additive_rows = 0; 1 or more is needed.");
  CHECK(cuda::launch_log_softmax_backward<float>({nullptr, nullptr, nullptr, -5, 2}, nullptr).what() ==
        "ogm: log_softmax_backward was given rows = -5; 0 or more is needed.");
  const auto backward = cuda::launch_softmax_backward<float>({nullptr, nullptr, nullptr, 5, -2}, nullptr);
  CHECK(backward.error() == cudaErrorInvalidValue);
  CHECK_THROWS_WITH(backward.throw_if_failed(), "ogm: softmax_backward was given columns = -2; 0 to 2147481599 is needed.");
}
