// Attention on the device against its reference, and that against the host's multi-head attention.
#include "attention_instances.hpp"

#include <ogm/autograd/gradient_store.hpp>
#include <ogm/autograd/tape.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/core/random.hpp>
#include <ogm/cuda/attention/attention_reference.hpp>
#include <ogm/nn/attention.hpp>

#include <cuda/support/device.hpp>

#include <algorithm>
#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
/// Sums over tokens beside the rounding of what is stored.
template <class T> constexpr double tolerance = storage_tolerance<T> + 4e-6;

std::vector<float> drawn(long count, std::uint32_t stream, float size = 1) {
  std::vector<float> all;
  for (long i = 0; i < count; ++i) all.push_back(size * (2 * random::uniform({7, 1, stream}, std::uint64_t(i)) - 1));
  return all;
}
/// (batch, tokens, width) with gaps, and nothing behind the last token.
long elements(const cuda::attention_shape& s, long tokens, long stride) {
  return s.batch * tokens == 0 ? 0 : (s.batch * tokens - 1) * stride + s.width();
}
/// The same without the gaps, which must be as they were: NaN.
template <class T> std::vector<T> without_gaps(const cuda::attention_shape& s, long stride, const std::vector<T>& x) {
  std::vector<T> dense;
  std::size_t written = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (long(i) % stride < s.width())
      dense.push_back(x[i]);
    else
      written += cuda::to_float(x[i]) == cuda::to_float(x[i]);
  CHECK(written == 0);
  return dense;
}
std::vector<double> with_numbers_for_nothing(std::vector<double> x) {
  for (double& v : x)
    if (v == -std::numeric_limits<double>::infinity()) v = -1e6;
  return x;
}

/// Queries, keys, values and masks in host memory.
template <class T> struct problem {
  cuda::attention_shape shape;
  std::size_t offset = 0;
  std::vector<T> q{stored<T>(drawn(elements(shape, shape.queries, shape.query_stride), 1, 2))};
  std::vector<T> k{stored<T>(drawn(elements(shape, shape.keys, shape.key_stride), 2, 2))};
  std::vector<T> v{stored<T>(drawn(elements(shape, shape.keys, shape.key_stride), 3))};
  std::vector<std::uint8_t> key_mask{};
  std::vector<T> additive{};
  cuda::attention_dropout dropout{};

  /// Leaves out keys of a sample, all of the second one's; and of queries, all keys of the first.
  problem& with_masks() {
    for (long i = 0; i < shape.batch * shape.keys; ++i)
      key_mask.push_back(i / shape.keys == 1 || random::uniform({7, 2, 4}, std::uint64_t(i)) < 0.3f ? 5 : 0);
    std::vector<float> plus = drawn(shape.queries * shape.keys, 5, 2);
    for (long i = 0; i < shape.queries * shape.keys; ++i)
      if ((i < shape.keys && shape.queries > 1) || plus[std::size_t(i)] < -1.2f) plus[std::size_t(i)] = -infinity;
    additive = stored<T>(plus);
    return *this;
  }
  template <class Params> Params arguments() {
    Params p{};
    p.shape = shape;
    p.dropout = dropout;
    p.q = q.data(), p.k = k.data(), p.v = v.data();
    if (!key_mask.empty()) p.masks = {key_mask.data(), additive.data()};
    return p;
  }
  std::string text() const {
    return std::to_string(shape.batch) + " x " + std::to_string(shape.heads) + " heads of " + std::to_string(shape.head_width) + ", " +
           std::to_string(shape.queries) + " queries " + std::to_string(shape.query_stride) + " apart, " + std::to_string(shape.keys) +
           " keys " + std::to_string(shape.key_stride) + " apart, offset " + std::to_string(offset) + (key_mask.empty() ? "" : ", masked");
  }
};
cuda::attention_shape dense(long batch, long heads, long queries, long keys, long head_width) {
  return {batch, heads, queries, keys, head_width, heads * head_width, heads * head_width};
}

/// What lies on the device for one call.
template <class T> struct on_device {
  problem<T>& from;
  std::size_t pairs = std::size_t(from.shape.batch * from.shape.heads * from.shape.queries * from.shape.keys);
  std::size_t rows = std::size_t(from.shape.batch * from.shape.heads * from.shape.queries);
  std::size_t outputs = std::size_t(from.shape.batch * from.shape.queries * from.shape.width());
  device_array<T> q{from.q, from.offset}, k{from.k, from.offset}, v{from.v, from.offset};
  device_array<T> additive{from.additive, from.offset};
  device_array<std::uint8_t> key_mask{from.key_mask, from.offset};

  template <class Params> Params arguments() {
    Params p{};
    p.shape = from.shape;
    p.dropout = from.dropout;
    p.q = q.data(), p.k = k.data(), p.v = v.data();
    if (!from.key_mask.empty()) p.masks = {key_mask.data(), additive.data()};
    return p;
  }
};

template <class T, class Tuning> void check_forward(problem<T>& x) {
  INFO("forward, " << x.text());
  const auto expected = cuda::attention_forward_reference(x.template arguments<cuda::attention_forward_params<T>>());
  on_device<T> device{x};
  device_array<T> y(device.outputs, x.offset), weights(device.pairs, x.offset);
  device_array<float> log_sum(device.rows, x.offset);
  auto p = device.template arguments<cuda::attention_forward_params<T>>();
  p.y = y.data(), p.log_sum = log_sum.data(), p.weights = weights.data();
  check_traced([&] { cuda::launch_attention_forward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(y.values(), expected.y, tolerance<T>) == 0);
  CHECK(count_apart(weights.values(), expected.weights, tolerance<T>) == 0);
  std::vector<float> sums = log_sum.values();
  for (float& s : sums) s = s == -infinity ? -1e6f : s;
  CHECK(count_apart(sums, with_numbers_for_nothing(expected.log_sum), tolerance<float>) == 0);

  device_array<T> alone(device.outputs, x.offset);  // without what may be left out
  p.y = alone.data(), p.log_sum = nullptr, p.weights = nullptr;
  cuda::launch_attention_forward<T, Tuning>(p, nullptr).throw_if_failed();
  CHECK(same_bits(alone.values().data(), y.values().data(), device.outputs));
}

template <class T, class Tuning> void check_backward(problem<T>& x) {
  INFO("backward, " << x.text());
  const cuda::attention_shape& s = x.shape;
  const auto forward = cuda::attention_forward_reference(x.template arguments<cuda::attention_forward_params<T>>());
  const std::vector<T> y = stored<T>({forward.y.begin(), forward.y.end()}), dy = stored<T>(drawn(long(forward.y.size()), 6));
  const std::vector<float> log_sum(forward.log_sum.begin(), forward.log_sum.end());
  auto host = x.template arguments<cuda::attention_backward_params<T>>();
  host.y = y.data(), host.dy = dy.data();
  const auto expected = cuda::attention_backward_reference(host);

  on_device<T> device{x};
  device_array<T> device_y(y, x.offset), device_dy(dy, x.offset);
  device_array<float> device_log_sum(log_sum), inner(log_sum.size());
  device_array<T> dq(x.q.size(), x.offset), dk(x.k.size(), x.offset), dv(x.v.size(), x.offset);
  auto p = device.template arguments<cuda::attention_backward_params<T>>();
  p.y = device_y.data(), p.dy = device_dy.data(), p.log_sum = device_log_sum.data();
  p.dq = dq.data(), p.dk = dk.data(), p.dv = dv.data();
  p.inner = s.queries == 1 && s.keys <= Tuning::most_keys ? nullptr : inner.data();
  check_traced([&] { cuda::launch_attention_backward<T, Tuning>(p, nullptr).throw_if_failed(); });
  CHECK(count_apart(without_gaps(s, s.query_stride, dq.values()), expected.dq, tolerance<T>) == 0);
  CHECK(count_apart(without_gaps(s, s.key_stride, dk.values()), expected.dk, tolerance<T>) == 0);
  CHECK(count_apart(without_gaps(s, s.key_stride, dv.values()), expected.dv, tolerance<T>) == 0);
}

template <class T, class Tuning> void check_both(const cuda::attention_shape& s, bool masked, std::size_t offset = 0) {
  problem<T> x{.shape = s, .offset = offset};
  if (masked) x.with_masks();
  check_forward<T, Tuning>(x);
  check_backward<T, Tuning>(x);
}

}  // namespace

TEMPLATE_TEST_CASE("attention on the device: the mean over heads", "", float, cuda::half) {
  const long batch = 3, heads = 4, pairs = 7 * 29;
  const std::vector<TestType> weights = stored<TestType>(drawn(batch * heads * pairs, 8));
  std::vector<float> given, mean(std::size_t(batch * pairs));
  for (const TestType w : weights) given.push_back(cuda::to_float(w));
  op::mean_of_heads<float>{given.data(), mean.data(), batch, heads, pairs}();
  device_array<TestType> from(weights), to(mean.size());
  check_traced([&] {
    cuda::launch_attention_mean_of_heads<TestType>({from.data(), to.data(), batch, heads, pairs}, nullptr).throw_if_failed();
  });
  CHECK(count_apart(to.values(), {mean.begin(), mean.end()}, storage_tolerance<TestType>) == 0);
}

TEST_CASE("attention on the device: one query, keys and widths on both sides of what threads hold") {
  in_every_order([] {
    for (const long keys : {1, 2, 3, 4, 5, 9, 33, 40}) check_both<float, small_attention_tuning>(dense(2, 2, 1, keys, 72), keys % 2);
    for (const long width : {1, 4, 7, 8, 20, 64}) check_both<float, small_attention_tuning>(dense(2, 3, 1, 7, width), width % 4 == 0);
    for (const long width : {8, 16, 60, 64}) check_both<cuda::half, small_attention_tuning>(dense(2, 2, 1, 11, width), true);
  });
}

TEST_CASE("attention on the device: many queries, tokens and widths on both sides of a tile") {
  in_every_order([] {
    for (const long queries : {2, 8, 9, 17})
      for (const long keys : {1, 16, 17, 40})
        check_both<float, small_attention_tuning>(dense(2, 2, queries, keys, 8), queries % 2 == keys % 2);
    for (const long width : {1, 4, 7, 60, 64, 72}) check_both<float, small_attention_tuning>(dense(1, 2, 9, 18, width), width % 4 == 0);
    for (const long width : {8, 16, 60, 64}) check_both<cuda::half, small_attention_tuning>(dense(2, 2, 9, 33, width), true);
    check_both<float, small_attention_tuning>(dense(2, 2, 1, 41, 8), true);  // one query of more keys than are held
  });
}

TEST_CASE("attention on the device: tokens apart, and rows that begin beside a boundary") {
  for (const long queries : {1, 10})
    for (const std::size_t offset : {0, 1, 3, 4})
      for (const long gap : {3, 16}) {
        cuda::attention_shape s = dense(2, 2, queries, 18, 16);
        s.query_stride += gap;
        s.key_stride += 2 * gap;
        check_both<float, small_attention_tuning>(s, true, offset);
        check_both<cuda::half, small_attention_tuning>(s, true, offset);
      }
}

TEMPLATE_TEST_CASE("attention on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = cuda::attention_tuning<TestType>;
  check_both<TestType, tuning>(dense(2, 4, 1, 10, 128), false);
  check_both<TestType, tuning>(dense(2, 2, 1, 60, 128), true);
  check_both<TestType, tuning>(dense(1, 2, 37, 70, 128), true);  // more shared memory than a kernel has without permission
  check_both<TestType, tuning>(dense(2, 2, 33, 33, 64), false);
}

TEST_CASE("attention on the device: the same bits in every order of threads") {
  for (const long queries : {1, 13}) {
    problem<float> x{.shape = dense(2, 2, queries, 37, 20)};
    on_device<float> device{x};
    device_array<float> log_sum(device.rows), inner(device.rows), y(device.outputs), dq(x.q.size()), dk(x.k.size()), dv(x.v.size());
    auto forward = device.arguments<cuda::attention_forward_params<float>>();
    forward.y = y.data(), forward.log_sum = log_sum.data();
    auto backward = device.arguments<cuda::attention_backward_params<float>>();
    backward.y = backward.dy = y.data(), backward.log_sum = log_sum.data();
    backward.dq = dq.data(), backward.dk = dk.data(), backward.dv = dv.data(), backward.inner = inner.data();
    std::vector<float> before;
    in_every_order([&] {
      cuda::launch_attention_forward<float, small_attention_tuning>(forward, nullptr).throw_if_failed();
      cuda::launch_attention_backward<float, small_attention_tuning>(backward, nullptr).throw_if_failed();
      std::vector<float> now;
      for (device_array<float>* const a : {&y, &log_sum, &dq, &dk, &dv}) {
        const std::vector<float> values = a->values();
        now.insert(now.end(), values.begin(), values.end());
      }
      if (before.empty()) before = now;
      CHECK(same_bits(now.data(), before.data(), now.size()));
    });
  }
}

TEST_CASE("attention on the device: dropout of the weights is the host's") {
  for (const double probability : {0.25, 0.9, 1.0})
    for (const long queries : {1, 11}) {
      problem<float> x{.shape = dense(2, 2, queries, 21, 8)};
      x.with_masks().dropout = {probability, {9, 2, 4}};
      check_forward<float, small_attention_tuning>(x);
      check_backward<float, small_attention_tuning>(x);

      std::vector<float> ones(std::size_t(2 * 2 * queries * 21), 1), kept(ones.size());
      op::dropout<float>{ones.data(), kept.data(), long(ones.size()), probability, x.dropout.key}();
      const auto p = x.arguments<cuda::attention_forward_params<float>>();
      std::vector<double> shares;
      cuda::detail::each_query(p, [&](const auto& query) {
        for (long j = 0; j < 21; ++j) shares.push_back(query.share(j));
      });
      CHECK(count_apart(kept, shares, 1e-6) == 0);
    }
  problem<cuda::half> x{.shape = dense(1, 2, 33, 40, 64)};
  x.dropout = {0.1, {9, 2, 4}};
  check_forward<cuda::half, cuda::attention_tuning<cuda::half>>(x);
  check_backward<cuda::half, cuda::attention_tuning<cuda::half>>(x);
}

TEST_CASE("attention on the device: infinities, NaN and nothing at all") {
  for (const long queries : {1, 10}) {
    INFO(queries << " queries");
    problem<float> x{.shape = dense(6, 1, queries, 19, 8)};
    const auto at = [&](long batch, long key, long column) { return std::size_t((batch * 19 + key) * 8 + column); };
    x.key_mask.assign(6 * 19, 0);
    x.additive.assign(std::size_t(queries * 19), 0.f);
    for (long b = 0; b < 6; ++b)
      for (long i = 0; i < queries; ++i) x.q[std::size_t((b * queries + i) * 8)] = 1;
    x.k[at(0, 2, 0)] = -infinity;
    x.k[at(1, 17, 0)] = not_a_number;
    x.k[at(2, 1, 0)] = infinity;  // infinity - infinity: NaN
    for (long key = 0; key < 19; ++key) {
      x.k[at(3, key, 0)] = -infinity;  // nothing but -inf: 0
      x.k[at(4, key, 0)] = key == 18 ? not_a_number : -infinity;
    }
    x.k[at(5, 3, 0)] = not_a_number, x.key_mask[5 * 19 + 3] = 1;  // what is masked is not looked at
    check_forward<float, small_attention_tuning>(x);
    for (float& k : x.k) k = std::isfinite(k) ? k : 0;
    std::fill_n(x.v.begin(), 8, not_a_number);  // 0 * NaN, as in the host's products
    x.key_mask[0] = 1;
    check_forward<float, small_attention_tuning>(x);
  }
  for (const auto& s : {dense(2, 2, 1, 0, 8), dense(2, 2, 9, 0, 8), dense(2, 2, 0, 9, 8), dense(0, 2, 9, 9, 8), dense(0, 2, 1, 9, 8)})
    check_both<float, small_attention_tuning>(s, false);
}

#ifdef OGM_CUDA_ON_CPU
namespace {
template <class T> struct traces {
  cuda_model::trace forward, backward;
  double q, k;  // bytes of q, of k
};
template <class T> traces<T> trace_both(const cuda::attention_shape& s, bool masked) {
  using tuning = cuda::attention_tuning<T>;
  problem<T> x{.shape = s};
  if (masked) x.with_masks();
  on_device<T> device{x};
  device_array<float> log_sum(device.rows), inner(device.rows);
  device_array<T> y(device.outputs), dq(x.q.size()), dk(x.k.size()), dv(x.v.size()), weights(device.pairs);
  auto forward = device.template arguments<cuda::attention_forward_params<T>>();
  forward.y = y.data(), forward.log_sum = log_sum.data();
  if (masked) forward.weights = weights.data();
  auto backward = device.template arguments<cuda::attention_backward_params<T>>();
  backward.y = backward.dy = y.data(), backward.log_sum = log_sum.data();
  backward.dq = dq.data(), backward.dk = dk.data(), backward.dv = dv.data(), backward.inner = inner.data();
  traces<T> t;
  t.forward = check_traced([&] { cuda::launch_attention_forward<T, tuning>(forward, nullptr).throw_if_failed(); });
  t.backward = check_traced([&] { cuda::launch_attention_backward<T, tuning>(backward, nullptr).throw_if_failed(); });
  t.q = double(x.q.size() * sizeof(T)), t.k = double(x.k.size() * sizeof(T));
  return t;
}
}  // namespace

TEMPLATE_TEST_CASE("attention on the device: how much it moves", "", float, cuda::half) {
  for (const long keys : {10, 60, 64}) {  // one query: all of it once
    INFO("one query of " << keys << " keys");
    const cuda::attention_shape s = dense(2, 4, 1, keys, 128);
    const double weights = keys == 64 ? double(s.batch * s.heads * keys * long(sizeof(TestType))) : 0;
    const auto t = trace_both<TestType>(s, keys == 64);
    check_moved(t.forward, t.q + 2 * t.k, t.q + weights + double(32 * s.batch * s.heads));  // a sector a block for log_sum
    check_moved(t.backward, 3 * t.q + 2 * t.k, t.q + 2 * t.k);
  }
  const auto t = trace_both<TestType>(dense(1, 2, 96, 64, 128), false);  // three tiles of queries, two of keys
  check_moved(t.forward, t.q + 3 * 2 * t.k, t.q);
  check_moved(t.backward, (3 * t.q + 3 * 2 * t.k) + (2 * t.k + 2 * 2 * t.q), t.q + 2 * t.k);
}
#endif

TEST_CASE("attention's reference is the host's multi-head attention") {
  using host = backend::eigen<double>;
  constexpr int heads = 3, width = 12;
  const long batch = 3, queries = 4, keys = 6;
  nn::multi_head_attention<width, heads, host> attention;
  // Projections that are exact in float: q is the query, k the memory, v the memory in reverse times -2.
  nn::initialise(attention, 1);
  for (int i = 0; i < width; ++i) {
    for (int j = 0; j < width; ++j) {
      attention.in_proj_weight.value(i, j) = attention.in_proj_weight.value(width + i, j) = attention.out_proj.weight.value(i, j) = i == j;
      attention.in_proj_weight.value(2 * width + i, j) = i + j == width - 1 ? -2 : 0;
    }
  }
  problem<float> x{.shape = dense(batch, heads, queries, keys, width / heads)};
  x.with_masks();
  const auto reversed = [](long i) { return std::size_t(i / width * width + width - 1 - i % width); };
  for (long i = 0; i < batch * keys * width; ++i) x.v[std::size_t(i)] = -2 * x.k[reversed(i)];
  const auto forward = cuda::attention_forward_reference(x.arguments<cuda::attention_forward_params<float>>());

  tensor<double, dyn, dyn, width> query(batch, queries), memory(batch, keys);
  std::copy(x.q.begin(), x.q.end(), query.data());
  std::copy(x.k.begin(), x.k.end(), memory.data());
  const std::vector<double> additive(x.additive.begin(), x.additive.end());
  nn::attention_options<memory::host, double> options;
  options.key_padding_mask = {x.key_mask.data(), extents<dyn, dyn>(batch, keys)};
  options.additive_mask = {additive.data(), extents<dyn, dyn>(queries, keys)};
  gradient_store<host> store(attention);
  tape<host> t;
  t.bind(store);
  const auto q = t.variable(query);
  const auto m = t.variable(memory);
  const auto [y, weights] = attention.with_weights(t, q, m, options);
  const auto count_wrong = [](const double* got, const std::vector<double>& expected, double limit) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) count += apart(got[i], expected[i], limit);
    return count;
  };
  CHECK(count_wrong(y.data(), forward.y, 1e-12) == 0);
  std::vector<double> mean(std::size_t(batch * queries * keys), 0);
  for (std::size_t i = 0; i < forward.weights.size(); ++i)
    mean[i / (heads * queries * keys) * (queries * keys) + i % (queries * keys)] += forward.weights[i] / heads;
  CHECK(count_wrong(weights.data(), mean, 1e-12) == 0);

  const std::vector<float> host_y(forward.y.begin(), forward.y.end()), dy = drawn(long(host_y.size()), 6);
  std::copy(dy.begin(), dy.end(), y.accumulate().data);
  t.run_backward();
  auto p = x.arguments<cuda::attention_backward_params<float>>();
  p.y = host_y.data(), p.dy = dy.data();
  const auto backward = cuda::attention_backward_reference(p);
  std::vector<double> dmemory, dbias(3 * width, 0);
  for (long i = 0; i < batch * keys * width; ++i) {
    dmemory.push_back(backward.dk[std::size_t(i)] - 2 * backward.dv[reversed(i)]);
    dbias[std::size_t(width + i % width)] += backward.dk[std::size_t(i)];
    dbias[std::size_t(2 * width + i % width)] += backward.dv[std::size_t(i)];
  }
  for (long i = 0; i < batch * queries * width; ++i) dbias[std::size_t(i % width)] += backward.dq[std::size_t(i)];
  CHECK(count_wrong(q.gradient(), backward.dq, 1e-6) == 0);  // y is rounded to float
  CHECK(count_wrong(m.gradient(), dmemory, 1e-6) == 0);
  CHECK(count_wrong(store.data(attention.in_proj_bias), dbias, 1e-6) == 0);
}

TEST_CASE("attention on the device: arguments that it cannot work with, and none") {
  const auto forward = [](const cuda::attention_shape& s) {
    return cuda::launch_attention_forward<float>({.shape = s, .q = nullptr, .k = nullptr, .v = nullptr, .y = nullptr}, nullptr).what();
  };
  cuda::attention_backward_params<float> none{};
  const auto backward = [&](const cuda::attention_shape& s) {
    none.shape = s;
    return cuda::launch_attention_backward<float>(none, nullptr);
  };
  const auto with = [](auto change) {
    cuda::attention_shape s = dense(2, 2, 3, 4, 8);
    change(s);
    return s;
  };
  CHECK(forward(dense(0, 2, 3, 4, 8)) == "");
  CHECK(forward(dense(2, 2, 0, 4, 8)) == "");
  CHECK(backward(dense(0, 2, 3, 4, 8)).ok());
  CHECK(forward(dense(-1, 2, 3, 4, 8)) == "ogm: attention_forward was given batch = -1; 0 or more is needed.");
  CHECK(forward(dense(2, 0, 3, 4, 8)) == "ogm: attention_forward was given heads = 0; 1 or more is needed.");
  CHECK(forward(dense(2, 2, -1, 4, 8)) == "ogm: attention_forward was given queries = -1; 0 to 2147479551 is needed.");
  CHECK(forward(dense(2, 2, 3, 1L << 31, 8)) == "ogm: attention_forward was given keys = 2147483648; 0 to 2147479551 is needed.");
  CHECK(forward(dense(2, 2, 3, 4, 0)) == "ogm: attention_forward was given head_width = 0; 1 to 128 is needed.");
  CHECK(forward(dense(2, 2, 3, 4, 129)) == "ogm: attention_forward was given head_width = 129; 1 to 128 is needed.");
  CHECK(forward(with([](auto& s) { s.query_stride = 15; })) ==
        "ogm: attention_forward was given query_stride = 15; the 16 elements of all heads, or more, is needed.");
  CHECK(backward(with([](auto& s) { s.key_stride = 0; })).what() ==
        "ogm: attention_backward was given key_stride = 0; the 16 elements of all heads, or more, is needed.");
  for (const double probability : {-0.5, 1.5, std::nan("")}) {
    none.dropout.probability = probability;
    CHECK(backward(dense(2, 2, 3, 4, 8)).what() ==
          "ogm: attention_backward was given a dropout of probability " + std::to_string(probability) + "; 0 to 1 is needed.");
  }
  none.dropout.probability = 0;
  const auto workspace = backward(dense(2, 2, 3, 4, 8));
  CHECK(workspace.error() == cudaErrorInvalidValue);
  CHECK_THROWS_WITH(workspace.throw_if_failed(),
                    "ogm: attention_backward was given no workspace `inner`; one of (batch, heads, queries) floats is needed.");

  const auto mean = [](long batch, long heads, long pairs) {
    return cuda::launch_attention_mean_of_heads<float>({nullptr, nullptr, batch, heads, pairs}, nullptr).what();
  };
  CHECK(mean(0, 1, 5) == "");
  CHECK(mean(5, 1, 0) == "");
  CHECK(mean(-1, 1, 5) == "ogm: attention_mean_of_heads was given batch = -1; 0 or more is needed.");
  CHECK(mean(1, 0, 5) == "ogm: attention_mean_of_heads was given heads = 0; 1 or more is needed.");
  CHECK(mean(1, 1, -5) == "ogm: attention_mean_of_heads was given pairs = -5; 0 or more is needed.");
}
