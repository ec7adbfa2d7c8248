#pragma once
// Matrix products on the device, by cuBLASLt.

#include <ogm/backend/op/gemm.hpp>
#include <ogm/cuda/library.hpp>

#include <cublasLt.h>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace ogm::cuda {

namespace detail {

using blas_calls = library_calls<cublasStatus_t, cublasLtGetStatusName>;

/// A matrix as cuBLASLt sees it: column-major, so that what is row-major in memory is its own transpose.
struct blas_matrix {
  std::int64_t rows, columns, stride;  // from column to column
  std::int64_t step;                   // from product to product
  std::uint32_t alignment;             // of the first element, in bytes: a power of two, 256 at most
  bool transposed;
  friend auto operator<=>(const blas_matrix&, const blas_matrix&) = default;
};

/// The transpose of a product, so b' a' = c', each as it lies in memory: all that a plan depends on.
struct blas_product {
  blas_matrix b, a, c;
  int count;
  friend auto operator<=>(const blas_product&, const blas_product&) = default;
};

/// A product described to cuBLASLt, and the algorithm that it proposes.
struct blas_plan {
  library_object<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> operation;
  library_object<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy> a, b, c;
  cublasLtMatmulHeuristicResult_t proposal{};
};
using blas_preference = library_object<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

/// The description, for which no device is needed.
inline void describe(const blas_product& p, arithmetic how, blas_plan& plan, blas_calls& call) {
  const auto layout = [&](auto& made, const blas_matrix& m) {
    call("cublasLtMatrixLayoutCreate", cublasLtMatrixLayoutCreate, made.created(), CUDA_R_32F, std::uint64_t(m.rows),
         std::uint64_t(m.columns), m.stride);
    const auto set = [&](cublasLtMatrixLayoutAttribute_t what, const auto& value) {
      call("cublasLtMatrixLayoutSetAttribute", cublasLtMatrixLayoutSetAttribute, made.get(), what, &value, sizeof value);
    };
    set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, p.count);
    set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, m.step);
  };
  layout(plan.b, p.b);
  layout(plan.a, p.a);
  layout(plan.c, p.c);

  const auto type = how == arithmetic::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  call("cublasLtMatmulDescCreate", cublasLtMatmulDescCreate, plan.operation.created(), type, CUDA_R_32F);
  const auto transpose = [&](cublasLtMatmulDescAttributes_t which, const blas_matrix& m) {
    const std::int32_t value = m.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    call("cublasLtMatmulDescSetAttribute", cublasLtMatmulDescSetAttribute, plan.operation.get(), which, &value, sizeof value);
  };
  transpose(CUBLASLT_MATMUL_DESC_TRANSA, p.b);
  transpose(CUBLASLT_MATMUL_DESC_TRANSB, p.a);
}

/// What an algorithm may use: else the library takes every matrix to begin at a multiple of 256 bytes.
inline void prefer(const blas_product& p, std::uint64_t workspace_bytes, blas_preference& preference, blas_calls& call) {
  call("cublasLtMatmulPreferenceCreate", cublasLtMatmulPreferenceCreate, preference.created());
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t what, const auto& value) {
    call("cublasLtMatmulPreferenceSetAttribute", cublasLtMatmulPreferenceSetAttribute, preference.get(), what, &value, sizeof value);
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace_bytes);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, p.b.alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, p.a.alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, p.c.alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, p.c.alignment);
}

inline std::string text(const op::batched_gemm<float>& g) {
  const auto matrix = [](long rows, long columns, bool transposed) {
    return "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")" + (transposed ? "'" : "");
  };
  const auto& f = g.first;
  return (g.count == 1 ? "" : std::to_string(g.count) + " times ") + "gemm of " +
         matrix(f.a_transposed ? f.inner : f.rows, f.a_transposed ? f.rows : f.inner, f.a_transposed) + " and " +
         matrix(f.b_transposed ? f.columns : f.inner, f.b_transposed ? f.inner : f.columns, f.b_transposed);
}

/// A matrix of a product: `rows` of `columns` numbers in memory.
struct stored_matrix {
  const float* data;
  long rows, columns, stride, step;
  bool transposed;
};

/// Whether no two of `count` results share a number: one ends before the next begins, or all lie side by side in the rows of one matrix.
inline bool apart(const stored_matrix& m, long count) {
  return count == 1 || m.step >= (m.rows - 1) * m.stride + m.columns ||
         (m.step >= m.columns && (count - 1) * m.step + m.columns <= m.stride);
}

inline blas_matrix seen(const stored_matrix& m, long count) {
  const auto address = reinterpret_cast<std::uintptr_t>(m.data);
  return {.rows = m.columns,
          .columns = m.rows,
          .stride = m.rows == 1 ? m.columns : m.stride,
          .step = count == 1 ? 0 : m.step,
          .alignment = std::uint32_t(std::min<std::uintptr_t>(address & (~address + 1), 256)),
          .transposed = m.transposed};
}

}  // namespace detail

/// Products of float matrices by cuBLASLt: a handle, and a plan for every shape that it met.
///
/// Shapes     those of op::gemm; extents below 2^31
/// Numerics   float32 sums; with arithmetic::tf32 factors of 10 bits. The same bits for the same shapes, alignments and workspace on one
///            kind of device by one version of the library
/// Empty      no rows, columns or products: nothing; no inner extent: 0, or what is there where `add`
/// Errors     the constructor throws ogm::error; a product answers with a status that names its shapes, and the argument or the call that
///            was wrong
/// Threads    one at a time; the workspace is one stream's at a time
/// Cost       the host asks the library for an algorithm when it meets a shape; nothing is allocated on the device
class blas {
 public:
  explicit blas(library_workspace workspace = {}, arithmetic how = arithmetic::float32) : workspace_(workspace), how_(how) {
    check_library_workspace("blas", workspace).throw_if_failed();
    detail::blas_calls call;
    call("cublasLtCreate", cublasLtCreate, handle_.created());
    call.result("blas").throw_if_failed();
  }

  status gemm(const op::gemm<float>& g, cudaStream_t stream) { return gemm(op::batched_gemm<float>{g, 1, 0, 0, 0}, stream); }

  /// Each factor may be the same for all products (a step of 0); results must not overlap.
  status gemm(const op::batched_gemm<float>& g, cudaStream_t stream) {
    const auto& f = g.first;
    if (const status s = check_extents(g); !s.ok()) return s;
    if (f.rows == 0 || f.columns == 0 || g.count == 0) return {};
    const detail::stored_matrix a{f.a,           f.a_transposed ? f.inner : f.rows, f.a_transposed ? f.rows : f.inner, f.a_stride, g.a_step,
                                  f.a_transposed};
    const detail::stored_matrix b{
        f.b, f.b_transposed ? f.columns : f.inner, f.b_transposed ? f.inner : f.columns, f.b_stride, g.b_step, f.b_transposed};
    const detail::stored_matrix c{f.c, f.rows, f.columns, f.c_stride, g.c_step, false};
    if (const status s = check_strides(g, a, b, c); !s.ok()) return s;
    if (f.inner == 0) return f.add ? status() : clear(g, stream);
    if (const status s = check_given([&] { return detail::text(g); }, {{"a", f.a}, {"b", f.b}, {"c", f.c}}); !s.ok()) return s;
    return multiply(g, {seen(b, g.count), seen(a, g.count), seen(c, g.count), int(g.count)}, stream);
  }

 private:
  static status check_extents(const op::batched_gemm<float>& g) {
    constexpr long most = std::numeric_limits<std::int32_t>::max();
    using named = std::pair<const char*, long>;
    for (const auto& [name, extent] :
         {named("rows", g.first.rows), named("columns", g.first.columns), named("inner", g.first.inner), named("count", g.count)})
      if (extent < 0 || extent > most) return wrong_argument("gemm", name, extent, "0 to 2147483647");
    return {};
  }
  static status check_strides(const op::batched_gemm<float>& g, const detail::stored_matrix& a, const detail::stored_matrix& b,
                              const detail::stored_matrix& c) {
    using named = std::pair<const char*, const detail::stored_matrix&>;
    for (const auto& [name, matrix] : {named("a_stride", a), named("b_stride", b), named("c_stride", c)})
      if (matrix.rows > 1 && matrix.stride < matrix.columns)
        return wrong_argument(detail::text(g).c_str(), name, matrix.stride, ("at least " + std::to_string(matrix.columns)).c_str());
    if (!detail::apart(c, g.count)) return wrong_argument(detail::text(g).c_str(), "c_step", c.step, "one with which no results overlap");
    return {};
  }

  status clear(const op::batched_gemm<float>& g, cudaStream_t stream) {
    const auto& f = g.first;
    const std::size_t width = std::size_t(f.columns) * sizeof(float), pitch = f.rows == 1 ? width : std::size_t(f.c_stride) * sizeof(float);
    for (long i = 0; i < g.count; ++i)
      if (const cudaError_t error = cudaMemset2DAsync(f.c + i * g.c_step, pitch, 0, width, std::size_t(f.rows), stream);
          error != cudaSuccess)
        return {"gemm: cudaMemset2DAsync", error};
    return {};
  }

  status multiply(const op::batched_gemm<float>& g, const detail::blas_product& p, cudaStream_t stream) {
    detail::blas_calls call;
    const detail::blas_plan* plan = plans_.find(p);
    if (!plan) {
      detail::blas_plan made;
      int proposals = 0;
      detail::blas_preference preference;
      detail::describe(p, how_, made, call);
      detail::prefer(p, workspace_.bytes, preference, call);
      call("cublasLtMatmulAlgoGetHeuristic", cublasLtMatmulAlgoGetHeuristic, handle_.get(), made.operation.get(), made.b.get(),
           made.a.get(), made.c.get(), made.c.get(), preference.get(), 1, &made.proposal, &proposals);
      if (!call.ok()) return call.result(detail::text(g));
      if (proposals == 0 || made.proposal.state != CUBLAS_STATUS_SUCCESS)
        return {cudaErrorUnknown, "ogm: " + detail::text(g) + ": cublasLtMatmulAlgoGetHeuristic knows no algorithm with a workspace of " +
                                      std::to_string(workspace_.bytes) + " bytes."};
      plan = &plans_.keep(p, std::move(made));
    }
    const auto& f = g.first;
    const float one = 1, beta = f.add ? 1 : 0;
    call("cublasLtMatmul", cublasLtMatmul, handle_.get(), plan->operation.get(), &one, f.b, plan->b.get(), f.a, plan->a.get(), &beta, f.c,
         plan->c.get(), f.c, plan->c.get(), &plan->proposal.algo, workspace_.data, plan->proposal.workspaceSize, stream);
    return call.ok() ? status() : call.result(detail::text(g));
  }

  library_workspace workspace_;
  arithmetic how_;
  library_object<cublasLtHandle_t, cublasLtDestroy> handle_;
  library_plans<detail::blas_product, detail::blas_plan> plans_;
};

}  // namespace ogm::cuda
