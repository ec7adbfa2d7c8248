// Modulation on the device against its reference, and that against the host's operations.
#include "modulation_instances.hpp"

#include <ogm/backend/op/update.hpp>
#include <ogm/cuda/modulation/modulation_reference.hpp>

#include <cuda/support/device.hpp>

#include <cmath>
#include <concepts>
#include <limits>
#include <memory>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr random::key noise_key{11, 0, 5};
constexpr double gradient_scale = 0.75;
/// Besides rounding, the noise is made by other code than the host's: which products and sums are contracted is up to both compilers.
template <class T> constexpr double tolerance = 1e-5;

/// Coefficients that the segments take in turn: as it is; scaled; scaled with noise; noise alone, and a rate.
const std::vector<cuda::modulation_coefficient> coefficients{{1, 0, 1}, {0.375f, 0, 1}, {0.625f, 1, 1}, {1, 0.5f, 0.25f}};

/// One parameter in host memory, and how it lies on the device: each array so many elements after a boundary.
template <class T> struct parameter {
  std::int32_t coefficient;
  std::size_t offset;
  std::vector<T> gradient;
  std::vector<float> value, state;  // (count), (states of `stride`, the last without padding)
  long stride;
  std::vector<float> deviation{};  // one, or (count) by element; none: that of the moments
  bool by_element = false;

  cuda::modulation_segment<T> segment(std::uint32_t stream) {
    return {gradient.data(), value.data(), state.data(), long(gradient.size()),
            stride,          coefficient,  stream,       deviation.empty() ? nullptr : deviation.data(),
            by_element};
  }
};
/// Gradients and weights are numbers, states are 0, as before the first step.
template <class T> parameter<T> make_parameter(long count, std::int32_t coefficient, std::size_t offset, int states) {
  const std::uint32_t stream = std::uint32_t(count) % 1000 * 2;
  const long stride = offset ? count + 1 : (count + 3) / 4 * 4;
  return {coefficient,
          offset,
          stored<T>(numbers(count, stream, 8)),
          numbers(count, stream + 1, 2),
          std::vector<float>(std::size_t(count == 0 ? 0 : (states - 1) * stride + count), 0.f),
          stride};
}
template <class T> std::vector<parameter<T>> parameters_of(std::initializer_list<long> counts, int states, std::size_t offset = 0) {
  std::vector<parameter<T>> all;
  for (const long count : counts) all.push_back(make_parameter<T>(count, std::int32_t(all.size() % coefficients.size()), offset, states));
  return all;
}

/// Parameters, table and what lies between the two launches, on the device.
template <class T, class Tuning = cuda::modulation_tuning> class on_device {
 public:
  /// In place: the values are the gradients.
  explicit on_device(std::vector<parameter<T>>& parameters, const std::vector<cuda::modulation_coefficient>& become = coefficients,
                     bool in_place = false)
      : coefficients_(become) {
    for (auto& p : parameters) {
      const auto here = [&]<class U>(const std::vector<U>& x) { return std::make_unique<device_array<U>>(x, p.offset); };
      gradients_.push_back(here(p.gradient));
      values_.push_back(here(p.value));
      states_.push_back(here(p.state));
      auto s = p.segment(std::uint32_t(gradients_.size()));
      s.gradient = gradients_.back()->data(), s.value = values_.back()->data(), s.state = states_.back()->data();
      by_element_ |= s.deviation_by_element;
      if constexpr (std::same_as<T, float>)
        if (in_place) s.value = gradients_.back()->data();
      if (s.deviation) s.deviation = given_.emplace_back(here(p.deviation))->data();
      host_segments_.push_back(s);
    }
    std::vector<cuda::modulation_chunk> chunks;
    cuda::cut_into_chunks<T, Tuning>(host_segments_, long(coefficients.size()), chunks).throw_if_failed();
    segments_ = std::make_unique<device_array<cuda::modulation_segment<T>>>(host_segments_);
    chunks_ = std::make_unique<device_array<cuda::modulation_chunk>>(chunks);
    moments_ = std::make_unique<device_array<float2>>(chunks.size());
    statistics_ = std::make_unique<device_array<float2>>(host_segments_.size());
    table_ = {segments_->data(), chunks_->data(), coefficients_.data(), long(chunks.size())};
  }

  void find_moments(bool about_zero = false) {
    cuda::launch_modulation_moments<T, Tuning>({table_, moments_->data(), about_zero}, nullptr).throw_if_failed();
  }
  template <class Rule> void update(const Rule& rule, bool with_moments = true) {
    const cuda::modulation_update_params<T, Rule> p{table_,         with_moments ? moments_->data() : nullptr,
                                                    rule,           noise_key.seed,
                                                    noise_key.step, float(gradient_scale),
                                                    by_element_,    statistics_->data()};
    cuda::launch_modulation_update<T, Rule, Tuning>(p, nullptr).throw_if_failed();
  }
  void read(std::vector<parameter<T>>& parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i].value = values_[i]->values();
      parameters[i].state = states_[i]->values();
      CHECK(same_bits(gradients_[i]->values().data(), parameters[i].gradient.data(), parameters[i].gradient.size()));
    }
  }
  std::vector<T> gradient(std::size_t i) { return gradients_[i]->values(); }
  std::vector<float2> statistics() { return statistics_->values(); }
  std::vector<float> deviations() {
    find_moments();
    device_array<float> result(host_segments_.size());
    cuda::launch_modulation_deviations<T, Tuning>({table_, moments_->data(), result.data()}, nullptr).throw_if_failed();
    return result.values();
  }
  double sum_of_squares() {
    find_moments(true);
    device_array<double> result(1);
    cuda::launch_modulation_norm<T, Tuning>({table_, moments_->data(), result.data()}, nullptr).throw_if_failed();
    return result.values()[0];
  }

 private:
  std::vector<std::unique_ptr<device_array<T>>> gradients_;
  std::vector<std::unique_ptr<device_array<float>>> values_, states_, given_;
  std::vector<cuda::modulation_segment<T>> host_segments_;
  std::unique_ptr<device_array<cuda::modulation_segment<T>>> segments_;
  std::unique_ptr<device_array<cuda::modulation_chunk>> chunks_;
  device_array<cuda::modulation_coefficient> coefficients_;
  std::unique_ptr<device_array<float2>> moments_, statistics_;
  cuda::modulation_table<T> table_{};
  bool by_element_ = false;
};

template <class T> std::size_t states_apart(const parameter<T>& got, const cuda::modulated_segment& expected) {
  std::size_t count = 0;
  for (std::size_t j = 0; j < expected.state.size(); ++j) {
    const auto begin = got.state.begin() + long(j) * got.stride;
    count += count_apart(std::vector<float>(begin, begin + long(got.value.size())), expected.state[j], tolerance<T>);
  }
  return count;
}

/// Two steps of an optimiser, each against the reference of what was there before it.
template <class T, class Tuning, class Optimiser> void check_steps(std::vector<parameter<T>> parameters, const Optimiser& optimiser) {
  on_device<T, Tuning> device(parameters);
  for (const long step : {1, 2}) {
    INFO("step " << step);
    std::vector<cuda::modulated_segment> expected;
    for (auto& p : parameters)
      expected.push_back(cuda::modulation_reference(p.segment(std::uint32_t(expected.size() + 1)), coefficients[std::size_t(p.coefficient)],
                                                    optimiser.template at<double>(optimiser.lr, step), noise_key, gradient_scale));
    check_traced([&] { device.find_moments(); });
    check_traced([&] { device.update(optimiser.template at<float>(optimiser.lr, step)); });
    device.read(parameters);
    const std::vector<float2> statistics = device.statistics();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const parameter<T>& p = parameters[i];
      if (p.value.empty()) continue;
      INFO(p.value.size() << " elements, " << p.offset << " after a boundary, coefficient " << p.coefficient);
      CHECK(count_apart(p.value, expected[i].value, tolerance<T>) == 0);
      CHECK(states_apart(p, expected[i]) == 0);
      if (coefficients[std::size_t(p.coefficient)].noise == 0) continue;
      CHECK_FALSE(apart(statistics[i].x, expected[i].mean, tolerance<T>));
      CHECK_FALSE(apart(statistics[i].y, expected[i].deviation, tolerance<T>));
    }
  }
}

constexpr optim::sgd plain{.lr = 0.5}, heavy{.lr = 0.25, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true};
/// Of an epsilon at which elements whose gradients are near 0 do not magnify the rounding of the noise.
constexpr optim::adam adaptive{.lr = 0.125, .epsilon = 0.5, .weight_decay = 0.01};

constexpr optim::rmsprop mean_square{.lr = 0.125, .epsilon = 0.5, .momentum = 0.5, .weight_decay = 0.01};

}  // namespace

TEST_CASE("modulation on the device: parameters of every size, in every order") {
  in_every_order([] {
    using tuning = small_modulation_tuning;
    const auto all = [](int states) {  // of either kind of optimiser, with and without noise, on both sides of a vector, a chunk, a part
      return parameters_of<float>({1, 3, 4, 31, 0, 33, 511, 512, 3, 1025, 513, 1, 2047, 1537, 31, 4, 1, 3585, 3584, 1536}, states);
    };
    check_steps<float, tuning>(all(1), plain);
    check_steps<float, tuning>(all(1), heavy);
    check_steps<float, tuning>(all(2), adaptive);
    check_steps<float, tuning>(all(2), mean_square);
    check_steps<cuda::half, tuning>(parameters_of<cuda::half>({31, 4, 513, 7, 0, 1, 2047, 512, 8, 3, 1}, 1), heavy);
  });
}

TEST_CASE("modulation on the device: parameters that begin beside a boundary") {
  for (const std::size_t offset : {1, 2, 3, 4}) {  // 4: half only of 8 bytes
    check_steps<float, small_modulation_tuning>(parameters_of<float>({5, 512, 1025, 31, 1, 3, 1537}, 2, offset), adaptive);
    check_steps<cuda::half, small_modulation_tuning>(parameters_of<cuda::half>({5, 512, 1025, 31, 1, 3, 513}, 1, offset), heavy);
  }
}

TEST_CASE("modulation on the device: as it is tuned") {
  check_steps<float, cuda::modulation_tuning>(parameters_of<float>({9, 4095, 4097, 1025, 4096}, 1), heavy);
  check_steps<float, cuda::modulation_tuning>(parameters_of<float>({4096, 31, 4097, 9001}, 2), adaptive);
  check_steps<cuda::half, cuda::modulation_tuning>(parameters_of<cuda::half>({4096, 31, 4097, 9001}, 1), plain);
  check_steps<cuda::bfloat16, cuda::modulation_tuning>(parameters_of<cuda::bfloat16>({4096, 31, 4097, 9001}, 2), adaptive);
}

TEST_CASE("modulation on the device: the noise is the host's") {
  constexpr random::key key{0x123456789abcdef, 0x02000007, 9};
  constexpr long warps = 3;
  device_array<std::uint32_t> words(warps * 128);
  device_array<float> normals(warps * 128);
  check_traced([&] { launch_draws(key, words.data(), normals.data(), warps, nullptr).throw_if_failed(); });
  const auto got_words = words.values();
  for (std::size_t i = 0; i < got_words.size(); ++i) CHECK(got_words[i] == random::word(key, i));
  const auto got = normals.values();
  for (std::size_t group = 0; group < got.size() / 64; ++group) {
    float expected[64];
    random::normals(key, group, expected);
    for (std::size_t i = 0; i < 64; ++i) CHECK_FALSE(apart(got[group * 64 + i], expected[i], 1e-6));
  }
}

TEST_CASE("modulation on the device: deviations and the norm of the gradients by themselves") {
  const std::vector<cuda::modulation_coefficient> all_noisy{{1, 1, 1}, {0.375f, 1, 1}, {0.625f, 1, 1}, {1, 0.5f, 0.25f}};
  in_every_order([&] {
    auto all = parameters_of<float>({1, 3, 0, 512, 1025, 3585, 31, 2047}, 1);
    all[4].gradient[9] = 1e5f;
    on_device<float, small_modulation_tuning> device(all, all_noisy);
    std::vector<float> deviations;
    double squares = 0, expected_squares = 0;
    check_traced([&] { deviations = device.deviations(), squares = device.sum_of_squares(); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].gradient.empty()) continue;
      const auto& k = all_noisy[std::size_t(all[i].coefficient)];
      const auto expected = cuda::modulation_reference(all[i].segment(1), k, plain.at<double>(plain.lr, 1), noise_key, gradient_scale);
      CHECK_FALSE(apart(deviations[i], expected.deviation, 1e-6));
      for (const float g : all[i].gradient) expected_squares += double(g) * double(g) * double(k.scale) * double(k.scale);
    }
    CHECK_FALSE(apart(squares, expected_squares, 1e-6));
  });
  auto wrong = parameters_of<float>({700, 5, 1025, 9}, 1);
  wrong[2].gradient[1024] = -std::numeric_limits<float>::infinity();
  CHECK(on_device<float, small_modulation_tuning>(wrong, all_noisy).sum_of_squares() == std::numeric_limits<double>::infinity());
  wrong[0].gradient[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(on_device<float, small_modulation_tuning>(wrong, all_noisy).sum_of_squares()));
  std::vector<parameter<float>> none;
  on_device<float, small_modulation_tuning> device(none, all_noisy);
  CHECK(device.sum_of_squares() == 0);
}

TEST_CASE("modulation on the device: deviations that are given, one for a parameter or one an element; a rule without a state") {
  for (const std::size_t offset : {0, 1}) {
    auto all = parameters_of<float>({5, 512, 600, 513, 31, 1, 7, 9}, 1, offset);
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].by_element = i % 4 == 3;
      all[i].deviation = numbers(all[i].by_element ? long(all[i].value.size()) : 1, 77, 3);
    }
    all[0].by_element = true;
    all[0].deviation.assign(5, std::numeric_limits<float>::quiet_NaN());  // without noise: not looked at
    const auto check = [&](const auto& rule, const auto& in_double) {
      auto now = all;
      std::vector<cuda::modulated_segment> expected;
      for (auto& p : now)
        expected.push_back(cuda::modulation_reference(p.segment(std::uint32_t(expected.size() + 1)),
                                                      coefficients[std::size_t(p.coefficient)], in_double, noise_key, gradient_scale));
      on_device<float, small_modulation_tuning> device(now);
      check_traced([&] { device.update(rule, false); });
      device.read(now);
      for (std::size_t i = 0; i < now.size(); ++i) {
        INFO("parameter " << i << ", offset " << offset);
        CHECK(count_apart(now[i].value, expected[i].value, tolerance<float>) == 0);
      }
    };
    check(heavy.at<float>(heavy.lr, 1), heavy.at<double>(heavy.lr, 1));
    check(subtract_gradient{}, subtract_gradient{});
    in_every_order([&] {
      on_device<float, small_modulation_tuning> device(all, coefficients, true);
      check_traced([&] { device.update(cuda::assign_gradient{}, false); });
      for (std::size_t i = 0; i < all.size(); ++i) {
        INFO("parameter " << i << ", offset " << offset << ", in place");
        const auto& k = coefficients[std::size_t(all[i].coefficient)];
        const auto expected =
            cuda::modulation_reference(all[i].segment(std::uint32_t(i + 1)), k, cuda::assign_gradient{}, noise_key, gradient_scale);
        CHECK(count_apart(device.gradient(i), expected.value, tolerance<float>) == 0);
      }
    });
  }
}

TEST_CASE("modulation on the device: the same bits in every order of threads") {
  std::vector<parameter<float>> first;
  in_every_order([&] {
    auto now = parameters_of<float>({31, 4, 1025, 3585}, 1);
    on_device<float, small_modulation_tuning> device(now);
    device.find_moments();
    device.update(heavy.at<float>(heavy.lr, 1));
    device.read(now);
    if (first.empty()) first = now;
    for (std::size_t i = 0; i < now.size(); ++i) CHECK(same_bits(now[i].value.data(), first[i].value.data(), now[i].value.size()));
  });
}

TEST_CASE("modulation on the device: a mean far from 0, and numbers that are none") {
  auto all = parameters_of<float>({1, 1, 3585, 3585, 700, 700, 700, 700}, 1);
  for (const std::size_t i : {2, 3})
    for (float& g : all[i].gradient) g = 3000 + g / 8;
  all[4].gradient[3] = std::numeric_limits<float>::quiet_NaN();
  all[5].gradient[3] = std::numeric_limits<float>::quiet_NaN();
  all[6].gradient[699] = std::numeric_limits<float>::quiet_NaN();  // the deviation is 1e-8, and the others go on as they would
  all[7].gradient[0] = std::numeric_limits<float>::infinity();
  on_device<float, small_modulation_tuning> device(all);
  std::vector<cuda::modulated_segment> expected;
  for (auto& p : all)
    expected.push_back(cuda::modulation_reference(p.segment(std::uint32_t(expected.size() + 1)), coefficients[std::size_t(p.coefficient)],
                                                  plain.at<double>(plain.lr, 1), noise_key, gradient_scale));
  device.find_moments();
  device.update(plain.at<float>(plain.lr, 1));
  device.read(all);
  const auto statistics = device.statistics();
  for (const std::size_t i : {2, 3}) {
    CHECK_FALSE(apart(statistics[i].x, expected[i].mean, 1e-6));
    CHECK_FALSE(apart(statistics[i].y, expected[i].deviation, 1e-6));
  }
  for (std::size_t i = 2; i < 7; ++i) {
    INFO("parameter " << i);
    CHECK(count_apart(all[i].value, expected[i].value, tolerance<float>) == 0);
  }
  CHECK(statistics[6].y == 1e-8f);
  CHECK(statistics[7].y == 1e-8f);
  CHECK(all[7].value[0] == -std::numeric_limits<float>::infinity());
  CHECK_FALSE(apart(all[7].value[1], expected[7].value[1], tolerance<float>));
}

TEST_CASE("modulation on the device: without moments no noise is drawn") {
  auto all = parameters_of<float>({5, 5, 600, 5}, 1);
  for (auto& p : all) p.coefficient = p.coefficient == 2 ? 2 : 0;
  std::vector<cuda::modulated_segment> expected;
  for (auto& p : all) {
    cuda::modulation_coefficient k = coefficients[std::size_t(p.coefficient)];
    k.noise = 0;
    expected.push_back(cuda::modulation_reference(p.segment(0), k, plain.at<double>(plain.lr, 1), noise_key, gradient_scale));
  }
  on_device<float, small_modulation_tuning> device(all);
  device.update(plain.at<float>(plain.lr, 1), false);
  device.read(all);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(count_apart(all[i].value, expected[i].value, tolerance<float>) == 0);
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("modulation on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  for (const bool noisy : {false, true}) {
    INFO((noisy ? "with noise" : "without noise"));
    const long counts[] = {8192, 4096};
    std::vector<parameter<T>> all;
    for (const long count : counts) all.push_back(make_parameter<T>(count, noisy ? 2 : 1, 0, 1));
    on_device<T> device(all);
    const double elements = counts[0] + counts[1];
    const auto moments = check_traced([&] { device.find_moments(); });
    // Each warp of a block reads the tables, with six loads as nvcc compiles them: of gradients in 16 bits alone, that is a fifth.
    if (noisy) check_moved(moments, elements * sizeof(T), 3 * 32, {.loads = 1 + 0.375 / sizeof(T), .distinct = 1.1});
    check_moved(check_traced([&] { device.update(heavy.at<float>(heavy.lr, 1)); }), elements * (sizeof(T) + 8), elements * 8,
                {.distinct = 1.1});
    if constexpr (std::same_as<T, float>) {
      if (noisy)
        check_moved(check_traced([&] { device.find_moments(true); }), elements * 4, 3 * 32, {.loads = 1 + 0.375 / 4, .distinct = 1.1});
      for (const bool by_element : {false, true}) {
        for (auto& p : all) p.by_element = by_element, p.deviation = numbers(by_element ? long(p.value.size()) : 1, 77, 3);
        on_device<float> in_place(all, coefficients, true);
        check_moved(check_traced([&] { in_place.update(cuda::assign_gradient{}, false); }), elements * (noisy && by_element ? 8 : 4),
                    elements * 4, {.loads = 1.15, .distinct = 1.1});  // nvcc reads the tables with nine loads
      }
    }
  }
}

TEST_CASE("modulation on the device: deviations and a norm read little beyond the gradients") {
  std::vector<parameter<float>> all;
  for (long i = 0; i < 512; ++i) all.push_back(make_parameter<float>(1 + i % 7, 2, 0, 1));
  on_device<float> device(all);
  const auto moments = check_traced([&] { device.find_moments(); });
  const auto norm = check_traced([&] { device.sum_of_squares(); }), deviations = check_traced([&] { device.deviations(); });
  if (!moments.recorded) return;
  INFO(norm.table() << deviations.table());
  CHECK(norm.worst_ratio(true) == 1);
  CHECK(deviations.worst_ratio(true) == 1);
  // A chunk's place, its segment's coefficient, the scale, the moments: of 16 KiB of gradients.
  CHECK(norm.load_bytes() - moments.load_bytes() <= 512 * 64);
  CHECK(norm.store_bytes() - moments.store_bytes() == 32);
  // Each of 8 warps the place and the segment, and one of them moments.
  CHECK(deviations.load_bytes() - moments.load_bytes() <= 512 * (8 * (32 + 64) + 32));
  CHECK(deviations.store_bytes() - moments.store_bytes() == 512 * 32);
}
#endif

TEST_CASE("modulation's reference is the host's update") {
  const auto check = [](auto optimiser) {
    using rule_type = typename decltype(optimiser)::template rule<float>;
    for (const long step : {1, 2}) {
      auto all = parameters_of<float>({1, 3, 4, 31, 64, 65, 1025, 4099, 70001}, rule_type::states);
      std::vector<op::segment<float>> segments;
      std::vector<cuda::modulated_segment> expected;
      std::vector<float> deviations(all.size());
      for (auto& p : all) {
        p.state = numbers(long(p.state.size()), 3, 1);
        for (float& x : p.state) x += 1;
        const auto s = p.segment(std::uint32_t(segments.size() + 1));
        const auto& k = coefficients[std::size_t(p.coefficient)];
        expected.push_back(cuda::modulation_reference(s, k, optimiser.template at<double>(optimiser.lr, step), noise_key, gradient_scale));
        segments.push_back({.value = s.value,
                            .gradient = p.gradient.data(),
                            .state = s.state,
                            .count = s.count,
                            .stride = s.stride,
                            .scale = k.scale,
                            .noise = k.noise,
                            .rate = k.rate,
                            .deviation = &deviations[segments.size()],
                            .stream = s.stream});
      }
      const op::segment_table<float> table{segments.data(), long(segments.size())};
      std::vector<double> scratch(std::size_t(2 * op::deviations<float>::pieces(segments.data(), table.count)));
      op::deviations<float>{table, deviations.data(), scratch.data()}();
      op::update<float, rule_type>{table, optimiser.template at<float>(optimiser.lr, step), noise_key, gradient_scale}();
      for (std::size_t i = 0; i < all.size(); ++i) {
        INFO(all[i].value.size() << " elements, step " << step);
        CHECK_FALSE(apart(deviations[i], expected[i].deviation, 1e-6));
        CHECK(count_apart(all[i].value, expected[i].value, 4e-6) == 0);
        CHECK(states_apart(all[i], expected[i]) == 0);
      }
    }
  };
  check(plain);
  check(heavy);
  check(adaptive);
  check(mean_square);
}

TEST_CASE("modulation's reference is the host's materialisation") {
  for (const bool by_element : {false, true}) {
    auto all = parameters_of<float>({1, 3, 4, 31, 64, 65, 1025, 4099}, 1);
    std::vector<op::segment<float>> segments;
    std::vector<cuda::modulated_segment> expected;
    for (auto& p : all) {
      p.by_element = by_element, p.deviation = numbers(by_element ? long(p.value.size()) : 1, 77, 3);
      const auto s = p.segment(std::uint32_t(segments.size() + 1));
      const auto& k = coefficients[std::size_t(p.coefficient)];
      expected.push_back(cuda::modulation_reference(s, k, cuda::assign_gradient{}, noise_key, 1));
      segments.push_back({.value = nullptr,
                          .gradient = p.gradient.data(),
                          .state = nullptr,
                          .count = s.count,
                          .stride = s.stride,
                          .scale = k.scale,
                          .noise = k.noise,
                          .deviation = s.deviation,
                          .deviation_by_element = by_element,
                          .stream = s.stream});
    }
    op::materialise<float>{{segments.data(), long(segments.size())}, noise_key}();
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(count_apart(all[i].gradient, expected[i].value, 4e-6) == 0);
  }
}

TEST_CASE("modulation on the device: arguments that it cannot work with, and none") {
  using rule = optim::sgd::rule<float>;
  const auto moments = [](const cuda::modulation_table<float>& t) {
    return cuda::launch_modulation_moments<float>({t, nullptr}, nullptr).what();
  };
  const auto update = [](const cuda::modulation_table<float>& t, float scale = 1) {
    return cuda::launch_modulation_update<float, rule>({t, nullptr, {}, 0, 0, scale}, nullptr).what();
  };
  const cuda::modulation_segment<float> segment{};
  const cuda::modulation_chunk chunk{};
  const cuda::modulation_coefficient coefficient{};
  CHECK(moments({}) == "");
  CHECK(update({}) == "");
  CHECK(moments({nullptr, nullptr, nullptr, -1}) == "ogm: modulation_moments was given chunk_count = -1; 0 or more is needed.");
  CHECK(update({nullptr, nullptr, nullptr, -1}) == "ogm: modulation_update was given chunk_count = -1; 0 or more is needed.");
  CHECK(moments({nullptr, &chunk, &coefficient, 1}) == "ogm: modulation_moments was given chunks and a table with a null pointer.");
  CHECK(moments({&segment, &chunk, &coefficient, 1}) == "ogm: modulation_moments was given chunks and no memory for moments.");
  CHECK(update({&segment, nullptr, &coefficient, 1}) == "ogm: modulation_update was given chunks and a table with a null pointer.");
  CHECK(update({&segment, &chunk, nullptr, 1}) == "ogm: modulation_update was given chunks and a table with a null pointer.");
  CHECK(cuda::launch_modulation_deviations<float>({{&segment, &chunk, &coefficient, 1}, nullptr, nullptr}, nullptr).what() ==
        "ogm: modulation_deviations was given chunks and no moments, or no memory for deviations.");
  CHECK(cuda::launch_modulation_norm<float>({{}, nullptr, nullptr}, nullptr).what() ==
        "ogm: modulation_norm was given no moments, or no memory for their sum.");
  CHECK(update({}, std::numeric_limits<float>::infinity()) ==
        "ogm: modulation_update was given gradient_scale = inf; a finite number is needed.");

  float x = 0;
  std::vector<cuda::modulation_chunk> chunks(7);
  const auto cut = [&](cuda::modulation_segment<float> s) { return cuda::cut_into_chunks<float>({&s, 1}, 2, chunks).what(); };
  CHECK(cut({nullptr, nullptr, nullptr, 0, 0, 1, 0}) == "");
  CHECK(chunks.empty());
  CHECK(cut({&x, &x, &x, 4097, 4097, 0, 0}) == "");
  CHECK(chunks.size() == 2);
  CHECK(cut({&x, &x, &x, -1, 0, 0, 0}) == "ogm: segment 0 of a modulation has count = -1; 0 or more is needed.");
  CHECK(cut({&x, &x, &x, 5, 4, 0, 0}) == "ogm: segment 0 of a modulation has stride = 4; count or more is needed.");
  CHECK(cut({&x, &x, &x, 5, 5, 2, 0}) == "ogm: segment 0 of a modulation has coefficient = 2; 0 to 1 is needed.");
  CHECK(cut({&x, nullptr, &x, 5, 5, 1, 0}) == "ogm: segment 0 of a modulation has elements and a null pointer.");
  CHECK(cut({&x, &x, &x, 1L << 60, 1L << 60, 1, 0}) == "ogm: segment 0 of a modulation has count = 1152921504606846976; fewer is needed.");
}
