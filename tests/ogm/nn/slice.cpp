#include <ogm/nn/slice.hpp>

#include <support/gradient_check.hpp>

#include <tuple>

using namespace ogm;
using namespace ogm::test;

TEST_CASE("slice and select: gradients, where parts overlap and where nothing is taken") {
  auto x = numbers_like(extents<dyn, dyn, 9>(3, 4), 1);
  check_function(
      [](auto& t, const auto& v) {
        return std::tuple{nn::slice<2, 5>(t, v),  nn::slice(t, v, 0, 4),  nn::slice(t, v, 8, 1),
                          nn::select<1>(t, v, 3), nn::select<0>(t, v, 0), nn::select<2>(t, v, 8)};
      },
      {}, x);
}

TEST_CASE("slice and select: values and shapes") {
  inference<backend::eigen<double>> tape;
  const auto x = numbers_like(extents<dyn, dyn, 6>(3, 4), 1);
  const auto a = nn::slice<1, 3>(tape, x);
  static_assert(std::same_as<decltype(a)::shape_type, extents<dyn, dyn, 3>>);
  const auto b = nn::select<1>(tape, x, 2);
  static_assert(std::same_as<decltype(b)::shape_type, extents<dyn, 6>>);
  const auto c = nn::select<2>(tape, x, 5);
  static_assert(std::same_as<decltype(c)::shape_type, extents<dyn, dyn>>);
  for (long i = 0; i < 3; ++i)
    for (long j = 0; j < 4; ++j) {
      CHECK(a(i, j, 1) == x(i, j, 2));
      CHECK(b(i, j) == x(i, 2, j));
      CHECK(c(i, j) == x(i, j, 5));
    }
}

TEST_CASE("slice and select: what is not there, in words") {
  inference<backend::eigen<float>> tape;
  const tensor<float, 2, 3> x;
  CHECK_THROWS_WITH(nn::slice(tape, x, 2, 2), "ogm: slice of 2 elements from 2 on of a tensor of shape (2, 3): they are not all there.");
  CHECK_THROWS_AS(nn::slice(tape, x, -1, 2), shape_error);
  CHECK_THROWS_WITH(nn::select<0>(tape, x, 2), "ogm: select of index 2 of axis 0 of a tensor of shape (2, 3).");
}
