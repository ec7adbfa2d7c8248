// cuDNN on the CPU: every argument of a convolution is checked, and it is computed in double. Wrong use is answered with a status of
// the library's, and recorded in a sentence.
#include "stand_in.hpp"

#include <cudnn.h>

#include <array>
#include <initializer_list>

using namespace ogm::test::stand_in;

namespace {

constexpr int wrong = CUDNN_STATUS_BAD_PARAM, unsupported = CUDNN_STATUS_NOT_SUPPORTED;

struct context {
  cudaStream_t stream = nullptr;
};
/// Of a tensor or a filter; zeros until it is set.
struct shape {
  std::array<long, 4> extents{};

  long count() const { return extents[0] * extents[1] * extents[2] * extents[3]; }
  std::size_t bytes() const { return std::size_t(count()) * sizeof(float); }
  long at(long a, long b, long c, long d) const { return ((a * extents[1] + b) * extents[2] + c) * extents[3] + d; }
};
struct window {
  long pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0, dilation_h = 0, dilation_w = 0, groups = 1;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

auto& contexts() {
  static registry<cudnnHandle_t, context> all("handle", CUDNN_STATUS_NOT_INITIALIZED);
  return all;
}
auto& tensors() {
  static registry<cudnnTensorDescriptor_t, shape> all("description of a tensor", wrong);
  return all;
}
auto& filters() {
  static registry<cudnnFilterDescriptor_t, shape> all("description of a filter", wrong);
  return all;
}
auto& windows() {
  static registry<cudnnConvolutionDescriptor_t, window> all("description of a convolution", wrong);
  return all;
}

template <class Body> cudnnStatus_t call(const char* function, const Body& body) { return answer<cudnnStatus_t>(function, body); }

void set(shape& s, cudnnTensorFormat_t format, cudnnDataType_t type, const std::array<long, 4>& extents) {
  require(format == CUDNN_TENSOR_NCHW && type == CUDNN_DATA_FLOAT, unsupported, "the stand-in knows float32 in the order NCHW only");
  for (const long e : extents) require(e > 0, wrong, "an extent is " + std::to_string(e));
  s.extents = extents;
}

/// A convolution's descriptions, checked.
struct convolution {
  shape x, w, y;
  window how;

  convolution(cudnnTensorDescriptor_t of_x, cudnnFilterDescriptor_t of_w, cudnnConvolutionDescriptor_t of_how, cudnnTensorDescriptor_t of_y)
      : x(tensors().of(of_x, "x's")),
        w(filters().of(of_w, "the weight's")),
        y(tensors().of(of_y, "y's")),
        how(windows().of(of_how, "the convolution's")) {
    using named = std::pair<const char*, const shape&>;
    for (const auto& [name, s] : {named("x", x), named("the weight", w), named("y", y)})
      require(s.count() > 0, wrong, std::string(name) + "'s extents are not set");
    require(how.stride_h > 0, wrong, "the convolution's strides are not set");
    require(x.extents[1] == w.extents[1] * how.groups, wrong, "x's channels are not those of the weight times the groups");
    require(w.extents[0] % how.groups == 0, wrong, "the groups do not divide the channels of y");
    require(y.extents[0] == x.extents[0], wrong, "x and y differ in their images");
    require(y.extents[1] == w.extents[0], wrong, "the weight and y differ in their channels");
    require(y.extents[2] == out(2, how.pad_h, how.stride_h, how.dilation_h), wrong, "y's height is not that of the convolution");
    require(y.extents[3] == out(3, how.pad_w, how.stride_w, how.dilation_w), wrong, "y's width is not that of the convolution");
  }

  float factor(float v) const { return how.math == CUDNN_FMA_MATH ? v : to_tf32(v); }

  /// Calls f with the indices into x, w and y of every product that the convolution adds up.
  template <class F> void for_each_tap(const F& f) const {
    const long out_each = y.extents[1] / how.groups;
    for (long n = 0; n < y.extents[0]; ++n)
      for (long k = 0; k < y.extents[1]; ++k)
        for (long oh = 0; oh < y.extents[2]; ++oh)
          for (long ow = 0; ow < y.extents[3]; ++ow)
            for (long c = 0; c < w.extents[1]; ++c)
              for (long kh = 0; kh < w.extents[2]; ++kh)
                for (long kw = 0; kw < w.extents[3]; ++kw) {
                  const long h = oh * how.stride_h - how.pad_h + kh * how.dilation_h,
                             v = ow * how.stride_w - how.pad_w + kw * how.dilation_w;
                  if (h >= 0 && h < x.extents[2] && v >= 0 && v < x.extents[3])
                    f(x.at(n, k / out_each * w.extents[1] + c, h, v), w.at(k, c, kh, kw), y.at(n, k, oh, ow));
                }
  }

 private:
  long out(std::size_t axis, long pad, long stride, long dilation) const {
    const long room = x.extents[axis] + 2 * pad - dilation * (w.extents[axis] - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }
};

/// What a call reads, and where it writes.
struct operand {
  const char* name;
  const void* data;
  std::size_t bytes;
};

/// to = alpha * sums + beta * to, when all that the call was given is right.
struct output {
  float alpha, beta;
  float* to;
  long count;

  output(cudnnHandle_t handle, const void* alpha_at, const void* beta_at, std::initializer_list<operand> inputs, const operand& result)
      : alpha(scalar("alpha", alpha_at, wrong)),
        beta(scalar("beta", beta_at, wrong)),
        to(static_cast<float*>(const_cast<void*>(result.data))),
        count(long(result.bytes / sizeof(float))) {
    require_stream(contexts().of(handle, "the handle").stream, wrong);
    const extent of_result{result.data, result.bytes};
    require_memory(result.name, result.data, result.bytes, sizeof(float), wrong);
    for (const operand& o : inputs) {
      require_memory(o.name, o.data, o.bytes, sizeof(float), wrong);
      require(!of_result.meets({o.data, o.bytes}), wrong, std::string(result.name) + " is written where " + o.name + " is read");
    }
  }
  void write(const std::vector<double>& sums) const {
    for (long i = 0; i < count; ++i) to[i] = float(double(alpha) * sums[std::size_t(i)] + (beta == 0 ? 0 : double(beta) * double(to[i])));
  }
};

// What algorithms are proposed, the quickest first: those that the library must not use come before those that it may.
constexpr std::array forward_algorithms{CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                                        CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM};
constexpr std::array data_algorithms{CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1};
constexpr std::array filter_algorithms{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1};

std::size_t needed(cudnnConvolutionFwdAlgo_t a) {
  require(a == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM || a == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, unsupported,
          "the stand-in does not compute by algorithm " + std::to_string(a));
  return a == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM ? 0 : 2000;
}
std::size_t needed(cudnnConvolutionBwdDataAlgo_t a) {
  require(a == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, unsupported, "the stand-in does not compute by algorithm " + std::to_string(a));
  return 768;
}
std::size_t needed(cudnnConvolutionBwdFilterAlgo_t a) {
  require(a == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, unsupported, "the stand-in does not compute by algorithm " + std::to_string(a));
  return 3000;
}

template <class Proposal, class Algorithms>
void propose(cudnnHandle_t handle, const convolution& c, const Algorithms& algorithms, int most, int* count, Proposal* results) {
  contexts().of(handle, "the handle");
  require(most > 0 && count && results, wrong, "there is no place to write algorithms to");
  *count = 0;
  for (const auto a : algorithms) {
    if (*count == most) return;
    Proposal& p = results[(*count)++];
    p = {};
    p.algo = a;
    p.status = CUDNN_STATUS_SUCCESS;
    p.determinism = int(a) == 0 && algorithms.size() == 2 ? CUDNN_NON_DETERMINISTIC : CUDNN_DETERMINISTIC;
    p.mathType = c.how.math;
  }
}
template <class Algorithm> void tell_size(cudnnHandle_t handle, Algorithm a, std::size_t* bytes) {
  contexts().of(handle, "the handle");
  require(bytes != nullptr, wrong, "there is no place to write the size to");
  *bytes = needed(a);
}

void work_in(void* workspace, std::size_t bytes, std::size_t least, std::initializer_list<operand> others) {
  require_workspace(workspace, bytes, least, 16, wrong);
  for (const operand& o : others)
    require(!extent{workspace, bytes}.meets({o.data, o.bytes}), wrong, std::string("the workspace lies in ") + o.name);
  use_workspace(workspace, bytes);
}

}  // namespace

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS:
      return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM:
      return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_NOT_SUPPORTED:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_INTERNAL_ERROR:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    default:
      return "CUDNN_STATUS_EXECUTION_FAILED";
  }
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return call("cudnnCreate", [&] { contexts().create(handle); });
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return call("cudnnDestroy", [&] { contexts().destroy(handle); });
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return call("cudnnSetStream", [&] {
    context& c = contexts().of(handle, "the handle");
    require_stream(stream, wrong);
    c.stream = stream;
  });
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* made) {
  return call("cudnnCreateTensorDescriptor", [&] { tensors().create(made); });
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t d) {
  return call("cudnnDestroyTensorDescriptor", [&] { tensors().destroy(d); });
}
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t d, cudnnTensorFormat_t format, cudnnDataType_t type, int n, int c, int h,
                                         int w) {
  return call("cudnnSetTensor4dDescriptor", [&] { set(tensors().of(d, "it"), format, type, {n, c, h, w}); });
}
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* made) {
  return call("cudnnCreateFilterDescriptor", [&] { filters().create(made); });
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t d) {
  return call("cudnnDestroyFilterDescriptor", [&] { filters().destroy(d); });
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t d, cudnnDataType_t type, cudnnTensorFormat_t format, int k, int c, int h,
                                         int w) {
  return call("cudnnSetFilter4dDescriptor", [&] { set(filters().of(d, "it"), format, type, {k, c, h, w}); });
}
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* made) {
  return call("cudnnCreateConvolutionDescriptor", [&] { windows().create(made); });
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t d) {
  return call("cudnnDestroyConvolutionDescriptor", [&] { windows().destroy(d); });
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t d, int pad_h, int pad_w, int stride_h, int stride_w,
                                              int dilation_h, int dilation_w, cudnnConvolutionMode_t mode, cudnnDataType_t type) {
  return call("cudnnSetConvolution2dDescriptor", [&] {
    window& w = windows().of(d, "it");
    require(mode == CUDNN_CROSS_CORRELATION && type == CUDNN_DATA_FLOAT, unsupported,
            "the stand-in knows cross-correlations of float32 only");
    require(pad_h >= 0 && pad_w >= 0, wrong, "a padding is negative");
    require(stride_h > 0 && stride_w > 0, wrong, "a stride is not positive");
    require(dilation_h > 0 && dilation_w > 0, wrong, "a dilation is not positive");
    w = {pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, w.groups, w.math};
  });
}
cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t d, int groups) {
  return call("cudnnSetConvolutionGroupCount", [&] {
    window& w = windows().of(d, "it");
    require(groups > 0, wrong, "there is no group");
    w.groups = groups;
  });
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t d, cudnnMathType_t math) {
  return call("cudnnSetConvolutionMathType", [&] {
    window& w = windows().of(d, "it");
    require(math == CUDNN_DEFAULT_MATH || math == CUDNN_FMA_MATH, unsupported, "the stand-in knows default and FMA only");
    w.math = math;
  });
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                                                     cudnnConvolutionDescriptor_t how, cudnnTensorDescriptor_t y, int most, int* count,
                                                     cudnnConvolutionFwdAlgoPerf_t* results) {
  return call("cudnnGetConvolutionForwardAlgorithm_v7",
              [&] { propose(handle, convolution(x, w, how, y), forward_algorithms, most, count, results); });
}
cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                                                      cudnnConvolutionDescriptor_t how, cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t a, std::size_t* bytes) {
  return call("cudnnGetConvolutionForwardWorkspaceSize", [&] {
    const convolution checked(x, w, how, y);
    tell_size(handle, a, bytes);
  });
}
cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_is, const void* x,
                                      cudnnFilterDescriptor_t w_is, const void* w, cudnnConvolutionDescriptor_t how,
                                      cudnnConvolutionFwdAlgo_t algorithm, void* workspace, std::size_t bytes, const void* beta,
                                      cudnnTensorDescriptor_t y_is, void* y) {
  return call("cudnnConvolutionForward", [&] {
    const convolution c(x_is, w_is, how, y_is);
    const operand of_x{"x", x, c.x.bytes()}, of_w{"the weight", w, c.w.bytes()}, of_y{"y", y, c.y.bytes()};
    const output out(handle, alpha, beta, {of_x, of_w}, of_y);
    work_in(workspace, bytes, needed(algorithm), {of_x, of_w, of_y});
    std::vector<double> sums(std::size_t(out.count));
    const auto *const from = static_cast<const float*>(x), *const by = static_cast<const float*>(w);
    c.for_each_tap([&](long i, long j, long k) { sums[std::size_t(k)] += double(c.factor(from[i])) * double(c.factor(by[j])); });
    out.write(sums);
  });
}
cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t a_is, const void* a, const void* beta,
                             cudnnTensorDescriptor_t c_is, void* c) {
  return call("cudnnAddTensor", [&] {
    const shape &from = tensors().of(a_is, "A's"), &to = tensors().of(c_is, "C's");
    require(from.count() > 0 && to.count() > 0, wrong, "extents are not set");
    for (std::size_t i = 0; i < 4; ++i)
      require(from.extents[i] == 1 || from.extents[i] == to.extents[i], wrong, "A's extents are neither 1 nor those of C");
    const output out(handle, alpha, beta, {{"A", a, from.bytes()}}, {"C", c, to.bytes()});
    std::vector<double> sums;
    const auto index = [&](std::size_t axis, long i) { return from.extents[axis] == 1 ? 0 : i; };
    for (long n = 0; n < to.extents[0]; ++n)
      for (long k = 0; k < to.extents[1]; ++k)
        for (long h = 0; h < to.extents[2]; ++h)
          for (long w = 0; w < to.extents[3]; ++w)
            sums.push_back(static_cast<const float*>(a)[from.at(index(0, n), index(1, k), index(2, h), index(3, w))]);
    out.write(sums);
  });
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                                          cudnnConvolutionDescriptor_t how, cudnnTensorDescriptor_t dx, int most,
                                                          int* count, cudnnConvolutionBwdDataAlgoPerf_t* results) {
  return call("cudnnGetConvolutionBackwardDataAlgorithm_v7",
              [&] { propose(handle, convolution(dx, w, how, dy), data_algorithms, most, count, results); });
}
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                                           cudnnConvolutionDescriptor_t how, cudnnTensorDescriptor_t dx,
                                                           cudnnConvolutionBwdDataAlgo_t a, std::size_t* bytes) {
  return call("cudnnGetConvolutionBackwardDataWorkspaceSize", [&] {
    const convolution checked(dx, w, how, dy);
    tell_size(handle, a, bytes);
  });
}
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, cudnnFilterDescriptor_t w_is, const void* w,
                                           cudnnTensorDescriptor_t dy_is, const void* dy, cudnnConvolutionDescriptor_t how,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace, std::size_t bytes, const void* beta,
                                           cudnnTensorDescriptor_t dx_is, void* dx) {
  return call("cudnnConvolutionBackwardData", [&] {
    const convolution c(dx_is, w_is, how, dy_is);
    const operand of_w{"the weight", w, c.w.bytes()}, of_dy{"dy", dy, c.y.bytes()}, of_dx{"dx", dx, c.x.bytes()};
    const output out(handle, alpha, beta, {of_w, of_dy}, of_dx);
    work_in(workspace, bytes, needed(algorithm), {of_w, of_dy, of_dx});
    std::vector<double> sums(std::size_t(out.count));
    const auto *const from = static_cast<const float*>(dy), *const by = static_cast<const float*>(w);
    c.for_each_tap([&](long i, long j, long k) { sums[std::size_t(i)] += double(c.factor(from[k])) * double(c.factor(by[j])); });
    out.write(sums);
  });
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
                                                            cudnnConvolutionDescriptor_t how, cudnnFilterDescriptor_t dw, int most,
                                                            int* count, cudnnConvolutionBwdFilterAlgoPerf_t* results) {
  return call("cudnnGetConvolutionBackwardFilterAlgorithm_v7",
              [&] { propose(handle, convolution(x, dw, how, dy), filter_algorithms, most, count, results); });
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
                                                             cudnnConvolutionDescriptor_t how, cudnnFilterDescriptor_t dw,
                                                             cudnnConvolutionBwdFilterAlgo_t a, std::size_t* bytes) {
  return call("cudnnGetConvolutionBackwardFilterWorkspaceSize", [&] {
    const convolution checked(x, dw, how, dy);
    tell_size(handle, a, bytes);
  });
}
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x_is, const void* x,
                                             cudnnTensorDescriptor_t dy_is, const void* dy, cudnnConvolutionDescriptor_t how,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace, std::size_t bytes,
                                             const void* beta, cudnnFilterDescriptor_t dw_is, void* dw) {
  return call("cudnnConvolutionBackwardFilter", [&] {
    const convolution c(x_is, dw_is, how, dy_is);
    const operand of_x{"x", x, c.x.bytes()}, of_dy{"dy", dy, c.y.bytes()}, of_dw{"dw", dw, c.w.bytes()};
    const output out(handle, alpha, beta, {of_x, of_dy}, of_dw);
    work_in(workspace, bytes, needed(algorithm), {of_x, of_dy, of_dw});
    std::vector<double> sums(std::size_t(out.count));
    const auto *const from = static_cast<const float*>(x), *const by = static_cast<const float*>(dy);
    c.for_each_tap([&](long i, long j, long k) { sums[std::size_t(j)] += double(c.factor(from[i])) * double(c.factor(by[k])); });
    out.write(sums);
  });
}
cudnnStatus_t cudnnConvolutionBackwardBias(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t dy_is, const void* dy,
                                           const void* beta, cudnnTensorDescriptor_t db_is, void* db) {
  return call("cudnnConvolutionBackwardBias", [&] {
    const shape &from = tensors().of(dy_is, "dy's"), &to = tensors().of(db_is, "db's");
    require(from.count() > 0, wrong, "dy's extents are not set");
    require(to.extents == std::array<long, 4>{1, from.extents[1], 1, 1}, wrong, "db is not one number for each channel of dy");
    const output out(handle, alpha, beta, {{"dy", dy, from.bytes()}}, {"db", db, to.bytes()});
    std::vector<double> sums(std::size_t(out.count));
    const long pixels = from.extents[2] * from.extents[3];
    for (long i = 0; i < from.count(); ++i) sums[std::size_t(i / pixels % from.extents[1])] += double(static_cast<const float*>(dy)[i]);
    out.write(sums);
  });
}
