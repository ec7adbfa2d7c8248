#pragma once
// Maxima and means over windows, as plain data. A plane is one channel of one image: planes = batch * channels.

#include <ogm/backend/op/rows.hpp>

#include <cstdint>
#include <limits>

namespace ogm::op {

/// y[p, oh, ow] = the maximum of x[p, :, :] over the window at (oh * stride - pad, ow * stride - pad), what lies outside left out. The
/// first in row-major order wins a tie; a NaN wins over all numbers. `index` (like y; null: not wanted) is where in the plane it lies.
struct max_pool_shape {
  long planes, in_height, in_width, out_height, out_width;
  long kernel_height, kernel_width, stride_height, stride_width, pad_height, pad_width;
  long in_plane() const { return in_height * in_width; }
  long out_plane() const { return out_height * out_width; }
};
template <class T> struct max_pool_forward {
  max_pool_shape shape;
  const T* x;           // (planes, in_height, in_width)
  T* y;                 // (planes, out_height, out_width)
  std::int32_t* index;  // like y, or null

  static constexpr long strip = 512;  // columns of the input at a time, on the stack

  void operator()() const {
    const auto& s = shape;
    for_each_row_chunk(s.planes, s.in_plane() + s.out_plane(), [this](long first, long last) {
      for (long p = first; p < last; ++p)
        for (long h = 0; h < shape.out_height; ++h)
          for (long w = 0; w < shape.out_width; w += outputs_a_strip()) row(p, h, w, std::min(shape.out_width, w + outputs_a_strip()));
    });
  }

 private:
  long outputs_a_strip() const { return std::max(1L, (strip - shape.kernel_width) / shape.stride_width + 1); }

  /// Outputs [first, last) of one row: down each column in packs, then along the row.
  void row(long p, long h, long first, long last) const {
    using V = typename pack<T>::type;
    const auto& s = shape;
    const T* plane = x + p * s.in_plane();
    const long top = std::max(0L, h * s.stride_height - s.pad_height);
    const long bottom = std::min(s.in_height, h * s.stride_height - s.pad_height + s.kernel_height);
    const long left = std::max(0L, first * s.stride_width - s.pad_width);
    const long right = std::min(s.in_width, (last - 1) * s.stride_width - s.pad_width + s.kernel_width);
    T best[strip + lanes], from[strip + lanes];  // of each column: the maximum, and the row that holds it counted from the top one
    const bool wide = right - left > strip;      // a kernel wider than a strip: one output at a time, read in place
    if (!wide)
      each_pack<T>(right - left, [&](long i, auto at) {
        V most = load<V>(plane + top * s.in_width + left + i, at), row = V{};
        for (long r = top + 1; r < bottom; ++r) {
          const V v = load<V>(plane + r * s.in_width + left + i, at), here = V{} + T(r - top);
          const auto take = (v > most) | (v != v);
          most = take ? v : most;
          row = take ? here : row;
        }
        store(best + i, most, at);
        store(from + i, row, at);
      });
    for (long w = first; w < last; ++w) {
      const long begin = std::max(0L, w * s.stride_width - s.pad_width);
      const long end = std::min(s.in_width, w * s.stride_width - s.pad_width + s.kernel_width);
      T most = 0;
      long at = -1;
      const auto offer = [&](T v, long position) {
        if (at < 0 || v > most || v != v || (v == most && position < at)) most = v, at = position;
      };
      if (wide)
        for (long r = top; r < bottom; ++r)
          for (long c = begin; c < end; ++c) offer(plane[r * s.in_width + c], r * s.in_width + c);
      else
        for (long c = begin; c < end; ++c) offer(best[c - left], (top + long(from[c - left])) * s.in_width + c);
      const long to = p * s.out_plane() + h * s.out_width + w;
      y[to] = most;
      if (index) index[to] = std::int32_t(at);
    }
  }
};
/// dx (=, or += where `add`) the gradient of each maximum, at its place.
template <class T> struct max_pool_backward {
  max_pool_shape shape;
  const T* dy;
  const std::int32_t* index;
  T* dx;
  bool add;

  void operator()() const {
    const long in = shape.in_plane(), out = shape.out_plane();
    for_each_row_chunk(shape.planes, in + out, [&](long first, long last) {
      if (!add) std::fill(dx + first * in, dx + last * in, T(0));
      for (long p = first; p < last; ++p)
        for (long o = p * out; o < (p + 1) * out; ++o) dx[p * in + index[o]] += dy[o];
    });
  }
};

/// The windows along one axis: of fixed size, or (kernel 0) those that share `in` elements out to `out` means, which may overlap.
struct mean_axis {
  long in, out;
  long kernel = 0, stride = 1, pad = 0;
  long first(long o) const { return kernel == 0 ? o * in / out : std::max(0L, o * stride - pad); }
  long last(long o) const { return kernel == 0 ? ((o + 1) * in + out - 1) / out : std::min(in, o * stride - pad + kernel); }
  /// What the sum is divided by: elements in the padding count.
  long size(long o) const { return kernel == 0 ? last(o) - first(o) : kernel; }
};
struct mean_pool_shape {
  long planes;
  mean_axis depth, height, width;
  long in_plane() const { return depth.in * height.in * width.in; }
  long out_plane() const { return depth.out * height.out * width.out; }
  /// f(output, divisor, first, last): every run of inputs along the width that belongs to an output.
  template <class F> void for_each_run(const F& f) const {
    long o = 0;
    for (long d = 0; d < depth.out; ++d)
      for (long h = 0; h < height.out; ++h)
        for (long w = 0; w < width.out; ++w, ++o)
          for (long z = depth.first(d); z < depth.last(d); ++z)
            for (long r = height.first(h); r < height.last(h); ++r)
              f(o, depth.size(d) * height.size(h) * width.size(w), (z * height.in + r) * width.in + width.first(w),
                (z * height.in + r) * width.in + width.last(w));
  }
};
/// y[p, o] = the mean of x[p, :] over the window of o.
template <class T> struct mean_pool_forward {
  mean_pool_shape shape;
  const T* x;  // (planes, depth.in, height.in, width.in)
  T* y;        // (planes, depth.out, height.out, width.out)

  void operator()() const {
    const long in = shape.in_plane(), out = shape.out_plane();
    for_each_row_chunk(shape.planes, in + out, [&](long first, long last) {
      for (long p = first; p < last; ++p) {
        const T* plane = x + p * in;
        if (out == 1 && shape.width.kernel == 0 && shape.height.kernel == 0) {
          y[p] = T(sum(plane, in) / double(in));
          continue;
        }
        long at = -1, divisor = 1;
        double total = 0;
        shape.for_each_run([&](long o, long size, long begin, long end) {
          if (o != at && at >= 0) y[p * out + at] = T(total / double(divisor)), total = 0;
          at = o, divisor = size;
          for (long i = begin; i < end; ++i) total += double(plane[i]);
        });
        if (at >= 0) y[p * out + at] = T(total / double(divisor));
      }
    });
  }

 private:
  static double sum(const T* from, long n) {
    using V = typename pack<T>::type;
    constexpr long block = 32 * pack<T>::lanes;
    double total = 0;
    for (long k = 0; k < n; k += block) {
      V part{};
      each_pack<T>(std::min(block, n - k), [&](long i, auto at) { part += load<V>(from + k + i, at); });
      total += double(sum_of<T>(part));
    }
    return total;
  }
};
template <class T> struct mean_pool_backward {
  mean_pool_shape shape;
  const T* dy;
  T* dx;
  bool add;

  void operator()() const {
    const long in = shape.in_plane(), out = shape.out_plane();
    for_each_row_chunk(shape.planes, in + out, [&](long first, long last) {
      if (!add) std::fill(dx + first * in, dx + last * in, T(0));
      for (long p = first; p < last; ++p)
        shape.for_each_run([&](long o, long size, long begin, long end) {
          const T g = dy[p * out + o] / T(size);
          T* to = dx + p * in;
          for (long i = begin; i < end; ++i) to[i] += g;
        });
    });
  }
};

/// y (outer, inner) = the mean of x (outer, middle, inner) over the middle axis.
template <class T> struct mean_middle_forward {
  const T* x;
  T* y;
  long outer, middle, inner;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(outer, middle * inner, [this](long first, long last) {
      for (long o = first; o < last; ++o)
        each_pack<T>(inner, [&](long i, auto at) {
          V sum{};
          for (long m = 0; m < middle; ++m) sum += load<V>(x + (o * middle + m) * inner + i, at);
          store(y + o * inner + i, V(sum / T(middle)), at);
        });
    });
  }
};
template <class T> struct mean_middle_backward {
  const T* dy;
  T* dx;
  long outer, middle, inner;
  bool add;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(outer * middle, inner, [this](long first, long last) {
      for (long r = first; r < last; ++r)
        each_pack<T>(inner, [&](long i, auto at) {
          const V g = load<V>(dy + r / middle * inner + i, at) / T(middle);
          store(dx + r * inner + i, add ? V(load<V>(dx + r * inner + i, at) + g) : g, at);
        });
    });
  }
};

/// y[o, b, a, :] (=, or += where `add`) x[o, a, b, :]: two axes change places.
template <class T> struct swap_axes {
  const T* x;
  T* y;
  long outer, first, second, inner;
  bool add = false;
  void operator()() const {
    using V = typename pack<T>::type;
    for_each_row_chunk(outer * second * first, inner, [this](long begin, long end) {  // rows of y
      for (long r = begin; r < end; ++r) {
        const long o = r / (second * first), b = r / first % second, a = r % first;
        const T* from = x + ((o * first + a) * second + b) * inner;
        each_pack<T>(inner, [&](long i, auto at) {
          const V v = load<V>(from + i, at);
          store(y + r * inner + i, add ? V(load<V>(y + r * inner + i, at) + v) : v, at);
        });
      }
    });
  }
};

}  // namespace ogm::op
