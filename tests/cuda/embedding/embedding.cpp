// Rows by index on the device against their reference, and that against the host's implementation.
#include "embedding_instances.hpp"

#include <ogm/backend/op/embedding.hpp>
#include <ogm/cuda/embedding/embedding_reference.hpp>

#include <cuda/support/device.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

struct shape {
  long rows, entries, columns;
  std::size_t offset_rows = 0, offset_table = 0;
};
std::string text(const shape& s) {
  return std::to_string(s.rows) + " rows of " + std::to_string(s.entries) + " x " + std::to_string(s.columns) + ", offsets " +
         std::to_string(s.offset_rows) + " " + std::to_string(s.offset_table);
}

/// Half of the rows are the entry 2's where there is one, the others' entries are drawn.
std::vector<std::int32_t> indices(const shape& s, std::uint32_t stream = 5) {
  std::vector<std::int32_t> all;
  for (long r = 0; r < s.rows; ++r) {
    const auto drawn = std::int32_t(random::below({7, 1, stream}, std::uint64_t(r), std::uint64_t(2 * s.entries)));
    all.push_back(drawn < s.entries ? drawn : std::min(2, std::int32_t(s.entries) - 1));
  }
  return all;
}

template <class T, class Tuning> void check_gather(const shape& s) {
  INFO("gather, " << text(s));
  const std::vector<T> table = stored<T>(numbers(s.entries * s.columns, 1));
  const std::vector<std::int32_t> index = indices(s);
  const std::vector<T> expected = cuda::gather_rows_reference<T>({table.data(), index.data(), nullptr, s.rows, s.columns});
  device_array<T> device_table(table, s.offset_table), y(expected.size(), s.offset_rows);
  device_array<std::int32_t> device_index(index);
  check_traced([&] {
    cuda::launch_gather_rows<T, Tuning>({device_table.data(), device_index.data(), y.data(), s.rows, s.columns}, nullptr).throw_if_failed();
  });
  CHECK(same_bits(y.values().data(), expected.data(), expected.size()));
}

template <class T, class Tuning> void check_scatter(const shape& s, bool add, std::int32_t skip = -1) {
  INFO("scatter, " << text(s) << (add ? ", added" : "") << ", skip " << skip);
  const std::vector<T> dy = stored<T>(numbers(s.rows * s.columns, 2)), before = stored<T>(numbers(s.entries * s.columns, 3));
  const std::vector<std::int32_t> index = indices(s);
  std::vector<T> host = before;
  const std::vector<double> expected =
      cuda::scatter_rows_reference<T>({dy.data(), index.data(), host.data(), s.rows, s.entries, s.columns, add, skip});
  device_array<T> device_dy(dy, s.offset_rows), dtable(before, s.offset_table);
  device_array<std::int32_t> device_index(index);
  check_traced([&] {
    cuda::launch_scatter_rows<T, Tuning>({device_dy.data(), device_index.data(), dtable.data(), s.rows, s.entries, s.columns, add, skip},
                                         nullptr)
        .throw_if_failed();
  });
  const std::vector<T> got = dtable.values();
  CHECK(count_apart(got, expected, 4 * storage_tolerance<T>) == 0);  // of sums of up to 40 that cancel
  if constexpr (std::same_as<T, float>) {
    op::scatter_rows<float>{dy.data(), index.data(), host.data(), s.rows, s.entries, s.columns, add, skip}();
    CHECK(same_bits(got.data(), host.data(), got.size()));
  }
}

template <class T, class Tuning> void check_all(const shape& s) {
  check_gather<T, Tuning>(s);
  check_scatter<T, Tuning>(s, false);
  check_scatter<T, Tuning>(s, true, 2);
}

}  // namespace

TEST_CASE("embedding on the device: rows of every length, in every order") {
  in_every_order([] {
    for (const long columns : {1, 3, 4, 7, 31, 33, 64, 124, 128, 129, 132, 256, 260, 517})
      check_all<float, small_embedding_tuning>({19, 3, columns});
    for (const long columns : {1, 7, 8, 33, 256, 264, 523}) check_all<cuda::half, small_embedding_tuning>({19, 3, columns});
  });
}

TEST_CASE("embedding on the device: every number of rows and of entries") {
  for (const long rows : {0, 1, 5, 31, 32, 33, 64, 97})
    for (const long entries : {1, 2, 9, 11, 12}) {  // of one vector a lane up to 10
      check_all<float, small_embedding_tuning>({rows, entries, 36});
      check_all<cuda::half, small_embedding_tuning>({rows, entries, 5});
    }
}

TEST_CASE("embedding on the device: arrays that begin beside a boundary") {
  for (const std::size_t rows : {0, 1, 3})
    for (const std::size_t table : {0, 1, 2, 3})
      for (const long columns : {5, 36, 128, 264}) {
        check_all<float, small_embedding_tuning>({17, 7, columns, rows, table});
        check_all<cuda::half, small_embedding_tuning>({17, 7, columns, rows, table});
      }
}

TEMPLATE_TEST_CASE("embedding on the device: as it is tuned", "", float, cuda::half, cuda::bfloat16) {
  using tuning = cuda::embedding_tuning<TestType>;
  for (const long columns : {50, 512, 1032}) check_all<TestType, tuning>({70, 13, columns});
  check_scatter<TestType, tuning>({40, 4100, 8}, false);  // more than 4096 warps
  check_scatter<TestType, tuning>({40, 4100, 9}, true, 2);
}

TEST_CASE("embedding on the device: -0, infinities and NaN; bits that are not a number's are copied") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const long rows = 5, columns = 6, entries = 4;
  std::vector<float> dy = numbers(rows * columns, 1), before(std::size_t(entries * columns), -0.f);
  for (float& v : dy) v = std::abs(v);
  const auto at = [&](long r, long c) -> float& { return dy[std::size_t(r * columns + c)]; };
  at(0, 0) = at(1, 0) = -0.f, at(0, 1) = infinity, at(1, 1) = -infinity, at(3, 2) = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::int32_t> index{1, 1, 3, 0, 3};
  for (const bool add : {false, true}) {
    std::vector<float> host = before;
    device_array<float> device_dy(dy), dtable(before);
    device_array<std::int32_t> device_index(index);
    cuda::launch_scatter_rows<float, small_embedding_tuning>(
        {device_dy.data(), device_index.data(), dtable.data(), rows, entries, columns, add, -1}, nullptr)
        .throw_if_failed();
    op::scatter_rows<float>{dy.data(), index.data(), host.data(), rows, entries, columns, add, -1}();
    const std::vector<float> got = dtable.values();
    for (std::size_t i = 0; i < got.size(); ++i) {
      INFO("element " << i);
      CHECK((host[i] != host[i] ? got[i] != got[i] : same_bits(&got[i], &host[i], 1)));
    }
    CHECK(std::signbit(got[std::size_t(columns)]) == add);  // -0 - 0 - 0
    CHECK(got[std::size_t(columns + 1)] != got[std::size_t(columns + 1)]);
    CHECK(got[2] != got[2]);
    CHECK(std::signbit(got[std::size_t(2 * columns)]) == add);  // without rows: as it was, or 0
  }

  const std::vector<std::uint32_t> words{0x7f800001, 0xffc12345, 0x80000001, 0x00000001, 0x7fffffff, 0xff800000};
  device_array<std::uint32_t> table(words), y(words.size());
  device_array<std::int32_t> device_index(std::vector<std::int32_t>{0});
  cuda::launch_gather_rows<float, small_embedding_tuning>(
      {reinterpret_cast<const float*>(table.data()), device_index.data(), reinterpret_cast<float*>(y.data()), 1, columns}, nullptr)
      .throw_if_failed();
  CHECK(y.values() == words);
  device_array<cuda::half> halves(2 * words.size());
  cuda::launch_gather_rows<cuda::half, small_embedding_tuning>(
      {reinterpret_cast<const cuda::half*>(table.data()), device_index.data(), halves.data(), 1, 2 * columns}, nullptr)
      .throw_if_failed();
  CHECK(same_bits(reinterpret_cast<const std::uint32_t*>(halves.values().data()), words.data(), words.size()));
}

TEST_CASE("embedding on the device: the first index outside") {
  const auto first_outside = [](const std::vector<std::int32_t>& x, std::int64_t low, std::int64_t high) {
    device_array<std::int32_t> device_x(x);
    device_array<std::int64_t> at(1);
    check_traced([&] { cuda::launch_first_outside({device_x.data(), at.data(), long(x.size()), low, high}, nullptr).throw_if_failed(); });
    std::int64_t host = -2;
    op::first_outside{x.data(), &host, long(x.size()), low, high}();
    CHECK(at.values()[0] == host);
    return host;
  };
  in_every_order([&] {
    for (const long count : {0, 1, 255, 256, 257, 900}) {
      INFO(count << " elements");
      std::vector<std::int32_t> x(std::size_t(count), 3);
      CHECK(first_outside(x, 3, 4) == -1);
      CHECK(first_outside(x, 4, 4) == (count ? 0 : -1));
      if (count < 3) continue;
      x[std::size_t(count - 1)] = 4;
      CHECK(first_outside(x, 3, 4) == count - 1);
      x[std::size_t(count / 2)] = 2;
      CHECK(first_outside(x, 3, 4) == count / 2);
      x[1] = std::numeric_limits<std::int32_t>::min();
      CHECK(first_outside(x, 3, 4) == 1);
      CHECK(first_outside(x, -(1L << 40), 1L << 40) == -1);
    }
  });
}

#ifdef OGM_CUDA_ON_CPU
TEMPLATE_TEST_CASE("embedding on the device: how much it moves", "", float, cuda::half) {
  using T = TestType;
  const shape s{256, 24, 512};
  const std::vector<std::int32_t> index = indices(s);
  const double row = double(s.columns) * sizeof(T), rows = double(s.rows) * row, table = double(s.entries) * row;
  device_array<T> device_table(stored<T>(numbers(s.entries * s.columns, 1))), y(std::size_t(s.rows * s.columns), 0);
  device_array<std::int32_t> device_index(index);
  check_moved(
      check_traced([&] {
        cuda::launch_gather_rows<T>({device_table.data(), device_index.data(), y.data(), s.rows, s.columns}, nullptr).throw_if_failed();
      }),
      rows + 32.0 * double(s.rows), rows);  // an index a warp, each time a sector
  const auto scatter = [&](auto tuning, bool add, double pieces) {
    INFO(pieces << " pieces" << (add ? ", added" : ""));
    const auto t = check_traced([&] {
      cuda::launch_scatter_rows<T, decltype(tuning)>(
          {y.data(), device_index.data(), device_table.data(), s.rows, s.entries, s.columns, add}, nullptr)
          .throw_if_failed();
    });
    const double list = 4.0 * double(s.rows);
    check_moved(t, rows + pieces * double(s.entries) * list + (add ? table : 0), table);
    if (t.recorded) CHECK(32.0 * double(t.distinct_load_sectors) == rows + list + (add ? table : 0));
  };
  for (const bool add : {false, true}) {
    scatter(cuda::embedding_tuning<T>{}, add, sizeof(T) == 4 ? 4 : 2);
    scatter(small_embedding_tuning{}, add, sizeof(T) == 4 ? 2 : 1);
  }
}

TEST_CASE("embedding on the device: how much it moves where rows begin anywhere") {
  const shape s{256, 24, 157};
  const std::vector<std::int32_t> index = indices(s);
  device_array<float> table(numbers(s.entries * s.columns, 1)), y(std::size_t(s.rows * s.columns), 0);
  device_array<std::int32_t> device_index(index);
  const auto gather = check_traced([&] {
    cuda::launch_gather_rows<float>({table.data(), device_index.data(), y.data(), s.rows, s.columns}, nullptr).throw_if_failed();
  });
  const auto scatter = check_traced([&] {
    cuda::launch_scatter_rows<float>({y.data(), device_index.data(), table.data(), s.rows, s.entries, s.columns}, nullptr)
        .throw_if_failed();
  });
  if (!gather.recorded) return;
  INFO(gather.table() << scatter.table());
  // 32 columns at a time, from anywhere: five sectors in the place of four.
  CHECK(gather.worst_ratio(false) <= 1.25);
  CHECK(scatter.worst_ratio(false) <= 1.25);
}

TEST_CASE("embedding on the device: entries without rows are neither read nor written where they are added to") {
  const shape s{2, 64, 128};
  device_array<float> dy(numbers(s.rows * s.columns, 1)), table(numbers(s.entries * s.columns, 2));
  device_array<std::int32_t> index(std::vector<std::int32_t>{7, 9});
  const auto t = check_traced([&] {
    cuda::launch_scatter_rows<float>({dy.data(), index.data(), table.data(), s.rows, s.entries, s.columns, true, 9}, nullptr)
        .throw_if_failed();
  });
  if (!t.recorded) return;
  CHECK(t.store_bytes() == 512);
  CHECK(t.load_bytes() == 512 + 512 + 32 * 63);  // the list for each entry but the skipped
}
#endif

TEST_CASE("embedding's reference is the host's gather and scatter") {
  const shape s{41, 7, 19};
  const std::vector<float> table = numbers(s.entries * s.columns, 1), dy = numbers(s.rows * s.columns, 2);
  const std::vector<std::int32_t> index = indices(s);
  std::vector<float> y(dy.size());
  op::gather_rows<float>{table.data(), index.data(), y.data(), s.rows, s.columns}();
  const std::vector<float> expected = cuda::gather_rows_reference<float>({table.data(), index.data(), nullptr, s.rows, s.columns});
  CHECK(y == expected);
  for (const std::int32_t skip : {-1, 2})
    for (const bool add : {false, true}) {
      std::vector<float> dtable = numbers(s.entries * s.columns, 3);
      const std::vector<double> sums =
          cuda::scatter_rows_reference<float>({dy.data(), index.data(), dtable.data(), s.rows, s.entries, s.columns, add, skip});
      op::scatter_rows<float>{dy.data(), index.data(), dtable.data(), s.rows, s.entries, s.columns, add, skip}();
      CHECK(count_apart(dtable, sums, 4e-6) == 0);
    }
}

TEST_CASE("embedding on the device: arguments that it cannot work with, and none") {
  const auto gather = [](long rows, long columns) {
    return cuda::launch_gather_rows<float>({nullptr, nullptr, nullptr, rows, columns}, nullptr).what();
  };
  CHECK(gather(0, 5) == "");
  CHECK(gather(5, 0) == "");
  CHECK(gather(-1, 5) == "ogm: gather_rows was given rows = -1; 0 or more is needed.");
  CHECK(gather(5, 1L << 31) == "ogm: gather_rows was given columns = 2147483648; 0 to 2147481599 is needed.");
  const auto scatter = [](long rows, long entries, long columns) {
    return cuda::launch_scatter_rows<float>({nullptr, nullptr, nullptr, rows, entries, columns}, nullptr).what();
  };
  CHECK(scatter(5, 0, 5) == "");
  CHECK(scatter(5, 5, 0) == "");
  CHECK(scatter(5, -1, 5) == "ogm: scatter_rows was given entries = -1; 0 or more is needed.");
  CHECK(scatter(-1, 5, 5) == "ogm: scatter_rows was given rows = -1; 0 or more is needed.");
  CHECK(scatter(5, 5, -2) == "ogm: scatter_rows was given columns = -2; 0 to 2147481599 is needed.");
  std::int64_t at = 0;
  CHECK(cuda::launch_first_outside({nullptr, &at, -1, 0, 1}, nullptr).what() ==
        "ogm: first_outside was given count = -1; 0 or more is needed.");
}
