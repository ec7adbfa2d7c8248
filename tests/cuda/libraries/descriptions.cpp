// What NVIDIA's libraries do without a device: take descriptions. Theirs must accept what the stand-ins accept.
#include <ogm/cuda/blas.hpp>
#include <ogm/cuda/dnn.hpp>

#include <catch2/catch.hpp>

using namespace ogm;

TEST_CASE("cuBLASLt accepts the description of a product") {
  for (const auto how : {cuda::arithmetic::float32, cuda::arithmetic::tf32})
    for (const int count : {1, 3}) {
      const cuda::detail::blas_product p{
          .b = {.rows = 5, .columns = 7, .stride = 9, .step = count == 1 ? 0 : 64, .alignment = 4, .transposed = true},
          .a = {.rows = 3, .columns = 7, .stride = 3, .step = 0, .alignment = 256, .transposed = false},
          .c = {.rows = 7, .columns = 7, .stride = 7, .step = 49, .alignment = 16, .transposed = false},
          .count = count};
      cuda::detail::blas_calls call;
      cuda::detail::blas_plan plan;
      cuda::detail::blas_preference preference;
      cuda::detail::describe(p, how, plan, call);
      cuda::detail::prefer(p, 1 << 20, preference, call);
      CHECK(call.result("a product").what() == "");

      std::int64_t step = 0, stride = 0;
      std::int32_t transposed = 0, products = 0;
      std::uint32_t alignment = 0;
      std::size_t bytes = 0;
      CHECK(cublasLtMatrixLayoutGetAttribute(plan.c.get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step, &bytes) ==
            CUBLAS_STATUS_SUCCESS);
      CHECK(cublasLtMatrixLayoutGetAttribute(plan.b.get(), CUBLASLT_MATRIX_LAYOUT_LD, &stride, sizeof stride, &bytes) ==
            CUBLAS_STATUS_SUCCESS);
      CHECK(cublasLtMatrixLayoutGetAttribute(plan.a.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &products, sizeof products, &bytes) ==
            CUBLAS_STATUS_SUCCESS);
      CHECK(cublasLtMatmulDescGetAttribute(plan.operation.get(), CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed, &bytes) ==
            CUBLAS_STATUS_SUCCESS);
      CHECK(cublasLtMatmulPreferenceGetAttribute(preference.get(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &alignment, sizeof alignment,
                                                 &bytes) == CUBLAS_STATUS_SUCCESS);
      CHECK(step == 49);
      CHECK(stride == 9);
      CHECK(products == count);
      CHECK(transposed == CUBLAS_OP_T);
      CHECK(alignment == 4);
    }
}

TEST_CASE("cuBLASLt refuses attributes of another size") {
  cublasLtMatrixLayout_t layout = nullptr;
  CHECK(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 4, 5, 4) == CUBLAS_STATUS_SUCCESS);
  const std::int64_t count = 1;
  CHECK(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, 8) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(cublasLtMatrixLayoutDestroy(layout) == CUBLAS_STATUS_SUCCESS);
}

TEST_CASE("cuBLASLt's failures are named") {
  cublasLtHandle_t handle = nullptr;
  if (cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS) {  // a device is there
    CHECK(cublasLtDestroy(handle) == CUBLAS_STATUS_SUCCESS);
    return;
  }
  CHECK_THROWS_WITH(cuda::blas(), "ogm: blas: cublasLtCreate failed: CUBLAS_STATUS_NOT_INITIALIZED.");
}

TEST_CASE("cuDNN accepts the description of a convolution, and gives its output the extents that the library does") {
  for (const long stride : {1, 2, 3})
    for (const long pad : {0, 1, 3})
      for (const long dilation : {1, 2})
        for (const long groups : {1, 2}) {
          const op::convolution_shape s{.batch = 2,
                                        .in_channels = 4,
                                        .in_height = 13,
                                        .in_width = 10,
                                        .out_channels = 6,
                                        .out_height = op::convolved(13, 3, stride, pad, dilation),
                                        .out_width = op::convolved(10, 5, 1, pad, 1),
                                        .kernel_height = 3,
                                        .kernel_width = 5,
                                        .stride_height = stride,
                                        .stride_width = 1,
                                        .pad_height = pad,
                                        .pad_width = pad,
                                        .dilation_height = dilation,
                                        .dilation_width = 1,
                                        .groups = groups};
          for (const auto how : {cuda::arithmetic::float32, cuda::arithmetic::tf32}) {
            cuda::detail::dnn_calls call;
            cuda::detail::dnn_description d;
            cuda::detail::describe(s, how, d, call);
            CHECK(call.result("a convolution").what() == "");
            int n = 0, c = 0, h = 0, w = 0;
            CHECK(cudnnGetConvolution2dForwardOutputDim(d.convolution.get(), d.x.get(), d.weight.get(), &n, &c, &h, &w) ==
                  CUDNN_STATUS_SUCCESS);
            CHECK(n == s.batch);
            CHECK(c == s.out_channels);
            CHECK(h == s.out_height);
            CHECK(w == s.out_width);
            cudnnMathType_t math{};
            CHECK(cudnnGetConvolutionMathType(d.convolution.get(), &math) == CUDNN_STATUS_SUCCESS);
            CHECK(math == (how == cuda::arithmetic::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH));
          }
        }
}

TEST_CASE("cuDNN refuses descriptions of nothing, and names its failures") {
  cudnnTensorDescriptor_t tensor = nullptr;
  CHECK(cudnnCreateTensorDescriptor(&tensor) == CUDNN_STATUS_SUCCESS);
  CHECK(cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 0, 1, 1, 1) == CUDNN_STATUS_BAD_PARAM);
  CHECK(cudnnDestroyTensorDescriptor(tensor) == CUDNN_STATUS_SUCCESS);
  cudnnHandle_t handle = nullptr;
  if (cudnnCreate(&handle) == CUDNN_STATUS_SUCCESS) {  // a device is there
    CHECK(cudnnDestroy(handle) == CUDNN_STATUS_SUCCESS);
    return;
  }
  CHECK_THROWS_WITH(cuda::dnn(), "ogm: dnn: cudnnCreate failed: CUDNN_STATUS_NOT_INITIALIZED.");
}
