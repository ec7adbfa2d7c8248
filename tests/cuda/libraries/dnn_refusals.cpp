// Does the stand-in for cuDNN refuse what is wrong? Right calls, and one with each fault.
#include "support.hpp"

#include <cudnn.h>

using namespace ogm::test;

namespace {

/// The three passes of y (2, 6, 3, 4) = x (2, 4, 5, 6) * w (6, 2, 3, 3) in two groups, by calls that nothing is wrong with.
struct convolution {
  cudnnHandle_t handle = nullptr;
  cudnnTensorDescriptor_t x_is = nullptr, y_is = nullptr, b_is = nullptr;
  cudnnFilterDescriptor_t w_is = nullptr;
  cudnnConvolutionDescriptor_t how = nullptr;
  device_array<float> x{numbers(240, 1)}, w{numbers(108, 2)}, y{numbers(144, 3)}, b{numbers(6, 4)};
  device_array<char> memory{4096};

  float one = 1;
  const void *alpha = &one, *beta = &one;
  void *at_x = x.data(), *at_w = w.data(), *at_y = y.data(), *at_b = b.data(), *workspace = memory.data();
  std::size_t bytes = 4096;
  unsigned algorithm = 1;  // of each pass, the one that may be used

  convolution() {
    CHECK(cudnnCreate(&handle) == CUDNN_STATUS_SUCCESS);
    for (cudnnTensorDescriptor_t* t : {&x_is, &y_is, &b_is}) CHECK(cudnnCreateTensorDescriptor(t) == CUDNN_STATUS_SUCCESS);
    CHECK(cudnnCreateFilterDescriptor(&w_is) == CUDNN_STATUS_SUCCESS);
    CHECK(cudnnCreateConvolutionDescriptor(&how) == CUDNN_STATUS_SUCCESS);
    CHECK(tensor(x_is, 2, 4, 5, 6) == CUDNN_STATUS_SUCCESS);
    CHECK(tensor(y_is, 2, 6, 3, 4) == CUDNN_STATUS_SUCCESS);
    CHECK(tensor(b_is, 1, 6, 1, 1) == CUDNN_STATUS_SUCCESS);
    CHECK(filter(6, 2, 3, 3) == CUDNN_STATUS_SUCCESS);
    CHECK(window(0, 0, 1, 1, 1, 1) == CUDNN_STATUS_SUCCESS);
    CHECK(cudnnSetConvolutionGroupCount(how, 2) == CUDNN_STATUS_SUCCESS);
    CHECK(cudnnSetConvolutionMathType(how, CUDNN_FMA_MATH) == CUDNN_STATUS_SUCCESS);
  }
  convolution(const convolution&) = delete;
  convolution& operator=(const convolution&) = delete;
  ~convolution() {
    for (const cudnnTensorDescriptor_t t : {x_is, y_is, b_is}) static_cast<void>(cudnnDestroyTensorDescriptor(t));
    static_cast<void>(cudnnDestroyFilterDescriptor(w_is));
    static_cast<void>(cudnnDestroyConvolutionDescriptor(how));
    static_cast<void>(cudnnDestroy(handle));
    stand_in::take_refusals();
  }

  static cudnnStatus_t tensor(cudnnTensorDescriptor_t t, int n, int c, int h, int v) {
    return cudnnSetTensor4dDescriptor(t, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, n, c, h, v);
  }
  cudnnStatus_t filter(int k, int c, int h, int v) {
    return cudnnSetFilter4dDescriptor(w_is, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, k, c, h, v);
  }
  cudnnStatus_t window(int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h, int dilation_w) {
    return cudnnSetConvolution2dDescriptor(how, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, CUDNN_CROSS_CORRELATION,
                                           CUDNN_DATA_FLOAT);
  }
  cudnnStatus_t forward() {
    return cudnnConvolutionForward(handle, alpha, x_is, at_x, w_is, at_w, how, cudnnConvolutionFwdAlgo_t(algorithm), workspace, bytes, beta,
                                   y_is, at_y);
  }
  cudnnStatus_t backward_data() {
    return cudnnConvolutionBackwardData(handle, alpha, w_is, at_w, y_is, at_y, how, cudnnConvolutionBwdDataAlgo_t(algorithm), workspace,
                                        bytes, beta, x_is, at_x);
  }
  cudnnStatus_t backward_filter() {
    return cudnnConvolutionBackwardFilter(handle, alpha, x_is, at_x, y_is, at_y, how, cudnnConvolutionBwdFilterAlgo_t(algorithm), workspace,
                                          bytes, beta, w_is, at_w);
  }
  cudnnStatus_t add() { return cudnnAddTensor(handle, alpha, b_is, at_b, beta, y_is, at_y); }
  cudnnStatus_t backward_bias() { return cudnnConvolutionBackwardBias(handle, alpha, y_is, at_y, beta, b_is, at_b); }
};

using call = cudnnStatus_t (convolution::*)();
constexpr call passes[]{&convolution::forward, &convolution::backward_data, &convolution::backward_filter};

/// The call was refused with this status, in a sentence that holds these words.
void check_refused(cudnnStatus_t got, cudnnStatus_t status, const std::string& words) {
  const std::vector<std::string> said = stand_in::take_refusals();
  INFO((said.empty() ? std::string("nothing was refused") : said.back()));
  CHECK(got == status);
  REQUIRE(said.size() == 1);
  CHECK(said.back().find(words) != std::string::npos);
}
void check_refused(cudnnStatus_t got, const std::string& words) { check_refused(got, CUDNN_STATUS_BAD_PARAM, words); }

template <class Change> void refused(call which, cudnnStatus_t status, const std::string& words, const Change& change) {
  convolution c;
  change(c);
  stand_in::take_refusals();
  check_refused((c.*which)(), status, words);
}
template <class Change> void refused(call which, const std::string& words, const Change& change) {
  refused(which, CUDNN_STATUS_BAD_PARAM, words, change);
}
/// In every pass.
template <class Change> void convolution_refused(const std::string& words, const Change& change) {
  for (const call pass : passes) refused(pass, words, change);
}

}  // namespace

TEST_CASE("the stand-in for cuDNN computes right calls") {
  for (const call which : {passes[0], passes[1], passes[2], call(&convolution::add), call(&convolution::backward_bias)}) {
    convolution c;
    const std::vector<float> x = c.x.values(), w = c.w.values(), y = c.y.values(), b = c.b.values();
    std::vector<double> to_x(x.begin(), x.end()), to_w(w.begin(), w.end()), to_y(y.begin(), y.end()), to_b(b.begin(), b.end());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t n = i / 72, k = i / 12 % 6, h = i / 4 % 3, v = i % 4;
      if (which == &convolution::add) to_y[i] += double(b[k]);
      if (which == &convolution::backward_bias) to_b[k] += double(y[i]);
      for (std::size_t j = 0; j < 18; ++j) {
        const std::size_t from = (n * 4 + k / 3 * 2 + j / 9) * 30 + (h + j / 3 % 3) * 6 + v + j % 3, by = k * 18 + j;
        if (which == passes[0]) to_y[i] += double(x[from]) * double(w[by]);
        if (which == passes[1]) to_x[from] += double(y[i]) * double(w[by]);
        if (which == passes[2]) to_w[by] += double(y[i]) * double(x[from]);
      }
    }
    CHECK((c.*which)() == CUDNN_STATUS_SUCCESS);
    CHECK(count_apart(c.x.values(), to_x, 1e-6) == 0);
    CHECK(count_apart(c.w.values(), to_w, 1e-6) == 0);
    CHECK(count_apart(c.y.values(), to_y, 1e-6) == 0);
    CHECK(count_apart(c.b.values(), to_b, 1e-6) == 0);
    require_no_refusals();
  }
}

TEST_CASE("the stand-in for cuDNN refuses objects that do not live") {
  check_refused(cudnnDestroy(nullptr), CUDNN_STATUS_NOT_INITIALIZED, "not a living handle");
  check_refused(cudnnCreate(nullptr), CUDNN_STATUS_NOT_INITIALIZED, "no place to write the new handle");
  check_refused(cudnnDestroyTensorDescriptor(nullptr), "not a living description of a tensor");
  check_refused(cudnnDestroyFilterDescriptor(nullptr), "not a living description of a filter");
  check_refused(cudnnDestroyConvolutionDescriptor(nullptr), "not a living description of a convolution");
  for (const call pass : passes)
    refused(pass, CUDNN_STATUS_NOT_INITIALIZED, "the handle is not a living handle", [](convolution& c) { cudnnDestroy(c.handle); });
  convolution_refused("x's is not a living description of a tensor", [](convolution& c) { cudnnDestroyTensorDescriptor(c.x_is); });
  convolution_refused("y's is not a living description of a tensor", [](convolution& c) { cudnnDestroyTensorDescriptor(c.y_is); });
  convolution_refused("weight's is not a living description of a filter", [](convolution& c) { cudnnDestroyFilterDescriptor(c.w_is); });
  convolution_refused("is not a living description of a convolution", [](convolution& c) { cudnnDestroyConvolutionDescriptor(c.how); });
  refused(&convolution::add, "A's is not a living", [](convolution& c) { cudnnDestroyTensorDescriptor(c.b_is); });
  refused(&convolution::backward_bias, "db's is not a living", [](convolution& c) { cudnnDestroyTensorDescriptor(c.b_is); });

  convolution c;
  cudaStream_t stream = nullptr;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  CHECK(cudnnSetStream(c.handle, stream) == CUDNN_STATUS_SUCCESS);
  cudaStreamDestroy(stream);
  check_refused(cudnnSetStream(c.handle, stream), "the stream does not live");
  for (const call pass : passes) check_refused((c.*pass)(), "the stream does not live");
}

TEST_CASE("the stand-in for cuDNN refuses descriptions of nothing") {
  convolution c;
  check_refused(c.tensor(c.x_is, 0, 4, 5, 6), "an extent is 0");
  check_refused(c.filter(6, -2, 3, 3), "an extent is -2");
  check_refused(cudnnSetTensor4dDescriptor(c.x_is, cudnnTensorFormat_t(1), CUDNN_DATA_FLOAT, 2, 4, 5, 6), CUDNN_STATUS_NOT_SUPPORTED,
                "NCHW only");
  check_refused(cudnnSetFilter4dDescriptor(c.w_is, cudnnDataType_t(2), CUDNN_TENSOR_NCHW, 6, 2, 3, 3), CUDNN_STATUS_NOT_SUPPORTED,
                "float32 in");
  check_refused(c.window(-1, 0, 1, 1, 1, 1), "a padding is negative");
  check_refused(c.window(0, 0, 1, 0, 1, 1), "a stride is not positive");
  check_refused(c.window(0, 0, 1, 1, 0, 1), "a dilation is not positive");
  check_refused(cudnnSetConvolution2dDescriptor(c.how, 0, 0, 1, 1, 1, 1, CUDNN_CONVOLUTION, CUDNN_DATA_FLOAT), CUDNN_STATUS_NOT_SUPPORTED,
                "cross-correlations of float32 only");
  check_refused(cudnnSetConvolutionGroupCount(c.how, 0), "there is no group");
  check_refused(cudnnSetConvolutionMathType(c.how, cudnnMathType_t(1)), CUDNN_STATUS_NOT_SUPPORTED, "default and FMA only");
  const auto fresh = [](auto& descriptor, const auto& create) { CHECK(create(&descriptor) == CUDNN_STATUS_SUCCESS); };
  convolution_refused("x's extents are not set", [&](convolution& d) {
    cudnnDestroyTensorDescriptor(d.x_is);
    fresh(d.x_is, cudnnCreateTensorDescriptor);
  });
  convolution_refused("the weight's extents are not set", [&](convolution& d) {
    cudnnDestroyFilterDescriptor(d.w_is);
    fresh(d.w_is, cudnnCreateFilterDescriptor);
  });
  convolution_refused("the convolution's strides are not set", [&](convolution& d) {
    cudnnDestroyConvolutionDescriptor(d.how);
    fresh(d.how, cudnnCreateConvolutionDescriptor);
  });
}

TEST_CASE("the stand-in for cuDNN refuses descriptions that do not belong together") {
  convolution_refused("x's channels are not those", [](convolution& c) { c.tensor(c.x_is, 2, 5, 5, 6); });
  convolution_refused("x's channels are not those", [](convolution& c) { cudnnSetConvolutionGroupCount(c.how, 1); });
  convolution_refused("the groups do not divide", [](convolution& c) { c.filter(5, 2, 3, 3); });
  convolution_refused("differ in their images", [](convolution& c) { c.tensor(c.y_is, 1, 6, 3, 4); });
  convolution_refused("the weight and y differ in their channels", [](convolution& c) { c.tensor(c.y_is, 2, 4, 3, 4); });
  convolution_refused("y's height is not that", [](convolution& c) { c.window(1, 0, 1, 1, 1, 1); });
  convolution_refused("y's height is not that", [](convolution& c) { c.window(0, 0, 2, 1, 1, 1); });
  convolution_refused("y's width is not that", [](convolution& c) { c.window(0, 0, 1, 1, 1, 2); });
  refused(&convolution::add, "neither 1 nor those of C", [](convolution& c) { c.tensor(c.b_is, 1, 5, 1, 1); });
  refused(&convolution::backward_bias, "db is not one number for each channel", [](convolution& c) { c.tensor(c.b_is, 1, 5, 1, 1); });
}

TEST_CASE("the stand-in for cuDNN refuses scalars and memory that are elsewhere") {
  convolution_refused("alpha is null", [](convolution& c) { c.alpha = nullptr; });
  convolution_refused("beta is null", [](convolution& c) { c.beta = nullptr; });
  convolution_refused("beta is on the device", [](convolution& c) { c.beta = c.b.data(); });
  for (const call which : {call(&convolution::add), call(&convolution::backward_bias)}) {
    refused(which, "alpha is null", [](convolution& c) { c.alpha = nullptr; });
    refused(which, " is null", [](convolution& c) { c.at_y = nullptr; });
    refused(which, " leaves device memory: 24 bytes", [](convolution& c) { c.at_b = c.b.data() + 1; });
    refused(which, " leaves device memory: 576 bytes", [](convolution& c) { c.at_y = c.y.data() + 1; });
    refused(which, " is written where ", [](convolution& c) { c.at_b = c.y.data(); });
  }
  std::vector<float> on_host(1000);
  convolution_refused("x is null", [](convolution& c) { c.at_x = nullptr; });
  convolution_refused(" is null", [](convolution& c) { c.at_w = nullptr; });
  convolution_refused("y is null", [](convolution& c) { c.at_y = nullptr; });
  convolution_refused("x leaves device memory: 960 bytes", [&](convolution& c) { c.at_x = on_host.data(); });
  convolution_refused("x leaves device memory: 960 bytes", [](convolution& c) { c.at_x = c.x.data() + 1; });
  convolution_refused(" leaves device memory: 432 bytes", [](convolution& c) { c.at_w = c.w.data() + 1; });
  convolution_refused("y leaves device memory: 576 bytes", [](convolution& c) { c.at_y = c.y.data() + 1; });
  convolution_refused("y is not at a multiple of 4", [](convolution& c) { c.at_y = static_cast<char*>(c.at_y) + 2; });
  refused(passes[0], "y is written where x is read", [](convolution& c) { c.at_y = c.x.data() + 96; });
  refused(passes[1], "dx is written where dy is read", [](convolution& c) { c.at_y = c.x.data() + 96; });
  refused(passes[2], "dw is written where x is read", [](convolution& c) { c.at_w = c.x.data(); });
}

TEST_CASE("the stand-in for cuDNN refuses algorithms that it does not compute by, and workspaces") {
  for (const call pass : passes)
    refused(pass, CUDNN_STATUS_NOT_SUPPORTED, "does not compute by algorithm 5", [](convolution& c) { c.algorithm = 5; });
  for (const call pass : {passes[1], passes[2]})
    refused(pass, CUDNN_STATUS_NOT_SUPPORTED, "does not compute by algorithm 0", [](convolution& c) { c.algorithm = 0; });
  convolution_refused("the workspace has 767 bytes, and the algorithm needs ", [](convolution& c) { c.bytes = 767; });
  convolution_refused("the workspace is null", [](convolution& c) { c.workspace = nullptr; });
  convolution_refused("the workspace is not at a multiple of 16", [](convolution& c) { c.workspace = c.memory.data() + 8; });
  convolution_refused("the workspace leaves device memory: 4096 bytes", [](convolution& c) { c.workspace = c.memory.data() + 16; });
  convolution_refused("the workspace leaves device memory: 4097 bytes", [](convolution& c) { c.bytes = 4097; });
  device_array<float> big(2000);
  convolution_refused("the workspace lies in ", [&](convolution& c) { c.at_x = c.workspace = big.data(); });
  convolution_refused("the workspace lies in ", [&](convolution& c) { c.at_w = c.workspace = big.data(); });
  convolution_refused("the workspace lies in ", [&](convolution& c) { c.at_y = c.workspace = big.data(); });

  convolution c;
  int count = 0;
  cudnnConvolutionFwdAlgoPerf_t forward[3];
  cudnnConvolutionBwdDataAlgoPerf_t data[3];
  cudnnConvolutionBwdFilterAlgoPerf_t filter[3];
  std::size_t bytes = 0;
  check_refused(cudnnGetConvolutionForwardAlgorithm_v7(c.handle, c.x_is, c.w_is, c.how, c.y_is, 0, &count, forward), "no place to write");
  check_refused(cudnnGetConvolutionBackwardDataAlgorithm_v7(c.handle, c.w_is, c.x_is, c.how, c.y_is, 3, &count, data), "x's channels");
  check_refused(cudnnGetConvolutionBackwardFilterAlgorithm_v7(c.handle, c.x_is, c.y_is, c.how, c.w_is, 3, nullptr, filter),
                "no place to write");
  check_refused(
      cudnnGetConvolutionForwardWorkspaceSize(c.handle, c.x_is, c.w_is, c.how, c.y_is, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, &bytes),
      CUDNN_STATUS_NOT_SUPPORTED, "does not compute by algorithm 6");
  check_refused(
      cudnnGetConvolutionBackwardDataWorkspaceSize(c.handle, c.w_is, c.y_is, c.how, c.x_is, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, nullptr),
      "no place to write the size");
  check_refused(
      cudnnGetConvolutionBackwardFilterWorkspaceSize(nullptr, c.x_is, c.y_is, c.how, c.w_is, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, &bytes),
      CUDNN_STATUS_NOT_INITIALIZED, "the handle is not a living");
}
