// Cross-entropy on the device against its reference, and that against the host's implementation.
#include "cross_entropy_instances.hpp"

#include <ogm/backend/op/loss.hpp>
#include <ogm/cuda/cross_entropy/cross_entropy_reference.hpp>

#include <cuda/support/device.hpp>

#include <deque>
#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::vector<std::int32_t> labels_of(long rows, long columns, std::uint32_t stream, bool absent) {
  std::vector<std::int32_t> all;
  for (long r = 0; r < rows; ++r) {
    const float u = random::uniform({7, 4, stream}, std::uint64_t(r)), v = random::uniform({7, 5, stream}, std::uint64_t(r));
    all.push_back(absent && v < 0.3f ? -1 : std::int32_t(u * float(columns)));
  }
  return all;
}

struct options {
  float smoothing = 0;
  bool class_weights = false, sample_weights = false, mean = true, absent = false, add = false, gradient = true;
  int probes = 0;
  std::size_t offset_in = 0, offset_out = 0, offset_weight = 0;
};
std::string text(const options& o) {
  return "smoothing " + std::to_string(o.smoothing) + ", weights " + std::to_string(o.class_weights) + std::to_string(o.sample_weights) +
         ", mean " + std::to_string(o.mean) + ", absent " + std::to_string(o.absent) + ", add " + std::to_string(o.add) + ", gradient " +
         std::to_string(o.gradient) + ", probes " + std::to_string(o.probes) + ", offsets " + std::to_string(o.offset_in) + " " +
         std::to_string(o.offset_out) + " " + std::to_string(o.offset_weight);
}

/// A batch in host memory.
template <class T> struct batch {
  long rows, columns;
  options with;
  std::vector<T> logits, class_weight, sample_weight, dlogits;
  std::vector<std::int32_t> labels;
  std::vector<std::vector<T>> probe_logits;
  std::vector<std::vector<std::int32_t>> probe_labels;

  batch(long r, long c, const options& o) : rows(r), columns(c), with(o) {
    logits = stored<T>(numbers(r * c, 1, 6));
    class_weight = stored<T>(numbers(c, 2, 0.5f));
    for (T& w : class_weight) w = cuda::from_float<T>(cuda::to_float(w) + 1);
    sample_weight = stored<T>(numbers(r, 3, 2));
    dlogits = stored<T>(numbers(r * c, 4));
    labels = labels_of(r, c, 1, o.absent);
    for (int u = 0; u < o.probes; ++u) {
      probe_logits.push_back(stored<T>(numbers(r * c, 10 + std::uint32_t(u), 4)));
      probe_labels.push_back(labels_of(r, c, 2 + std::uint32_t(u), true));
    }
  }
  cuda::cross_entropy_params<T> params() {
    cuda::cross_entropy_params<T> p{.logits = logits.data(),
                                    .labels = labels.data(),
                                    .rows = rows,
                                    .columns = columns,
                                    .row_loss = nullptr,
                                    .result = nullptr,
                                    .class_weight = with.class_weights ? class_weight.data() : nullptr,
                                    .sample_weight = with.sample_weights ? sample_weight.data() : nullptr,
                                    .label_smoothing = with.smoothing,
                                    .mean = with.mean,
                                    .absent = with.absent,
                                    .dlogits = with.gradient ? dlogits.data() : nullptr,
                                    .add = with.add,
                                    .scale = 2.5f,
                                    .probes = with.probes};
    for (int u = 0; u < with.probes; ++u)
      p.probe[u] = {probe_logits[std::size_t(u)].data(), probe_labels[std::size_t(u)].data(), p.sample_weight};
    return p;
  }
};

/// The same on the device, and what the kernels make of it.
template <class T> struct device_batch {
  device_array<T> logits, class_weight, sample_weight, dlogits;
  device_array<std::int32_t> labels;
  std::deque<device_array<T>> probe_logits;
  std::deque<device_array<std::int32_t>> probe_labels;
  device_array<float> row_loss, workspace;
  device_array<cuda::cross_entropy_result> result;
  device_array<cuda::probe_score> scores;
  device_array<T> loss{1};
  device_array<std::int32_t> bad_row{1};
  cuda::cross_entropy_params<T> params;

  explicit device_batch(batch<T>& b)
      : logits(b.logits, b.with.offset_in),
        class_weight(b.class_weight, b.with.offset_weight),
        sample_weight(b.sample_weight),
        dlogits(b.dlogits, b.with.offset_out),
        labels(b.labels),
        row_loss(std::size_t(b.rows)),
        workspace(std::size_t(cuda::cross_entropy_workspace(b.with.probes, b.rows))),
        result(1),
        scores(std::size_t(b.with.probes)),
        params(b.params()) {
    params.logits = logits.data(), params.labels = labels.data(), params.row_loss = row_loss.data(), params.result = result.data();
    if (params.class_weight) params.class_weight = class_weight.data();
    if (params.sample_weight) params.sample_weight = sample_weight.data();
    if (params.dlogits) params.dlogits = dlogits.data();
    params.workspace = workspace.data(), params.scores = scores.data();
    params.loss = loss.data(), params.bad_row = bad_row.data();
    for (int u = 0; u < b.with.probes; ++u) {
      params.probe[u] = {probe_logits.emplace_back(b.probe_logits[std::size_t(u)], b.with.offset_in).data(),
                         probe_labels.emplace_back(b.probe_labels[std::size_t(u)]).data(), params.sample_weight};
    }
  }
  /// Everything that was written, as numbers.
  std::vector<double> written() {
    std::vector<double> all;
    for (const float v : row_loss.values()) all.push_back(double(v));
    if (params.dlogits)
      for (const T v : dlogits.values()) all.push_back(double(cuda::to_float(v)));
    const auto r = result.values()[0];
    all.insert(all.end(), {r.loss, r.divisor, r.bad_row, r.weight_sum});
    for (const auto& s : scores.values()) all.insert(all.end(), {s.probability, s.cross_entropy, s.correct, s.rows, s.bad_row});
    return all;
  }
};

/// Numbers that are apart; infinities and NaN are to be the same.
std::size_t doubles_apart(const std::vector<double>& got, const std::vector<double>& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double g = got[i], e = expected[i];
    count += e != e ? g == g : std::isinf(e) ? g != e : apart(g, e, tolerance);
  }
  return count;
}
std::vector<double> flat(const cuda::cross_entropy_result& r, const std::vector<cuda::probe_score>& scores) {
  std::vector<double> all{r.loss, r.divisor, r.bad_row, r.weight_sum};
  for (const auto& s : scores) all.insert(all.end(), {s.probability, s.cross_entropy, s.correct, s.rows, s.bad_row});
  return all;
}

template <class T, class Tuning> void check(batch<T> b) {
  INFO(b.rows << " x " << b.columns << ", " << text(b.with));
  const auto expected = cuda::cross_entropy_reference(b.params());
  device_batch<T> on_device(b);
  check_traced([&] { cuda::launch_cross_entropy<T, Tuning>(on_device.params, nullptr).throw_if_failed(); });
  const std::vector<float> loss = on_device.row_loss.values();
  CHECK(doubles_apart({loss.begin(), loss.end()}, expected.row_loss, 4e-6) == 0);
  if (b.with.gradient) CHECK(count_apart(on_device.dlogits.values(), expected.dlogits, storage_tolerance<T>) == 0);
  CHECK(doubles_apart(flat(on_device.result.values()[0], on_device.scores.values()), flat(expected.whole, expected.scores), 4e-6) == 0);
  CHECK(count_apart(on_device.loss.values(), {expected.whole.loss}, storage_tolerance<T>) == 0);
  CHECK(on_device.bad_row.values()[0] == std::int32_t(expected.whole.bad_row));
  if (b.with.probes == 0) return;

  const std::vector<cuda::probe_score> nothing(std::size_t(b.with.probes));
  device_array<cuda::probe_score> scores(nothing);
  on_device.params.logits = nullptr, on_device.params.dlogits = nullptr, on_device.params.scores = scores.data();
  check_traced([&] { cuda::launch_cross_entropy<T, Tuning>(on_device.params, nullptr).throw_if_failed(); });
  CHECK(doubles_apart(flat({}, scores.values()), flat({}, expected.scores), 4e-6) == 0);
}

}  // namespace

TEST_CASE("cross_entropy on the device: rows of every length, with probes") {
  in_every_order([] {
    for (const long columns : {1, 3, 4, 28, 31, 64, 125, 128, 129, 260, 517})
      check<float, small_cross_entropy_tuning>({5, columns, {.probes = 2}});
    for (const long columns : {1, 7, 8, 255, 264, 1043})
      check<cuda::half, small_cross_entropy_tuning>({5, columns, {.smoothing = 0.1f, .class_weights = true, .probes = 1}});
  });
}

TEST_CASE("cross_entropy on the device: smoothing, weights, absent labels, sums, and what is added to") {
  for (const long columns : {28, 150})
    for (int bits = 0; bits < 64; ++bits) {
      const options o{.smoothing = bits & 1 ? 0.2f : 0,
                      .class_weights = (bits & 2) != 0,
                      .sample_weights = (bits & 4) != 0,
                      .mean = (bits & 8) == 0,
                      .absent = (bits & 16) != 0,
                      .add = (bits & 32) != 0,
                      .probes = bits & 1};
      check<float, small_cross_entropy_tuning>({7, columns, o});
    }
  check<float, small_cross_entropy_tuning>({7, 28, {.smoothing = 1, .class_weights = true}});
  check<float, small_cross_entropy_tuning>({7, 28, {.gradient = false, .probes = cuda::most_probes}});
  check<float, small_cross_entropy_tuning>({7, 150, {.gradient = false, .probes = 3}});
  check<float, small_cross_entropy_tuning>({200, 5, {.absent = true, .probes = 2}});
}

TEST_CASE("cross_entropy on the device: rows that begin beside a boundary, and arrays that lie otherwise") {
  for (const std::size_t in : {0, 1, 3})
    for (const std::size_t out : {0, 2, 3})
      for (const std::size_t weight : {0, 3})
        for (const long columns : {5, 36, 131, 260}) {
          options o{.smoothing = 0.1f, .class_weights = true, .add = in == 1, .probes = 1};
          o.offset_in = in, o.offset_out = out, o.offset_weight = weight;
          check<float, small_cross_entropy_tuning>({3, columns, o});
          check<cuda::half, small_cross_entropy_tuning>({3, columns + columns % 2, o});
        }
}

TEMPLATE_TEST_CASE("cross_entropy on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  for (const long columns : {42, 512, 700})
    check<TestType, cuda::cross_entropy_tuning<TestType>>({9, columns, {.smoothing = 0.1f, .class_weights = true, .probes = 2}});
}

TEST_CASE("cross_entropy on the device: the same bits in every order of threads") {
  for (const long columns : {28, 301}) {
    batch<float> b(150, columns, {.absent = true, .probes = 2});
    device_batch<float> on_device(b);
    std::vector<double> first;
    in_every_order([&] {
      cuda::launch_cross_entropy<float, small_cross_entropy_tuning>(on_device.params, nullptr).throw_if_failed();
      const std::vector<double> now = on_device.written();
      if (first.empty()) first = now;
      REQUIRE(now.size() == first.size());
      CHECK(same_bits(now.data(), first.data(), now.size()));
    });
  }
}

TEST_CASE("cross_entropy on the device: infinities, NaN and ties") {
  for (const long columns : {6, 150})
    for (const float smoothing : {0.0f, 0.1f}) {
      INFO(columns << " columns");
      batch<float> b(9, columns, {.smoothing = smoothing, .mean = false, .probes = 1});
      const auto at = [&](long row, long column) -> float& { return b.logits[std::size_t(row * columns + column)]; };
      for (auto& y : b.labels) y = 2;
      at(0, 1) = -infinity;
      at(1, 2) = -infinity;  // the label itself: an infinite loss
      at(2, 0) = not_a_number;
      at(3, 2) = not_a_number;
      at(4, 1) = infinity;  // infinity - infinity: NaN
      at(5, 2) = infinity;
      for (long c = 0; c < columns; ++c) at(6, c) = -infinity, at(7, c) = 1, at(8, c) = c == 2 ? 1 : 0.5f;
      b.probe_logits[0] = b.logits;
      b.probe_labels[0] = {2, -1, -1, -1, -1, -1, -1, 2, 2};
      check<float, small_cross_entropy_tuning>(b);
      for (const std::int32_t label : {0, 1}) {  // of equals the first is right
        b.probe_labels[0] = {-1, -1, -1, -1, -1, -1, -1, label, -1};
        check<float, small_cross_entropy_tuning>(b);
      }
      for (int row = 1; row < 7; ++row) {
        b.probe_labels[0].assign(9, -1);
        b.probe_labels[0][std::size_t(row)] = 2;
        check<float, small_cross_entropy_tuning>(b);
      }
    }
}

TEST_CASE("cross_entropy on the device: a right prediction loses no digits") {
  // 1 - probability is 2e-9, below what a probability in float can be from 1.
  batch<float> b(1, 3, {.mean = false});
  b.logits = {20, 0, -30}, b.labels = {0};
  const auto expected = cuda::cross_entropy_reference(b.params());
  device_batch<float> on_device(b);
  cuda::launch_cross_entropy<float, small_cross_entropy_tuning>(on_device.params, nullptr).throw_if_failed();
  const double loss = double(on_device.row_loss.values()[0]), slope = double(on_device.dlogits.values()[0]);
  CHECK(!apart(loss / expected.row_loss[0], 1, 1e-6));
  CHECK(!apart(slope / (-2.5 * -std::expm1(-expected.row_loss[0])), 1, 1e-6));
}

TEST_CASE("cross_entropy on the device: labels that are no class") {
  for (const long columns : {28, 150})
    for (const std::int32_t bad : {-1, -7, int(columns), 1 << 30}) {
      batch<float> b(9, columns, {.class_weights = true, .probes = 2});
      b.labels[5] = bad, b.labels[7] = bad;
      b.probe_labels[1][3] = bad;
      check<float, small_cross_entropy_tuning>(b);
      b.with.absent = true;
      check<float, small_cross_entropy_tuning>(b);
    }
}

TEST_CASE("cross_entropy on the device: no rows, and no labels") {
  for (const bool absent : {false, true})
    for (const bool mean : {false, true}) {
      check<float, small_cross_entropy_tuning>({0, 28, {.mean = mean, .absent = absent, .probes = 1}});
      batch<float> b(3, 28, {.mean = mean, .absent = absent, .probes = 1});
      b.labels.assign(3, absent ? -1 : 4);
      b.probe_labels[0].assign(3, -1);
      check<float, small_cross_entropy_tuning>(b);
      b.with.add = true;
      check<float, small_cross_entropy_tuning>(b);
    }
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("cross_entropy on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  constexpr int width = cuda::vector_width<T>;
  for (const long columns : {24 * width, 400 * width}) {
    INFO(columns << " columns");
    const bool is_long = columns > 32 * width;
    batch<T> b(24, columns, {.smoothing = 0.1f, .class_weights = true, .probes = 2});
    b.labels.assign(24, 3);  // alike: weights of labels are gathered
    for (auto& labels : b.probe_labels) labels.assign(24, 3);
    device_batch<T> on_device(b);
    const double bytes = 24 * double(columns) * sizeof(T);
    // The rows of the logits and of two probes; class weights with each sum and each derivative. A row's label, the logit there, its
    // weight, the divisor, the loss or the score are sectors of their own, of each warp.
    const double sectors = 32 * 24 * (is_long ? 2 : 1);
    const double loads = is_long ? 3 * bytes + 2 * 2 * bytes : 3 * bytes;
    check_moved(
        check_traced([&] { cuda::launch_cross_entropy<T, small_cross_entropy_tuning>(on_device.params, nullptr).throw_if_failed(); }),
        loads + 2 * bytes + (3 * 2 + 1 + 1) * sectors, bytes + 3 * 32 * 24);
  }
}
#endif

TEST_CASE("cross_entropy's reference is the host's cross_entropy, and its scores") {
  for (int bits = 0; bits < 32; ++bits) {
    batch<float> b(9, 37,
                   {.smoothing = bits & 1 ? 0.2f : 0,
                    .class_weights = (bits & 2) != 0,
                    .sample_weights = (bits & 4) != 0,
                    .mean = (bits & 8) == 0,
                    .absent = (bits & 16) != 0,
                    .add = true,
                    .probes = 1});
    INFO(text(b.with));
    const auto expected = cuda::cross_entropy_reference(b.params());
    const op::cross_entropy_terms<float> terms{.labels = b.labels.data(),
                                               .class_weight = b.params().class_weight,
                                               .sample_weight = b.params().sample_weight,
                                               .rows = b.rows,
                                               .columns = b.columns,
                                               .label_smoothing = double(b.with.smoothing),
                                               .mean = b.with.mean,
                                               .absent = b.with.absent};
    std::vector<float> probability(b.logits.size());
    float loss = 0;
    double divisor = 0, out[5];
    std::int32_t bad_row = 0;
    op::cross_entropy_forward<float>{terms, b.logits.data(), probability.data(), &loss, &divisor, &bad_row}();
    const float dloss = b.params().scale;
    op::cross_entropy_backward<float>{terms, probability.data(), &divisor, &dloss, b.dlogits.data(), true}();
    op::score_logits<float>{b.probe_logits[0].data(), b.probe_labels[0].data(), b.rows, b.columns, out, b.params().sample_weight}();
    CHECK(!apart(double(loss), expected.whole.loss, 1e-6));
    CHECK(!apart(divisor, expected.whole.divisor, 1e-12));
    CHECK(!apart(terms.weight_sum(), expected.whole.weight_sum, 1e-12));
    CHECK(double(bad_row) == expected.whole.bad_row);
    CHECK(count_apart(b.dlogits, expected.dlogits, 2e-6) == 0);
    const auto& s = expected.scores[0];
    CHECK(doubles_apart({out, out + 5}, {s.probability, s.cross_entropy, s.correct, s.rows, s.bad_row}, 1e-9) == 0);
  }
  batch<float> b(9, 37, {.probes = 1});
  b.labels[4] = 37, b.probe_labels[0][6] = -2;
  const auto expected = cuda::cross_entropy_reference(b.params());
  CHECK(expected.whole.bad_row == 4);
  CHECK(expected.scores[0].bad_row == 6);
}

TEST_CASE("cross_entropy on the device: arguments that it cannot work with") {
  const auto refused = [](auto spoil) {
    cuda::cross_entropy_params<float> p{};
    p.rows = 5, p.columns = 5;
    spoil(p);
    const auto s = cuda::launch_cross_entropy<float>(p, nullptr);
    CHECK(s.error() == cudaErrorInvalidValue);
    return s.what();
  };
  CHECK(refused([](auto& p) { p.rows = -1; }) == "ogm: cross_entropy was given rows = -1; 0 or more is needed.");
  CHECK(refused([](auto& p) { p.columns = 0; }) == "ogm: cross_entropy was given columns = 0; 1 to 2147481599 is needed.");
  CHECK(refused([](auto& p) { p.columns = 1L << 31; }) == "ogm: cross_entropy was given columns = 2147483648; 0 to 2147481599 is needed.");
  CHECK(refused([](auto& p) { p.label_smoothing = 1.5f; }) ==
        "ogm: cross_entropy was given label_smoothing = 1.500000; a number from 0 to 1 is needed.");
  CHECK(refused([](auto& p) { p.label_smoothing = not_a_number; }) ==
        "ogm: cross_entropy was given label_smoothing = nan; a number from 0 to 1 is needed.");
  CHECK(refused([](auto& p) { p.probes = 9; }) == "ogm: cross_entropy was given probes = 9; 0 to 8 is needed.");
  device_array<float> workspace(64);
  CHECK(refused([&](auto& p) { p.workspace = workspace.data() + 1; }) ==
        "ogm: cross_entropy was given a workspace that does not begin at a multiple of 16 bytes.");
  CHECK(refused([](auto& p) { p.probes = 1; }) == "ogm: cross_entropy was given no workspace.");
  CHECK(refused([](auto&) {}) == "ogm: cross_entropy was given no logits, and no probe.");
}
