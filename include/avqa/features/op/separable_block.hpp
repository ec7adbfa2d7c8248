#pragma once
// A depth-wise convolution and the product behind it, a band of rows at a time, so that what is between them stays in the cache.

#include <avqa/features/op/depthwise.hpp>
#include <avqa/features/op/row_product.hpp>

#include <ogm/backend/host.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace avqa::op {

/// Memory that the blocks of one thread use one after another.
struct block_scratch {
  ogm::backend::workspace wide, filtered;
};

/// y = product(depthwise(x)), each with bias and limits, and perhaps with a residual.
///
/// Shapes     x (image, height, width, channel) -> y (image, out_height, out_width, column)
/// Numerics   the same bits for any number of images
struct separable_block {
  depthwise_shape shape;
  std::vector<float> weight, bias;  // of the depth-wise convolution: (3, 3, channel), (channel)
  limits limit;
  packed_product product;

  static constexpr long band_bytes = 192 << 10;  // of what is between: a good part of a second-level cache

  /// Of images in memory, whose rows are taken together across images.
  void run(long images, const float* x, const row_finish& finish, float* y, block_scratch& scratch) const {
    const long height = shape.out_height(), in_row = shape.width * shape.channels, rows = images * height;
    const long band = std::max(1L, std::min(rows, band_bytes / row_bytes()));
    float* const filtered = scratch.filtered.take<float>(band * out_row());
    for (long first = 0; first < rows; first += band) {
      const long count = std::min(band, rows - first);
      for (long r = first; r < first + count; ++r) {
        const float* const image = x + r / height * shape.height * in_row;
        filter()(
            r % height, [&](long row) { return image + row * in_row; }, filtered + (r - first) * out_row());
      }
      multiply(first, count, filtered, finish, y);
    }
  }

  /// Of one image that is made as it is needed: make(first, last, to) writes its rows [first, last).
  template <class Make> void run_made(const Make& make, const row_finish& finish, float* y, block_scratch& scratch) const {
    const long height = shape.out_height(), in_row = shape.width * shape.channels;
    const long made_bytes = in_row * long(sizeof(float));
    const long fitting = (band_bytes / made_bytes - shape.kernel) / shape.stride + 1;
    const long band = std::clamp(fitting, 1L, height);
    const long held = std::min(shape.height, (band - 1) * shape.stride + shape.kernel);
    float* const wide = scratch.wide.take<float>(held * in_row);
    float* const filtered = scratch.filtered.take<float>(band * out_row());
    long low = 0, high = 0;  // rows of the image that `wide` holds
    for (long first = 0; first < height; first += band) {
      const long count = std::min(band, height - first);
      const long from = std::max(0L, shape.first_row(first)), to = std::min(shape.height, shape.last_row(first + count - 1));
      if (from < high) {  // rows that both bands read
        std::memmove(wide, wide + (from - low) * in_row, std::size_t((high - from) * made_bytes));
      } else
        high = from;
      low = from;
      make(high, to, wide + (high - low) * in_row);
      high = to;
      for (long h = first; h < first + count; ++h)
        filter()(
            h, [&](long row) { return wide + (row - low) * in_row; }, filtered + (h - first) * out_row());
      multiply(first, count, filtered, finish, y);
    }
  }

  /// Floating-point operations of the depth-wise convolution of one image, two for each term.
  double filter_flop() const {
    return 2.0 * double(shape.out_height() * shape.out_width()) * double(shape.channels) * double(shape.kernel * shape.kernel);
  }

 private:
  depthwise_row filter() const { return {shape, weight.data(), bias.data(), limit}; }
  long out_row() const { return shape.out_width() * shape.channels; }
  long row_bytes() const { return out_row() * long(sizeof(float)); }
  /// Rows [first, first + count) of y.
  void multiply(long first, long count, const float* filtered, row_finish finish, float* y) const {
    const long offset = first * shape.out_width() * product.columns();
    if (finish.residual) finish.residual += offset;
    product.run(count * shape.out_width(), filtered, finish, y + offset);
  }
};

}  // namespace avqa::op
