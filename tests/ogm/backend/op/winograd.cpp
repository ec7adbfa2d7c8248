#include <ogm/backend/op/winograd.hpp>

#include <catch2/catch.hpp>

#include <cmath>

using namespace ogm::op;

namespace {
/// The entry (i, j) of a line's matrix.
template <class Line> double entry(int i, int j) {
  double x[Line::in]{}, y[Line::out];
  x[j] = 1;
  Line{}(x, y);
  return y[i];
}
template <class Line, class Transposed> void are_transposed() {
  static_assert(Line::in == Transposed::out && Line::out == Transposed::in);
  for (int i = 0; i < Line::out; ++i)
    for (int j = 0; j < Line::in; ++j) CHECK(entry<Line>(i, j) == entry<Transposed>(j, i));
}
template <class Line> void transform(const double* x, double* y) {
  winograd::both_axes<Line, double>([&](int i, int j) { return x[i * Line::in + j]; }, [&](long k, double v) { y[k] = v; });
}
}  // namespace

TEST_CASE("winograd: 36 products give the 16 outputs of a 3x3 filter", "[backend]") {
  double data[36], taps[9], data_points[36], filter_points[36], products[36], outputs[16];
  for (int i = 0; i < 36; ++i) data[i] = std::sin(1.7 * i + 0.3);
  for (int i = 0; i < 9; ++i) taps[i] = std::cos(2.3 * i);
  transform<winograd::data>(data, data_points);
  transform<winograd::filter>(taps, filter_points);
  for (int k = 0; k < 36; ++k) products[k] = data_points[k] * filter_points[k];
  transform<winograd::outputs>(products, outputs);
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) {
      double sum = 0;
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) sum += data[(r + i) * 6 + c + j] * taps[i * 3 + j];
      CHECK(std::abs(outputs[r * 4 + c] - sum) <= 1e-13);
    }
}

TEST_CASE("winograd: the derivatives are the transposed matrices", "[backend]") {
  are_transposed<winograd::data, winograd::data_transposed>();
  are_transposed<winograd::outputs, winograd::outputs_transposed>();
  are_transposed<winograd::filter, winograd::filter_transposed>();
}
