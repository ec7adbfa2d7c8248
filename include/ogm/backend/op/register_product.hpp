#pragma once
// A product whose result stays in registers while the inner axis is walked: what the convolution blocks are made of.

#include <ogm/core/pack.hpp>

#include <algorithm>

namespace ogm::op {

/// How the left factor is walked along the inner axis: `groups` runs of `length` elements, `step` apart, `group_step` from run to run.
struct inner_walk {
  long length, step = 1, groups = 1, group_step = 0;
};

/// c (rows, columns) = or += left * b. Row i of the left factor begins at row_of(i); b is (groups * length, columns), c and b have strides.
/// `columns` is a multiple of the lanes of a pack of T.
template <class T> class register_product {
  using V = typename pack<T>::type;
  static constexpr int width = pack<T>::lanes;

 public:
  template <class RowOf>
  static void run(long rows, long columns, const inner_walk& walk, const RowOf& row_of, const T* b, long b_stride, T* c, long c_stride,
                  bool add) {
    const auto panel = [&]<int Packs>(long j) {
      constexpr int most = most_rows(Packs);
      const T* from[most];
      for (long i = 0, left = (rows + most - 1) / most; left > 0; --left) {  // blocks of nearly equal height
        const int height = int((rows - i + left - 1) / left);
        for (int r = 0; r < height; ++r) from[r] = row_of(i + r);
        pick<most, Packs>(height, from, walk, b + j, b_stride, c + i * c_stride + j, c_stride, add);
        i += height;
      }
    };
    long j = 0;
    for (; j + 4 * width <= columns; j += 4 * width) panel.template operator()<4>(j);
    for (; j + 2 * width <= columns; j += 2 * width) panel.template operator()<2>(j);
    for (; j < columns; j += width) panel.template operator()<1>(j);
  }

 private:
  /// As many sums as registers hold beside a row of b, and as many row pointers as there are address registers.
  static constexpr int most_rows(int packs) {
    return width >= 16 ? (packs == 4 ? 6 : packs == 2 ? 8 : 9) : (packs == 4 ? 2 : packs == 2 ? 4 : 9);
  }

  template <int Rows, int Packs>
  static void pick(int rows, const T* const* from, const inner_walk& walk, const T* b, long b_stride, T* c, long c_stride, bool add) {
    if (rows == Rows)
      kernel<Rows, Packs>(from, walk, b, b_stride, c, c_stride, add);
    else if constexpr (Rows > 1)
      pick<Rows - 1, Packs>(rows, from, walk, b, b_stride, c, c_stride, add);
  }

  template <int Rows, int Packs>
  static void kernel(const T* const* from, const inner_walk& walk, const T* b, long b_stride, T* c, long c_stride, bool add) {
    constexpr position<width> whole{0, 0, 0};
    V sum[Rows][Packs];
    const T* row[Rows];
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) {
      row[r] = from[r];
      OGM_UNROLL
      for (int p = 0; p < Packs; ++p) sum[r][p] = add ? load<V>(c + r * c_stride + p * width, whole) : V{};
    }
    for (long g = 0; g < walk.groups; ++g) {
      long at = g * walk.group_step;
      for (long l = 0; l < walk.length; ++l, at += walk.step, b += b_stride) {
        V right[Packs];
        OGM_UNROLL
        for (int p = 0; p < Packs; ++p) right[p] = load<V>(b + p * width, whole);
        OGM_UNROLL
        for (int r = 0; r < Rows; ++r) {
          const V left = broadcast<V>(row[r][at]);
          OGM_UNROLL
          for (int p = 0; p < Packs; ++p) sum[r][p] += left * right[p];
        }
      }
    }
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) {
      OGM_UNROLL
      for (int p = 0; p < Packs; ++p) store(c + r * c_stride + p * width, sum[r][p], whole);
    }
  }
};

}  // namespace ogm::op
