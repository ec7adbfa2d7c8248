// What include/ declares is what NVIDIA's headers declare: every value, every size, every argument of every function. Compiled where those
// headers are; there is nothing to run.
#include <ogm/cuda/platform.hpp>

#include <cublasLt.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace ours {
#include "include/cublasLt.h"
}

namespace {

/// Whether two declarations of the same thing make the same call of it: in C, types have no other names.
template <class A, class B> struct alike {
  static constexpr bool value() {
    if constexpr (std::is_same_v<A, B>)
      return true;
    else if constexpr (std::is_const_v<A> != std::is_const_v<B>)
      return false;
    else if constexpr (std::is_enum_v<A> && std::is_enum_v<B>)
      return std::is_same_v<std::underlying_type_t<A>, std::underlying_type_t<B>>;
    else if constexpr (std::is_pointer_v<A> && std::is_pointer_v<B>)
      return alike<std::remove_pointer_t<A>, std::remove_pointer_t<B>>::value();
    else if constexpr (std::is_class_v<A> && std::is_class_v<B>)
      return alike_classes<A, B>(0);
    else
      return false;
  }

 private:
  template <class X, class Y> static constexpr bool alike_classes(decltype(sizeof(X))) {
    return sizeof(X) == sizeof(Y) && alignof(X) == alignof(Y);
  }
  template <class X, class Y> static constexpr bool alike_classes(...) { return true; }  // opaque
};
template <class A, class... As, class B, class... Bs> struct alike<A(As...), B(Bs...)> {
  static constexpr bool value() {
    if constexpr (sizeof...(As) == sizeof...(Bs))
      return alike<A, B>::value() && (alike<As, Bs>::value() && ...);
    else
      return false;
  }
};

// The check is checked.
struct opaque;
struct another;
enum small : unsigned char { nothing };
static_assert(alike<int(const float*, opaque*), int(const float*, another*)>::value());
static_assert(!alike<int(const float*), int(float*)>::value());
static_assert(!alike<int(float*), int(float*, int)>::value());
static_assert(!alike<int(std::int64_t), int(int)>::value());
static_assert(!alike<small, ours::cublasStatus_t>::value());
static_assert(!alike<cublasLtMatmulAlgo_t, cublasLtMatmulHeuristicResult_t>::value());

}  // namespace

#define SAME_VALUE(name) static_assert(int(ours::name) == int(::name), #name)
#define SAME_FUNCTION(name) static_assert(alike<decltype(ours::name), decltype(::name)>::value(), #name)

SAME_VALUE(CUDA_R_32F);
SAME_VALUE(CUBLAS_STATUS_SUCCESS);
SAME_VALUE(CUBLAS_STATUS_NOT_INITIALIZED);
SAME_VALUE(CUBLAS_STATUS_ALLOC_FAILED);
SAME_VALUE(CUBLAS_STATUS_INVALID_VALUE);
SAME_VALUE(CUBLAS_STATUS_EXECUTION_FAILED);
SAME_VALUE(CUBLAS_STATUS_NOT_SUPPORTED);
SAME_VALUE(CUBLAS_OP_N);
SAME_VALUE(CUBLAS_OP_T);
SAME_VALUE(CUBLAS_COMPUTE_32F);
SAME_VALUE(CUBLAS_COMPUTE_32F_FAST_TF32);
SAME_VALUE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
SAME_VALUE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
SAME_VALUE(CUBLASLT_MATMUL_DESC_TRANSA);
SAME_VALUE(CUBLASLT_MATMUL_DESC_TRANSB);
SAME_VALUE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, workspaceSize) == offsetof(::cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, state) == offsetof(::cublasLtMatmulHeuristicResult_t, state));
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, wavesCount) == offsetof(::cublasLtMatmulHeuristicResult_t, wavesCount));
SAME_FUNCTION(cublasLtGetStatusName);
SAME_FUNCTION(cublasLtCreate);
SAME_FUNCTION(cublasLtDestroy);
SAME_FUNCTION(cublasLtMatrixLayoutCreate);
SAME_FUNCTION(cublasLtMatrixLayoutDestroy);
SAME_FUNCTION(cublasLtMatrixLayoutSetAttribute);
SAME_FUNCTION(cublasLtMatmulDescCreate);
SAME_FUNCTION(cublasLtMatmulDescDestroy);
SAME_FUNCTION(cublasLtMatmulDescSetAttribute);
SAME_FUNCTION(cublasLtMatmulPreferenceCreate);
SAME_FUNCTION(cublasLtMatmulPreferenceDestroy);
SAME_FUNCTION(cublasLtMatmulPreferenceSetAttribute);
SAME_FUNCTION(cublasLtMatmulAlgoGetHeuristic);
SAME_FUNCTION(cublasLtMatmul);
