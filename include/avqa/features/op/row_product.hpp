#pragma once
// Products of rows with a small matrix that was packed once: what a convolution with its channels last is made of.

#include <ogm/core/math.hpp>
#include <ogm/core/pack.hpp>
#include <ogm/core/tensor.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace avqa::op {

/// How one row of the left factor is walked: `groups` runs of `length` elements, `group_step` from run to run. A window of an image whose
/// channels come last is a run for each of its rows.
struct row_walk {
  long length, groups = 1, group_step = 0;
};

/// Lower and upper limit of a result; what is NaN stays so.
struct limits {
  float low, high;
};

/// What becomes of sums before they are written: the bias is added, then the sum is limited; with a residual row, that is added and the
/// total limited again.
struct row_finish {
  limits limit;
  const float* residual = nullptr;  // (rows, columns), or null
  limits total{};
};

/// A matrix and a bias in the order in which a product reads them.
///
/// Shapes     weight (column, inner), bias (column)
/// Cost       a result is held in registers while `inner` is walked, and is written once, finished
/// Numerics   every sum is taken in the order of `inner` from 0 on, whatever rows are computed together
class packed_product {
 public:
  packed_product() = default;
  packed_product(std::span<const float> weight, std::span<const float> bias)
      : columns_(long(bias.size())), inner_(columns_ ? long(weight.size()) / columns_ : 0) {
    const long padded = (columns_ + ogm::lanes - 1) / ogm::lanes * ogm::lanes;
    weight_ = ogm::tensor<float, ogm::dyn>(padded * inner_);
    bias_ = ogm::tensor<float, ogm::dyn>(padded);
    std::fill_n(weight_.data(), weight_.count(), 0.f);
    std::fill_n(bias_.data(), bias_.count(), 0.f);
    for (long c = 0; c < columns_; ++c) {
      bias_.data()[c] = bias[std::size_t(c)];
      const long first = c / panel * panel, width = std::min(panel, padded - first);
      for (long k = 0; k < inner_; ++k)
        weight_.data()[first * inner_ + k * width + c - first] = weight[std::size_t(c * inner_ + k)];  // (panel, inner, width)
    }
  }

  long columns() const { return columns_; }
  long inner() const { return inner_; }

  /// y (rows, columns) of the rows that begin at row_of(i).
  template <class RowOf> void run(long rows, const row_walk& walk, const RowOf& row_of, const row_finish& finish, float* y) const {
    // Either all of the weight stays in the first-level cache while rows go by, or a panel of it.
    const long some = weight_.count() <= small_weight ? 8 * most_rows(2) : rows;
    for (long i = 0; i < rows; i += some)
      for (long first = 0; first < columns_; first += panel)
        if (columns_ - first > ogm::lanes)
          each_block<2>(i, std::min(rows, i + some), walk, row_of, first, finish, y);
        else
          each_block<1>(i, std::min(rows, i + some), walk, row_of, first, finish, y);
  }
  /// The rows of a matrix without gaps.
  void run(long rows, const float* x, const row_finish& finish, float* y) const {
    run(
        rows, row_walk{inner_}, [&](long i) { return x + i * inner_; }, finish, y);
  }

 private:
  using V = ogm::float_pack;
  /// As many sums as registers hold beside a row of the weight.
  static constexpr int most_rows(int packs) { return (ogm::lanes >= 16 ? 12 : 6) + (packs == 1 ? 2 : 0); }
  static constexpr long panel = 2 * ogm::lanes, small_weight = 4096;

  template <int Packs, class RowOf>
  void each_block(long i, long last, const row_walk& walk, const RowOf& row_of, long column, const row_finish& finish, float* y) const {
    constexpr int most = most_rows(Packs);
    for (long left = (last - i + most - 1) / most; left > 0; --left) {
      const int height = int((last - i + left - 1) / left);  // nearly equal ones
      const float* from[most];
      for (int r = 0; r < height; ++r) from[r] = row_of(i + r);
      pick<most, Packs>(height, from, walk, column, finish, i, y);
      i += height;
    }
  }
  template <int Rows, int Packs>
  void pick(int rows, const float* const* from, const row_walk& walk, long column, const row_finish& finish, long row, float* y) const {
    if (rows == Rows)
      block<Rows, Packs>(from, walk, column, finish, row, y);
    else if constexpr (Rows > 1)
      pick<Rows - 1, Packs>(rows, from, walk, column, finish, row, y);
  }

  template <int Rows, int Packs>
  void block(const float* const* from, const row_walk& walk, long column, const row_finish& finish, long first_row, float* y) const {
    constexpr ogm::position<ogm::lanes> whole{0, 0, 0};
    constexpr long width = long(Packs) * ogm::lanes;
    const float* w = weight_.data() + column * inner_;
    V sum[Rows][Packs];
    const float* row[Rows];
    OGM_UNROLL
    for (int r = 0; r < Rows; ++r) {
      row[r] = from[r];
      OGM_UNROLL
      for (int p = 0; p < Packs; ++p) sum[r][p] = V{};
    }
    for (long g = 0; g < walk.groups; ++g)
      for (long l = 0, at = g * walk.group_step; l < walk.length; ++l, ++at, w += width) {
        V right[Packs];
        OGM_UNROLL
        for (int p = 0; p < Packs; ++p) right[p] = ogm::load<V>(w + p * ogm::lanes, whole);
        OGM_UNROLL
        for (int r = 0; r < Rows; ++r) {
          const V left = ogm::broadcast<V>(row[r][at]);
          OGM_UNROLL
          for (int p = 0; p < Packs; ++p) sum[r][p] += left * right[p];
        }
      }
    const long from_here = columns_ - column, offset = first_row * columns_ + column;
    const row_ending ending{finish, bias_.data() + column, finish.residual ? finish.residual + offset : nullptr, y + offset, columns_};
    if (from_here >= width)
      ending.template write<Rows, Packs>(sum, [](int) { return ogm::position<ogm::lanes>{0, 0, 0}; });
    else
      ending.template write<Rows, Packs>(sum, [&](int p) {
        return ogm::position<0>{0, 0, 0, int(std::clamp(from_here - long(p) * ogm::lanes, 0L, long(ogm::lanes)))};
      });
  }

  /// Finishes the sums of a block and writes them. A copy of everything: what is written could be a member otherwise.
  struct row_ending {
    row_finish finish;
    const float* bias;
    const float* residual;
    float* y;
    long stride;

    template <int Rows, int Packs, class At> OGM_ALWAYS_INLINE void write(const V (&sum)[Rows][Packs], const At& at) const {
      V added[Packs];
      OGM_UNROLL
      for (int p = 0; p < Packs; ++p) added[p] = ogm::load<V>(bias + p * ogm::lanes, at(p));
      OGM_UNROLL
      for (int r = 0; r < Rows; ++r) {
        OGM_UNROLL
        for (int p = 0; p < Packs; ++p) {
          const long place = r * stride + p * ogm::lanes;
          V v = ogm::math::clamp(sum[r][p] + added[p], finish.limit.low, finish.limit.high);
          if (residual) v = ogm::math::clamp(v + ogm::load<V>(residual + place, at(p)), finish.total.low, finish.total.high);
          ogm::store(y + place, v, at(p));
        }
      }
    }
  };

  long columns_ = 0, inner_ = 0;
  ogm::tensor<float, ogm::dyn> weight_, bias_;
};

/// y (column) = the mean of the rows of x (row, column), summed in their order.
inline void mean_of_rows(long rows, long columns, const float* x, float* y) {
  ogm::each_pack<float>(columns, [&](long c, auto at) {
    auto sum = ogm::load<ogm::float_pack>(x + c, at);
    for (long r = 1; r < rows; ++r) sum += ogm::load<ogm::float_pack>(x + r * columns + c, at);
    ogm::store(y + c, sum / float(rows), at);
  });
}

}  // namespace avqa::op
