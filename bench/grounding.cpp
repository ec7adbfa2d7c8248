// Spatial grounding of 640 feature maps of the published size (64 clips of 10 frames, 512 x 14 x 14 floats: 257 MB), forward and backward,
// against one pass that reads these bytes and does nothing but add. Axes: threads. Counters: GB/s, bytes of the maps a second; of_pass, the
// time of that pass over ours. The backward reads the maps once too: they are data, and only the sound has a gradient. Where the maps have
// one (backward_of_maps), the pass also writes as many bytes.
// bench/peers/compare_avst runs it beside the published operators in PyTorch.

#include <avqa/grounding/spatial.hpp>
#include <ogm/autograd/tape.hpp>
#include <ogm/core/random.hpp>

#include <machine.hpp>

#include <algorithm>

using ogm::dyn;

namespace {

constexpr int channels = 512, places = 196;
constexpr long clips = 64, steps = 10, count = clips * steps * channels * places;

struct arrays {
  ogm::tensor<float, dyn, dyn, channels, dyn, dyn> maps{clips, steps, 14, 14};
  ogm::tensor<float, dyn, dyn, channels> sound{clips, steps};
  arrays() {
    ogm::random::generator draw({.seed = 1, .stream = 0, .step = 0});
    for (float& v : maps.flat()) v = draw.uniform();
    for (float& v : sound.flat()) v = draw.normal();
  }
};
const arrays& data() {
  static const arrays made;
  return made;
}

/// Reads the maps in as many parts as there are threads.
void read_all(int threads) {
  std::vector<ogm::float_pack> sums(std::size_t(threads), ogm::float_pack{});
  const long part = count / threads / ogm::lanes * ogm::lanes;
  ogm::parallel_for(threads, [&](long t) {
    constexpr ogm::position<ogm::lanes> at{0, 0, 0};
    const float* const from = data().maps.data() + t * part;
    ogm::float_pack a{}, b{}, c{}, d{};
    for (long i = 0; i + 4 * ogm::lanes <= part; i += 4 * ogm::lanes) {
      a += ogm::load<ogm::float_pack>(from + i, at);
      b += ogm::load<ogm::float_pack>(from + i + ogm::lanes, at);
      c += ogm::load<ogm::float_pack>(from + i + 2 * ogm::lanes, at);
      d += ogm::load<ogm::float_pack>(from + i + 3 * ogm::lanes, at);
    }
    sums[std::size_t(t)] = a + b + c + d;
  });
  benchmark::DoNotOptimize(sums.data());
}

void report(benchmark::State& state, const bench::duel& best) {
  state.counters["GB/s"] = double(count) * sizeof(float) / best.ours * 1e-9;
  state.counters["of_pass"] = best.reference / best.ours;
}

void forward(benchmark::State& state) {
  const int threads = int(state.range(0));
  const ogm::use_threads pool(threads);
  ogm::inference<> tape;
  report(state, bench::in_turn(
                    state,
                    [&] {
                      tape.rewind();
                      benchmark::DoNotOptimize(avqa::spatial_attention<channels>{}(tape, data().maps, data().sound).data());
                    },
                    [&] { read_all(threads); }));
}
BENCHMARK(forward)->ArgName("threads")->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond);

void backward(benchmark::State& state) {
  const int threads = int(state.range(0));
  const ogm::use_threads pool(threads);
  ogm::tape<> tape;
  const auto prepare = [&] {
    tape.rewind();
    const auto pooled = avqa::spatial_attention<channels>{}(tape, data().maps, tape.variable(data().sound));
    std::fill_n(pooled.accumulate().data, pooled.count(), 1e-3f);
  };
  report(state, bench::in_turn(
                    state, [&] { tape.run_backward(); }, [&] { read_all(threads); }, 1, prepare));
}
BENCHMARK(backward)->ArgName("threads")->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond);

void backward_of_maps(benchmark::State& state) {
  const int threads = int(state.range(0));
  const ogm::use_threads pool(threads);
  ogm::tape<> tape;
  ogm::tensor<float, dyn> copy(count);
  std::fill_n(copy.data(), count, 0.f);
  const auto prepare = [&] {
    tape.rewind();
    const auto pooled = avqa::spatial_attention<channels>{}(tape, tape.variable(data().maps), tape.variable(data().sound));
    std::fill_n(pooled.accumulate().data, pooled.count(), 1e-3f);
  };
  report(state, bench::in_turn(
                    state, [&] { tape.run_backward(); }, [&] { bench::pass<1, 1>({data().maps.data()}, {copy.data()}, count, threads); }, 1,
                    prepare));
}
BENCHMARK(backward_of_maps)->ArgName("threads")->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) { return bench::run(argc, argv, true); }
