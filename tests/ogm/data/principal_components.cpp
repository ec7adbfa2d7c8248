#include <ogm/data/principal_components.hpp>

#include <catch2/catch.hpp>

#include "ogm/data/files.hpp"

namespace principal_components_test {

using namespace ogm;
using ogm::data::principal_components;

namespace {

/// Rows around (1, 2, ...) whose element i has deviation scale[i] along axis i of a rotation of the first two axes by 0.6 and 0.8.
std::vector<float> rows_of(std::size_t count, const std::vector<float>& scale) {
  random::generator g({.seed = 3});
  std::vector<float> out;
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<float> x;
    for (const float s : scale) x.push_back(s * g.normal());
    const float a = 0.6f * x[0] - 0.8f * x[1], b = 0.8f * x[0] + 0.6f * x[1];
    x[0] = a, x[1] = b;
    for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] + float(i + 1));
  }
  return out;
}
double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * b[i];
  return sum;
}

}  // namespace

TEST_CASE("the axes are those along which the rows differ most") {
  const auto rows = rows_of(20'000, {4, 0.5f, 0.1f, 2, 1});
  const principal_components p(rows, 5, 3);
  CHECK((p.width() == 3 && p.inputs() == 5));
  for (size_type i = 0; i < 5; ++i) CHECK(p.mean()[std::size_t(i)] == Approx(i + 1).margin(0.1));
  const std::vector<float> expected[]{{0.6f, 0.8f, 0, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 1}};
  const double variances[]{16, 4, 1};
  for (size_type i = 0; i < 3; ++i) {
    CHECK(dot(p.axis(i), expected[i]) == Approx(1).margin(1e-3));
    CHECK(p.variances()[std::size_t(i)] == Approx(variances[i]).epsilon(0.05));
  }
}

TEST_CASE("axes are orthonormal, the first largest, and rows along them keep distances") {
  std::vector<float> scale(60);
  for (std::size_t i = 0; i < scale.size(); ++i) scale[i] = 1.f + float(i % 7);
  const auto rows = rows_of(500, scale);
  const principal_components p(rows, 60, 20);
  for (size_type i = 0; i < 20; ++i)
    for (size_type j = 0; j <= i; ++j) CHECK(dot(p.axis(i), p.axis(j)) == Approx(i == j).margin(1e-5));
  CHECK(std::is_sorted(p.variances().rbegin(), p.variances().rend()));
  const auto narrow = p(rows);
  REQUIRE(narrow.size() == 500 * 20);
  for (std::size_t i = 0; i < 20; ++i) {  // each column has the variance that was promised, and no mean
    double mean = 0, square = 0, with_first = 0;
    for (std::size_t r = 0; r < 500; ++r)
      mean += narrow[r * 20 + i], square += double(narrow[r * 20 + i]) * narrow[r * 20 + i],
          with_first += double(narrow[r * 20 + i]) * narrow[r * 20];
    CHECK(mean / 500 == Approx(0).margin(1e-4));
    CHECK(square / 499 == Approx(p.variances()[i]).epsilon(1e-3));
    if (i > 0) CHECK(with_first / 499 == Approx(0).margin(1e-2));
  }
  const principal_components whole(rows, 60, 60);
  const auto all = whole(rows);
  double before = 0, after = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    const double difference = rows[i] - rows[60 + i], turned = all[i] - all[60 + i];
    before += difference * difference, after += turned * turned;
  }
  CHECK(after == Approx(before).epsilon(1e-4));
}

TEST_CASE("principal components of what has none") {
  const auto refused = [](std::size_t count, size_type inputs, size_type width) {
    return test::message_of<error>([&] { principal_components(std::vector<float>(count), inputs, width); });
  };
  CHECK(refused(10, 3, 1) == "ogm: 10 numbers are no rows of 3.");
  CHECK(refused(10, 0, 1) == "ogm: 10 numbers are no rows of 0.");
  CHECK(test::has(refused(9, 3, 3), "3 principal components of 3 rows of 3;"));
  CHECK(test::has(refused(90, 3, 4), "4 principal components of 30 rows of 3;"));
  CHECK(test::has(refused(90, 3, 0), "0 principal components"));
  const auto rows = rows_of(10, {1, 2, 3});
  const principal_components p(rows, 3, 2);
  CHECK(p({}).empty());
  CHECK(test::has(test::message_of<shape_error>([&] { p(std::vector<float>(4)); }), "4 numbers are no rows of 3."));
}

}  // namespace principal_components_test
