#pragma once
// Winograd's minimal filtering F(4x4, 3x3): a tile of 4 x 4 outputs takes 36 products a channel pair instead of 144.
//
// Along one axis: outputs = A^T ((G filter) . (B^T data)) for six data, three taps and four outputs, at the points 0, 1, -1, 2, -2 and
// infinity. Each function below is one of these matrices or its transpose, which the derivatives need; each takes and gives whole lines.
// Source: Lavin, Gray, CVPR 2016, Sec. 4.3.

#include <ogm/core/pack.hpp>

namespace ogm::op::winograd {

inline constexpr int tile = 4, patch = 6, taps = 3, points = patch * patch;

/// B^T: six data to six points.
struct data {
  static constexpr int in = patch, out = patch;
  template <class V> OGM_ALWAYS_INLINE void operator()(const V* x, V* y) const {
    const V a = x[4] - 4.f * x[2], b = x[3] - 4.f * x[1], c = x[4] - x[2], d = x[3] - x[1];
    y[0] = 4.f * x[0] + (x[4] - 5.f * x[2]);
    y[1] = a + b;
    y[2] = a - b;
    y[3] = c + 2.f * d;
    y[4] = c - 2.f * d;
    y[5] = 4.f * x[1] + (x[5] - 5.f * x[3]);
  }
};
/// B: the derivatives of six points to those of six data.
struct data_transposed {
  static constexpr int in = patch, out = patch;
  template <class V> OGM_ALWAYS_INLINE void operator()(const V* x, V* y) const {
    const V s = x[1] + x[2], d = x[2] - x[1], t = x[3] + x[4], e = x[4] - x[3];
    y[0] = 4.f * x[0];
    y[1] = 4.f * d + 2.f * e + 4.f * x[5];
    y[2] = -5.f * x[0] - 4.f * s - t;
    y[3] = -d - 2.f * e - 5.f * x[5];
    y[4] = x[0] + s + t;
    y[5] = x[5];
  }
};
/// A^T: six points to four outputs.
struct outputs {
  static constexpr int in = patch, out = tile;
  template <class V> OGM_ALWAYS_INLINE void operator()(const V* x, V* y) const {
    const V s = x[1] + x[2], d = x[1] - x[2], t = x[3] + x[4], e = x[3] - x[4];
    y[0] = x[0] + s + t;
    y[1] = d + 2.f * e;
    y[2] = s + 4.f * t;
    y[3] = d + 8.f * e + x[5];
  }
};
/// A: the derivatives of four outputs to those of six points.
struct outputs_transposed {
  static constexpr int in = tile, out = patch;
  template <class V> OGM_ALWAYS_INLINE void operator()(const V* x, V* y) const {
    const V even = x[0] + x[2], odd = x[1] + x[3], wide = x[0] + 4.f * x[2], far = 2.f * x[1] + 8.f * x[3];
    y[0] = x[0];
    y[1] = even + odd;
    y[2] = even - odd;
    y[3] = wide + far;
    y[4] = wide - far;
    y[5] = x[3];
  }
};
/// G: three taps to six points.
struct filter {
  static constexpr int in = taps, out = patch;
  template <class V> OGM_ALWAYS_INLINE void operator()(const V* x, V* y) const {
    using T = scalar_of<V>;
    const V a = (x[0] + x[2]) * T(-1.0 / 6), b = x[1] * T(-1.0 / 6), c = x[0] * T(1.0 / 24) + x[2] * T(1.0 / 6), d = x[1] * T(1.0 / 12);
    y[0] = x[0] * T(0.25);
    y[1] = a + b;
    y[2] = a - b;
    y[3] = c + d;
    y[4] = c - d;
    y[5] = x[2];
  }
};
/// G^T: the derivatives of six points to those of three taps.
struct filter_transposed {
  static constexpr int in = patch, out = taps;
  template <class V> OGM_ALWAYS_INLINE void operator()(const V* x, V* y) const {
    using T = scalar_of<V>;
    const V s = x[1] + x[2], t = x[3] + x[4];
    y[0] = x[0] * T(0.25) - s * T(1.0 / 6) + t * T(1.0 / 24);
    y[1] = (x[2] - x[1]) * T(1.0 / 6) + (x[3] - x[4]) * T(1.0 / 12);
    y[2] = (t - s) * T(1.0 / 6) + x[5];
  }
};

/// M x M^T of a square block: store(i * out + j, value) from load(i, j).
template <class Line, class V, class Load, class Store> OGM_ALWAYS_INLINE void both_axes(const Load& load, const Store& store) {
  constexpr Line line;
  V middle[Line::in][Line::out];  // (column, row)
  OGM_UNROLL
  for (int j = 0; j < Line::in; ++j) {
    V column[Line::in];
    OGM_UNROLL
    for (int i = 0; i < Line::in; ++i) column[i] = load(i, j);
    line(column, middle[j]);
  }
  OGM_UNROLL
  for (int i = 0; i < Line::out; ++i) {
    V row[Line::in], to[Line::out];
    OGM_UNROLL
    for (int j = 0; j < Line::in; ++j) row[j] = middle[j][i];
    line(row, to);
    OGM_UNROLL
    for (int j = 0; j < Line::out; ++j) store(i * Line::out + j, to[j]);
  }
}

}  // namespace ogm::op::winograd
