// What include/ declares is what NVIDIA's headers declare: every value, every size, every argument of every function. Compiled where those
// headers are; there is nothing to run.
#include <ogm/cuda/platform.hpp>

#include <cublasLt.h>
#include <cudnn.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace ours {
#include "include/cublasLt.h"
#include "include/cudnn.h"
}  // namespace ours

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

#define OGM_SAME_VALUE(name) static_assert(int(ours::name) == int(::name), #name)
#define OGM_SAME_FUNCTION(name) static_assert(alike<decltype(ours::name), decltype(::name)>::value(), #name)

OGM_SAME_VALUE(CUDA_R_32F);
OGM_SAME_VALUE(CUBLAS_STATUS_SUCCESS);
OGM_SAME_VALUE(CUBLAS_STATUS_NOT_INITIALIZED);
OGM_SAME_VALUE(CUBLAS_STATUS_ALLOC_FAILED);
OGM_SAME_VALUE(CUBLAS_STATUS_INVALID_VALUE);
OGM_SAME_VALUE(CUBLAS_STATUS_EXECUTION_FAILED);
OGM_SAME_VALUE(CUBLAS_STATUS_NOT_SUPPORTED);
OGM_SAME_VALUE(CUBLAS_OP_N);
OGM_SAME_VALUE(CUBLAS_OP_T);
OGM_SAME_VALUE(CUBLAS_COMPUTE_32F);
OGM_SAME_VALUE(CUBLAS_COMPUTE_32F_FAST_TF32);
OGM_SAME_VALUE(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
OGM_SAME_VALUE(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
OGM_SAME_VALUE(CUBLASLT_MATMUL_DESC_TRANSA);
OGM_SAME_VALUE(CUBLASLT_MATMUL_DESC_TRANSB);
OGM_SAME_VALUE(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
OGM_SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
OGM_SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
OGM_SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
OGM_SAME_VALUE(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, workspaceSize) == offsetof(::cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, state) == offsetof(::cublasLtMatmulHeuristicResult_t, state));
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, wavesCount) == offsetof(::cublasLtMatmulHeuristicResult_t, wavesCount));
OGM_SAME_FUNCTION(cublasLtGetStatusName);
OGM_SAME_FUNCTION(cublasLtCreate);
OGM_SAME_FUNCTION(cublasLtDestroy);
OGM_SAME_FUNCTION(cublasLtMatrixLayoutCreate);
OGM_SAME_FUNCTION(cublasLtMatrixLayoutDestroy);
OGM_SAME_FUNCTION(cublasLtMatrixLayoutSetAttribute);
OGM_SAME_FUNCTION(cublasLtMatmulDescCreate);
OGM_SAME_FUNCTION(cublasLtMatmulDescDestroy);
OGM_SAME_FUNCTION(cublasLtMatmulDescSetAttribute);
OGM_SAME_FUNCTION(cublasLtMatmulPreferenceCreate);
OGM_SAME_FUNCTION(cublasLtMatmulPreferenceDestroy);
OGM_SAME_FUNCTION(cublasLtMatmulPreferenceSetAttribute);
OGM_SAME_FUNCTION(cublasLtMatmulAlgoGetHeuristic);
OGM_SAME_FUNCTION(cublasLtMatmul);

OGM_SAME_VALUE(CUDNN_STATUS_SUCCESS);
OGM_SAME_VALUE(CUDNN_STATUS_NOT_INITIALIZED);
OGM_SAME_VALUE(CUDNN_STATUS_BAD_PARAM);
OGM_SAME_VALUE(CUDNN_STATUS_NOT_SUPPORTED);
OGM_SAME_VALUE(CUDNN_STATUS_INTERNAL_ERROR);
OGM_SAME_VALUE(CUDNN_STATUS_EXECUTION_FAILED);
OGM_SAME_VALUE(CUDNN_DATA_FLOAT);
OGM_SAME_VALUE(CUDNN_TENSOR_NCHW);
OGM_SAME_VALUE(CUDNN_DEFAULT_MATH);
OGM_SAME_VALUE(CUDNN_FMA_MATH);
OGM_SAME_VALUE(CUDNN_NON_DETERMINISTIC);
OGM_SAME_VALUE(CUDNN_DETERMINISTIC);
OGM_SAME_VALUE(CUDNN_CONVOLUTION);
OGM_SAME_VALUE(CUDNN_CROSS_CORRELATION);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_GEMM);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_0);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1);
OGM_SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);

#define OGM_SAME_PROPOSAL(name)                                                   \
  static_assert(alike<ours::name, ::name>::value(), #name);                       \
  static_assert(offsetof(ours::name, algo) == offsetof(::name, algo), #name);     \
  static_assert(offsetof(ours::name, status) == offsetof(::name, status), #name); \
  static_assert(offsetof(ours::name, memory) == offsetof(::name, memory), #name); \
  static_assert(offsetof(ours::name, determinism) == offsetof(::name, determinism), #name)
OGM_SAME_PROPOSAL(cudnnConvolutionFwdAlgoPerf_t);
OGM_SAME_PROPOSAL(cudnnConvolutionBwdDataAlgoPerf_t);
OGM_SAME_PROPOSAL(cudnnConvolutionBwdFilterAlgoPerf_t);
OGM_SAME_FUNCTION(cudnnGetErrorString);
OGM_SAME_FUNCTION(cudnnCreate);
OGM_SAME_FUNCTION(cudnnDestroy);
OGM_SAME_FUNCTION(cudnnSetStream);
OGM_SAME_FUNCTION(cudnnCreateTensorDescriptor);
OGM_SAME_FUNCTION(cudnnDestroyTensorDescriptor);
OGM_SAME_FUNCTION(cudnnSetTensor4dDescriptor);
OGM_SAME_FUNCTION(cudnnCreateFilterDescriptor);
OGM_SAME_FUNCTION(cudnnDestroyFilterDescriptor);
OGM_SAME_FUNCTION(cudnnSetFilter4dDescriptor);
OGM_SAME_FUNCTION(cudnnCreateConvolutionDescriptor);
OGM_SAME_FUNCTION(cudnnDestroyConvolutionDescriptor);
OGM_SAME_FUNCTION(cudnnSetConvolution2dDescriptor);
OGM_SAME_FUNCTION(cudnnSetConvolutionGroupCount);
OGM_SAME_FUNCTION(cudnnSetConvolutionMathType);
OGM_SAME_FUNCTION(cudnnGetConvolutionForwardAlgorithm_v7);
OGM_SAME_FUNCTION(cudnnGetConvolutionForwardWorkspaceSize);
OGM_SAME_FUNCTION(cudnnConvolutionForward);
OGM_SAME_FUNCTION(cudnnAddTensor);
OGM_SAME_FUNCTION(cudnnGetConvolutionBackwardDataAlgorithm_v7);
OGM_SAME_FUNCTION(cudnnGetConvolutionBackwardDataWorkspaceSize);
OGM_SAME_FUNCTION(cudnnConvolutionBackwardData);
OGM_SAME_FUNCTION(cudnnGetConvolutionBackwardFilterAlgorithm_v7);
OGM_SAME_FUNCTION(cudnnGetConvolutionBackwardFilterWorkspaceSize);
OGM_SAME_FUNCTION(cudnnConvolutionBackwardFilter);
OGM_SAME_FUNCTION(cudnnConvolutionBackwardBias);
