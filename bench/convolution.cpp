// Two-dimensional convolutions at the shapes of ResNet-18 (images of 224 x 224, batch 8) and of the digits model (batch 64): forward, the
// gradient of the input and that of the weight, on each backend. Axes: backend, layer, pass, threads.
// Counters: GFLOP/s, counted as 2 batch pixels patch channels; of_peak, of the rate of fused multiply-adds of this run.

#include <ogm/backend/eigen.hpp>
#ifdef OGM_WITH_ONEDNN
#include <ogm/backend/onednn.hpp>
#endif

#include <machine.hpp>

using namespace ogm;

namespace {
using numbers = tensor<float, dyn>;

op::convolution_shape shape(long batch, long in, long height, long width, long out, long kernel, long stride) {
  const long pad = kernel / 2;
  return {.batch = batch,
          .in_channels = in,
          .in_height = height,
          .in_width = width,
          .out_channels = out,
          .out_height = op::convolved(height, kernel, stride, pad, 1),
          .out_width = op::convolved(width, kernel, stride, pad, 1),
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride_height = stride,
          .stride_width = stride,
          .pad_height = pad,
          .pad_width = pad,
          .dilation_height = 1,
          .dilation_width = 1,
          .groups = 1};
}

/// Calls f(index of x, index of the weight, index of y) for every product that the convolution sums up.
template <class F> void each_term_of(const op::convolution_shape& s, long n, long o, long h, long w, const F& f) {
  const long y = ((n * s.out_channels + o) * s.out_height + h) * s.out_width + w;
  for (long i = 0; i < s.in_channels; ++i)
    for (long a = 0; a < s.kernel_height; ++a)
      for (long b = 0; b < s.kernel_width; ++b) {
        const long p = h * s.stride_height - s.pad_height + a, q = w * s.stride_width - s.pad_width + b;
        if (p >= 0 && p < s.in_height && q >= 0 && q < s.in_width)
          f(((n * s.in_channels + i) * s.in_height + p) * s.in_width + q,
            ((o * s.in_channels + i) * s.kernel_height + a) * s.kernel_width + b, y);
      }
}
template <class F> void each_term(const op::convolution_shape& s, const F& f) {
  for (long n = 0; n < s.batch; ++n)
    for (long o = 0; o < s.out_channels; ++o)
      for (long h = 0; h < s.out_height; ++h)
        for (long w = 0; w < s.out_width; ++w) each_term_of(s, n, o, h, w, f);
}

struct arrays {
  op::convolution_shape s;
  numbers x, weight, y, dx, dweight;
  explicit arrays(const op::convolution_shape& shape)
      : s(shape), x(s.batch * s.in_image()), weight(s.weights()), y(s.batch * s.out_image()), dx(x.count()), dweight(weight.count()) {
    for (numbers* a : {&x, &weight, &y})
      for (long i = 0; i < long(a->count()); ++i) a->data()[i] = float(std::sin(0.37 * double(i % 100003)));
  }
};
enum class which { forward, input, weight };
template <class Backend> void run(Backend& backend, arrays& a, which what) {
  switch (what) {
    case which::forward:
      return backend.run(op::convolution_forward<float>{a.s, a.x.data(), a.weight.data(), nullptr, a.y.data()});
    case which::input:
      return backend.run(op::convolution_backward_input<float>{a.s, a.y.data(), a.weight.data(), a.dx.data(), false});
    case which::weight:
      return backend.run(op::convolution_backward_weight<float>{a.s, a.x.data(), a.y.data(), a.dweight.data(), nullptr, false, false});
  }
}

/// Against plain loops, on a batch of 2 with the same channels and few pixels: all of it would take minutes.
template <class Backend> bool right(const op::convolution_shape& full, which what) {
  arrays a(shape(2, full.in_channels, std::min(full.in_height, 9L), std::min(full.in_width, 10L), full.out_channels, full.kernel_height,
                 full.stride_height));
  const numbers dy = a.y;  // forward writes over it
  Backend backend;
  run(backend, a, what);
  const numbers& got = what == which::forward ? a.y : what == which::input ? a.dx : a.dweight;
  std::vector<double> sum(std::size_t(got.count())), size(std::size_t(got.count()), 1);
  each_term(a.s, [&](long x, long w, long y) {
    const double given[]{double(a.x.data()[x]), double(a.weight.data()[w]), double(dy.data()[y])};
    const auto to = std::size_t(what == which::forward ? y : what == which::input ? x : w);
    const double term = what == which::forward ? given[0] * given[1] : what == which::input ? given[1] * given[2] : given[0] * given[2];
    sum[to] += term, size[to] += std::abs(term);
  });
  for (std::size_t i = 0; i < sum.size(); ++i)
    if (!(std::abs(double(got.data()[i]) - sum[i]) <= 1e-6 * size[i])) return false;
  return true;
}

template <class Backend> void one_pass(benchmark::State& state, const op::convolution_shape& s, which what) {
  const int threads = int(state.range(0));
  const use_threads pool(threads);
  if (!right<Backend>(s, what)) return state.SkipWithError("the convolution is not its reference");
  arrays a(s);
  Backend backend;
  const double flop = 2.0 * double(s.batch) * double(s.out_pixels()) * double(s.patch()) * double(s.out_channels);
  const auto d = bench::in_turn(
      state, [&] { run(backend, a, what); }, [] {}, std::max(1L, long(5e7 / flop)));
  state.counters["GFLOP/s"] = flop / d.ours * 1e-9;
  state.counters["of_peak"] = flop / d.ours / bench::peak(threads);
}

template <class Backend> void add(const std::string& backend) {
  const std::pair<const char*, op::convolution_shape> layers[]{
      {"resnet18 stem 3->64, 7x7 / 2, 224x224", shape(8, 3, 224, 224, 64, 7, 2)},
      {"resnet18 stage 1 64->64, 3x3, 56x56", shape(8, 64, 56, 56, 64, 3, 1)},
      {"resnet18 stage 2 64->128, 3x3 / 2, 56x56", shape(8, 64, 56, 56, 128, 3, 2)},
      {"resnet18 stage 2 64->128, 1x1 / 2, 56x56", shape(8, 64, 56, 56, 128, 1, 2)},
      {"resnet18 stage 2 128->128, 3x3, 28x28", shape(8, 128, 28, 28, 128, 3, 1)},
      {"resnet18 stage 3 256->256, 3x3, 14x14", shape(8, 256, 14, 14, 256, 3, 1)},
      {"resnet18 stage 4 512->512, 3x3, 7x7", shape(8, 512, 7, 7, 512, 3, 1)},
      {"digits image 1->16, 3x3, 28x28", shape(64, 1, 28, 28, 16, 3, 1)},
      {"digits image 16->32, 3x3, 14x14", shape(64, 16, 14, 14, 32, 3, 1)},
      {"digits image 32->64, 3x3, 7x7", shape(64, 32, 7, 7, 64, 3, 1)},
      {"digits image 64->64, 3x3, 3x3", shape(64, 64, 3, 3, 64, 3, 1)},
      {"digits audio 1->16, 3x3, 40x64", shape(64, 1, 40, 64, 16, 3, 1)},
      {"digits audio 16->32, 3x3, 20x32", shape(64, 16, 20, 32, 32, 3, 1)},
      {"digits audio 32->64, 3x3, 10x16", shape(64, 32, 10, 16, 64, 3, 1)},
      {"digits audio 64->64, 3x3, 5x8", shape(64, 64, 5, 8, 64, 3, 1)},
  };
  for (const auto& [name, s] : layers)
    for (const auto& [what, pass] : {std::pair{which::forward, "/forward"}, {which::input, "/input"}, {which::weight, "/weight"}})
      benchmark::RegisterBenchmark((backend + "/" + name + pass).c_str(),
                                   [s = s, w = what](benchmark::State& state) { one_pass<Backend>(state, s, w); })
          ->ArgName("threads")
          ->Arg(1)
          ->Arg(2)
          ->UseManualTime()
          ->MinTime(0.05)
          ->Unit(benchmark::kMicrosecond);
}
}  // namespace

int main(int argc, char** argv) {
#ifdef OGM_WITH_ONEDNN
  add<backend::onednn>("oneDNN");
#endif
  add<backend::eigen<float>>("Eigen");
  return bench::run(argc, argv, false);
}
