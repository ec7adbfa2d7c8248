#include <ogm/expression/functions.hpp>
#include <ogm/expression/loop.hpp>

#include <catch2/catch.hpp>

using namespace ogm;
using namespace ogm::expression;

TEST_CASE("a cut covers every element once, in chunks that depend on the shape alone") {
  const auto covered = [](long rows, long columns, bool flat) {
    const cut how(rows, columns, flat);
    std::vector<int> visits(std::size_t(rows * columns));
    for (long k = 0; k < how.chunks(); ++k)
      how.each<float>(k, [&]<int Count>(position<Count> at) {
        int count = Count;
        if constexpr (Count == 0) count = at.count;
        CHECK(at.chunk == k);
        CHECK(at.column == (flat ? at.flat : at.flat % columns));
        for (int i = 0; i < count; ++i) ++visits[std::size_t(at.flat + i)];
      });
    return std::count(visits.begin(), visits.end(), 1) == long(visits.size());
  };
  for (const long n : {0, 1, 3, 7, 15, 16, 17, 33, 16383, 16384, 16385, 40000}) CHECK(covered(1, n, true));
  for (const long columns : {1, 3, 17, 300, 16384, 20000}) CHECK(covered(5, columns, false));
  CHECK(covered(40000, 3, false));
}

TEST_CASE("nodes compute a value and its gradient in one pass") {
  const float a[]{1, 2, 3, 4, 5}, row[]{10, 20, 30, 40, 50};
  float da[5]{1, 1, 1, 1, 1}, y[5];
  using node = binary<plus, unary<square, leaf<float, false, true>>, binary<times, leaf<float, false, true>, constant<float>>>;
  const leaf<float, false, true> x{a, da, 0};
  const node tree{{x, {}}, {x, {2.f}}};
  static_assert(node::flat);
  forward_pass<float, node>{tree, y, cut(1, 5, true)}();
  for (int i = 0; i < 5; ++i) CHECK(y[i] == a[i] * a[i] + 2 * a[i]);
  backward_pass<float, node>{tree, row, cut(1, 5, true), {}}();
  for (int i = 0; i < 5; ++i) CHECK(da[i] == 1 + row[i] * (2 * a[i] + 2));  // added to what was there, from both leaves
}

TEST_CASE("a fresh gradient is written whatever it held, once for all leaves that share it") {
  for (const long n : {1, 7, 16, 33}) {
    std::vector<float> a(std::size_t(n), 3.f), dy(std::size_t(n), 2.f), da(std::size_t(n), NAN);
    using whole = leaf<float, false, true>;
    const binary<times, whole, whole> tree{{a.data(), da.data(), 0, true}, {a.data(), da.data(), 0, false}};
    backward_pass<float, std::remove_const_t<decltype(tree)>>{tree, dy.data(), cut(1, n, true), {}}();
    for (const float d : da) CHECK(d == 12);  // 2 a dy
  }
}
