// One training step of the audio-visual digits model, batch 64: forward, loss, backward, SGD with momentum.
// bench/peers/compare runs it beside the same model in PyTorch.

#include <av_digits/model.hpp>

#include <benchmark/benchmark.h>

namespace {

void digits_step(benchmark::State& state) {
  const ogm::use_threads threads(int(state.range(0)));
  const long batch = state.range(1);
  ogm::tensor<float, ogm::dyn, 1, 40, 64> audio(batch);
  ogm::tensor<float, ogm::dyn, 1, 28, 28> image(batch);
  ogm::tensor<std::int32_t, ogm::dyn> labels(batch);
  ogm::random::generator draw({.seed = 1, .stream = 0, .step = 0});
  for (float& v : audio.flat()) v = draw.normal();
  for (float& v : image.flat()) v = draw.normal();
  for (auto& y : labels.flat()) y = std::int32_t(draw.below(10));

  ogm::training_step<digits::joint_model, ogm::modulation::none, ogm::optim::sgd> step({}, {}, {.lr = 0.1, .momentum = 0.9});
  ogm::nn::initialise(step.modules(), 0);
  ogm::modulation::progress at{.learning_rate = 0.1};
  double loss = 0;
  for (auto _ : state) {
    loss = step.step(std::tie(audio, image), as_view(labels), at).loss;
    ++at.step;
  }
  if (!(loss < 10)) state.SkipWithError("the loss is not a number");
  // Products of the convolutions: three of each size (forward, input, weight), two where the input is data.
  const double first = (2560 + 784) * 9 * 16.0, second = (640 + 196) * 9 * 16 * 32.0, third = (160 + 49) * 9 * 32 * 64.0,
               fourth = (40 + 9) * 9 * 64 * 64.0;
  state.counters["direct_GFLOP/s"] =
      benchmark::Counter(2e-9 * double(batch) * (2 * first + 3 * (second + third + fourth)), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(digits_step)->ArgNames({"threads", "batch"})->ArgsProduct({{1, 2}, {64}})->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
