#include <ogm/backend/op/register_product.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

using namespace ogm;

namespace {
template <class T> std::vector<T> numbers(long n, double step) {
  std::vector<T> v(static_cast<std::size_t>(n));
  for (long i = 0; i < n; ++i) v[std::size_t(i)] = T(std::sin(step * double(i)));
  return v;
}

/// Against plain sums, over heights and widths that leave every remainder, with the left factor as it is and transposed.
template <class T> void is_a_product(double tolerance) {
  for (const long rows : {1L, 2L, 5L, 6L, 7L, 9L, 13L, 24L})
    for (const long packs : {1L, 2L, 3L, 4L, 7L})
      for (const bool transposed : {false, true})
        for (const bool add : {false, true}) {
          const long columns = 16 * packs, length = 5, groups = 3, inner = length * groups;
          const auto a = numbers<T>(rows * inner, 0.7), b = numbers<T>(inner * columns, 0.3);
          auto c = numbers<T>(rows * columns, 1.1);
          const auto before = c;
          const long step = transposed ? rows : 1;
          op::register_product<T>::run(
              rows, columns, {.length = length, .step = step, .groups = groups, .group_step = length * step},
              [&](long i) { return a.data() + (transposed ? i : i * inner); }, b.data(), columns, c.data(), columns, add);
          bool right = true;
          for (long i = 0; i < rows; ++i)
            for (long j = 0; j < columns; ++j) {
              double sum = add ? double(before[std::size_t(i * columns + j)]) : 0;
              for (long l = 0; l < inner; ++l)
                sum += double(a[std::size_t(transposed ? l * rows + i : i * inner + l)]) * double(b[std::size_t(l * columns + j)]);
              right = right && std::abs(double(c[std::size_t(i * columns + j)]) - sum) <= tolerance;
            }
          INFO(rows << " rows, " << columns << " columns" << (transposed ? ", transposed" : "") << (add ? ", added" : ""));
          CHECK(right);
        }
}
}  // namespace

TEST_CASE("register_product is a product", "[backend]") {
  is_a_product<float>(1e-5);
  is_a_product<double>(1e-13);
}
