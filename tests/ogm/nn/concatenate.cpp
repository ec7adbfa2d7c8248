#include <ogm/nn/concatenate.hpp>

#include <support/gradient_check.hpp>

using namespace ogm;
using namespace ogm::test;

TEST_CASE("concatenate: gradients, of vars, data, expressions and one var twice") {
  for (const long rows : {1, 6}) {
    auto a = numbers_like(extents<dyn, 1>(rows), 1), b = numbers_like(extents<dyn, 1>(rows), 2);
    auto c = numbers_like(extents<dyn, dyn>(rows, 9), 3);
    const auto data = numbers_like(extents<dyn, 5>(rows), 4);
    check_function([&](auto& t, const auto& x, const auto& y, const auto& z) { return nn::concatenate(t, x, data, tanh(y), z, x); }, {}, a,
                   b, c);
  }
}

TEST_CASE("concatenate: values and static widths") {
  inference<backend::eigen<float>> tape;
  tensor<float, dyn, 2, 2> a(2);
  tensor<float, dyn, 2, 3> b(2);
  for (long i = 0; i < 8; ++i) a.data()[i] = float(i);
  for (long i = 0; i < 12; ++i) b.data()[i] = float(100 + i);
  const auto y = nn::concatenate(tape, a, b);
  static_assert(std::same_as<decltype(y)::shape_type, extents<dyn, 2, 5>>);
  for (long i = 0; i < 2; ++i)
    for (long j = 0; j < 2; ++j)
      for (long k = 0; k < 5; ++k) CHECK(y(i, j, k) == (k < 2 ? a(i, j, k) : b(i, j, k - 2)));
  const auto d = nn::concatenate(tape, a, tensor<float, 2, 2, dyn>(4));
  static_assert(std::same_as<decltype(d)::shape_type, extents<dyn, 2, dyn>>);
  CHECK(d.size(2) == 6);
}

TEST_CASE("concatenate: other rows, in words") {
  inference<backend::eigen<float>> tape;
  CHECK_THROWS_WITH(nn::concatenate(tape, tensor<float, 2, 3>(), tensor<float, 4, 3>()),
                    "ogm: concatenate was given tensors of shape (2, 3) and (4, 3): all axes but the last must agree.");
}
