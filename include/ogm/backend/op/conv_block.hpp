#pragma once
// A 3x3 convolution, batch normalisation, relu and a maximum of 2x2 windows as one operation, channels last, and its derivatives.
//
// A direct convolution of a few input channels (an image, a spectrogram) is so cheap that it is computed again instead of stored. What
// follows the convolution happens on pieces of an image that are still in cache.

#include <ogm/backend/op/conv_pieces.hpp>

#include <cmath>
#include <utility>

namespace ogm::op {

/// out = max over windows of relu(norm(conv(x))), where norm(y) = (y - mean) / deviation * weight + bias.
///
/// `of_batch`: mean and deviation are those of the convolution over the batch (the biased variance); otherwise the running ones. Both are
/// left in `mean` and `inverse_deviation` for the backward pass. `update`: the running statistics move by `momentum` (the unbiased
/// variance). A NaN wins over all numbers.
template <class T> struct conv_block_forward {
  conv_block_shape shape;
  const T* x;            // (batch, height, width, in_channels)
  const T* filter;       // (out_channels, in_channels, 3, 3)
  const T* weight;       // (out_channels)
  const T* bias;         // (out_channels)
  T* y;                  // (batch, height, width, out_channels): the convolution; null where it is not kept
  T* top;                // like out: which convolution became the output; may be y where there is no window; null: not wanted
  T* out;                // (batch, out_height, out_width, out_channels)
  T* mean;               // (out_channels)
  T* inverse_deviation;  // (out_channels)
  T* running_mean;       // (out_channels)
  T* running_variance;   // (out_channels)
  double momentum, epsilon;
  bool of_batch, update;

  template <class Workspace> void operator()(Workspace& workspace) const;
};

/// The derivatives of conv_block_forward with respect to x, filter, weight and bias. Of equal values in a window the first takes the slope.
template <class T> struct conv_block_backward {
  conv_block_shape shape;
  const T* dout;  // (batch, out_height, out_width, out_channels)
  const T* x;
  const T* filter;
  const T* weight;
  const T* bias;
  const T* y;  // as the forward pass left them
  const T* top;
  const T* mean;
  const T* inverse_deviation;
  T* dx;  // null: not wanted
  T* dfilter;
  T* dweight;
  T* dbias;
  bool of_batch, add_x, add_filter, add_weight, add_bias;

  template <class Workspace> void operator()(Workspace& workspace) const;
};

namespace detail {

/// conv_block_forward on the host.
template <class T> class conv_block_forward_work : private convolved_pieces<T> {
  using base = convolved_pieces<T>;
  using base::get;
  using base::put;
  using base::s;
  using base::width;
  using typename base::V;
  const conv_block_forward<T>& a;

 public:
  explicit conv_block_forward_work(const conv_block_forward<T>& given) : base{given.shape, given.x}, a(given) {}

  template <class Workspace> void operator()(Workspace& workspace) const {
    const long chunks = s.chunks(), prepared = base::rounded(base::prepared());
    const long area = base::rounded(s.by_tiles() ? base::tile_elements() : base::direct_elements());
    const long numbers = 3 * s.out_channels;  // of each chunk: a pivot, sums of the differences to it, and of their squares
    auto* const sums = workspace.template take<double>(chunks * numbers + ((prepared + chunks * area) * long(sizeof(T)) + 7) / 8 + 8);
    T* const filter = reinterpret_cast<T*>(sums + (chunks * numbers + 7) / 8 * 8);
    T* const areas = filter + prepared;
    base::prepare(a.filter, filter, false);

    scratch_areas free;
    const auto over_chunks = [&](const auto& f) {
      parallel_for(chunks, [&](long k) {
        const scratch_areas::lease own(free);
        f(k, s.first_image(k), s.first_image(k + 1), areas + own.index() * area);
      });
    };
    const auto convolve = [&](long first, long last, T* memory, const auto& f) {
      if (s.by_tiles())
        base::convolve_by_tiles(first, last, filter, a.y, memory, f);
      else
        base::convolve_by_strips(first, last, filter, memory, [&](const piece& p, const T* y, long stride, const T*) { f(p, y, stride); });
    };

    if (a.of_batch) {
      over_chunks([&](long k, long first, long last, T* memory) {
        double* const own = sums + k * numbers;
        std::fill_n(own, numbers, 0.0);
        bool begun = false;
        convolve(first, last, memory, [&](const piece& p, const T* y, long stride) {
          if (!std::exchange(begun, true)) std::copy_n(y, s.out_channels, own);
          measure(p, y, stride, own);
        });
      });
      combine(sums);
    } else {
      for (long c = 0; c < s.out_channels; ++c) {
        a.mean[c] = a.running_mean[c];
        a.inverse_deviation[c] = T(1 / std::sqrt(double(a.running_variance[c]) + a.epsilon));
      }
    }
    over_chunks([&](long, long first, long last, T* memory) {
      if (a.of_batch && a.y)
        for (long i = first; i < last; ++i) finish({i, 0, 0, s.height, s.width}, a.y + i * s.conv_image(), s.width * s.out_channels);
      else
        convolve(first, last, memory, [&](const piece& p, const T* y, long stride) { finish(p, y, stride); });
    });
  }

 private:
  /// Adds a piece to the sums of its chunk.
  void measure(const piece& p, const T* y, long stride, double* own) const {
    const long out = s.out_channels;
    for (long c = 0; c < out; c += width) {
      T from[width];
      for (int i = 0; i < width; ++i) from[i] = T(own[c + i]);
      const V pivot = get(from);
      V sum[4]{}, squares[4]{};  // four chains of additions at a time
      const auto add = [&](int chain, const T* at) {
        const V d = get(at) - pivot;
        sum[chain] += d;
        squares[chain] += d * d;
      };
      for (long r = 0; r < p.rows; ++r) {
        const T* const row = y + r * stride + c;
        long i = 0;
        for (; i + 4 <= p.columns; i += 4) {
          OGM_UNROLL
          for (int chain = 0; chain < 4; ++chain) add(chain, row + (i + chain) * out);
        }
        for (; i < p.columns; ++i) add(0, row + i * out);
      }
      T parts[2][width];
      put(parts[0], (sum[0] + sum[1]) + (sum[2] + sum[3]));
      put(parts[1], (squares[0] + squares[1]) + (squares[2] + squares[3]));
      for (int i = 0; i < width; ++i) own[out + c + i] += double(parts[0][i]), own[2 * out + c + i] += double(parts[1][i]);
    }
  }

  /// Mean and deviation from the sums of the chunks, in their order (Chan, Golub, LeVeque 1983).
  void combine(const double* sums) const {
    const long out = s.out_channels, pixels = s.height * s.width;
    for (long c = 0; c < out; ++c) {
      double count = 0, mean = 0, squares = 0;
      for (long k = 0; k < s.chunks(); ++k) {
        const double* const own = sums + k * 3 * out + c;
        const double n = double((s.first_image(k + 1) - s.first_image(k)) * pixels);
        const double offset = own[out] / n, here = own[0] + offset, spread = own[2 * out] - own[out] * offset, apart = here - mean;
        squares += spread + apart * apart * count * n / (count + n);
        mean += apart * n / (count + n);
        count += n;
      }
      const double variance = squares < 0 ? 0 : squares / count;
      a.mean[c] = T(mean);
      a.inverse_deviation[c] = T(1 / std::sqrt(variance + a.epsilon));
      if (a.update) {
        a.running_mean[c] = T((1 - a.momentum) * double(a.running_mean[c]) + a.momentum * mean);
        a.running_variance[c] = T((1 - a.momentum) * double(a.running_variance[c]) + a.momentum * variance * count / (count - 1));
      }
    }
  }

  /// Normalises a piece that begins at even coordinates and writes what its whole windows give.
  void finish(const piece& p, const T* y, long stride) const {
    const long out = s.out_channels;
    const auto larger = [](V u, V v) { return ((u >= v) | (u != u)) ? u : v; };
    const auto smaller = [](V u, V v) { return ((u <= v) | (u != u)) ? u : v; };
    for (long r = 0; r < p.rows / s.window; ++r)
      for (long i = 0; i < p.columns / s.window; ++i) {
        const long to = ((p.image * s.out_height() + p.row / s.window + r) * s.out_width() + p.column / s.window + i) * out;
        const T* const from = y + r * s.window * stride + i * s.window * out;
        for (long c = 0; c < out; c += width) {
          const V scale = get(a.weight + c) * get(a.inverse_deviation + c);
          V most = get(from + c);
          if (s.window == 2) {
            const V v1 = get(from + out + c), v2 = get(from + stride + c), v3 = get(from + stride + out + c);
            const V high = larger(larger(most, v1), larger(v2, v3)), low = smaller(smaller(most, v1), smaller(v2, v3));
            most = scale < V{} ? low : high;
          }
          if (a.top && a.top != a.y) put(a.top + to + c, most);
          const V z = (most - get(a.mean + c)) * scale + get(a.bias + c);
          put(a.out + to + c, z < V{} ? V{} : z);
        }
      }
  }
};

/// conv_block_backward on the host.
template <class T> class conv_block_backward_work : private convolved_pieces<T> {
  using base = convolved_pieces<T>;
  using base::get;
  using base::put;
  using base::s;
  using base::width;
  using typename base::V;
  const conv_block_backward<T>& a;

 public:
  explicit conv_block_backward_work(const conv_block_backward<T>& given) : base{given.shape, given.x}, a(given) {}

  template <class Workspace> void operator()(Workspace& workspace) const {
    const long chunks = s.chunks(), out = s.out_channels, filter = base::rounded(s.filter());
    const bool tiles = s.by_tiles();
    const long prepared = base::rounded(base::prepared());
    const long area =
        base::rounded(tiles ? base::tile_elements() + base::prepared() : base::direct_elements() + base::strip * s.width * out);
    const long shared = base::rounded(3 * out) + prepared + chunks * (filter + area);
    auto* const sums = workspace.template take<double>(chunks * 2 * out + (shared * long(sizeof(T)) + 7) / 8 + 8);
    T* const norm = reinterpret_cast<T*>(sums + (chunks * 2 * out + 7) / 8 * 8);  // (3, out): scale, center, along
    T* const turned = norm + base::rounded(3 * out);
    T* const partial = turned + prepared;  // (chunk, 9, in, out)
    T* const areas = partial + chunks * filter;

    parallel_for(chunks, [&](long k) { sum(s.first_image(k), s.first_image(k + 1), sums + k * 2 * out); });
    combine(sums, norm);
    base::prepare(a.filter, turned, tiles);
    scratch_areas free;
    parallel_for(chunks, [&](long k) {
      const scratch_areas::lease own(free);
      T* const memory = areas + own.index() * area;
      const long first = s.first_image(k), last = s.first_image(k + 1);
      if (a.dx && !a.add_x) std::fill_n(a.dx + first * s.in_image(), (last - first) * s.in_image(), T(0));
      if (tiles)
        by_tiles(first, last, turned, norm, partial + k * filter, memory);
      else
        by_strips(first, last, turned, norm, partial + k * filter, memory);
    });
    parallel_for(out / 16, [&](long g) {
      for (long i = 0; i < s.in_channels; ++i) {
        T total[9][16];
        for (long t = 0; t < 9; ++t)
          for (long o = 0; o < 16; o += width) {
            V sum{};
            for (long k = 0; k < chunks; ++k) sum += get(partial + k * filter + (t * s.in_channels + i) * out + g * 16 + o);
            put(&total[t][o], sum);
          }
        for (long o = 0; o < 16; ++o) {
          T* const to = a.dfilter + ((g * 16 + o) * s.in_channels + i) * 9;
          for (long t = 0; t < 9; ++t) to[t] = a.add_filter ? to[t] + total[t][o] : total[t][o];
        }
      }
    });
  }

 private:
  /// The slope that a window passes to its highest value: none where relu cut it.
  V slope(long at, long c) const {
    const V scale = get(a.weight + c) * get(a.inverse_deviation + c);
    const V z = (get(a.top + at + c) - get(a.mean + c)) * scale + get(a.bias + c);
    return z > V{} ? get(a.dout + at + c) : V{};
  }

  /// The sums over images [first, last) of the slopes, and of the slopes times (top - mean).
  void sum(long first, long last, double* own) const {
    const long out = s.out_channels, pixels = s.out_height() * s.out_width();
    std::fill_n(own, 2 * out, 0.0);
    for (long i = first * pixels; i < last * pixels; i += 32) {
      const long end = std::min(last * pixels, i + 32);
      for (long c = 0; c < out; c += width) {
        V slopes{}, products{};
        for (long j = i; j < end; ++j) {
          const V g = slope(j * out, c);
          slopes += g;
          products += g * (get(a.top + j * out + c) - get(a.mean + c));
        }
        T parts[2][width];
        put(parts[0], slopes);
        put(parts[1], products);
        for (int l = 0; l < width; ++l) own[c + l] += double(parts[0][l]), own[out + c + l] += double(parts[1][l]);
      }
    }
  }

  void combine(const double* sums, T* norm) const {
    const long out = s.out_channels;
    const double n = double(s.batch * s.height * s.width);
    for (long c = 0; c < out; ++c) {
      double slopes = 0, products = 0;
      for (long k = 0; k < s.chunks(); ++k) slopes += sums[k * 2 * out + c], products += sums[(k * 2 + 1) * out + c];
      const double inverse = double(a.inverse_deviation[c]), dw = products * inverse;
      a.dweight[c] = T((a.add_weight ? double(a.dweight[c]) : 0) + dw);
      a.dbias[c] = T((a.add_bias ? double(a.dbias[c]) : 0) + slopes);
      norm[c] = T(double(a.weight[c]) * inverse);
      norm[out + c] = a.of_batch ? T(slopes / n) : T(0);
      norm[2 * out + c] = a.of_batch ? T(dw * inverse / n) : T(0);
    }
  }

  /// The derivatives with respect to the convolution of a piece that begins at even coordinates: to (rows, columns, out).
  void through_norm(const piece& p, const T* y, long stride, const T* norm, T* to, long to_stride) const {
    const long out = s.out_channels;
    const long whole_rows = std::min(p.rows, s.out_height() * s.window - p.row) / s.window;
    const long whole_columns = std::min(p.columns, s.out_width() * s.window - p.column) / s.window;
    for (long c = 0; c < out; c += width) {
      const V scale = get(norm + c), center = get(norm + out + c), along = get(norm + 2 * out + c), m = get(a.mean + c),
              bias = get(a.bias + c);
      const auto one = [&](V v, V g) { return (g - center - (v - m) * along) * scale; };
      for (long r = 0; r < whole_rows; ++r) {
        const long at = ((p.image * s.out_height() + p.row / s.window + r) * s.out_width() + p.column / s.window) * out + c;
        const T* const top = a.top + at;
        const T* const dout = a.dout + at;
        const T* const from = y + r * s.window * stride + c;
        T* const here = to + r * s.window * to_stride + c;
        for (long i = 0; i < whole_columns; ++i) {
          const V most = get(top + i * out), z = (most - m) * scale + bias;
          V left = z > V{} ? get(dout + i * out) : V{};
          if (s.window == 1) {
            put(here + i * out, one(most, left));
            continue;
          }
          const auto take = [&](long offset, long to_offset) {  // the first value of a window that is the highest takes the slope
            const V v = get(from + 2 * i * out + offset);
            put(here + 2 * i * out + to_offset, one(v, v == most ? left : V{}));
            left = v == most ? V{} : left;
          };
          take(0, 0), take(out, out), take(stride, to_stride), take(stride + out, to_stride + out);
        }
      }
      const auto outside = [&](long r, long i) { put(to + r * to_stride + i * out + c, one(get(y + r * stride + i * out + c), V{})); };
      for (long r = 0; r < p.rows; ++r)
        for (long i = r < whole_rows * s.window ? whole_columns * s.window : 0; i < p.columns; ++i) outside(r, i);
    }
  }

  void by_tiles(long first, long last, const T* turned, const T* norm, T* partial, T* memory) const {
    const auto m = base::tiles_in(memory);
    T* const dpoints = memory + base::tile_elements();  // (36, in, out)
    const long in = s.in_channels, out = s.out_channels, each = base::down() * base::across();
    const long in_step = base::plane(in), out_step = base::plane(out), stride = s.width * out;
    std::fill_n(dpoints, winograd::points * in * out, T(0));
    for (long t = first * each; t < last * each; t += base::together()) {
      const long n = std::min(base::together(), last * each - t);
      base::points_of_data(t, n, m.data, m.zeros);
      for (long i = 0; i < n; ++i) {
        const piece p = base::tile(t + i);
        if (p.rows < 4 || p.columns < 4) std::fill_n(m.part, 16 * out, T(0));
        through_norm(p, a.y + (p.image * s.height + p.row) * stride + p.column * out, stride, norm, m.part, 4 * out);
        for (long c = 0; c < out; c += width) {
          T* const at = m.outputs + i * out + c;
          winograd::both_axes<winograd::outputs_transposed, V>([&](int r, int l) { return get(m.part + (r * 4 + l) * out + c); },
                                                               [&](long point, V v) { put(at + point * out_step, v); });
        }
      }
      const auto next = [&](const T* array, long channels, long window) {
        return base::stretch_of(array, channels, window, t + n, n, last * each);
      };
      const auto next_x = next(a.x, in, 1), next_y = next(a.y, out, 1), next_top = next(a.top, out, s.window),
                 next_dout = next(a.dout, out, s.window);
      for (long k = 0; k < winograd::points; ++k) {
        next_x.prefetch(k), next_y.prefetch(k), next_dout.prefetch(k);
        if (s.window > 1) next_top.prefetch(k);
        T* const data = m.data + k * in_step;
        const T* const slopes = m.outputs + k * out_step;
        register_product<T>::run(
            in, out, {.length = n, .step = in}, [&](long i) { return data + i; }, slopes, out, dpoints + k * in * out, out, true);
        if (a.dx)  // the data are not needed any more
          register_product<T>::run(
              n, in, {.length = out}, [&](long i) { return slopes + i * out; }, turned + k * in * out, in, data, in, false);
      }
      if (a.dx) add_patches(t, n, m.data);
    }
    for (long i = 0; i < in * out; i += width) {
      winograd::both_axes<winograd::filter_transposed, V>(
          [&](int r, int l) { return get(dpoints + (r * winograd::patch + l) * in * out + i); },
          [&](long tap, V v) { put(partial + tap * in * out + i, v); });
    }
  }

  /// dx += B points B^T for each tile, whose patches overlap.
  void add_patches(long first, long n, const T* points) const {
    const long in = s.in_channels, step = base::plane(in);
    for (long t = 0; t < n; ++t) {
      const piece p = base::tile(first + t);
      const long top = p.row == 0 ? 1 : 0, bottom = std::min(6L, s.height - p.row + 1);
      const long left = p.column == 0 ? 1 : 0, right = std::min(6L, s.width - p.column + 1);
      T* const to = a.dx + ((p.image * s.height + p.row) * s.width + p.column) * in;
      for (long c = 0; c < in; c += width) {
        const T* const from = points + t * in + c;
        winograd::both_axes<winograd::data_transposed, V>([&](int i, int j) { return get(from + (i * winograd::patch + j) * step); },
                                                          [&](int k, V v) {
                                                            const int i = k / winograd::patch, j = k % winograd::patch;
                                                            if (i < top || i >= bottom || j < left || j >= right) return;
                                                            T* const pixel = to + ((i - 1) * s.width + j - 1) * in + c;
                                                            put(pixel, get(pixel) + v);
                                                          });
      }
    }
  }

  void by_strips(long first, long last, const T* taps, const T* norm, T* partial, T* memory) const {
    const long in = s.in_channels, out = s.out_channels;
    T* const slopes = memory + base::direct_elements();  // (strip, width, out)
    std::fill_n(partial, s.filter(), T(0));
    base::convolve_by_strips(first, last, taps, memory, [&](const piece& p, const T* y, long stride, const T* padded) {
      through_norm(p, y, stride, norm, slopes, stride);
      for (long r = 0; r < p.rows; ++r) {
        register_product<T>::run(
            9 * in, out, {.length = s.width, .step = in},
            [&](long i) { return padded + (r + i / (3 * in)) * base::padded_row() + i % (3 * in); }, slopes + r * stride, out, partial, out,
            true);
        if (a.dx) add_taps(p, r, slopes + r * stride, taps);
      }
    });
  }

  /// dx += what one row of slopes gives back through the taps.
  void add_taps(const piece& p, long r, const T* slopes, const T* taps) const {
    const long in = s.in_channels, out = s.out_channels;
    for (long t = 0; t < 9; ++t) {
      const long row = p.row + r + t / 3 - 1;
      if (row < 0 || row >= s.height) continue;
      for (long i = std::max(0L, 1 - t % 3); i < std::min(s.width, s.width + 1 - t % 3); ++i)
        for (long c = 0; c < in; ++c) {
          V sum{};
          for (long o = 0; o < out; o += width) sum += get(slopes + i * out + o) * get(taps + (t * in + c) * out + o);
          a.dx[((p.image * s.height + row) * s.width + i + t % 3 - 1) * in + c] += sum_of<T>(sum);
        }
    }
  }
};

}  // namespace detail

template <class T> template <class Workspace> void conv_block_forward<T>::operator()(Workspace& workspace) const {
  detail::conv_block_forward_work<T> work(*this);
  work(workspace);
}
template <class T> template <class Workspace> void conv_block_backward<T>::operator()(Workspace& workspace) const {
  detail::conv_block_backward_work<T> work(*this);
  work(workspace);
}

}  // namespace ogm::op
