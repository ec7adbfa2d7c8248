#pragma once
// Convolutions on the device, by cuDNN.

#include <ogm/backend/op/convolution.hpp>
#include <ogm/cuda/library.hpp>

#include <cudnn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace ogm::cuda {

namespace detail {

using dnn_calls = library_calls<cudnnStatus_t, cudnnGetErrorString>;

/// The numbers of a shape, with their names, in the order of its fields.
inline constexpr std::array<const char*, 15> convolution_fields{
    "batch",        "in_channels",   "in_height",    "in_width",   "out_channels", "out_height",      "out_width",     "kernel_height",
    "kernel_width", "stride_height", "stride_width", "pad_height", "pad_width",    "dilation_height", "dilation_width"};
using convolution_key = std::array<long, 16>;  // of these, and groups
inline convolution_key key(const op::convolution_shape& s) {
  return {s.batch,     s.in_channels,     s.in_height,      s.in_width,      s.out_channels, s.out_height,
          s.out_width, s.kernel_height,   s.kernel_width,   s.stride_height, s.stride_width, s.pad_height,
          s.pad_width, s.dilation_height, s.dilation_width, s.groups};
}

/// A convolution described to cuDNN.
struct dnn_description {
  library_object<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor> x, y, bias;
  library_object<cudnnFilterDescriptor_t, cudnnDestroyFilterDescriptor> weight;
  library_object<cudnnConvolutionDescriptor_t, cudnnDestroyConvolutionDescriptor> convolution;
};

/// For which no device is needed.
inline void describe(const op::convolution_shape& s, arithmetic how, dnn_description& d, dnn_calls& call) {
  const auto tensor = [&](auto& made, long n, long c, long h, long w) {
    call("cudnnCreateTensorDescriptor", cudnnCreateTensorDescriptor, made.created());
    call("cudnnSetTensor4dDescriptor", cudnnSetTensor4dDescriptor, made.get(), CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, int(n), int(c), int(h),
         int(w));
  };
  tensor(d.x, s.batch, s.in_channels, s.in_height, s.in_width);
  tensor(d.y, s.batch, s.out_channels, s.out_height, s.out_width);
  tensor(d.bias, 1, s.out_channels, 1, 1);
  call("cudnnCreateFilterDescriptor", cudnnCreateFilterDescriptor, d.weight.created());
  call("cudnnSetFilter4dDescriptor", cudnnSetFilter4dDescriptor, d.weight.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, int(s.out_channels),
       int(s.in_channels / s.groups), int(s.kernel_height), int(s.kernel_width));
  call("cudnnCreateConvolutionDescriptor", cudnnCreateConvolutionDescriptor, d.convolution.created());
  call("cudnnSetConvolution2dDescriptor", cudnnSetConvolution2dDescriptor, d.convolution.get(), int(s.pad_height), int(s.pad_width),
       int(s.stride_height), int(s.stride_width), int(s.dilation_height), int(s.dilation_width), CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT);
  call("cudnnSetConvolutionGroupCount", cudnnSetConvolutionGroupCount, d.convolution.get(), int(s.groups));
  // By default cuDNN itself would round floats to TF32.
  call("cudnnSetConvolutionMathType", cudnnSetConvolutionMathType, d.convolution.get(),
       how == arithmetic::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH);
}

/// What the three passes call, and the algorithms that are used: deterministic, and with the sums of a product. Winograd's and Fourier's
/// transforms lose digits.
struct dnn_forward {
  static constexpr const char* name = "convolution forward";
  using proposal = cudnnConvolutionFwdAlgoPerf_t;
  static constexpr std::array algorithms{CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                                         CUDNN_CONVOLUTION_FWD_ALGO_GEMM};
  static constexpr std::size_t known = CUDNN_CONVOLUTION_FWD_ALGO_COUNT;
  static constexpr const char* propose_name = "cudnnGetConvolutionForwardAlgorithm_v7";
  static constexpr auto propose = cudnnGetConvolutionForwardAlgorithm_v7;
  static constexpr auto workspace = cudnnGetConvolutionForwardWorkspaceSize;
  static auto from(const dnn_description& d) { return std::pair(d.x.get(), d.weight.get()); }
  static auto to(const dnn_description& d) { return d.y.get(); }
};
struct dnn_backward_input {
  static constexpr const char* name = "convolution backward_input";
  using proposal = cudnnConvolutionBwdDataAlgoPerf_t;
  static constexpr std::array algorithms{CUDNN_CONVOLUTION_BWD_DATA_ALGO_1};
  static constexpr std::size_t known = CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT;
  static constexpr const char* propose_name = "cudnnGetConvolutionBackwardDataAlgorithm_v7";
  static constexpr auto propose = cudnnGetConvolutionBackwardDataAlgorithm_v7;
  static constexpr auto workspace = cudnnGetConvolutionBackwardDataWorkspaceSize;
  static auto from(const dnn_description& d) { return std::pair(d.weight.get(), d.y.get()); }
  static auto to(const dnn_description& d) { return d.x.get(); }
};
struct dnn_backward_weight {
  static constexpr const char* name = "convolution backward_weight";
  using proposal = cudnnConvolutionBwdFilterAlgoPerf_t;
  static constexpr std::array algorithms{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1};
  static constexpr std::size_t known = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT;
  static constexpr const char* propose_name = "cudnnGetConvolutionBackwardFilterAlgorithm_v7";
  static constexpr auto propose = cudnnGetConvolutionBackwardFilterAlgorithm_v7;
  static constexpr auto workspace = cudnnGetConvolutionBackwardFilterWorkspaceSize;
  static auto from(const dnn_description& d) { return std::pair(d.x.get(), d.y.get()); }
  static auto to(const dnn_description& d) { return d.weight.get(); }
};

/// A description with the algorithm of one pass.
template <class Pass> struct dnn_plan : dnn_description {
  decltype(Pass::proposal::algo) algorithm{};
  std::size_t workspace_bytes = 0;
};

inline std::string text(const char* pass, const op::convolution_shape& s) {
  const auto four = [](long a, long b, long c, long d) {
    return "(" + std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c) + ", " + std::to_string(d) + ")";
  };
  return std::string(pass) + " of " + four(s.batch, s.in_channels, s.in_height, s.in_width) + " by " +
         four(s.out_channels, s.groups > 0 ? s.in_channels / s.groups : 0, s.kernel_height, s.kernel_width);
}

}  // namespace detail

/// Convolutions of float images by cuDNN: a handle, and a plan for every shape and pass that it met.
///
/// Shapes     those of op::convolution_shape; all numbers below 2^31
/// Numerics   float32; with arithmetic::tf32 factors of 10 bits. The same bits for the same shapes and workspace on one kind of device
///            by one version of the library: algorithms whose sums have no fixed order are not used
/// Empty      no images or no output: nothing, or gradients of 0 where nothing is added
/// Errors     the constructor throws ogm::error; a pass answers with a status that names its shapes, and the number or the call that
///            was wrong
/// Threads    one at a time; the workspace is one stream's at a time
/// Cost       the host asks the library for an algorithm when it meets a shape; the bias is added in a pass of its own over y
class dnn {
 public:
  explicit dnn(library_workspace workspace = {}, arithmetic how = arithmetic::float32) : workspace_(workspace), how_(how) {
    check_library_workspace("dnn", workspace).throw_if_failed();
    detail::dnn_calls call;
    call("cudnnCreate", cudnnCreate, handle_.created());
    call.result("dnn").throw_if_failed();
  }

  status convolution(const op::convolution_forward<float>& c, cudaStream_t stream) {
    using pass = detail::dnn_forward;
    if (status s = check<pass>(c.shape); !s.ok() || empty(c.shape)) return s;
    if (status s = check_given([&] { return detail::text(pass::name, c.shape); }, {{"x", c.x}, {"weight", c.weight}, {"y", c.y}}); !s.ok())
      return s;
    return with_plan(forward_, c.shape, stream, [&](const detail::dnn_plan<pass>& p, detail::dnn_calls& call) {
      call("cudnnConvolutionForward", cudnnConvolutionForward, handle_.get(), &one, p.x.get(), c.x, p.weight.get(), c.weight,
           p.convolution.get(), p.algorithm, workspace_.data, p.workspace_bytes, &zero, p.y.get(), c.y);
      if (c.bias) call("cudnnAddTensor", cudnnAddTensor, handle_.get(), &one, p.bias.get(), c.bias, &one, p.y.get(), c.y);
    });
  }

  status convolution(const op::convolution_backward_input<float>& c, cudaStream_t stream) {
    using pass = detail::dnn_backward_input;
    if (status s = check<pass>(c.shape); !s.ok()) return s;
    if (empty(c.shape)) return c.add ? status() : clear(c.dx, c.shape.batch * c.shape.in_image(), stream);
    if (status s = check_given([&] { return detail::text(pass::name, c.shape); }, {{"dy", c.dy}, {"weight", c.weight}, {"dx", c.dx}});
        !s.ok())
      return s;
    return with_plan(backward_input_, c.shape, stream, [&](const detail::dnn_plan<pass>& p, detail::dnn_calls& call) {
      call("cudnnConvolutionBackwardData", cudnnConvolutionBackwardData, handle_.get(), &one, p.weight.get(), c.weight, p.y.get(), c.dy,
           p.convolution.get(), p.algorithm, workspace_.data, p.workspace_bytes, c.add ? &one : &zero, p.x.get(), c.dx);
    });
  }

  status convolution(const op::convolution_backward_weight<float>& c, cudaStream_t stream) {
    using pass = detail::dnn_backward_weight;
    if (status s = check<pass>(c.shape); !s.ok()) return s;
    if (empty(c.shape)) {
      if (status s = c.add_weight ? status() : clear(c.dweight, c.shape.weights(), stream); !s.ok()) return s;
      return !c.dbias || c.add_bias ? status() : clear(c.dbias, c.shape.out_channels, stream);
    }
    if (status s = check_given([&] { return detail::text(pass::name, c.shape); }, {{"x", c.x}, {"dy", c.dy}, {"dweight", c.dweight}});
        !s.ok())
      return s;
    return with_plan(backward_weight_, c.shape, stream, [&](const detail::dnn_plan<pass>& p, detail::dnn_calls& call) {
      call("cudnnConvolutionBackwardFilter", cudnnConvolutionBackwardFilter, handle_.get(), &one, p.x.get(), c.x, p.y.get(), c.dy,
           p.convolution.get(), p.algorithm, workspace_.data, p.workspace_bytes, c.add_weight ? &one : &zero, p.weight.get(), c.dweight);
      if (c.dbias)
        call("cudnnConvolutionBackwardBias", cudnnConvolutionBackwardBias, handle_.get(), &one, p.y.get(), c.dy, c.add_bias ? &one : &zero,
             p.bias.get(), c.dbias);
    });
  }

 private:
  static constexpr float one = 1, zero = 0;

  static bool empty(const op::convolution_shape& s) { return s.batch == 0 || s.out_pixels() == 0; }
  static status clear(float* p, long count, cudaStream_t stream) {
    if (count == 0) return {};
    return {"convolution: cudaMemsetAsync", cudaMemsetAsync(p, 0, std::size_t(count) * sizeof(float), stream)};
  }

  template <class Pass> static status check(const op::convolution_shape& s) {
    const auto wrong = [&](const char* what, long value, const std::string& expected) {
      return wrong_argument(detail::text(Pass::name, s).c_str(), what, value, expected.c_str());
    };
    const detail::convolution_key all = detail::key(s);
    for (std::size_t i = 0; i < detail::convolution_fields.size(); ++i) {
      const std::string_view name = detail::convolution_fields[i];
      const long least = name == "batch" || name.starts_with("pad") || name.starts_with("out_h") || name.starts_with("out_w") ? 0 : 1;
      if (all[i] < least || all[i] > std::numeric_limits<int>::max())
        return wrong(detail::convolution_fields[i], all[i], std::to_string(least) + " to 2147483647");
    }
    if (s.groups < 1 || s.in_channels % s.groups != 0 || s.out_channels % s.groups != 0)
      return wrong("groups", s.groups, "a divisor of " + std::to_string(s.in_channels) + " and " + std::to_string(s.out_channels));
    const long height = op::convolved(s.in_height, s.kernel_height, s.stride_height, s.pad_height, s.dilation_height);
    const long width = op::convolved(s.in_width, s.kernel_width, s.stride_width, s.pad_width, s.dilation_width);
    if (s.out_height != height) return wrong("out_height", s.out_height, std::to_string(height));
    if (s.out_width != width) return wrong("out_width", s.out_width, std::to_string(width));
    return {};
  }

  /// The first algorithm that the library proposes of those that the pass uses and the workspace is enough for.
  template <class Pass> status choose(const op::convolution_shape& s, detail::dnn_plan<Pass>& plan, detail::dnn_calls& call) const {
    std::array<typename Pass::proposal, 2 * Pass::known> proposals{};  // each with tensor cores and without
    int count = 0;
    const auto [first, second] = Pass::from(plan);
    const auto convolution = plan.convolution.get();
    const auto to = Pass::to(plan);
    call(Pass::propose_name, Pass::propose, handle_.get(), first, second, convolution, to, int(proposals.size()), &count, proposals.data());
    if (!call.ok()) return call.result(detail::text(Pass::name, s));
    std::string too_large;
    for (const auto& p : proposals) {
      if (count-- <= 0) break;
      if (p.status != CUDNN_STATUS_SUCCESS || p.determinism != CUDNN_DETERMINISTIC ||
          std::find(Pass::algorithms.begin(), Pass::algorithms.end(), p.algo) == Pass::algorithms.end())
        continue;
      std::size_t bytes = 0;
      if (Pass::workspace(handle_.get(), first, second, convolution, to, p.algo, &bytes) != CUDNN_STATUS_SUCCESS) continue;
      if (bytes <= workspace_.bytes) {
        plan.algorithm = p.algo;
        plan.workspace_bytes = bytes;
        return {};
      }
      too_large = " One needs " + std::to_string(bytes) + ".";
    }
    return {cudaErrorUnknown, "ogm: " + detail::text(Pass::name, s) +
                                  ": cuDNN proposes no algorithm of a fixed order that a workspace of " + std::to_string(workspace_.bytes) +
                                  " bytes is enough for." + too_large};
  }

  template <class Pass> using plans = library_plans<detail::convolution_key, detail::dnn_plan<Pass>>;
  template <class Pass, class Run>
  status with_plan(plans<Pass>& kept, const op::convolution_shape& s, cudaStream_t stream, const Run& run) {
    detail::dnn_calls call;
    call("cudnnSetStream", cudnnSetStream, handle_.get(), stream);
    const detail::dnn_plan<Pass>* plan = kept.find(detail::key(s));
    if (!plan) {
      detail::dnn_plan<Pass> made;
      detail::describe(s, how_, made, call);
      if (status chosen = choose(s, made, call); !chosen.ok()) return chosen;
      plan = &kept.keep(detail::key(s), std::move(made));
    }
    run(*plan, call);
    return call.ok() ? status() : call.result(detail::text(Pass::name, s));
  }

  library_workspace workspace_;
  arithmetic how_;
  library_object<cudnnHandle_t, cudnnDestroy> handle_;
  plans<detail::dnn_forward> forward_;
  plans<detail::dnn_backward_input> backward_input_;
  plans<detail::dnn_backward_weight> backward_weight_;
};

}  // namespace ogm::cuda
