// oneDNN's products and convolutions against Eigen's in double, and the same bits on 1, 2 and 4 threads.
#ifdef OGM_WITH_ONEDNN

#include <ogm/backend/eigen.hpp>
#include <ogm/backend/onednn.hpp>

#include <ogm/core/random.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <vector>

namespace onednn_test {

namespace {

using ogm::op::convolution_shape;

std::vector<float> numbers(long count, std::uint32_t stream) {
  std::vector<float> v(static_cast<std::size_t>(count));
  ogm::random::generator g({7, stream, 0});
  for (float& x : v) x = 2 * g.uniform() - 1;
  return v;
}
std::vector<double> widened(const std::vector<float>& v) { return {v.begin(), v.end()}; }

/// The largest difference over the largest magnitude; NaN where one is.
double difference(const std::vector<float>& a, const std::vector<double>& b) {
  double worst = 0, largest = 1e-30;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double d = std::fabs(double(a[i]) - b[i]);
    if (!(d <= worst)) worst = d;
    largest = std::max(largest, std::fabs(b[i]));
  }
  return worst / largest;
}

struct geometry {
  long batch, in, height, width, out, kernel_height, kernel_width;
  long stride = 1, pad = 0, dilation = 1, groups = 1;
};
convolution_shape shape_of(const geometry& g) {
  return {.batch = g.batch,
          .in_channels = g.in,
          .in_height = g.height,
          .in_width = g.width,
          .out_channels = g.out,
          .out_height = ogm::op::convolved(g.height, g.kernel_height, g.stride, g.pad, g.dilation),
          .out_width = ogm::op::convolved(g.width, g.kernel_width, g.stride, g.pad, g.dilation),
          .kernel_height = g.kernel_height,
          .kernel_width = g.kernel_width,
          .stride_height = g.stride,
          .stride_width = g.stride,
          .pad_height = g.pad,
          .pad_width = g.pad,
          .dilation_height = g.dilation,
          .dilation_width = g.dilation,
          .groups = g.groups};
}
const geometry geometries[] = {
    {1, 1, 5, 5, 1, 3, 3, 1, 1},         {2, 1, 28, 28, 16, 3, 3, 1, 1},       {5, 16, 20, 32, 32, 3, 3, 1, 1},
    {9, 64, 5, 8, 64, 3, 3, 1, 1},       {3, 3, 17, 13, 7, 3, 3, 2, 1},        {4, 3, 31, 29, 8, 7, 7, 2, 3},
    {6, 16, 9, 9, 32, 1, 1, 1, 0},       {6, 16, 9, 9, 32, 1, 1, 2, 0},        {2, 8, 11, 7, 12, 3, 3, 1, 2, 2},
    {3, 12, 9, 8, 18, 3, 3, 1, 1, 1, 3}, {4, 32, 8, 8, 32, 3, 3, 2, 1, 1, 32}, {7, 5, 1, 33, 6, 1, 5, 1, 0},
    {5, 17, 6, 6, 19, 2, 3, 1, 0},       {4, 2, 6, 6, 3, 5, 5, 3, 2},          {0, 4, 6, 6, 3, 3, 3, 1, 1},
};

/// Runs all three convolutions of a shape, with and without adding; `reference` in double, the other in float.
template <class T, class Backend>
std::vector<std::vector<T>> convolved(Backend& backend, const convolution_shape& s, bool add, const std::vector<std::vector<float>>& data) {
  const auto as = [](const std::vector<float>& v) { return std::vector<T>(v.begin(), v.end()); };
  const auto x = as(data[0]), w = as(data[1]), b = as(data[2]), dy = as(data[3]);
  auto y = as(data[3]), dx = as(data[0]), dw = as(data[1]), db = as(data[2]), y_unbiased = y;
  backend.run(ogm::op::convolution_forward<T>{s, x.data(), w.data(), b.data(), y.data()});
  backend.run(ogm::op::convolution_forward<T>{s, x.data(), w.data(), nullptr, y_unbiased.data()});
  backend.run(ogm::op::convolution_backward_input<T>{s, dy.data(), w.data(), dx.data(), add});
  backend.run(ogm::op::convolution_backward_weight<T>{s, x.data(), dy.data(), dw.data(), add ? nullptr : db.data(), add, false});
  return {y, y_unbiased, dx, dw, db};
}
std::vector<std::vector<float>> data_for(const convolution_shape& s) {
  return {numbers(s.batch * s.in_image(), 1), numbers(s.weights(), 2), numbers(s.out_channels, 3), numbers(s.batch * s.out_image(), 4)};
}

}  // namespace

TEST_CASE("the comparison of the oneDNN tests sees a difference and a NaN") {
  CHECK(difference({1, 2}, {1, 2}) == 0);
  CHECK(difference({1, 2.5f}, {1, 2}) > 0.2);
  CHECK(!(difference({1, NAN}, {1, 2}) <= 1));
}

TEST_CASE("oneDNN's convolutions agree with Eigen's in double") {
  ogm::backend::onednn one;
  ogm::backend::eigen<double> reference;
  for (const geometry& g : geometries)
    for (const bool add : {false, true}) {
      const auto s = shape_of(g);
      const auto data = data_for(s);
      const auto given = convolved<float>(one, s, add, data);
      const auto expected = convolved<double>(reference, s, add, data);
      for (std::size_t i = 0; i < given.size(); ++i) {
        INFO("in " << g.in << " out " << g.out << " kernel " << g.kernel_height << " quantity " << i << " add " << add);
        CHECK(difference(given[i], expected[i]) <= 3e-6);
      }
    }
}

TEST_CASE("oneDNN gives the same bits on 1, 2 and 4 threads", "[threads]") {
  for (const geometry& g : geometries) {
    const auto s = shape_of(g);
    const auto data = data_for(s);
    std::vector<std::vector<float>> first;
    for (const int threads : {1, 2, 4}) {
      const ogm::use_threads scope(threads);
      ogm::backend::onednn one;
      const auto given = convolved<float>(one, s, false, data);
      if (first.empty()) first = given;
      for (std::size_t i = 0; i < given.size(); ++i)
        CHECK((given[i].empty() || std::memcmp(given[i].data(), first[i].data(), given[i].size() * sizeof(float)) == 0));
    }
  }
}

TEST_CASE("oneDNN's products agree with Eigen's in double, the same bits on 1, 2 and 4 threads", "[threads]") {
  for (const long rows : {1L, 7L, 64L, 131L})
    for (const long columns : {1L, 10L, 48L, 200L})
      for (const long inner : {1L, 17L, 128L})
        for (const bool add : {false, true})
          for (int transposed = 0; transposed < 3; ++transposed) {
            const bool ta = transposed == 1, tb = transposed == 2;
            const auto a = numbers(rows * inner, 1), b = numbers(inner * columns, 2), c = numbers(rows * columns, 3);
            const auto product = [&]<class T>(const std::vector<T>& x, const std::vector<T>& y, std::vector<T>& z) {
              return ogm::op::gemm<T>{.a = x.data(),
                                      .b = y.data(),
                                      .c = z.data(),
                                      .rows = rows,
                                      .columns = columns,
                                      .inner = inner,
                                      .a_stride = ta ? rows : inner,
                                      .b_stride = tb ? inner : columns,
                                      .c_stride = columns,
                                      .a_transposed = ta,
                                      .b_transposed = tb,
                                      .add = add};
            };
            const auto da = widened(a), db = widened(b);
            auto expected = widened(c);
            ogm::backend::eigen<double>().run(product(da, db, expected));
            std::vector<float> first;
            for (const int threads : {1, 2, 4}) {
              const ogm::use_threads scope(threads);
              auto given = c;
              ogm::backend::onednn().run(product(a, b, given));
              if (first.empty()) first = given;
              CHECK(difference(given, expected) <= 2e-6);
              CHECK(std::memcmp(given.data(), first.data(), given.size() * sizeof(float)) == 0);
            }
          }
}

TEST_CASE("oneDNN's large products of a transposed factor have the same bits on 1, 2 and 4 threads", "[threads]") {
  const long rows = 2048, columns = 512, inner = 9;  // enough outputs to be cut in two
  const auto a = numbers(inner * rows, 1), b = numbers(inner * columns, 2);
  std::vector<float> first;
  for (const int threads : {1, 2, 4}) {
    const ogm::use_threads scope(threads);
    std::vector<float> c(std::size_t(rows * columns));
    ogm::backend::onednn().run(ogm::op::gemm<float>{.a = a.data(),
                                                    .b = b.data(),
                                                    .c = c.data(),
                                                    .rows = rows,
                                                    .columns = columns,
                                                    .inner = inner,
                                                    .a_stride = rows,
                                                    .b_stride = columns,
                                                    .c_stride = columns,
                                                    .a_transposed = true});
    if (first.empty()) first = c;
    CHECK(std::memcmp(c.data(), first.data(), c.size() * sizeof(float)) == 0);
    for (const long r : {0L, 1023L, 1024L, 2047L})
      for (const long k : {0L, 511L}) {
        double sum = 0;
        for (long i = 0; i < inner; ++i) sum += double(a[std::size_t(i * rows + r)]) * double(b[std::size_t(i * columns + k)]);
        CHECK(std::abs(double(c[std::size_t(r * columns + k)]) - sum) <= 1e-5);
      }
  }
}

}  // namespace onednn_test

#endif
