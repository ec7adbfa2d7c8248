// What modulation costs: late fusion of two ResNet-18 (22.4 million parameters), SGD with momentum, under no policy, OGM and OGM-GE.
//
//   update   the policy's hooks and the optimiser's pass alone, against one pass over the same memory (gradient, state and value
//            read, state and value written). OGM-GE also reads the gradients once for their deviations and draws 22.4 million normals.
//   step     a whole training step. The policies take turns, so that whatever else the machine does hits all alike.
//
// Axes: batch, image (64: 64x64 for both; 224: CREMA-D's 257x188 and 3x224x224), threads. Counters of step, in percent of the step without
// a policy, each the median over the rounds of the difference of whole steps: ogm_% and ogm_ge_% by the clock, ogm_cpu_% and ogm_ge_cpu_%
// by the processor time of the program, which other programs disturb less. ogm_ge_update_%: the difference of the updates alone, processor
// time.

#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/none.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/train/training_step.hpp>

#include <machine.hpp>

#include <chrono>
#include <ctime>
#include <memory>

using namespace ogm;

namespace {
using model = late_fusion<fusion::concat<6>, modality<"audio", nn::resnet18_encoder<1>>, modality<"visual", nn::resnet18_encoder<3>>>;

struct batch {
  tensor<float, dyn, 1, dyn, dyn> audio;
  tensor<float, dyn, 3, dyn, dyn> visual;
  tensor<std::int32_t, dyn> labels;
  batch(long n, long size) : audio(n, size == 64 ? 64 : 257, size == 64 ? 64 : 188), visual(n, size, size), labels(n) {
    for (long i = 0; i < long(audio.count()); ++i) audio.data()[i] = float(std::sin(0.7 * double(i % 100003)));
    for (long i = 0; i < long(visual.count()); ++i) visual.data()[i] = float(std::cos(0.3 * double(i % 100003)));
    for (long i = 0; i < n; ++i) labels(i) = std::int32_t(i % 6);
  }
};

/// Seconds by the clock, and of all processors together.
struct cost {
  double clock, processor;
};
template <class F> cost cost_of(const F& f) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t before = std::clock();
  f();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), double(std::clock() - before) / CLOCKS_PER_SEC};
}

/// A model in training; each policy has its own, made from the same seed.
template <class Policy> struct training {
  training_step<model, Policy, optim::sgd> run{model{}, Policy{}, optim::sgd{.lr = 1e-4, .momentum = 0.9}};
  modulation::progress at{.learning_rate = 1e-4};
  step_result<2> result;
  training() { nn::initialise(run.modules(), 1); }
  cost step(const batch& b) {
    const cost c = cost_of([&] { result = run.step(std::tie(b.audio, b.visual), as_view(b.labels), at); });
    ++at.step;
    return c;
  }
  /// The hooks and the pass once more, on the gradients of the last step.
  void update() { run.finish(result, at, {}); }
  bool finite() const { return std::isfinite(result.loss); }
};

template <class Policy> void update(benchmark::State& state) {
  const int threads = int(state.range(0));
  const use_threads pool(threads);
  const batch b(2, 64);
  training<Policy> t;
  t.step(b);
  if (!t.finite()) return state.SkipWithError("the loss is not finite");
  const long count = long(t.run.gradients().values().count());
  tensor<float, dyn> arrays[5]{tensor<float, dyn>(count), tensor<float, dyn>(count), tensor<float, dyn>(count), tensor<float, dyn>(count),
                               tensor<float, dyn>(count)};
  for (auto& a : arrays) std::fill_n(a.data(), count, 1.f);
  const auto reference = [&] {  // in place, as the update is
    bench::pass<3, 2>({arrays[0].data(), arrays[1].data(), arrays[2].data()}, {arrays[1].data(), arrays[2].data()}, count, threads);
  };
  const auto d = bench::in_turn(
      state, [&] { t.update(); }, reference);
  state.counters["GB/s"] = double(count) * 5 * sizeof(float) / d.ours * 1e-9;
  state.counters["of_pass"] = d.reference / d.ours;
  state.counters["shortest_ms"] = d.ours * 1e3;
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + long(v.size() / 2), v.end());
  return v[v.size() / 2];
}

void step(benchmark::State& state) {
  const int threads = int(state.range(2));
  const use_threads pool(threads);
  const batch b(state.range(0), state.range(1));
  const auto none = std::make_unique<training<modulation::none>>();
  const auto scaled = std::make_unique<training<modulation::ogm>>();
  const auto enhanced = std::make_unique<training<modulation::ogm_ge>>();
  none->step(b), scaled->step(b), enhanced->step(b);
  std::vector<double> plain, ogm, ogm_ge, ogm_cpu, ogm_ge_cpu, update_cpu;
  for (auto _ : state) {
    const cost t = none->step(b), u = scaled->step(b), v = enhanced->step(b);
    state.SetIterationTime(t.clock);
    plain.push_back(t.clock), ogm.push_back(u.clock / t.clock - 1), ogm_ge.push_back(v.clock / t.clock - 1);
    ogm_cpu.push_back(u.processor / t.processor - 1), ogm_ge_cpu.push_back(v.processor / t.processor - 1);
    const cost p = cost_of([&] { none->update(); }), q = cost_of([&] { enhanced->update(); });
    update_cpu.push_back((q.processor - p.processor) / t.processor);
  }
  if (!none->finite() || !scaled->finite() || !enhanced->finite()) return state.SkipWithError("a loss is not finite");
  state.counters["none_ms"] = *std::min_element(plain.begin(), plain.end()) * 1e3;
  state.counters["ogm_%"] = 100 * median(ogm);
  state.counters["ogm_ge_%"] = 100 * median(ogm_ge);
  state.counters["ogm_cpu_%"] = 100 * median(ogm_cpu);
  state.counters["ogm_ge_cpu_%"] = 100 * median(ogm_ge_cpu);
  state.counters["ogm_ge_update_%"] = 100 * median(update_cpu);
}
}  // namespace

int main(int argc, char** argv) {
  const auto add = [](const char* name, auto* f) {
    benchmark::RegisterBenchmark(name, f)->ArgName("threads")->Arg(1)->Arg(2)->UseManualTime()->MinTime(0.3)->Unit(benchmark::kMillisecond);
  };
  add("update/none", update<modulation::none>);
  add("update/ogm", update<modulation::ogm>);
  add("update/ogm_ge", update<modulation::ogm_ge>);
  const auto add_step = [](long batch, long image, long rounds) {
    for (const long threads : {1, 2})
      benchmark::RegisterBenchmark("step", step)
          ->ArgNames({"batch", "image", "threads"})
          ->Args({batch, image, threads})
          ->UseManualTime()
          ->Iterations(rounds)
          ->Unit(benchmark::kMillisecond);
  };
  add_step(8, 64, 9);
  add_step(16, 64, 9);
  add_step(64, 64, 3);
  add_step(8, 224, 3);
  add_step(16, 224, 3);
  return bench::run(argc, argv, true);
}
