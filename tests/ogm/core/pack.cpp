#include <ogm/core/pack.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace ogm;

TEST_CASE("each_pack covers every element once and writes nothing past the end") {
  for (long n = 0; n <= 2 * lanes + 3; ++n) {
    std::vector<float> x(std::size_t(n) + 2 * lanes, 3.f);
    std::vector<int> visits(std::size_t(n) + lanes);
    each_pack<float>(n, [&](long i, auto at) {
      const auto v = load<float_pack>(x.data() + i, at);
      store(x.data() + i, v * 2.f + 1.f, at);
      constexpr bool whole = decltype(at)::whole;
      int count = lanes;
      if constexpr (!whole) count = at.count;
      for (int k = 0; k < count; ++k) ++visits[std::size_t(i + k)];
    });
    for (long i = 0; i < long(x.size()); ++i) CHECK(x[std::size_t(i)] == (i < n ? 7.f : 3.f));
    for (long i = 0; i < long(visits.size()); ++i) CHECK(visits[std::size_t(i)] == (i < n));
  }
}

TEST_CASE("a partial load fills the rest with zeros; the lanes are summed") {
  std::vector<float> x(2 * lanes, 5.f);
  const auto v = load<float_pack>(x.data(), position<0>{0, 0, 0, 1});
  CHECK(sum_of<float>(v) == 5);
  CHECK(sum_of<float>(load<float_pack>(x.data(), position<lanes>{})) == 5.f * lanes);
  CHECK(sum_of<double>(2.5) == 2.5);
}

TEST_CASE("what is no float goes one element at a time") {
  static_assert(pack<double>::lanes == 1 && std::is_same_v<pack<double>::type, double>);
  std::vector<double> x(5, 1);
  each_pack<double>(5, [&](long i, auto at) { store(x.data() + i, load<double>(x.data() + i, at) + double(i), at); });
  CHECK(x == std::vector<double>{1, 2, 3, 4, 5});
}
