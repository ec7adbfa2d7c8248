// Convolutions by cuDNN against the host's: on a device by the library, on the CPU model by its stand-in.
#include "support.hpp"

#include <ogm/backend/eigen.hpp>
#include <ogm/cuda/dnn.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct window {
  long kernel_height = 3, kernel_width = 3, stride_height = 1, stride_width = 1, pad_height = 0, pad_width = 0, dilation_height = 1,
       dilation_width = 1, groups = 1;
};

op::convolution_shape shape(long batch, long in_channels, long in_height, long in_width, long out_channels, const window& w) {
  return {.batch = batch,
          .in_channels = in_channels,
          .in_height = in_height,
          .in_width = in_width,
          .out_channels = out_channels,
          .out_height = op::convolved(in_height, w.kernel_height, w.stride_height, w.pad_height, w.dilation_height),
          .out_width = op::convolved(in_width, w.kernel_width, w.stride_width, w.pad_width, w.dilation_width),
          .kernel_height = w.kernel_height,
          .kernel_width = w.kernel_width,
          .stride_height = w.stride_height,
          .stride_width = w.stride_width,
          .pad_height = w.pad_height,
          .pad_width = w.pad_width,
          .dilation_height = w.dilation_height,
          .dilation_width = w.dilation_width,
          .groups = w.groups};
}
std::string text(const op::convolution_shape& s) {
  std::string all;
  for (const long n : cuda::detail::key(s)) all += " " + std::to_string(n);
  return all;
}
std::vector<double> exact(const std::vector<float>& x) { return {x.begin(), x.end()}; }
/// What a result holds before: numbers where it is added to, else NaN.
std::vector<float> before(long count, std::uint32_t stream, bool add) {
  return add ? numbers(count, stream) : std::vector<float>(std::size_t(count), not_a_number);
}

struct data {
  explicit data(const op::convolution_shape& s)
      : x(numbers(s.batch * s.in_image(), 1)),
        weight(numbers(s.weights(), 2)),
        bias(numbers(s.out_channels, 3)),
        dy(numbers(s.batch * s.out_image(), 4)) {}
  std::vector<float> x, weight, bias, dy;
};

void check_forward(cuda::dnn& library, const op::convolution_shape& s, bool biased, double tolerance) {
  INFO("forward" << text(s) << (biased ? ", biased" : ""));
  const data d(s);
  std::vector<float> expected(d.dy.size());
  backend::eigen<float>().run(
      op::convolution_forward<float>{s, d.x.data(), d.weight.data(), biased ? d.bias.data() : nullptr, expected.data()});
  device_array<float> x(d.x), weight(d.weight), bias(d.bias), y(std::vector<float>(expected.size(), not_a_number));
  library.convolution(op::convolution_forward<float>{s, x.data(), weight.data(), biased ? bias.data() : nullptr, y.data()}, nullptr)
      .throw_if_failed();
  CHECK(count_apart(y.values(), exact(expected), tolerance) == 0);
}

void check_backward(cuda::dnn& library, const op::convolution_shape& s, bool add, double tolerance) {
  INFO("backward" << text(s) << (add ? ", added" : ""));
  const data d(s);
  std::vector<float> dx = before(s.batch * s.in_image(), 5, add), dweight = before(s.weights(), 6, add),
                     dbias = before(s.out_channels, 7, add);
  device_array<float> x(d.x), weight(d.weight), dy(d.dy), device_dx(dx), device_dweight(dweight), device_dbias(dbias);
  backend::eigen<float> host;
  host.run(op::convolution_backward_input<float>{s, d.dy.data(), d.weight.data(), dx.data(), add});
  host.run(op::convolution_backward_weight<float>{s, d.x.data(), d.dy.data(), dweight.data(), dbias.data(), add, add});

  library.convolution(op::convolution_backward_input<float>{s, dy.data(), weight.data(), device_dx.data(), add}, nullptr).throw_if_failed();
  library
      .convolution(op::convolution_backward_weight<float>{s, x.data(), dy.data(), device_dweight.data(), device_dbias.data(), add, add},
                   nullptr)
      .throw_if_failed();
  CHECK(count_apart(device_dx.values(), exact(dx), tolerance) == 0);
  CHECK(count_apart(device_dweight.values(), exact(dweight), tolerance) == 0);
  CHECK(count_apart(device_dbias.values(), exact(dbias), tolerance) == 0);
}

void check(cuda::dnn& library, const op::convolution_shape& s, double tolerance = 1e-5) {
  for (const bool one_way : {false, true}) {
    check_forward(library, s, one_way, tolerance);
    check_backward(library, s, one_way, tolerance);
  }
  require_no_refusals();
}

}  // namespace

TEST_CASE("convolutions on the device: kernels, strides and paddings") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  for (const long stride : {1, 2, 3})
    for (const long pad : {0, 1, 2}) {
      check(library, shape(2, 3, 9, 11, 4, {.stride_height = stride, .stride_width = stride, .pad_height = pad, .pad_width = pad}));
      check(library,
            shape(3, 5, 7, 6, 3,
                  {.kernel_height = 1, .kernel_width = 5, .stride_height = stride, .stride_width = 1, .pad_height = 0, .pad_width = pad}));
    }
  check(library, shape(2, 6, 5, 5, 7, {.kernel_height = 1, .kernel_width = 1}));
  check(library, shape(1, 1, 1, 1, 1, {.kernel_height = 1, .kernel_width = 1}));
  check(library, shape(2, 3, 21, 20, 8,
                       {.kernel_height = 7, .kernel_width = 7, .stride_height = 2, .stride_width = 2, .pad_height = 3, .pad_width = 3}));
}

TEST_CASE("convolutions on the device: dilations, groups, and both") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  check(library, shape(2, 3, 12, 13, 4, {.pad_height = 2, .pad_width = 2, .dilation_height = 2, .dilation_width = 2}));
  check(library, shape(1, 2, 15, 9, 3, {.stride_height = 2, .pad_width = 1, .dilation_height = 3, .dilation_width = 1}));
  for (const long groups : {2, 4}) check(library, shape(2, 8, 6, 7, 12, {.pad_height = 1, .pad_width = 1, .groups = groups}));
  check(library, shape(2, 6, 8, 8, 6, {.pad_height = 1, .pad_width = 1, .groups = 6}));
  check(library, shape(2, 4, 11, 10, 8,
                       {.stride_height = 2, .stride_width = 2, .pad_height = 2, .pad_width = 1, .dilation_height = 2, .groups = 2}));
}

TEST_CASE("convolutions on the device: gradients of the weight alone, or added to alone") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  const op::convolution_shape s = shape(2, 3, 6, 6, 4, {.pad_height = 1, .pad_width = 1});
  const data d(s);
  device_array<float> x(d.x), dy(d.dy);
  for (const bool add_weight : {false, true}) {
    INFO("added to " << (add_weight ? "the weight's" : "the bias's"));
    std::vector<float> dweight = before(s.weights(), 6, add_weight), dbias = before(s.out_channels, 7, !add_weight);
    device_array<float> device_dweight(dweight), device_dbias(dbias), alone(std::vector<float>(dweight.size(), not_a_number));
    backend::eigen<float>().run(
        op::convolution_backward_weight<float>{s, d.x.data(), d.dy.data(), dweight.data(), dbias.data(), add_weight, !add_weight});
    library
        .convolution(op::convolution_backward_weight<float>{s, x.data(), dy.data(), device_dweight.data(), device_dbias.data(), add_weight,
                                                            !add_weight},
                     nullptr)
        .throw_if_failed();
    library.convolution(op::convolution_backward_weight<float>{s, x.data(), dy.data(), alone.data(), nullptr, false, false}, nullptr)
        .throw_if_failed();
    CHECK(count_apart(device_dweight.values(), exact(dweight), 1e-5) == 0);
    CHECK(count_apart(device_dbias.values(), exact(dbias), 1e-5) == 0);
    if (!add_weight) CHECK(count_apart(alone.values(), exact(dweight), 1e-5) == 0);
  }
  require_no_refusals();
}

TEST_CASE("convolutions on the device: no images, and kernels that do not fit") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  for (const op::convolution_shape& s : {shape(0, 3, 6, 6, 4, {}), shape(2, 3, 2, 6, 4, {})})
    for (const bool add : {false, true}) {
      INFO(text(s));
      const std::vector<float> dx = before(s.batch * s.in_image(), 5, true), dweight = before(s.weights(), 6, true),
                               dbias = before(4, 7, true);
      device_array<float> device_dx(dx), device_dweight(dweight), device_dbias(dbias);
      library.convolution(op::convolution_forward<float>{s, nullptr, nullptr, nullptr, nullptr}, nullptr).throw_if_failed();
      library.convolution(op::convolution_backward_input<float>{s, nullptr, nullptr, device_dx.data(), add}, nullptr).throw_if_failed();
      library
          .convolution(op::convolution_backward_weight<float>{s, nullptr, nullptr, device_dweight.data(), device_dbias.data(), add, add},
                       nullptr)
          .throw_if_failed();
      const auto expected = [&](const std::vector<float>& was) { return add ? was : std::vector<float>(was.size(), 0.f); };
      CHECK(device_dx.values() == expected(dx));
      CHECK(device_dweight.values() == expected(dweight));
      CHECK(device_dbias.values() == expected(dbias));
    }
  require_no_refusals();
}

TEST_CASE("convolutions on the device: on a stream, twice the same bits") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  const op::convolution_shape s = shape(4, 16, 12, 12, 16, {.pad_height = 1, .pad_width = 1});
  const data d(s);
  device_array<float> x(d.x), weight(d.weight), bias(d.bias), dy(d.dy), y(d.dy.size()), dx(d.x.size()), dweight(d.weight.size()),
      dbias(d.bias.size());
  cudaStream_t stream = nullptr;
  require_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  std::vector<float> first;
  for (int i = 0; i < 3; ++i) {
    library.convolution(op::convolution_forward<float>{s, x.data(), weight.data(), bias.data(), y.data()}, stream).throw_if_failed();
    require_done_on(stream);
    library.convolution(op::convolution_backward_input<float>{s, dy.data(), weight.data(), dx.data(), false}, stream).throw_if_failed();
    require_done_on(stream);
    library.convolution(op::convolution_backward_weight<float>{s, x.data(), dy.data(), dweight.data(), dbias.data(), false, false}, stream)
        .throw_if_failed();
    require_done_on(stream);
    require_success(cudaStreamSynchronize(stream));
    library.convolution(op::convolution_forward<float>{s, x.data(), weight.data(), nullptr, y.data()}, nullptr).throw_if_failed();
    require_done_on(nullptr);
    require_success(cudaStreamSynchronize(nullptr));
    std::vector<float> now = y.values();
    for (const std::vector<float>& more : {dx.values(), dweight.values(), dbias.values()}) now.insert(now.end(), more.begin(), more.end());
    if (first.empty()) first = now;
    CHECK(same_bits(now.data(), first.data(), now.size()));
  }
  require_success(cudaStreamDestroy(stream));
  require_no_refusals();
}

TEST_CASE("convolutions on the device: TF32 is asked for") {
  const library_memory memory;
  cuda::dnn library(memory.workspace(), cuda::arithmetic::tf32);
  check(library, shape(2, 8, 9, 9, 8, {.pad_height = 1, .pad_width = 1}), 1e-2);
#ifdef OGM_CUDA_ON_CPU
  // The stand-in rounds factors where a device may.
  const op::convolution_shape s = shape(1, 1, 1, 1, 1, {.kernel_height = 1, .kernel_width = 1});
  device_array<float> x(std::vector<float>{1 + 0x1p-12f}), weight(std::vector<float>{1}), y(1);
  const op::convolution_forward<float> c{s, x.data(), weight.data(), nullptr, y.data()};
  library.convolution(c, nullptr).throw_if_failed();
  CHECK(y.values()[0] == 1);
  cuda::dnn(memory.workspace()).convolution(c, nullptr).throw_if_failed();
  CHECK(y.values()[0] == 1 + 0x1p-12f);
#endif
}

TEST_CASE("convolutions on the device: what is refused, and in which words") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  const op::convolution_shape good = shape(2, 4, 7, 8, 6, {.groups = 2});
  const std::string which = " of (2, 4, 7, 8) by (6, 2, 3, 3) was given ";
  const auto said = [&](const auto& change) {
    op::convolution_shape s = good;
    change(s);
    const cuda::status forward = library.convolution(op::convolution_forward<float>{s, nullptr, nullptr, nullptr, nullptr}, nullptr);
    const cuda::status input = library.convolution(op::convolution_backward_input<float>{s, nullptr, nullptr, nullptr, false}, nullptr);
    const cuda::status weight =
        library.convolution(op::convolution_backward_weight<float>{s, nullptr, nullptr, nullptr, nullptr, false, false}, nullptr);
    for (const cuda::status& one : {forward, input, weight}) CHECK(one.error() == cudaErrorInvalidValue);
    CHECK(input.what().substr(std::string("ogm: convolution backward_input").size()) ==
          forward.what().substr(std::string("ogm: convolution forward").size()));
    CHECK(weight.what().substr(std::string("ogm: convolution backward_weight").size()) ==
          forward.what().substr(std::string("ogm: convolution forward").size()));
    return forward.what();
  };
  CHECK(said([](auto& s) { s.groups = 4; }) ==
        "ogm: convolution forward of (2, 4, 7, 8) by (6, 1, 3, 3) was given groups = 4; a divisor of 4 and 6 is needed.");
  CHECK(said([](auto& s) { s.groups = 0; }).find("was given groups = 0; a divisor of 4 and 6 is needed.") != std::string::npos);
  CHECK(said([](auto& s) { s.out_height = 6; }) == "ogm: convolution forward" + which + "out_height = 6; 5 is needed.");
  CHECK(said([](auto& s) { s.out_width = 5; }) == "ogm: convolution forward" + which + "out_width = 5; 6 is needed.");
  CHECK(said([](auto& s) { s.stride_width = 0; }) == "ogm: convolution forward" + which + "stride_width = 0; 1 to 2147483647 is needed.");
  CHECK(said([](auto& s) { s.pad_height = -1; }) == "ogm: convolution forward" + which + "pad_height = -1; 0 to 2147483647 is needed.");
  CHECK(said([](auto& s) { s.dilation_height = 0; }) ==
        "ogm: convolution forward" + which + "dilation_height = 0; 1 to 2147483647 is needed.");
  CHECK(said([](auto& s) { s.batch = 1L << 31; }).find("batch = 2147483648; 0 to 2147483647") != std::string::npos);
  CHECK(said([](auto& s) { s.in_channels = 0; }).find("in_channels = 0; 1 to 2147483647") != std::string::npos);
  device_array<float> some(1);
  float* const none = nullptr;
  const auto given = [&](float* a, float* b, float* c) {
    return std::vector{library.convolution(op::convolution_forward<float>{good, a, b, nullptr, c}, nullptr).what(),
                       library.convolution(op::convolution_backward_input<float>{good, a, b, c, false}, nullptr).what(),
                       library.convolution(op::convolution_backward_weight<float>{good, a, b, c, nullptr, false, false}, nullptr).what()};
  };
  const auto without = [&](const char* forward, const char* input, const char* weight) {
    const std::string shapes = " of (2, 4, 7, 8) by (6, 2, 3, 3) was given no ";
    return std::vector{"ogm: convolution forward" + shapes + forward + ".", "ogm: convolution backward_input" + shapes + input + ".",
                       "ogm: convolution backward_weight" + shapes + weight + "."};
  };
  CHECK(given(none, some.data(), some.data()) == without("x", "dy", "x"));
  CHECK(given(some.data(), none, some.data()) == without("weight", "weight", "dy"));
  CHECK(given(some.data(), some.data(), none) == without("y", "dx", "dweight"));
  CHECK_THROWS_WITH(cuda::dnn({static_cast<char*>(memory.workspace().data) + 16, 4096}),
                    "ogm: dnn was given a workspace whose address modulo 256 = 16; 0 is needed.");
}

#ifdef OGM_CUDA_ON_CPU
TEST_CASE("convolutions on the device: the algorithm is one that the workspace is enough for") {
  const op::convolution_shape s = shape(1, 2, 5, 5, 2, {});
  const library_memory memory;
  cuda::dnn none, little({memory.workspace().data, 1000});
  check_forward(none, s, true, 1e-5);
  const data d(s);
  device_array<float> x(d.x), weight(d.weight), dy(d.dy);
  const auto input = [&](cuda::dnn& library) {
    return library.convolution(op::convolution_backward_input<float>{s, dy.data(), weight.data(), x.data(), false}, nullptr).what();
  };
  const auto of_weight = [&](cuda::dnn& library) {
    return library
        .convolution(op::convolution_backward_weight<float>{s, x.data(), dy.data(), weight.data(), nullptr, false, false}, nullptr)
        .what();
  };
  CHECK(input(none) ==
        "ogm: convolution backward_input of (1, 2, 5, 5) by (2, 2, 3, 3): cuDNN proposes no algorithm of a fixed order that a "
        "workspace of 0 bytes is enough for. One needs 768.");
  CHECK(of_weight(little) ==
        "ogm: convolution backward_weight of (1, 2, 5, 5) by (2, 2, 3, 3): cuDNN proposes no algorithm of a fixed order that a "
        "workspace of 1000 bytes is enough for. One needs 3000.");
  require_no_refusals();
}

TEST_CASE("convolutions on the device: each call that fails is named, nothing is left behind, and the next one is right") {
  const std::size_t living = stand_in::living_objects();
  const op::convolution_shape s = shape(2, 4, 6, 7, 6, {.groups = 2});
  const data d(s);
  const std::string of = " of (2, 4, 6, 7) by (6, 2, 3, 3): ";
  {
    const library_memory memory;
    device_array<float> x(d.x), weight(d.weight), bias(d.bias), dy(d.dy), y(d.dy.size()), dx(d.x.size()), dweight(d.weight.size()),
        dbias(d.bias.size());
    const op::convolution_forward<float> forward{s, x.data(), weight.data(), bias.data(), y.data()};
    const op::convolution_backward_input<float> input{s, dy.data(), weight.data(), dx.data(), false};
    const op::convolution_backward_weight<float> of_weight{s, x.data(), dy.data(), dweight.data(), dbias.data(), false, false};
    const auto fails = [&](const char* function, const auto& operation, const std::string& pass) {
      INFO(function);
      cuda::dnn library(memory.workspace());
      stand_in::fail_next(function, CUDNN_STATUS_INTERNAL_ERROR);
      const cuda::status failed = library.convolution(operation, nullptr);
      CHECK(failed.error() == cudaErrorUnknown);
      CHECK(failed.what() == "ogm: convolution " + pass + of + function + " failed: CUDNN_STATUS_INTERNAL_ERROR.");
      check(library, s);
    };
    for (const char* function : {"cudnnSetStream", "cudnnCreateTensorDescriptor", "cudnnSetTensor4dDescriptor",
                                 "cudnnCreateFilterDescriptor", "cudnnSetFilter4dDescriptor", "cudnnCreateConvolutionDescriptor",
                                 "cudnnSetConvolution2dDescriptor", "cudnnSetConvolutionGroupCount", "cudnnSetConvolutionMathType",
                                 "cudnnGetConvolutionForwardAlgorithm_v7", "cudnnConvolutionForward", "cudnnAddTensor"})
      fails(function, forward, "forward");
    for (const char* function : {"cudnnGetConvolutionBackwardDataAlgorithm_v7", "cudnnConvolutionBackwardData"})
      fails(function, input, "backward_input");
    for (const char* function :
         {"cudnnGetConvolutionBackwardFilterAlgorithm_v7", "cudnnConvolutionBackwardFilter", "cudnnConvolutionBackwardBias"})
      fails(function, of_weight, "backward_weight");
    stand_in::fail_next("cudnnCreate", CUDNN_STATUS_NOT_INITIALIZED);
    CHECK_THROWS_WITH(cuda::dnn(), "ogm: dnn: cudnnCreate failed: CUDNN_STATUS_NOT_INITIALIZED.");
  }
  CHECK(stand_in::living_objects() == living);
}

TEST_CASE("convolutions on the device: a shape's algorithm is asked for once a pass") {
  const library_memory memory;
  cuda::dnn library(memory.workspace());
  const auto asked = [&](const op::convolution_shape& s) {
    const auto all = [] {
      return stand_in::calls("cudnnGetConvolutionForwardAlgorithm_v7") + stand_in::calls("cudnnGetConvolutionBackwardDataAlgorithm_v7") +
             stand_in::calls("cudnnGetConvolutionBackwardFilterAlgorithm_v7");
    };
    const std::size_t calls = all();
    check(library, s);
    return all() - calls;
  };
  CHECK(asked(shape(2, 4, 6, 7, 6, {})) == 3);
  CHECK(asked(shape(2, 4, 6, 7, 6, {})) == 0);
  CHECK(asked(shape(2, 4, 6, 7, 6, {.groups = 2})) == 3);
  CHECK(asked(shape(3, 4, 6, 7, 6, {})) == 3);
}
#endif
