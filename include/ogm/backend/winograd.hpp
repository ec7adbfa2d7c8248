#pragma once
// 3x3 convolutions of stride 1 by Winograd's method: a tile of 4x4 outputs takes 36 products instead of 144.
//
// Source     Lavin, Gray, "Fast algorithms for convolutional neural networks", CVPR 2016. Differs: the points are 0, +-sqrt(1/2), +-sqrt(2)
//            and infinity instead of 0, +-1, +-2 and infinity, which rounds less

#include <ogm/backend/blocked.hpp>

namespace ogm::backend::winograd {

using blocked::blocks;
using blocked::get;
using blocked::put;
using blocked::vector;
using blocked::width;

/// The one-dimensional transforms, for a scalar or a vector of float or double. `R` is the scalar.
template <class R> struct four {
  static constexpr int outputs = 4, points = 6;
  static constexpr R p = R(0.70710678118654752440), q = R(1.41421356237309504880);

  /// B^T d: six inputs to six points.
  template <class V> static void of_input(const V (&d)[6], V (&e)[6]) {
    const V a = d[4] - R(2) * d[2], b = d[3] - R(2) * d[1], c = d[4] - R(0.5) * d[2], f = d[3] - R(0.5) * d[1];
    e[0] = d[0] + d[4] - R(2.5) * d[2];
    e[1] = a + p * b;
    e[2] = a - p * b;
    e[3] = c + q * f;
    e[4] = c - q * f;
    e[5] = d[1] + d[5] - R(2.5) * d[3];
  }
  /// A^T m: six points to four outputs.
  template <class V> static void to_output(const V (&m)[6], V (&o)[4]) {
    const V s = m[1] + m[2], d = m[1] - m[2], t = m[3] + m[4], f = m[3] - m[4];
    o[0] = m[0] + s + t;
    o[1] = p * d + q * f;
    o[2] = R(0.5) * s + R(2) * t;
    o[3] = m[5] + R(0.5) * p * d + R(2) * q * f;
  }
  /// A y, the transpose of to_output.
  template <class V> static void of_output(const V (&y)[4], V (&m)[6]) {
    const V a = y[0] + R(0.5) * y[2], b = y[1] + R(0.5) * y[3], c = y[0] + R(2) * y[2], d = y[1] + R(2) * y[3];
    m[0] = y[0];
    m[1] = a + p * b;
    m[2] = a - p * b;
    m[3] = c + q * d;
    m[4] = c - q * d;
    m[5] = y[3];
  }
  /// G g: a row of the kernel to six points.
  template <class V> static void of_kernel(const V (&g)[3], V (&u)[6]) {
    const V a = R(-1) / R(1.5) * (g[0] + R(0.5) * g[2]), b = R(-1) / R(1.5) * p * g[1];
    const V c = R(1) / R(6) * (g[0] + R(2) * g[2]), d = R(1) / R(6) * q * g[1];
    u[0] = g[0];
    u[1] = a + b;
    u[2] = a - b;
    u[3] = c + d;
    u[4] = c - d;
    u[5] = g[2];
  }
  /// G^T u, the transpose of of_kernel.
  template <class V> static void to_kernel(const V (&u)[6], V (&g)[3]) {
    const V a = R(-1) / R(1.5) * (u[1] + u[2]), b = R(-1) / R(1.5) * p * (u[1] - u[2]);
    const V c = R(1) / R(6) * (u[3] + u[4]), d = R(1) / R(6) * q * (u[3] - u[4]);
    g[0] = u[0] + a + c;
    g[1] = b + d;
    g[2] = R(0.5) * a + R(2) * c + u[5];
  }
};
template <class R> struct two {
  static constexpr int outputs = 2, points = 4;
  template <class V> static void of_input(const V (&d)[4], V (&e)[4]) {
    e[0] = d[0] - d[2];
    e[1] = d[1] + d[2];
    e[2] = d[2] - d[1];
    e[3] = d[1] - d[3];
  }
  template <class V> static void to_output(const V (&m)[4], V (&o)[2]) {
    o[0] = m[0] + m[1] + m[2];
    o[1] = m[1] - m[2] - m[3];
  }
  template <class V> static void of_output(const V (&y)[2], V (&m)[4]) {
    m[0] = y[0];
    m[1] = y[0] + y[1];
    m[2] = y[0] - y[1];
    m[3] = V{} - y[1];
  }
  template <class V> static void of_kernel(const V (&g)[3], V (&u)[4]) {
    const V s = R(0.5) * (g[0] + g[2]), h = R(0.5) * g[1];
    u[0] = g[0];
    u[1] = s + h;
    u[2] = s - h;
    u[3] = g[2];
  }
  template <class V> static void to_kernel(const V (&u)[4], V (&g)[3]) {
    const V s = R(0.5) * (u[1] + u[2]), d = R(0.5) * (u[1] - u[2]);
    g[0] = u[0] + s;
    g[1] = d;
    g[2] = s + u[3];
  }
};

/// A one-dimensional transform along both axes of an A x A array: columns first, then rows.
template <int A, int B, class V, class F> inline void along_both(const V (&from)[A][A], V (&to)[B][B], const F& f) {
  V half[B][A];
  OGM_UNROLL
  for (int j = 0; j < A; ++j) {
    V in[A], out[B];
    OGM_UNROLL
    for (int i = 0; i < A; ++i) in[i] = from[i][j];
    f(in, out);
    OGM_UNROLL
    for (int i = 0; i < B; ++i) half[i][j] = out[i];
  }
  OGM_UNROLL
  for (int i = 0; i < B; ++i) f(half[i], to[i]);
}

/// The tiles of some images of one size. The input is padded by one pixel before and by one and what the last tile needs after.
template <class T> struct tiling {
  using F = four<T>;
  static constexpr long outputs = F::outputs, points = F::points * F::points, L = width<T>;

  long images, height, width_, rows, columns;
  tiling(long n, long h, long w)
      : images(n), height(h), width_(w), rows((h + outputs - 1) / outputs), columns((w + outputs - 1) / outputs) {}
  long count() const { return images * rows * columns; }
  long padded_height() const { return rows * outputs + 2; }
  long padded_width() const { return columns * outputs + 2; }
  long padded_plane() const { return padded_height() * padded_width(); }
  /// Elements of the padded images.
  long padded(long channels) const { return images * blocks<T>(channels) * padded_plane() * L; }
  /// The first pixel of an image inside its padding.
  blocked::grid inside() const { return {height, width_, padded_width(), padded_plane()}; }
  long first_inside() const { return (padded_width() + 1) * L; }
  blocked::grid plain() const { return {height, width_, width_, height * width_}; }

  struct place {
    long image, row, column;
  };
  place at(long tile) const { return {tile / (rows * columns), tile / columns % rows, tile % columns}; }
};

/// Tiles in one panel of the product, and vectors of output channels: their product is the accumulators.
template <class T, int Vectors> inline constexpr int panel_tiles = (width<T> == 16 ? 24 : 8) / Vectors;
inline constexpr long granule = 12;  // a multiple of all of them
template <class T> constexpr long rounded_tiles(long n) { return (n + granule - 1) / granule * granule; }

/// Input tiles [first, first + count) at their points: to (point, block, tile, lane), `room` tiles a block. A tile's inputs begin
/// `shift` = 0 pixels into the padding.
template <class T>
void transform_input(const tiling<T>& t, const T* padded, long channel_blocks, long first, long count, long room, T* to) {
  using F = four<T>;
  using V = vector<T>;
  constexpr int N = F::points;
  constexpr long L = width<T>;
  const long pitch = t.padded_width() * L, point = channel_blocks * room * L;
  for (long k = 0; k < count; ++k) {
    const auto p = t.at(first + k);
    for (long b = 0; b < channel_blocks; ++b) {
      const T* from =
          padded + ((p.image * channel_blocks + b) * t.padded_plane()) * L + p.row * t.outputs * pitch + p.column * t.outputs * L;
      V d[N][N], e[N][N];
      OGM_UNROLL
      for (int i = 0; i < N; ++i) {
        OGM_UNROLL
        for (int j = 0; j < N; ++j) d[i][j] = get<T>(from + i * pitch + j * L);
      }
      along_both(d, e, [](const auto& in, auto& out) { F::of_input(in, out); });
      T* out = to + (b * room + k) * L;
      OGM_UNROLL
      for (int i = 0; i < N; ++i) {
        OGM_UNROLL
        for (int j = 0; j < N; ++j) put(out + (i * N + j) * point, e[i][j]);
      }
    }
  }
}

/// The 4x4 gradients of tiles at their points, likewise; they lie inside the padding.
template <class T>
void transform_gradient(const tiling<T>& t, const T* padded, long channel_blocks, long first, long count, long room, T* to) {
  using F = four<T>;
  using V = vector<T>;
  constexpr int N = F::points, M = F::outputs;
  constexpr long L = width<T>;
  const long pitch = t.padded_width() * L, point = channel_blocks * room * L;
  for (long k = 0; k < count; ++k) {
    const auto p = t.at(first + k);
    for (long b = 0; b < channel_blocks; ++b) {
      const T* from =
          padded + ((p.image * channel_blocks + b) * t.padded_plane()) * L + t.first_inside() + p.row * M * pitch + p.column * M * L;
      V d[M][M], e[N][N];
      OGM_UNROLL
      for (int i = 0; i < M; ++i) {
        OGM_UNROLL
        for (int j = 0; j < M; ++j) d[i][j] = get<T>(from + i * pitch + j * L);
      }
      along_both(d, e, [](const auto& in, auto& out) { F::of_output(in, out); });
      T* out = to + (b * room + k) * L;
      OGM_UNROLL
      for (int i = 0; i < N; ++i) {
        OGM_UNROLL
        for (int j = 0; j < N; ++j) put(out + (i * N + j) * point, e[i][j]);
      }
    }
  }
}

/// Tiles back to images (image, block, height, width, lane) without padding.
template <class T>
void transform_output(const tiling<T>& t, const T* from, long channel_blocks, long first, long count, long room, T* images) {
  using F = four<T>;
  using V = vector<T>;
  constexpr int N = F::points, M = F::outputs;
  constexpr long L = width<T>;
  const long point = channel_blocks * room * L;
  for (long k = 0; k < count; ++k) {
    const auto p = t.at(first + k);
    const long height = std::min<long>(M, t.height - p.row * M), columns = std::min<long>(M, t.width_ - p.column * M);
    for (long b = 0; b < channel_blocks; ++b) {
      const T* in = from + (b * room + k) * L;
      V m[N][N], y[M][M];
      OGM_UNROLL
      for (int i = 0; i < N; ++i) {
        OGM_UNROLL
        for (int j = 0; j < N; ++j) m[i][j] = get<T>(in + (i * N + j) * point);
      }
      along_both(m, y, [](const auto& a, auto& o) { F::to_output(a, o); });
      T* to = images + (((p.image * channel_blocks + b) * t.height + p.row * M) * t.width_ + p.column * M) * L;
      if (height == M && columns == M) {
        OGM_UNROLL
        for (int i = 0; i < M; ++i) {
          OGM_UNROLL
          for (int j = 0; j < M; ++j) put(to + (i * t.width_ + j) * L, y[i][j]);
        }
      } else {
        for (long i = 0; i < height; ++i)
          for (long j = 0; j < columns; ++j) put(to + (i * t.width_ + j) * L, y[i][j]);
      }
    }
  }
}

/// The kernels at their points: to (point, in channel, out channel), the out channels filled up to whole blocks. Where `turned`, the
/// convolution is the one of the backward pass: in and out exchanged, the kernel turned by half a circle.
template <class T> void transform_weight(const T* weight, long in_channels, long out_channels, bool turned, T* to) {
  using F = four<T>;
  using V = vector<T>;
  constexpr int N = F::points;
  constexpr long L = width<T>;
  const long ins = turned ? out_channels : in_channels, outs = turned ? in_channels : out_channels, out_blocks = blocks<T>(outs);
  for (long i = 0; i < ins; ++i)
    for (long b = 0; b < out_blocks; ++b) {
      T lanes[9][L]{};
      for (long l = 0; l < std::min(L, outs - b * L); ++l) {
        const long o = b * L + l;
        const T* w = weight + (turned ? i * in_channels + o : o * in_channels + i) * 9;
        for (int k = 0; k < 9; ++k) lanes[k][l] = w[turned ? 8 - k : k];
      }
      V g[3][3], u[N][N];
      for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = get<T>(lanes[k]);
      along_both(g, u, [](const auto& a, auto& c) { F::of_kernel(a, c); });
      for (int k = 0; k < N * N; ++k) put(to + ((k * ins + i) * out_blocks + b) * L, u[k / N][k % N]);
    }
}
/// The transpose: the gradient of the kernels from sums (point, in channel, out channel).
template <class T> void transform_weight_gradient(const T* from, long in_channels, long out_channels, T* weight) {
  using F = four<T>;
  using V = vector<T>;
  constexpr int N = F::points;
  constexpr long L = width<T>;
  const long out_blocks = blocks<T>(out_channels);
  for (long i = 0; i < in_channels; ++i)
    for (long b = 0; b < out_blocks; ++b) {
      V u[N][N], g[3][3];
      for (int k = 0; k < N * N; ++k) u[k / N][k % N] = get<T>(from + ((k * in_channels + i) * out_blocks + b) * L);
      along_both(u, g, [](const auto& a, auto& c) { F::to_kernel(a, c); });
      T lanes[9][L];
      for (int k = 0; k < 9; ++k) put(lanes[k], g[k / 3][k % 3]);
      for (long l = 0; l < std::min(L, out_channels - b * L); ++l)
        for (int k = 0; k < 9; ++k) weight[((b * L + l) * in_channels + i) * 9 + k] = lanes[k][l];
    }
}

namespace detail {

/// Vectors of output channels at a time.
template <class F> void with_vectors(long out_blocks, const F& f) {  // f(integral constant, first block)
  long b = 0;
  for (; b + 4 <= out_blocks; b += 4) f(std::integral_constant<int, 4>{}, b);
  for (; b + 2 <= out_blocks; b += 2) f(std::integral_constant<int, 2>{}, b);
  if (b < out_blocks) f(std::integral_constant<int, 1>{}, b);
}

/// m (block, tile, lane) of Tiles tiles and Vectors blocks = u (block, tile, lane) * w (in channel, out block, lane).
template <class T, int Tiles, int Vectors> inline void panel(const T* u, long in_channels, long room, const T* w, long out_blocks, T* m) {
  using V = vector<T>;
  constexpr long L = width<T>;
  V sum[Tiles][Vectors]{};
  for (long c = 0; c < in_channels; c += L, u += room * L) {
    const long here = std::min(L, in_channels - c);
    for (long l = 0; l < here; ++l, w += out_blocks * L) {
      V b[Vectors];
      OGM_UNROLL
      for (int v = 0; v < Vectors; ++v) b[v] = get<T>(w + v * L);
      OGM_UNROLL
      for (int t = 0; t < Tiles; ++t) {
        const T a = u[t * L + l];
        OGM_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[t][v] += a * b[v];
      }
    }
  }
  OGM_UNROLL
  for (int t = 0; t < Tiles; ++t) {
    OGM_UNROLL
    for (int v = 0; v < Vectors; ++v) put(m + (v * room + t) * L, sum[t][v]);
  }
}

/// w (Channels, Vectors blocks) += sum over tiles of u (tile, lane) from lane l on times v (block, tile, lane).
template <class T, int Channels, int Vectors> inline void outer(const T* u, const T* v, long tiles, long room, T* w, long out_blocks) {
  using V = vector<T>;
  constexpr long L = width<T>;
  V sum[Channels][Vectors];
  OGM_UNROLL
  for (int c = 0; c < Channels; ++c) {
    OGM_UNROLL
    for (int k = 0; k < Vectors; ++k) sum[c][k] = get<T>(w + (c * out_blocks + k) * L);
  }
  for (long t = 0; t < tiles; ++t, u += L, v += L) {
    V b[Vectors];
    OGM_UNROLL
    for (int k = 0; k < Vectors; ++k) b[k] = get<T>(v + k * room * L);
    OGM_UNROLL
    for (int c = 0; c < Channels; ++c) {
      const T a = u[c];
      OGM_UNROLL
      for (int k = 0; k < Vectors; ++k) sum[c][k] += a * b[k];
    }
  }
  OGM_UNROLL
  for (int c = 0; c < Channels; ++c) {
    OGM_UNROLL
    for (int k = 0; k < Vectors; ++k) put(w + (c * out_blocks + k) * L, sum[c][k]);
  }
}

}  // namespace detail

/// At every point: m (out block, tile, lane) = u (in block, tile, lane) * w (in channel, out block, lane). Tiles are computed in whole
/// panels: `room` is a multiple of 12 and holds them.
template <class T> void multiply(const T* u, const T* w, long in_channels, long out_blocks, long tiles, long room, T* m) {
  constexpr long L = width<T>;
  for (long point = 0; point < tiling<T>::points; ++point) {
    detail::with_vectors(out_blocks, [&]<int Vectors>(std::integral_constant<int, Vectors>, long b) {
      constexpr int n = panel_tiles<T, Vectors> < 12 ? panel_tiles<T, Vectors> : 12;
      for (long t = 0; t < tiles; t += n)
        detail::panel<T, n, Vectors>(u + t * L, in_channels, room, w + b * L, out_blocks, m + (b * room + t) * L);
    });
    u += blocks<T>(in_channels) * room * L;
    w += in_channels * out_blocks * L;
    m += out_blocks * room * L;
  }
}

/// At every point: w (in channel, out block, lane) += u (in block, tile, lane)^T * v (out block, tile, lane).
template <class T> void multiply_transposed(const T* u, const T* v, long in_channels, long out_blocks, long tiles, long room, T* w) {
  constexpr long L = width<T>;
  for (long point = 0; point < tiling<T>::points; ++point) {
    detail::with_vectors(out_blocks, [&]<int Vectors>(std::integral_constant<int, Vectors>, long b) {
      constexpr int n = L == 16 ? (Vectors == 1 ? 16 : Vectors == 2 ? 8 : 4) : L == 1 ? 1 : Vectors == 4 ? 2 : 4;
      for (long c = 0; c < in_channels; c += L) {
        const T* from = u + c * room;
        long l = 0;
        for (; l + n <= std::min(L, in_channels - c); l += n)
          detail::outer<T, n, Vectors>(from + l, v + b * room * L, tiles, room, w + ((c + l) * out_blocks + b) * L, out_blocks);
        for (; l < std::min(L, in_channels - c); ++l)
          detail::outer<T, 1, Vectors>(from + l, v + b * room * L, tiles, room, w + ((c + l) * out_blocks + b) * L, out_blocks);
      }
    });
    u += blocks<T>(in_channels) * room * L;
    v += out_blocks * room * L;
    w += in_channels * out_blocks * L;
  }
}

}  // namespace ogm::backend::winograd
