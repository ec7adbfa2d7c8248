#pragma once
// Products by Eigen, convolutions by im2col and those products, but for the forward one of floats. Needs nothing but headers.

#include <ogm/backend/compensated_convolution.hpp>
#include <ogm/backend/convolution_by_gemm.hpp>
#include <ogm/backend/host.hpp>

#ifndef EIGEN_STACK_ALLOCATION_LIMIT
#define EIGEN_STACK_ALLOCATION_LIMIT 2097152  // else Eigen allocates the workspace of every product above 128 KiB
#endif
#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE  // the panels are the parallel work
#endif
#if defined(__CUDACC__) && !defined(EIGEN_NO_CUDA)
#define EIGEN_NO_CUDA  // it is for the host alone
#endif
#include <Eigen/Core>

#include <concepts>

namespace ogm::backend {

/// One product in the calling thread.
struct eigen_gemm {
  // Not inlined: the four products are most of what a program compiles of Eigen.
  template <class T> [[gnu::noinline]] void operator()(const op::gemm<T>& g) const {
    const auto a = map(g.a, g.a_transposed ? g.inner : g.rows, g.a_transposed ? g.rows : g.inner, g.a_stride);
    const auto b = map(g.b, g.b_transposed ? g.columns : g.inner, g.b_transposed ? g.inner : g.columns, g.b_stride);
    auto c = map(g.c, g.rows, g.columns, g.c_stride);
    if (!g.add) c.setZero();  // what Eigen's `=` does too: `+=` alone halves the instantiations
    if (!g.a_transposed && !g.b_transposed)
      c.noalias() += a * b;
    else if (!g.a_transposed)
      c.noalias() += a * b.transpose();
    else if (!g.b_transposed)
      c.noalias() += a.transpose() * b;
    else
      c.noalias() += a.transpose() * b.transpose();
  }

 private:
  template <class U> static auto map(U* data, long rows, long columns, long stride) {
    using M = Eigen::Matrix<std::remove_const_t<U>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using N = std::conditional_t<std::is_const_v<U>, const M, M>;
    return Eigen::Map<N, 0, Eigen::OuterStride<>>(data, rows, columns, Eigen::OuterStride<>(stride));
  }
};

/// Products by Eigen, in float or double.
///
/// Numerics   the same bits on any number of threads
template <class T = float> class eigen {
 public:
  using value_type = T;
  using space = memory::host;

  template <class Operation> void run(const Operation& operation) { run_here(operation, workspace_); }
  void run(const op::gemm<T>& g) { op::for_each_panel(g, 4, eigen_gemm{}); }
  void run(const op::batched_gemm<T>& g) { for_each_product(g, eigen_gemm{}); }
  void run(const op::convolution_forward<T>& c) {
    if constexpr (std::same_as<T, float>)
      convolve_compensated(c, workspace_);
    else
      convolve_by_gemm(c, eigen_gemm{}, workspace_);
  }
  void run(const op::convolution_backward_input<T>& c) { convolve_by_gemm(c, eigen_gemm{}, workspace_); }
  void run(const op::convolution_backward_weight<T>& c) { convolve_by_gemm(c, eigen_gemm{}, workspace_); }

 private:
  workspace workspace_;
};

}  // namespace ogm::backend
