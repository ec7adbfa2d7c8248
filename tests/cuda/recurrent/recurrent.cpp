// Recurrent steps on the device against their reference, and that against the host's implementation.
#include "recurrent_instances.hpp"

#include <ogm/cuda/recurrent/recurrent_reference.hpp>

#include <cuda/support/device.hpp>

#include <array>
#include <limits>
#include <memory>

using namespace ogm;
using namespace ogm::test;

namespace {

template <class U> using arrays = std::vector<op::strided<U>>;

/// An operation's arrays: how many gates each has, and where it stands in the operation. The array `optional` may be null.
struct lstm_forward {
  static constexpr std::array gates{4, 1, 1, 1, 1, 1};
  static constexpr int optional = -1, loads = 5, stores = 7;  // units a row, of a step that is not the first and masks nothing
  template <class U> static auto of(const op::recurrent_step<U>& step, const arrays<U>& a) {
    return op::lstm_step_forward<U>{step, a[0], a[1], a[2], a[3], a[4], a[5]};
  }
  template <class T, class Tuning> static auto launch(const op::lstm_step_forward<T>& p) {
    return cuda::launch_lstm_step_forward<T, Tuning>(p, nullptr);
  }
  static void reference(const op::lstm_step_forward<double>& p) { cuda::lstm_step_forward_reference(p); }
};
struct lstm_backward {
  static constexpr std::array gates{4, 1, 1, 1, 1, 1, 4};
  static constexpr int optional = 3, loads = 9, stores = 6;
  template <class U> static auto of(const op::recurrent_step<U>& step, const arrays<U>& a) {
    return op::lstm_step_backward<U>{step, a[0], a[1], a[2], a[3], a[4], a[5], a[6]};
  }
  template <class T, class Tuning> static auto launch(const op::lstm_step_backward<T>& p) {
    return cuda::launch_lstm_step_backward<T, Tuning>(p, nullptr);
  }
  static void reference(const op::lstm_step_backward<double>& p) { cuda::lstm_step_backward_reference(p); }
};
struct gru_forward {
  static constexpr std::array gates{3, 3, 1, 1, 1};
  static constexpr int optional = -1, loads = 7, stores = 5;
  template <class U> static auto of(const op::recurrent_step<U>& step, const arrays<U>& a) {
    return op::gru_step_forward<U>{step, a[0], a[1], a[2], a[3], a[4]};
  }
  template <class T, class Tuning> static auto launch(const op::gru_step_forward<T>& p) {
    return cuda::launch_gru_step_forward<T, Tuning>(p, nullptr);
  }
  static void reference(const op::gru_step_forward<double>& p) { cuda::gru_step_forward_reference(p); }
};
struct gru_backward {
  static constexpr std::array gates{3, 3, 1, 1, 1, 3, 3};
  static constexpr int optional = 3, loads = 7, stores = 7;
  template <class U> static auto of(const op::recurrent_step<U>& step, const arrays<U>& a) {
    return op::gru_step_backward<U>{step, a[0], a[1], a[2], a[3], a[4], a[5], a[6]};
  }
  template <class T, class Tuning> static auto launch(const op::gru_step_backward<T>& p) {
    return cuda::launch_gru_step_backward<T, Tuning>(p, nullptr);
  }
  static void reference(const op::gru_step_backward<double>& p) { cuda::gru_step_backward_reference(p); }
};

struct shape {
  long rows, hidden;
  long gap = 0;  // elements between the rows of array k: k * gap
  std::size_t offset = 0;
  bool first = false, lengths = false, mask = false, optional = true;
};
std::string text(const shape& s) {
  return std::to_string(s.rows) + " x " + std::to_string(s.hidden) + ", gap " + std::to_string(s.gap) + ", offset " +
         std::to_string(s.offset) + (s.first ? ", first" : "") + (s.lengths ? ", lengths" : "") + (s.mask ? ", mask" : "") +
         (s.optional ? "" : ", without dy");
}

constexpr long step = 2, steps = 4;

/// Every third row has ended, and every fourth is masked.
struct masks {
  std::vector<std::int32_t> lengths;
  std::vector<std::uint8_t> mask;
  explicit masks(long rows) : mask(std::size_t(rows * steps)) {
    for (long r = 0; r < rows; ++r) lengths.push_back(std::int32_t(r % 3 == 1 ? step - r % 2 : step + 1 + r % 2));
    for (long r = 0; r < rows; ++r) mask[std::size_t(r * steps + step)] = r % 4 == 3 ? 2 : 0, mask[std::size_t(r * steps)] = 1;
  }
};

template <class Step> std::vector<std::vector<float>> values_of(const shape& s, float size = 1) {
  std::vector<std::vector<float>> all;
  for (std::size_t k = 0; k < Step::gates.size(); ++k) {
    const long columns = Step::gates[k] * s.hidden;
    all.push_back(numbers(s.rows ? (s.rows - 1) * (columns + long(k) * s.gap) + columns : 0, std::uint32_t(k + 1), size));
  }
  return all;
}
template <class Step, class U> op::strided<U> array_of(const shape& s, std::size_t k, U* data) {
  return {int(k) == Step::optional && !s.optional ? nullptr : data, Step::gates[k] * s.hidden + long(k) * s.gap};
}

/// The operation `Step` of type U on host memory.
template <class Step, class U> auto on_host(const shape& s, const masks& m, std::vector<std::vector<U>>& values) {
  arrays<U> all;
  for (std::size_t k = 0; k < values.size(); ++k) all.push_back(array_of<Step>(s, k, values[k].data()));
  const op::step_mask masked{s.lengths ? m.lengths.data() : nullptr, s.mask ? m.mask.data() : nullptr, step, steps};
  return Step::template of<U>({masked, s.rows, s.hidden, s.first}, all);
}
template <class Step> std::vector<std::vector<double>> expected_of(const shape& s, const std::vector<std::vector<float>>& values) {
  std::vector<std::vector<double>> all;
  for (const auto& v : values) all.emplace_back(v.begin(), v.end());
  Step::reference(on_host<Step>(s, masks(s.rows), all));
  return all;
}

/// The operation on the device.
template <class Step, class T> struct on_device {
  std::vector<std::unique_ptr<device_array<T>>> memory;
  device_array<std::int32_t> lengths;
  device_array<std::uint8_t> mask;
  arrays<T> all;
  op::recurrent_step<T> part;

  on_device(const shape& s, const std::vector<std::vector<float>>& values) : on_device(s, values, masks(s.rows)) {}
  on_device(const shape& s, const std::vector<std::vector<float>>& values, const masks& m) : lengths(m.lengths), mask(m.mask) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      memory.push_back(std::make_unique<device_array<T>>(stored<T>(values[k]), s.offset));
      all.push_back(array_of<Step>(s, k, memory.back()->data()));
    }
    part = {{s.lengths ? lengths.data() : nullptr, s.mask ? mask.data() : nullptr, step, steps}, s.rows, s.hidden, s.first};
  }
  template <class Tuning> auto run() {
    return check_traced([&] { Step::template launch<T, Tuning>(Step::template of<T>(part, all)).throw_if_failed(); });
  }
};

template <class T> std::vector<std::vector<float>> rounded(std::vector<std::vector<float>> values) {
  for (auto& v : values)
    for (float& x : v) x = cuda::to_float(cuda::from_float<T>(x));
  return values;
}

template <class Step, class T, class Tuning> void check_step(const shape& s, const std::vector<std::vector<float>>& values) {
  INFO(text(s));
  const auto expected = expected_of<Step>(s, rounded<T>(values));
  on_device<Step, T> device(s, values);
  device.template run<Tuning>();
  for (std::size_t k = 0; k < expected.size(); ++k) {
    INFO("array " << k);
    CHECK(count_apart(device.memory[k]->values(), expected[k], storage_tolerance<T>) == 0);  // between the rows too
  }
}
template <class T, class Tuning> void check_all(const shape& s) {
  check_step<lstm_forward, T, Tuning>(s, values_of<lstm_forward>(s, 3));
  check_step<lstm_backward, T, Tuning>(s, values_of<lstm_backward>(s));
  check_step<gru_forward, T, Tuning>(s, values_of<gru_forward>(s, 3));
  check_step<gru_backward, T, Tuning>(s, values_of<gru_backward>(s));
}

template <class T, class Tuning> void check_broadcast_sum(long rows, long columns, std::size_t offset_in, std::size_t offset_out) {
  INFO("broadcast_sum, " << rows << " x " << columns << ", offsets " << offset_in << " " << offset_out);
  const auto values = rounded<T>({numbers(columns, 1), numbers(columns, 2)});
  const std::vector<double> a(values[0].begin(), values[0].end()), b(values[1].begin(), values[1].end());
  std::vector<double> expected(std::size_t(rows * columns));
  cuda::broadcast_sum_reference({a.data(), b.data(), expected.data(), rows, columns});
  device_array<T> device_a(stored<T>(values[0]), offset_in), device_b(stored<T>(values[1]), offset_out), y(expected.size(), offset_out);
  check_traced([&] {
    cuda::launch_broadcast_sum<T, Tuning>({device_a.data(), device_b.data(), y.data(), rows, columns}, nullptr).throw_if_failed();
  });
  CHECK(count_apart(y.values(), expected, storage_tolerance<T>) == 0);
}

}  // namespace

TEST_CASE("recurrent steps on the device: every number of rows and units, in every order") {
  in_every_order([] {
    for (const long hidden : {1, 3, 4, 5, 8, 31, 36}) {
      const long rows = 9;
      check_all<float, small_recurrent_tuning>({.rows = rows, .hidden = hidden});
      check_all<float, small_recurrent_tuning>({.rows = rows, .hidden = hidden, .gap = 4, .lengths = true, .optional = false});
      check_all<float, small_recurrent_tuning>({.rows = rows, .hidden = hidden, .first = true, .mask = true});
    }
  });
  for (const long rows : {0, 1, 2, 7, 16, 17})  // 64 vectors of four units are a block, and 128
    for (const long hidden : {8, 16, 32, 0}) check_all<float, small_recurrent_tuning>({.rows = rows, .hidden = hidden, .lengths = true});
}

TEST_CASE("recurrent steps on the device: arrays and rows that begin beside a boundary") {
  for (const std::size_t offset : {0, 1, 2, 4})
    for (const long gap : {0, 1, 2, 4, 8}) {
      const shape s{.rows = 5, .hidden = 24, .gap = gap, .offset = offset, .first = gap == 1, .lengths = gap == 2, .mask = gap == 8};
      check_all<float, small_recurrent_tuning>(s);
      check_all<cuda::half, cuda::recurrent_tuning>(s);
    }
}

TEMPLATE_TEST_CASE("recurrent steps on the device: as they are tuned", "", float, cuda::half, cuda::bfloat16) {
  for (const long hidden : {50, 64, 136})
    for (const bool masked : {false, true}) {
      const shape s{.rows = 11, .hidden = hidden, .first = !masked, .lengths = masked, .mask = masked, .optional = masked};
      check_all<TestType, cuda::recurrent_tuning>(s);
    }
}

TEST_CASE("recurrent steps on the device: sums of biases, in every order") {
  in_every_order([] {
    for (const long columns : {1, 4, 7, 128, 517})
      for (const std::size_t offset : {0, 1}) check_broadcast_sum<float, small_recurrent_tuning>(5, columns, 0, offset);
  });
  for (const std::size_t in : {0, 3})
    for (const std::size_t out : {0, 3, 5}) {
      check_broadcast_sum<cuda::half, cuda::recurrent_tuning>(7, 136, in, out);
      check_broadcast_sum<cuda::bfloat16, cuda::recurrent_tuning>(3, 33, in, out);
    }
}

TEST_CASE("recurrent steps on the device: NaN stays in its unit, infinities close or open gates") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();
  for (const long hidden : {7, 8}) {
    const shape s{.rows = 3, .hidden = hidden, .lengths = true};
    auto lstm = values_of<lstm_forward>(s);
    lstm[0][2] = not_a_number, lstm[2][3] = not_a_number;
    for (const long gate : {0, 1, 2, 3}) {
      lstm[0][std::size_t(gate * hidden)] = infinity;
      lstm[0][std::size_t(gate * hidden + 1)] = -infinity;
      lstm[0][std::size_t(4 * hidden + gate)] = not_a_number;  // of a row that is masked
    }
    check_step<lstm_forward, float, small_recurrent_tuning>(s, lstm);
    auto gru = values_of<gru_forward>(s);
    gru[0][2] = not_a_number, gru[1][3] = not_a_number, gru[2][4] = not_a_number;
    gru[0][0] = infinity, gru[0][1] = -infinity, gru[0][std::size_t(2 * hidden)] = -infinity;
    check_step<gru_forward, float, small_recurrent_tuning>(s, gru);
    auto dlstm = values_of<lstm_backward>(s);
    dlstm[3][2] = not_a_number, dlstm[5][3] = not_a_number;
    check_step<lstm_backward, float, small_recurrent_tuning>(s, dlstm);
    auto dgru = values_of<gru_backward>(s);
    dgru[3][2] = not_a_number, dgru[2][3] = not_a_number;
    check_step<gru_backward, float, small_recurrent_tuning>(s, dgru);
  }
}

TEMPLATE_TEST_CASE("recurrent steps: the reference is the host's step", "", lstm_forward, lstm_backward, gru_forward, gru_backward) {
  for (const bool masked : {false, true})
    for (const bool first : {false, true}) {
      const shape s{.rows = 13, .hidden = 19, .gap = 3, .first = first, .lengths = masked, .mask = masked, .optional = !first};
      INFO(text(s));
      auto values = values_of<TestType>(s, 2);
      const auto expected = expected_of<TestType>(s, values);
      const masks m(s.rows);
      on_host<TestType>(s, m, values)();
      for (std::size_t k = 0; k < values.size(); ++k) {
        INFO("array " << k);
        CHECK(count_apart(values[k], expected[k], 4e-6) == 0);
      }
    }
}

TEST_CASE("recurrent steps: the reference of a sum of biases is the host's") {
  const std::vector<float> a = numbers(37, 1), b = numbers(37, 2);
  const std::vector<double> wide_a(a.begin(), a.end()), wide_b(b.begin(), b.end());
  std::vector<float> y(3 * a.size());
  std::vector<double> expected(y.size());
  op::broadcast_sum<float>{a.data(), b.data(), y.data(), 3, 37}();
  cuda::broadcast_sum_reference({wide_a.data(), wide_b.data(), expected.data(), 3, 37});
  CHECK(count_apart(y, expected, 1e-6) == 0);
}

#ifdef OGM_CUDA_ON_CPU
template <class Step, class T> void check_how_much() {
  const shape s{.rows = 32, .hidden = 256};
  const double units = double(s.rows * s.hidden) * sizeof(T);
  on_device<Step, T> device(s, values_of<Step>(s));
  check_moved(device.template run<cuda::recurrent_tuning>(), Step::loads * units, Step::stores * units);

  const shape beside{.rows = 32, .hidden = 256, .offset = 1};
  on_device<Step, T> elements(beside, values_of<Step>(beside));
  const auto t = elements.template run<cuda::recurrent_tuning>();
  if (!t.recorded) return;
  INFO(t.table());
  CHECK(t.worst_ratio(false) <= (sizeof(T) == 4 ? 1.25 : 1.5));  // a sector more than the 4 or 2 of a warp
}
TEMPLATE_TEST_CASE("recurrent steps on the device: how much they move", "", lstm_forward, lstm_backward, gru_forward, gru_backward) {
  check_how_much<TestType, float>();
  check_how_much<TestType, cuda::half>();
}

TEST_CASE("recurrent steps on the device: how much a sum of biases moves") {
  const long rows = 16, columns = 1024;
  device_array<float> a(numbers(columns, 1)), b(numbers(columns, 2)), y(std::size_t(rows * columns), 0);
  const auto t = check_traced([&] {
    cuda::launch_broadcast_sum<float>({a.data(), b.data(), y.data(), rows, columns}, nullptr).throw_if_failed();
  });
  check_moved(t, 8.0 * rows * columns, 4.0 * rows * columns);
  if (t.recorded) CHECK(32 * t.distinct_load_sectors == 8 * columns);
}
#endif

TEST_CASE("recurrent steps on the device: arguments that they cannot work with, and none") {
  const auto lstm = [](long rows, long hidden) {
    return cuda::launch_lstm_step_forward<float>({{{}, rows, hidden, false}, {}, {}, {}, {}, {}, {}}, nullptr).what();
  };
  CHECK(lstm(0, 5) == "");
  CHECK(lstm(5, 0) == "");
  CHECK(lstm(-1, 5) == "ogm: lstm_step_forward was given rows = -1; 0 to 429496729 is needed.");
  CHECK(lstm(1L << 21, 1L << 10) == "ogm: lstm_step_forward was given rows = 2097152; 0 to 2097151 is needed.");
  CHECK(lstm(5, -1) == "ogm: lstm_step_forward was given hidden = -1; 0 or more is needed.");
  CHECK(cuda::launch_lstm_step_backward<float>({{{}, -1, 0, false}, {}, {}, {}, {}, {}, {}, {}}, nullptr).what() ==
        "ogm: lstm_step_backward was given rows = -1; 0 to 2147483647 is needed.");
  CHECK(cuda::launch_gru_step_forward<float>({{{}, 5, -3, false}, {}, {}, {}, {}, {}}, nullptr).what() ==
        "ogm: gru_step_forward was given hidden = -3; 0 or more is needed.");
  CHECK(cuda::launch_gru_step_backward<float>({{{}, 5, -3, false}, {}, {}, {}, {}, {}, {}, {}}, nullptr).what() ==
        "ogm: gru_step_backward was given hidden = -3; 0 or more is needed.");
  CHECK(cuda::launch_broadcast_sum<float>({nullptr, nullptr, nullptr, -2, 5}, nullptr).what() ==
        "ogm: broadcast_sum was given rows = -2; 0 or more is needed.");
}
