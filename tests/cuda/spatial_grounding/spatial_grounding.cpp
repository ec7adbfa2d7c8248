// Spatial grounding on the device against its reference, and that against the host's implementation.
#include "spatial_grounding_instances.hpp"

#include <avqa/cuda/spatial_grounding/spatial_grounding_reference.hpp>
#include <avqa/grounding/op/spatial.hpp>
#include <ogm/core/random.hpp>

#include <cuda/support/device.hpp>

#include <algorithm>
#include <limits>
#include <utility>

using namespace ogm;
using namespace ogm::test;
using avqa::cuda::spatial_grounding_backward_params;
using avqa::cuda::spatial_grounding_forward_params;

namespace {

constexpr long of_sm_80 = 163 * 1024, of_sm_90 = 227 * 1024;  // bytes of shared memory
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

struct shape {
  long frames, channels, locations;
  bool negative = true;
  bool held = true;        // in shared memory, rather than read twice
  std::size_t offset = 0;  // of maps, in elements
  long map() const { return channels * locations; }
  int maps() const { return negative ? 2 : 1; }
};
std::string text(const shape& s) {
  return std::to_string(s.frames) + " frames of " + std::to_string(s.channels) + " x " + std::to_string(s.locations) +
         (s.negative ? ", positive and negative" : "") + (s.held ? ", held" : ", read twice") + ", offset " + std::to_string(s.offset);
}

/// The numbers of a batch of frames.
struct batch {
  std::vector<float> sound, maps[2];
  explicit batch(const shape& s, float of_maps = 1, float of_sound = 1)
      : sound(numbers(s.frames * s.channels, 1, of_sound)),
        maps{numbers(s.frames * s.map(), 2, of_maps), numbers(s.frames * s.map(), 3, of_maps)} {}
};

/// The least shared memory that is accepted for maps that are read twice. For more than a few channels held ones need more.
template <class T, class Tuning> long least_shared_bytes(spatial_grounding_forward_params<T> p) {
  p.shared_bytes = 0;
  const std::string what = avqa::cuda::launch_spatial_grounding_forward<T, Tuning>(p, nullptr).what();
  return std::stol(what.substr(what.find("needs ") + 6));
}
template <class T, class Tuning> long least_shared_bytes(spatial_grounding_backward_params<T> p) {
  p.shared_bytes = 0;
  const std::string what = avqa::cuda::launch_spatial_grounding_backward<T, Tuning>(p, nullptr).what();
  return std::stol(what.substr(what.find("needs ") + 6));
}

/// What a forward launch is given, on the device.
template <class T> struct forward_run {
  struct side {
    std::vector<T> maps;
    device_array<T> device_maps, pooled, weight;
    side(const shape& s, const std::vector<float>& x)
        : maps(stored<T>(x)),
          device_maps(maps, s.offset),
          pooled(std::size_t(s.frames * 2 * s.channels)),
          weight(std::size_t(s.frames * s.locations)) {}
    avqa::cuda::grounded_maps<T> arguments(bool weighted) {
      return {device_maps.data(), pooled.data(), weighted ? weight.data() : nullptr};
    }
  };
  shape s;
  std::vector<T> sound;
  device_array<T> device_sound;
  side positive, negative;

  forward_run(const shape& s_, const batch& b)
      : s(s_), sound(stored<T>(b.sound)), device_sound(sound), positive(s, b.maps[0]), negative(s, b.maps[1]) {}
  template <class Tuning> spatial_grounding_forward_params<T> arguments(bool weighted = true) {
    spatial_grounding_forward_params<T> p{.sound = device_sound.data(),
                                          .positive = positive.arguments(weighted),
                                          .negative = {},
                                          .frames = s.frames,
                                          .channels = s.channels,
                                          .locations = s.locations,
                                          .shared_bytes = most_shared_memory()};
    if (s.negative) p.negative = negative.arguments(weighted);
    if (!s.held) p.shared_bytes = least_shared_bytes<T, Tuning>(p);
    return p;
  }
};

/// Every second run of `channels` numbers: the means from 0 on, the attended vectors from 1 on.
template <class Vector> Vector half_of(const Vector& pooled, std::size_t channels, std::size_t which) {
  Vector out;
  for (std::size_t i = 0; i < pooled.size(); ++i)
    if (i / channels % 2 == which) out.push_back(pooled[i]);
  return out;
}
/// Numbers over their size, where that is not 1.
template <class T> std::vector<double> over(const std::vector<T>& x, double size) {
  std::vector<double> out;
  for (const T v : x) {
    if constexpr (std::same_as<T, double>)
      out.push_back(v / size);
    else
      out.push_back(double(cuda::to_float(v)) / size);
  }
  return out;
}
template <class T> std::size_t count_apart_over(const std::vector<T>& got, const std::vector<double>& expected, double size) {
  const std::vector<double> over_size = over(got, size);
  return count_apart(std::vector<float>(over_size.begin(), over_size.end()), over(expected, size), storage_tolerance<T>);
}

/// The largest magnitude of numbers, so that small ones are compared as closely; within a thousand of `most`, below which rounding is left.
double size_of(const std::vector<double>& x, double most) {
  double largest = 0;
  for (const double v : x)
    if (std::abs(v) > largest) largest = std::abs(v);
  return std::clamp(largest, 1e-3 * most, most);
}

/// `size`: of the features, and so of their means.
template <class T, class Tuning> void check_forward(const shape& s, const batch& b, double size = 1) {
  INFO("forward, " << text(s));
  forward_run<T> run(s, b);
  const auto p = run.template arguments<Tuning>();
  check_traced([&] { avqa::cuda::launch_spatial_grounding_forward<T, Tuning>(p, nullptr).throw_if_failed(); });

  auto host = p;
  host.sound = run.sound.data();
  for (int m = 0; m < s.maps(); ++m) {
    auto& got = m ? run.negative : run.positive;
    const auto expected = avqa::cuda::spatial_grounding_forward_reference(host, {got.maps.data(), nullptr});
    const std::vector<T> pooled = got.pooled.values();
    const auto channels = std::size_t(s.channels);
    CHECK(count_apart_over(half_of(pooled, channels, 0), half_of(expected.pooled, channels, 0), size) == 0);
    CHECK(count_apart(half_of(pooled, channels, 1), half_of(expected.pooled, channels, 1), storage_tolerance<T>) == 0);
    CHECK(count_apart_over(got.weight.values(), expected.weight, 1 / double(s.locations)) == 0);
  }
}
template <class T, class Tuning> void check_forward(const shape& s) { check_forward<T, Tuning>(s, batch(s)); }

struct wanted {
  bool dsound, dmaps, add, dweight;
};

/// What a backward launch is given, on the device.
template <class T> struct backward_run {
  struct side {
    std::vector<T> maps, dpooled, dweight, before;
    device_array<T> device_maps, device_dpooled, device_dweight, dmaps;
    side(const shape& s, const std::vector<float>& x, std::uint32_t stream)
        : maps(stored<T>(x)),
          dpooled(stored<T>(numbers(s.frames * 2 * s.channels, stream))),
          dweight(stored<T>(numbers(s.frames * s.locations, stream + 1, 3))),
          before(stored<T>(numbers(s.frames * s.map(), stream + 2))),
          device_maps(maps, s.offset),
          device_dpooled(dpooled),
          device_dweight(dweight),
          dmaps(before, s.offset) {}
    avqa::cuda::grounded_maps_gradient<T> arguments(const wanted& w) {
      return {device_maps.data(), device_dpooled.data(), w.dweight ? device_dweight.data() : nullptr, w.dmaps ? dmaps.data() : nullptr,
              w.add};
    }
    avqa::cuda::grounded_maps_gradient<T> on_host(const wanted& w) const {
      return {maps.data(), dpooled.data(), w.dweight ? dweight.data() : nullptr};
    }
  };
  shape s;
  wanted w;
  std::vector<T> sound, before;
  device_array<T> device_sound, dsound;
  side positive, negative;

  backward_run(const shape& s_, const wanted& w_, const batch& b)
      : s(s_),
        w(w_),
        sound(stored<T>(b.sound)),
        before(stored<T>(numbers(s.frames * s.channels, 8))),
        device_sound(sound),
        dsound(before),
        positive(s, b.maps[0], 10),
        negative(s, b.maps[1], 20) {}
  template <class Tuning> spatial_grounding_backward_params<T> arguments() {
    spatial_grounding_backward_params<T> p{.sound = device_sound.data(),
                                           .positive = positive.arguments(w),
                                           .negative = {},
                                           .dsound = w.dsound ? dsound.data() : nullptr,
                                           .add_sound = w.add,
                                           .frames = s.frames,
                                           .channels = s.channels,
                                           .locations = s.locations,
                                           .shared_bytes = most_shared_memory()};
    if (s.negative) p.negative = negative.arguments(w);
    if (!s.held) p.shared_bytes = least_shared_bytes<T, Tuning>(p);
    return p;
  }
};

void add_to(std::vector<double>& sum, const std::vector<double>& x) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += x[i];
}

/// `of_maps`, `of_sound`: the sizes of the features and of the sound, or the least norm, to which their gradients are inverse.
template <class T, class Tuning>
void check_backward(const shape& s, const wanted& w, const batch& b, double of_maps = 1, double of_sound = 1) {
  INFO("backward, " << text(s) << ", wanted " << w.dsound << w.dmaps << w.add << w.dweight);
  backward_run<T> run(s, w, b);
  const auto p = run.template arguments<Tuning>();
  check_traced([&] { avqa::cuda::launch_spatial_grounding_backward<T, Tuning>(p, nullptr).throw_if_failed(); });

  auto host = p;
  host.sound = run.sound.data();
  std::vector<double> expected_sound = w.add ? over(run.before, 1) : std::vector<double>(run.before.size());
  for (int m = 0; m < s.maps(); ++m) {
    auto& got = m ? run.negative : run.positive;
    auto expected = avqa::cuda::spatial_grounding_backward_reference(host, got.on_host(w));
    add_to(expected_sound, expected.dsound);
    if (w.add) add_to(expected.dmaps, over(got.before, 1));
    if (w.dmaps) CHECK(count_apart_over(got.dmaps.values(), expected.dmaps, size_of(expected.dmaps, 1 / of_maps)) == 0);
  }
  if (w.dsound) CHECK(count_apart_over(run.dsound.values(), expected_sound, size_of(expected_sound, 1 / of_sound)) == 0);
}

constexpr wanted everything{true, true, false, true}, added{true, true, true, false}, only_sound{true, false, false, true},
    only_maps{false, true, false, false};

template <class T, class Tuning> void check_both(shape s, std::initializer_list<wanted> wishes) {
  for (const bool held : {true, false}) {
    s.held = held;
    check_forward<T, Tuning>(s);
    for (const wanted& w : wishes) check_backward<T, Tuning>(s, w, batch(s));
  }
}

/// Rows of one element and more, of vectors and not, of more vectors than a block has threads; channels on both sides of a warp.
template <class T> void sweep(std::initializer_list<wanted> wishes) {
  for (const shape& s : {shape{2, 1, 1}, shape{3, 8, 9, false}, shape{1, 5, 4}, shape{2, 70, 20}, shape{1, 45, 15}, shape{1, 33, 65, false},
                         shape{1, 40, 300}, shape{2, 129, 36, false}})
    check_both<T, small_grounding_tuning>(s, wishes);
}

}  // namespace

TEST_CASE("spatial grounding on the device: maps of every shape") {
  sweep<float>({everything, added, only_sound, only_maps});
  sweep<cuda::half>({everything, added});
}

TEST_CASE("spatial grounding on the device: in every order of threads") {
  in_every_order([] {
    for (const shape& s : {shape{2, 70, 20}, shape{1, 40, 300}, shape{2, 8, 9}})
      check_both<float, small_grounding_tuning>(s, {everything, only_maps});
  });
}

TEST_CASE("spatial grounding on the device: maps that begin beside a boundary") {
  for (const std::size_t offset : {1, 2, 4}) {
    check_both<float, small_grounding_tuning>({2, 35, 12, true, true, offset}, {everything, added});
    check_both<cuda::half, small_grounding_tuning>({2, 35, 12, true, true, offset}, {everything, added});
  }
}

TEMPLATE_TEST_CASE("spatial grounding on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = avqa::cuda::spatial_grounding_tuning<TestType>;
  check_both<TestType, tuning>({2, 67, 49}, {everything, added});
  check_both<TestType, tuning>({1, 40, 196, false}, {everything});
  shape published{1, 512, 196};
  published.held = sizeof(TestType) == 2;  // which fits sm_90; elsewhere it is read twice
  check_forward<TestType, tuning>(published);
  check_backward<TestType, tuning>(published, everything, batch(published));
}

TEST_CASE("spatial grounding on the device: the same bits in every order of threads, and with or without weights and another map") {
  const shape s{2, 70, 20};
  const batch b(s);
  for (const bool held : {true, false}) {
    std::vector<float> first;
    in_every_order([&] {
      for (const bool negative : {true, false})
        for (const bool weighted : {true, false}) {
          forward_run<float> run({s.frames, s.channels, s.locations, negative, held}, b);
          const auto p = run.arguments<small_grounding_tuning>(weighted);
          avqa::cuda::launch_spatial_grounding_forward<float, small_grounding_tuning>(p, nullptr).throw_if_failed();
          const std::vector<float> now = run.positive.pooled.values();
          if (first.empty()) first = now;
          CHECK(same_bits(now.data(), first.data(), now.size()));
        }
    });
  }
}

TEST_CASE("spatial grounding on the device: the gradient of one of two maps") {
  for (const bool held : {true, false})
    for (const bool heard : {true, false}) {
      INFO((held ? "held" : "read twice") << (heard ? ", and the sound's" : ""));
      const shape s{2, 40, 20, true, held};
      backward_run<float> run(s, {heard, true, false, true}, batch(s));
      auto p = run.arguments<small_grounding_tuning>();
      p.positive.dmaps = nullptr;
      check_traced([&] { avqa::cuda::launch_spatial_grounding_backward<float, small_grounding_tuning>(p, nullptr).throw_if_failed(); });
      CHECK(same_bits(run.positive.dmaps.values().data(), run.positive.before.data(), run.positive.before.size()));
      p.sound = run.sound.data();
      const auto expected = avqa::cuda::spatial_grounding_backward_reference(p, run.negative.on_host(run.w));
      CHECK(count_apart(run.negative.dmaps.values(), expected.dmaps, storage_tolerance<float>) == 0);
    }
}

TEST_CASE("spatial grounding on the device: a sound that is itself the maps of one location has the sum of both gradients") {
  for (const bool held : {true, false}) {
    const shape s{3, 40, 1, false, held};
    batch b(s);
    b.maps[0] = b.sound;
    backward_run<float> run(s, {true, true, false, true}, b);
    auto p = run.arguments<small_grounding_tuning>();
    p.dsound = run.positive.dmaps.data(), p.add_sound = true;
    check_traced([&] { avqa::cuda::launch_spatial_grounding_backward<float, small_grounding_tuning>(p, nullptr).throw_if_failed(); });
    p.sound = run.sound.data();
    auto expected = avqa::cuda::spatial_grounding_backward_reference(p, run.positive.on_host(run.w));
    add_to(expected.dmaps, expected.dsound);
    CHECK(count_apart(run.positive.dmaps.values(), expected.dmaps, storage_tolerance<float>) == 0);
  }
}

TEST_CASE("spatial grounding on the device: maps of zeros, and vectors below the least norm") {
  const auto or_least = [](float size) { return std::max(double(size), 1e-12); };
  for (const bool held : {true, false})
    for (const float of_maps : {0.f, 1e-13f, 1e-11f, 1.f})
      for (const float of_sound : {0.f, 1e-13f, 1e-11f, 1.f}) {
        const shape s{2, 40, 20, true, held};
        INFO("features of " << of_maps << ", sound of " << of_sound);
        const batch b(s, of_maps, of_sound);
        check_forward<float, small_grounding_tuning>(s, b, or_least(of_maps));
        check_backward<float, small_grounding_tuning>(s, everything, b, or_least(of_maps), or_least(of_sound));
      }
  const shape s{2, 40, 20};
  check_forward<cuda::half, small_grounding_tuning>(s, batch(s, 0));
  check_forward<cuda::half, small_grounding_tuning>(s, batch(s, 1, 0));
  check_forward<cuda::half, small_grounding_tuning>(s, batch(s, 6e4f), 6e4);
}

TEST_CASE("spatial grounding on the device: features whose squares are beyond float") {
  for (const bool held : {true, false})
    for (const float size : {1e18f, 1e20f, 1e30f})
      for (const float loud : {0.f, 1.f, 1e30f}) {
        INFO("features of " << size << ", sound of " << loud);
        const shape s{2, 40, 20, true, held};
        batch b(s, size, loud);
        for (long c = 0; c < s.channels; ++c) {
          b.maps[0][std::size_t(c * s.locations + 3)] = 0;      // a location where nothing is
          b.maps[0][std::size_t(c * s.locations + 4)] = 1e-3f;  // one that is small beside the others
        }
        check_forward<float, small_grounding_tuning>(s, b, size);
        backward_run<float> run(s, everything, b);
        const auto p = run.arguments<small_grounding_tuning>();
        avqa::cuda::launch_spatial_grounding_backward<float, small_grounding_tuning>(p, nullptr).throw_if_failed();
        for (auto* const x : {&run.positive.dmaps, &run.negative.dmaps, &run.dsound})
          for (const float v : x->values())
            if (!std::isfinite(v)) FAIL_CHECK("a gradient is " << v);
      }
}

TEST_CASE("spatial grounding on the device: NaN and infinity are not hidden, and stay in their frame") {
  for (const float bad : {not_a_number, infinity}) {
    INFO("an element is " << bad);
    const shape s{2, 8, 12, false};
    const auto check = [&](const batch& b) {
      forward_run<float> run(s, b);
      const auto p = run.arguments<small_grounding_tuning>();
      avqa::cuda::launch_spatial_grounding_forward<float, small_grounding_tuning>(p, nullptr).throw_if_failed();
      auto host = p;
      host.sound = run.sound.data();
      const auto expected = avqa::cuda::spatial_grounding_forward_reference(host, {run.positive.maps.data(), nullptr});
      CHECK(std::isnan(expected.weight[0]));
      CHECK(std::isnan(expected.pooled[8]));
      CHECK(!std::isnan(expected.weight[12]));
      CHECK(count_apart(run.positive.weight.values(), expected.weight, 4e-6) == 0);
      CHECK(count_apart(half_of(run.positive.pooled.values(), 8, 1), half_of(expected.pooled, 8, 1), 4e-6) == 0);
    };
    batch in_map(s), in_sound(s), alone(s, 1, 0);
    in_map.maps[0][30] = bad;
    check(in_map);
    in_sound.sound[3] = bad;
    check(in_sound);
    alone.sound[3] = bad;
    check(alone);
  }
}

#ifdef OGM_CUDA_ON_CPU
namespace {
/// As check_moved(), of arrays that are read `reads` times but for a tenth of once. `worst_conflict`: of one place; of all places together
/// a thirtieth.
void check_maps_moved(const cuda_model::trace& t, double loads, double stores, int reads, double worst_conflict) {
  if (!t.recorded) return;
  const double whole = reads - 0.1;
  check_moved(t, whole * loads, stores, {.loads = (reads + 0.1) / whole, .conflicts = worst_conflict, .distinct = 1.01 / whole});
  INFO(t.table());
  double passes = 0, ideal = 0;
  for (const cuda_model::access_site& site : t.sites)
    if (site.shared) passes += double(site.units), ideal += double(site.ideal_units);
  CHECK(passes <= 1.03 * ideal);
}
}  // namespace

TEMPLATE_TEST_CASE("spatial grounding on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  using tuning = avqa::cuda::spatial_grounding_tuning<T>;
  for (const bool held : {true, false}) {
    if (held && most_shared_memory() < of_sm_90) continue;
    const shape s{1, held && sizeof(T) == 4 ? 200 : 512, 196, true, held};
    INFO(text(s));
    const long shared_bytes = held ? of_sm_90 : of_sm_80;
    const int reads = held ? 1 : 2;
    const double maps = 2 * double(s.map()) * sizeof(T), channels = double(s.channels) * sizeof(T), weights = 2 * 196 * sizeof(T);

    forward_run<T> forward(s, batch(s));
    auto f = forward.template arguments<tuning>();
    f.shared_bytes = shared_bytes;
    check_maps_moved(check_traced([&] { avqa::cuda::launch_spatial_grounding_forward<T, tuning>(f, nullptr).throw_if_failed(); }),
                     maps + channels, 4 * channels + weights, reads, 1);

    // 49 vectors a row: where the threads go on to the next row, the location's slopes at both ends of a row are in the same banks, for one
    // group of eight lanes in seven.
    backward_run<T> backward(s, {true, true, false, true}, batch(s));
    auto b = backward.template arguments<tuning>();
    b.shared_bytes = shared_bytes;
    check_maps_moved(check_traced([&] { avqa::cuda::launch_spatial_grounding_backward<T, tuning>(b, nullptr).throw_if_failed(); }),
                     maps + 5 * channels + weights, maps + channels, reads, 8.0 / 7);
  }
}
#endif

TEST_CASE("spatial grounding's reference is the host's spatial grounding") {
  const shape s{3, 11, 21, false};
  const batch b(s);
  const avqa::op::spatial_shape host_shape{s.frames, s.channels, s.locations};
  const auto rows = std::size_t(s.frames * host_shape.row());
  std::vector<float> pooled(std::size_t(s.frames * 2 * s.channels)), weight(std::size_t(s.frames * s.locations)), cosine(rows),
      inverse(rows), share(rows);
  avqa::op::spatial_grounding_forward<float>{host_shape,    b.maps[0].data(), b.sound.data(), pooled.data(),
                                             weight.data(), cosine.data(),    inverse.data(), share.data()}();
  const spatial_grounding_forward_params<float> forward{
      .sound = b.sound.data(), .positive = {b.maps[0].data(), nullptr}, .frames = 3, .channels = 11, .locations = 21};
  const auto expected = avqa::cuda::spatial_grounding_forward_reference(forward, forward.positive);
  CHECK(count_apart(pooled, expected.pooled, 3e-6) == 0);
  CHECK(count_apart(weight, expected.weight, 3e-6) == 0);

  const std::vector<float> dpooled = numbers(s.frames * 2 * s.channels, 4), dweight = numbers(s.frames * s.locations, 5, 3);
  std::vector<float> slope(2 * rows), dsound(b.sound.size()), dmaps(b.maps[0].size());
  for (const bool weighted : {true, false}) {
    const float* const of_weight = weighted ? dweight.data() : nullptr;
    avqa::op::spatial_grounding_backward<float>{.shape = host_shape,
                                                .dpooled = dpooled.data(),
                                                .dweight = of_weight,
                                                .maps = b.maps[0].data(),
                                                .sound = b.sound.data(),
                                                .weight = weight.data(),
                                                .cosine = cosine.data(),
                                                .inverse_norm = inverse.data(),
                                                .slope = slope.data(),
                                                .dsound = dsound.data(),
                                                .dmaps = dmaps.data(),
                                                .add_sound = false,
                                                .add_maps = false}();
    const spatial_grounding_backward_params<float> backward{
        .sound = b.sound.data(), .positive = {b.maps[0].data(), dpooled.data(), of_weight}, .frames = 3, .channels = 11, .locations = 21};
    const auto gradients = avqa::cuda::spatial_grounding_backward_reference(backward, backward.positive);
    CHECK(count_apart(dsound, gradients.dsound, 3e-6) == 0);
    CHECK(count_apart(dmaps, gradients.dmaps, 3e-6) == 0);
  }
}

TEST_CASE("spatial grounding on the device: arguments that it cannot work with, and none") {
  float some[8] = {};
  spatial_grounding_forward_params<float> good{
      .sound = some, .positive = {some, some}, .negative = {some, some}, .frames = 1, .channels = 512, .locations = 4096};
  const auto forward = [&](const auto& change) {
    auto p = good;
    change(p);
    return avqa::cuda::launch_spatial_grounding_forward<float>(p, nullptr).what();
  };
  const std::string given = "avqa: spatial_grounding_forward was given ";
  CHECK(forward([](auto& p) { p.frames = 0; }) == "");
  CHECK(forward([](auto& p) { p.frames = 0, p.sound = nullptr, p.positive.maps = nullptr; }) == "");
  CHECK(forward([](auto& p) { p.frames = -1; }) == given + "frames = -1; 0 or more is needed.");
  CHECK(forward([](auto& p) { p.channels = 0; }) == given + "channels = 0; 1 to 1048576 is needed.");
  CHECK(forward([](auto& p) { p.channels = 1L << 40; }) == given + "channels = 1099511627776; 1 to 1048576 is needed.");
  CHECK(forward([](auto& p) { p.locations = 0; }) == given + "locations = 0; 1 to 1048576 is needed.");
  CHECK(forward([](auto& p) { p.sound = nullptr; }) == given + "no sound.");
  CHECK(forward([](auto& p) { p.positive.maps = nullptr; }) == given + "no positive maps.");
  CHECK(forward([](auto& p) { p.positive.pooled = nullptr; }) == given + "maps without their pooled vectors.");
  CHECK(forward([](auto& p) { p.negative.pooled = nullptr; }) == given + "maps without their pooled vectors.");
  const std::string needs = forward([](auto&) {});
  CHECK(needs.find("avqa: spatial_grounding_forward needs ") == 0);
  CHECK(needs.find(" bytes of shared memory for maps of 512 channels and 4096 locations; it was given shared_bytes = 166912.") !=
        std::string::npos);

  spatial_grounding_backward_params<float> p{
      .sound = some, .positive = {some, some}, .negative = {some, nullptr}, .frames = 1, .channels = 4, .locations = 2};
  CHECK(avqa::cuda::launch_spatial_grounding_backward<float>(p, nullptr).what() ==
        "avqa: spatial_grounding_backward was given maps without their pooled vectors.");
  p.negative.maps = nullptr;
  CHECK(avqa::cuda::launch_spatial_grounding_backward<float>(p, nullptr).ok());  // no gradient is wanted
  p.channels = -2;
  const auto backward = avqa::cuda::launch_spatial_grounding_backward<float>(p, nullptr);
  CHECK(backward.error() == cudaErrorInvalidValue);
  CHECK_THROWS_WITH(backward.throw_if_failed(), "avqa: spatial_grounding_backward was given channels = -2; 1 to 1048576 is needed.");
}
