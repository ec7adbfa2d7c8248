#pragma once
// The directions in which rows of numbers differ most, for making wide features narrow.

#include <ogm/core/error.hpp>
#include <ogm/core/extents.hpp>
#include <ogm/core/random.hpp>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ogm::data {

/// A mean and orthonormal axes, the one with the largest variance first.
///
/// Numerics   float products by Eigen: the same bits on one kind of machine
/// Errors     shape_error where a row has another width
class principal_components {
  using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

 public:
  /// Fits `width` axes to rows (rows, inputs).
  ///
  /// Errors     shape_error where the count is no multiple of the inputs; value_error for more axes than inputs or rows - 1
  /// Cost       13 products of the rows with `width` + 32 vectors, there and back
  /// Source     Halko, Martinsson, Tropp, SIAM Review 2011, Sec. 4.5: subspace iteration from random vectors
  principal_components(std::span<const float> rows, size_type inputs, size_type width)
      : mean_(std::size_t(std::max<size_type>(inputs, 0))) {
    const size_type count = inputs > 0 ? size_type(rows.size()) / inputs : 0;
    if (inputs < 1 || std::size_t(count * inputs) != rows.size())
      throw shape_error("ogm: " + std::to_string(rows.size()) + " numbers are no rows of " + std::to_string(inputs) + ".");
    if (width < 1 || width > inputs || width >= count)
      throw value_error("ogm: " + std::to_string(width) + " principal components of " + std::to_string(count) + " rows of " +
                        std::to_string(inputs) + "; at least 1, at most the inputs, and fewer than the rows expected.");
    matrix x = Eigen::Map<const matrix>(rows.data(), count, inputs);
    const Eigen::RowVectorXf mean = x.cast<double>().colwise().mean().cast<float>();
    std::copy_n(mean.data(), inputs, mean_.data());
    x.rowwise() -= mean;
    const size_type searched = std::min({width + 32, inputs, count});
    Eigen::MatrixXf q(inputs, searched);
    random::generator g({.seed = 1, .stream = random::stream_of(random::purpose::initialise, 0)});
    for (float& element : q.reshaped()) element = g.normal();
    const auto orthonormal = [&](const Eigen::MatrixXf& m) -> Eigen::MatrixXf {
      return Eigen::HouseholderQR<Eigen::MatrixXf>(m).householderQ() * Eigen::MatrixXf::Identity(m.rows(), m.cols());
    };
    for (int iteration = 0; iteration < 12; ++iteration) {
      const Eigen::MatrixXf y = x * q;
      q = orthonormal(x.transpose() * y);
    }
    const Eigen::MatrixXf y = x * q;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> small(y.transpose() * y);        // ascending
    axes_ = (q * small.eigenvectors().rightCols(width).rowwise().reverse()).transpose();  // (width, inputs)
    for (size_type i = 0; i < width; ++i) {
      variances_.push_back(std::max(0.f, small.eigenvalues()[searched - 1 - i]) / float(count - 1));
      Eigen::Index largest;
      axes_.row(i).cwiseAbs().maxCoeff(&largest);
      if (axes_(i, largest) < 0) axes_.row(i) *= -1.f;  // either sign fits: the largest element is positive
    }
  }

  size_type inputs() const { return size_type(mean_.size()); }
  size_type width() const { return axes_.rows(); }
  /// Of the training rows along each axis.
  std::span<const float> variances() const { return variances_; }
  std::span<const float> mean() const { return mean_; }
  std::span<const float> axis(size_type i) const { return {axes_.row(i).data(), mean_.size()}; }

  /// Rows (rows, inputs) along the axes: (rows, width).
  std::vector<float> operator()(std::span<const float> rows) const {
    if (rows.size() % mean_.size() != 0)
      throw shape_error("ogm: " + std::to_string(rows.size()) + " numbers are no rows of " + std::to_string(inputs()) + ".");
    const size_type count = size_type(rows.size()) / inputs();
    std::vector<float> out(std::size_t(count * width()));
    const auto x = Eigen::Map<const matrix>(rows.data(), count, inputs());
    const auto mean = Eigen::Map<const Eigen::RowVectorXf>(mean_.data(), inputs());
    Eigen::Map<matrix>(out.data(), count, width()).noalias() = (x.rowwise() - mean) * axes_.transpose();
    return out;
  }

 private:
  std::vector<float> mean_, variances_;
  matrix axes_;
};

}  // namespace ogm::data
