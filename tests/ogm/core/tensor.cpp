#include <ogm/core/parallel.hpp>
#include <ogm/core/tensor.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace ogm;

TEST_CASE("a tensor is aligned, contiguous, row-major and zero") {
  tensor<float, dyn, 3, 2> x(4);
  CHECK(std::uintptr_t(x.data()) % 64 == 0);
  CHECK(x.count() == 24);
  CHECK(x.rows() == 12);
  for (const float v : x.flat()) CHECK(v == 0);
  x(2, 1, 1) = 5;
  CHECK(x.data()[2 * 6 + 1 * 2 + 1] == 5);
  tensor<float, dyn, 3, 2> copy = x, moved = std::move(copy);
  CHECK(moved(2, 1, 1) == 5);
  CHECK(copy.count() == 0);
}

TEST_CASE("wrong sizes throw with both shapes") {
  CHECK_THROWS_WITH((tensor<float, dyn, 3>(std::array<size_type, 2>{4, 5})), Catch::Contains("(dyn, 3)") && Catch::Contains("(4, 5)"));
  CHECK_THROWS_AS((tensor<float, dyn, 3>(-1)), shape_error);
  CHECK_THROWS_AS((extents<dyn, dyn>(PTRDIFF_MAX, 4)), shape_error);
  const tensor<float, dyn, 3> x(4);
  CHECK_THROWS_WITH(reshape(as_view(x), extents<dyn, 5>(2)), Catch::Contains("(4, 3)") && Catch::Contains("(2, 5)"));
  CHECK(reshape(as_view(x), extents<dyn, 6>(2)).data() == x.data());
}

TEST_CASE("parallel_for visits every chunk once, passes exceptions on and nests", "[threads]") {
  for (const int threads : {1, 2, 4}) {
    const use_threads pool(threads);
    std::vector<int> visits(1000);
    parallel_for(1000, [&](long i) { parallel_for(3, [&](long) { ++visits[std::size_t(i)]; }); });
    CHECK(std::accumulate(visits.begin(), visits.end(), 0) == 3000);
    CHECK(*std::min_element(visits.begin(), visits.end()) == 3);
    CHECK_THROWS_AS(parallel_for(100,
                                 [](long i) {
                                   if (i == 57) throw value_error("57");
                                 }),
                    value_error);
    parallel_for(10, [&](long i) { visits[std::size_t(i)] = -1; });
    CHECK(visits[9] == -1);
  }
}
