#pragma once
// Convolutions of each channel by itself, channels last.

#include <avqa/features/op/row_product.hpp>

#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace avqa::op {

/// The sizes of a depth-wise convolution. What the window reads outside of the image is 0.
struct depthwise_shape {
  long height, width, channels;
  long kernel = 3, stride = 1;
  long pad_before = 1, pad_after = 1;  // rows above and below; columns likewise

  long out_height() const { return (height + pad_before + pad_after - kernel) / stride + 1; }
  long out_width() const { return (width + pad_before + pad_after - kernel) / stride + 1; }
  /// The first row that output row h reads, which may lie above the image, and the row after the last one.
  long first_row(long h) const { return h * stride - pad_before; }
  long last_row(long h) const { return first_row(h) + kernel; }
};

/// One row of outputs of a depth-wise convolution, with its bias, limited.
///
/// Numerics   bias first, then the window in row-major order; windows at the edge leave out what lies outside
struct depthwise_row {
  depthwise_shape shape;
  const float* weight;  // (kernel, kernel, channel)
  const float* bias;    // (channel)
  limits limit;

  /// y (out_width, channel) of output row h, where row_of(r) is the row r (width, channel) of the image; only rows inside are asked for.
  template <class RowOf> void operator()(long h, const RowOf& row_of, float* y) const {
    const long top = std::max(0L, -shape.first_row(h)), bottom = std::min(shape.kernel, shape.height - shape.first_row(h));
    if (shape.kernel == 3 && shape.stride == 1)
      row_of_threes<1>(h, top, bottom, row_of, y);
    else if (shape.kernel == 3 && shape.stride == 2)
      row_of_threes<2>(h, top, bottom, row_of, y);
    else
      for (long w = 0; w < shape.out_width(); ++w) one(w, top, bottom, h, row_of, y);
  }

 private:
  using V = ogm::float_pack;

  /// Groups of outputs, which share the columns that they read.
  template <int Stride, class RowOf> void row_of_threes(long h, long top, long bottom, const RowOf& row_of, float* y) const {
    const float* rows[3]{};
    for (long k = top; k < bottom; ++k) rows[k] = row_of(shape.first_row(h) + k);
    const window_rows from{rows, top, bottom};
    const long outputs = shape.out_width();
    long w = 0;
    for (; w + 4 <= outputs; w += 4) group<Stride, 4>(w, from, y);
    if (outputs - w >= 2) group<Stride, 2>(w, from, y), w += 2;
    if (w < outputs) group<Stride, 1>(w, from, y);
  }
  struct window_rows {
    const float* const* row;
    long top, bottom;
  };
  template <int Stride, int Outputs> void group(long w, const window_rows& from, float* y) const {
    const long first = w * Stride - shape.pad_before, last = first + (Outputs - 1) * Stride + 3;
    if (first >= 0 && last <= shape.width)
      some<Stride, Outputs, true>(w, from, y);
    else
      some<Stride, Outputs, false>(w, from, y);
  }
  template <int Stride, int Outputs, bool Inside> void some(long w, const window_rows& rows, float* y) const {
    const long channels = shape.channels, first = w * Stride - shape.pad_before;  // the first column, which may lie left of the image
    ogm::each_pack<float>(channels, [&](long c, auto at) {
      const V start = ogm::load<V>(bias + c, at);
      V sum[Outputs];
      OGM_UNROLL
      for (int o = 0; o < Outputs; ++o) sum[o] = start;
      for (long k = rows.top; k < rows.bottom; ++k) {
        const float* const from = rows.row[k] + c;
        const float* const row = weight + k * 3 * channels + c;
        const V window[3]{ogm::load<V>(row, at), ogm::load<V>(row + channels, at), ogm::load<V>(row + 2 * channels, at)};
        const auto column = [&]<int J>(std::integral_constant<int, J>) {
          if (Inside || (first + J >= 0 && first + J < shape.width))
            add_column<Stride, J>(ogm::load<V>(from + (first + J) * channels, at), window, sum);
        };
        [&]<int... J>(std::integer_sequence<int, J...>) { (column(std::integral_constant<int, J>{}), ...); }
        (std::make_integer_sequence<int, (Outputs - 1) * Stride + 3>{});
      }
      OGM_UNROLL
      for (int o = 0; o < Outputs; ++o) ogm::store(y + (w + o) * channels + c, ogm::math::clamp(sum[o], limit.low, limit.high), at);
    });
  }
  /// Column J of those that the outputs share, into every window that has it.
  template <int Stride, int J, int Outputs> static OGM_ALWAYS_INLINE void add_column(V x, const V (&window)[3], V (&sum)[Outputs]) {
    const auto one_window = [&]<int Place>(std::integral_constant<int, Place>, V& s) {
      if constexpr (Place >= 0 && Place < 3) s += x * window[Place];
    };
    [&]<int... O>(std::integer_sequence<int, O...>) { (one_window(std::integral_constant<int, J - O * Stride>{}, sum[O]), ...); }
    (std::make_integer_sequence<int, Outputs>{});
  }
  /// A window of any size, also at an edge.
  template <class RowOf> void one(long w, long top, long bottom, long h, const RowOf& row_of, float* y) const {
    const long channels = shape.channels, from = w * shape.stride - shape.pad_before;
    const long left = std::max(0L, -from), right = std::min(shape.kernel, shape.width - from);
    ogm::each_pack<float>(channels, [&](long c, auto at) {
      V sum = ogm::load<V>(bias + c, at);
      for (long k = top; k < bottom; ++k) {
        const float* const row = row_of(shape.first_row(h) + k) + c;
        for (long j = left; j < right; ++j)
          sum += ogm::load<V>(row + (from + j) * channels, at) * ogm::load<V>(weight + (k * shape.kernel + j) * channels + c, at);
      }
      ogm::store(y + w * channels + c, ogm::math::clamp(sum, limit.low, limit.high), at);
    });
  }
};

}  // namespace avqa::op
