#include <ogm/autograd/arena.hpp>
#include <ogm/autograd/tape.hpp>
#include <ogm/backend/eigen.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <set>

using namespace ogm;

TEST_CASE("pieces are aligned, do not overlap, and come again after a rewind") {
  arena<memory::host> a;
  std::vector<std::pair<char*, std::size_t>> taken;
  for (const std::size_t n : {1, 100, 64, 5000000, 3, 1 << 20, 0, 7}) {
    auto* p = static_cast<char*>(a.take(n, 64));
    CHECK(std::uintptr_t(p) % 64 == 0);
    std::memset(p, int(taken.size()), n);
    taken.emplace_back(p, n);
  }
  for (std::size_t i = 0; i < taken.size(); ++i)
    for (std::size_t k = 0; k < taken[i].second; k += 777) REQUIRE(taken[i].first[k] == char(i));
  const auto held = a.capacity();
  a.rewind();
  for (const auto& [p, n] : taken) CHECK(a.take(n, 64) == p);
  CHECK(a.capacity() == held);
}

TEST_CASE("small alignments pack closely") {
  arena<memory::host> a;
  auto* first = static_cast<char*>(a.take(3, 1));
  CHECK(static_cast<char*>(a.take(1, 1)) == first + 3);
  CHECK(static_cast<char*>(a.take(8, 8)) == first + 8);
}

TEST_CASE("a rewound tape gives the same memory again and holds no more of it") {
  tape<backend::eigen<double>> t;
  std::set<const void*> seen;
  std::size_t held = 0;
  for (int step = 0; step < 3; ++step) {
    t.rewind();
    const auto v = t.make(extents<dyn>(1000));
    CHECK(!v.reached());  // whatever the step before left
    v.accumulate();
    CHECK(v.reached());
    seen.insert(v.data());
    if (step == 1) held = t.capacity();
  }
  CHECK(seen.size() == 1);
  CHECK(t.capacity() == held);
}
