#pragma once
// The convolution of a block, piece by piece: Winograd's F(4x4, 3x3) where the input channels fill packs, direct where they do not.

#include <ogm/backend/op/register_product.hpp>
#include <ogm/backend/op/winograd.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>

namespace ogm::op {

struct conv_block_shape {
  long batch, height, width, in_channels, out_channels;  // the convolution keeps height and width; out_channels a multiple of 16
  long window;                                           // of the maximum: 1 (none) or 2; a last odd row or column is left out

  bool by_tiles() const { return in_channels % 16 == 0; }
  long out_height() const { return height / window; }
  long out_width() const { return width / window; }
  long in_image() const { return height * width * in_channels; }
  long conv_image() const { return height * width * out_channels; }
  long out_image() const { return out_height() * out_width() * out_channels; }
  long filter() const { return 9 * in_channels * out_channels; }
  /// Pieces of the batch, and the first image of one.
  long chunks() const { return std::clamp(batch / 16, 1L, 16L); }
  long first_image(long chunk) const { return batch * chunk / chunks(); }
};

namespace detail {

/// A piece of an image: `rows` x `columns` pixels from (row, column) on.
struct piece {
  long image, row, column, rows, columns;
};

/// What forward and backward share: memory, filters, and the convolution piece by piece.
template <class T> struct convolved_pieces {
  using V = typename pack<T>::type;
  static constexpr int width = pack<T>::lanes;
  static constexpr position<width> whole{0, 0, 0};
  static constexpr long line = 64 / long(sizeof(T));  // elements of a cache line

  conv_block_shape s;
  const T* x;

  static long rounded(long n) { return (n + line - 1) / line * line; }
  static V get(const T* p) { return load<V>(p, whole); }
  static void put(T* p, V v) { store(p, v, whole); }

  // Tiles: 4 x 4 outputs each, counted through all images.
  long down() const { return (s.height + 3) / 4; }
  long across() const { return (s.width + 3) / 4; }
  /// Tiles that are worked on together: what keeps their points in the second-level cache.
  long together() const { return s.in_channels + s.out_channels <= 64 ? 48 : 24; }
  /// Points of one kind; a line more than they are, so that the 36 kinds do not fall on the same sets of the cache.
  long plane(long channels) const { return together() * channels + line; }
  piece tile(long t) const {
    const long each = down() * across(), rest = t % each, row = rest / across() * 4, column = rest % across() * 4;
    return {t / each, row, column, std::min(4L, s.height - row), std::min(4L, s.width - column)};
  }

  /// The filter for this shape: (36, in, out) points, or (9, in, out) taps. `turned`: (36, out, in).
  long prepared() const { return s.by_tiles() ? winograd::points * s.in_channels * s.out_channels : s.filter(); }
  void prepare(const T* filter, T* to, bool turned) const {
    const long in = s.in_channels, out = s.out_channels;
    if (!s.by_tiles()) {
      for (long o = 0; o < out; ++o)
        for (long i = 0; i < in; ++i)
          for (long t = 0; t < 9; ++t) to[(t * in + i) * out + o] = filter[(o * in + i) * 9 + t];
      return;
    }
    const long rows = turned ? out : in, columns = turned ? in : out, group = std::min(columns, 64L);
    parallel_for(rows * ((columns + group - 1) / group), [&](long k) {
      const long row = k % rows, first = k / rows * group, n = std::min(group, columns - first);
      T taps[9][64];  // (tap, column)
      for (long c = 0; c < n; ++c) {
        const T* from = filter + (turned ? row * in + first + c : (first + c) * in + row) * 9;
        for (long t = 0; t < 9; ++t) taps[t][c] = from[t];
      }
      for (long c = 0; c < n; c += width) {
        T* const at = to + row * columns + first + c;
        winograd::both_axes<winograd::filter, V>([&](int i, int j) { return get(&taps[i * 3 + j][c]); },
                                                 [&](long point, V v) { put(at + point * rows * columns, v); });
      }
    });
  }

  /// The points of the data of `n` tiles from `first` on: (36, tile, in), planes `plane(in)` apart. zeros: 6 * in elements.
  void points_of_data(long first, long n, T* to, const T* zeros) const {
    const long in = s.in_channels, step = plane(in);
    for (long t = 0; t < n; ++t) {
      const piece p = tile(first + t);
      const T* rows[winograd::patch];
      for (long i = 0; i < winograd::patch; ++i) {
        const long r = p.row - 1 + i;
        rows[i] = r < 0 || r >= s.height ? zeros : x + ((p.image * s.height + r) * s.width + p.column - 1) * in;
      }
      const long left = p.column == 0 ? 1 : 0, right = std::min(6L, s.width - p.column + 1);
      const auto transform = [&]<bool Inside>() {
        for (long c = 0; c < in; c += width) {
          T* const at = to + t * in + c;
          winograd::both_axes<winograd::data, V>(
              [&](int i, int j) { return Inside || (j >= left && j < right) ? get(rows[i] + j * in + c) : V{}; },
              [&](long point, V v) { put(at + point * step, v); });
        }
      };
      left == 0 && right == winograd::patch ? transform.template operator()<true>() : transform.template operator()<false>();
    }
  }

  struct tile_memory {
    T* data;     // (36, tile, in) points
    T* outputs;  // (36, tile, out) points
    T* zeros;    // (6, in)
    T* part;     // (4, 4, out)
  };
  long tile_elements() const {
    return winograd::points * (plane(s.in_channels) + plane(s.out_channels)) + rounded(winograd::patch * s.in_channels) +
           16 * s.out_channels;
  }
  tile_memory tiles_in(T* memory) const {
    tile_memory m;
    m.data = memory;
    m.outputs = m.data + winograd::points * plane(s.in_channels);
    m.zeros = m.outputs + winograd::points * plane(s.out_channels);
    m.part = m.zeros + rounded(winograd::patch * s.in_channels);
    std::fill_n(m.zeros, winograd::patch * s.in_channels, T(0));
    return m;
  }

  /// The elements of an array (batch, height / window, width / window, channels) that `n` tiles from `first` on are made of; none past
  /// `last`.
  struct stretch {
    const T* from;
    long count;
    /// Asks for share k of 36, so that it is in cache when its turn comes: memory is fetched while products are computed.
    void prefetch(long k) const {
      for (long i = count * k / winograd::points; i < count * (k + 1) / winograd::points; i += line) __builtin_prefetch(from + i);
    }
  };
  stretch stretch_of(const T* array, long channels, long window, long first, long n, long last) const {
    if (first >= last) return {array, 0};
    const piece a = tile(first), b = tile(std::min(first + n, last) - 1);
    const long height = s.height / window, row = s.width / window * channels;
    const long begin = (a.image * height + a.row / window) * row, end = (b.image * height + std::min((b.row + 4) / window, height)) * row;
    return {array + begin, end - begin};
  }

  /// Calls f(piece, its convolution, elements from row to row) for the pieces of the images [first, last). The convolution goes to y, or,
  /// where that is null, to memory that the next piece uses again.
  template <class F> void convolve_by_tiles(long first, long last, const T* filter, T* y, T* memory, const F& f) const {
    const tile_memory m = tiles_in(memory);
    const long in = s.in_channels, out = s.out_channels, each = down() * across(), in_step = plane(in), out_step = plane(out);
    for (long t = first * each; t < last * each; t += together()) {
      const long n = std::min(together(), last * each - t);
      points_of_data(t, n, m.data, m.zeros);
      const stretch next = stretch_of(x, in, 1, t + n, n, last * each);
      for (long k = 0; k < winograd::points; ++k) {
        next.prefetch(k);
        const T* const from = m.data + k * in_step;
        register_product<T>::run(
            n, out, {.length = in}, [&](long i) { return from + i * in; }, filter + k * in * out, out, m.outputs + k * out_step, out,
            false);
      }
      for (long i = 0; i < n; ++i) {
        const piece p = tile(t + i);
        T* const to = y ? y + ((p.image * s.height + p.row) * s.width + p.column) * out : m.part;
        const long stride = y ? s.width * out : 4 * out;
        for (long c = 0; c < out; c += width) {
          const T* const from = m.outputs + i * out + c;
          T* const at = to + c;
          winograd::both_axes<winograd::outputs, V>([&](int a, int b) { return get(from + (a * winograd::patch + b) * out_step); },
                                                    [&](int k, V v) {
                                                      if (k / 4 < p.rows && k % 4 < p.columns) put(at + k / 4 * stride + k % 4 * out, v);
                                                    });
        }
        f(p, static_cast<const T*>(to), stride);
      }
    }
  }

  // Direct: two rows at a time, from a copy of the input with zeros around.
  static constexpr long strip = 2;
  long padded_row() const { return (s.width + 2) * s.in_channels; }
  long direct_elements() const { return rounded((strip + 2) * padded_row()) + strip * s.width * s.out_channels; }
  /// The input rows of a strip, one more above and below.
  void pad(const piece& p, T* to) const {
    for (long r = 0; r < p.rows + 2; ++r, to += padded_row()) {
      const long from = p.row - 1 + r;
      std::fill_n(to, padded_row(), T(0));
      if (from >= 0 && from < s.height)
        std::copy_n(x + (p.image * s.height + from) * s.width * s.in_channels, s.width * s.in_channels, to + s.in_channels);
    }
  }
  /// One row of a single input channel, whose nine taps stay in registers.
  void convolve_row(const T* padded, const T* filter, T* to) const {
    for (long c = 0; c < s.out_channels; c += width) {
      V taps[9];
      OGM_UNROLL
      for (int t = 0; t < 9; ++t) taps[t] = get(filter + t * s.out_channels + c);
      const auto pixels = [&]<int Count>(long i) {
        V sum[Count]{};
        OGM_UNROLL
        for (int t = 0; t < 9; ++t) {
          OGM_UNROLL
          for (int p = 0; p < Count; ++p) sum[p] += taps[t] * broadcast<V>(padded[t / 3 * padded_row() + t % 3 + i + p]);
        }
        OGM_UNROLL
        for (int p = 0; p < Count; ++p) put(to + (i + p) * s.out_channels + c, sum[p]);
      };
      long i = 0;
      for (; i + 4 <= s.width; i += 4) pixels.template operator()<4>(i);
      for (; i < s.width; ++i) pixels.template operator()<1>(i);
    }
  }
  /// f(piece, convolution, stride, padded input) for the strips of the images [first, last).
  template <class F> void convolve_by_strips(long first, long last, const T* filter, T* memory, const F& f) const {
    T* const padded = memory;
    T* const part = memory + rounded((strip + 2) * padded_row());
    const long in = s.in_channels, out = s.out_channels, stride = s.width * out;
    for (long image = first; image < last; ++image)
      for (long row = 0; row < s.height; row += strip) {
        const piece p{image, row, 0, std::min(strip, s.height - row), s.width};
        pad(p, padded);
        for (long r = 0; r < p.rows; ++r)
          if (in == 1)
            convolve_row(padded + r * padded_row(), filter, part + r * stride);
          else
            register_product<T>::run(
                s.width, out, {.length = 3 * in, .groups = 3, .group_step = padded_row()},
                [&](long i) { return padded + r * padded_row() + i * in; }, filter, out, part + r * stride, out, false);
        f(p, static_cast<const T*>(part), stride, static_cast<const T*>(padded));
      }
  }
};

}  // namespace detail

}  // namespace ogm::op
