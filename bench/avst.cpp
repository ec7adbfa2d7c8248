// AVST at its published sizes: the training step of 64 questions of the templates (10 steps; forward of own and of foreign frames, losses,
// backward, Adam), and one question about a clip in a feature store that is in memory, as a program asks it: read, forward. Axes: threads,
// batch. Counters: GFLOP/s, the products of the dense layers and the LSTM; of_peak, that over the machine's rate of fused multiply-adds.
// bench/peers/compare_avst runs the step beside the same network in PyTorch.

#include <avqa/data/scenes/truth.hpp>
#include <avqa/features/store.hpp>
#include <avqa/features/store_writer.hpp>
#include <avqa/models/network.hpp>
#include <avqa/question/op/prefix_tree.hpp>
#include <avqa/question/tokenizer.hpp>
#include <ogm/core/random.hpp>
#include <ogm/train/training_step.hpp>

#include <machine.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using ogm::dyn;

namespace {

constexpr int steps = 10, words = 14, width = 512;

/// Questions of the published templates, their placeholders filled by chance: (batch, word).
ogm::tensor<std::int32_t, dyn, dyn> questions(long batch, ogm::random::generator& draw) {
  const avqa::tokenizer to_numbers;
  ogm::tensor<std::int32_t, dyn, dyn> out(batch, words);
  for (long r = 0; r < batch; ++r) {
    const std::size_t number = std::size_t(draw.below(avqa::question_templates.size()));
    std::vector<std::string> values;
    for (const std::size_t hole : avqa::detail::placeholders_of_templates()[number]) {
      const auto fillers = avqa::detail::placeholders[hole].fillers;
      values.emplace_back(fillers[std::size_t(draw.below(fillers.size()))]);
    }
    to_numbers.encode(avqa::question_templates[number].text, values, std::span(out.data() + r * words, words));
  }
  return out;
}
/// Rows of the LSTM's products with its state: prefixes that questions share count once.
double different_prefixes(const ogm::tensor<std::int32_t, dyn, dyn>& tokens) {
  const long batch = tokens.size(0), most = batch * words;
  std::vector<std::int32_t> begin(words + 1), position(most), parent(most), leaf(batch), room(3 * batch);
  avqa::op::prefix_tree{tokens.data(), batch, words, begin.data(), position.data(), parent.data(), leaf.data(), room.data()}();
  return begin[words];
}

/// Multiply-adds of the dense layers and the LSTM for a batch, forward, in a training step: the frames are looked at twice.
double multiply_adds(double batch, double prefixes) {
  const double frames = 2, d = width;
  const double sound = steps * (128 * d + d * d), sight = frames * steps * 2 * d * d;
  const double match = frames * steps * (2 * d * d + d * d / 2 + d * d / 8 + d / 2);
  const double when = 2 * 6 * d * d;  // the query, its way through the weights of keys and values, the output; the feed-forward part
  const double question = 2 * d * d, answer = 2 * d * d + 42 * d;
  return batch * (sound + sight + match + when + question + answer) + (93 + prefixes) * 4 * d * d;  // each of the 93 words once
}

void train(benchmark::State& state) {
  const int threads = int(state.range(0));
  const long batch = state.range(1);
  const ogm::use_threads pool(threads);
  ogm::tensor<float, dyn, dyn, 128> sound(batch, steps);
  ogm::tensor<float, dyn, dyn, width, dyn, dyn> maps(batch, steps, 14, 14), others(batch, steps, 14, 14);
  ogm::tensor<std::int32_t, dyn> labels(batch);
  ogm::random::generator draw({.seed = 1, .stream = 0, .step = 0});
  const auto tokens = questions(batch, draw);
  for (float& v : sound.flat()) v = draw.uniform();
  for (float& v : maps.flat()) v = draw.uniform();
  for (float& v : others.flat()) v = draw.uniform();
  for (auto& v : labels.flat()) v = std::int32_t(draw.below(42));

  ogm::training_step<avqa::avst<>, ogm::modulation::none, ogm::optim::adam> step({}, {}, {.lr = 1e-4});
  ogm::nn::initialise(step.modules(), 0);
  ogm::modulation::progress at{.learning_rate = 1e-4};
  double loss = 0, best = std::numeric_limits<double>::infinity();
  const auto one = [&] {
    loss = step.step(std::tie(sound, maps, tokens, others), as_view(labels), at).loss;
    ++at.step;
  };
  one();  // memory is taken in the first step
  for (auto _ : state) {
    const double t = bench::seconds(one);
    state.SetIterationTime(t);
    best = std::min(best, t);
  }
  if (!(loss < 10)) state.SkipWithError("the loss is not a number");
  const double flop = 3 * 2 * multiply_adds(double(batch), different_prefixes(tokens));
  state.counters["GFLOP/s"] = flop / best * 1e-9;
  state.counters["of_peak"] = flop / best / bench::peak(threads);
}
BENCHMARK(train)->ArgNames({"threads", "batch"})->ArgsProduct({{1, 2}, {64}})->UseManualTime()->Unit(benchmark::kMillisecond);

/// A store of a few clips that goes away with the program.
struct stored_clips {
  std::string folder = (std::filesystem::temp_directory_path() / "avqa-avst-XXXXXX").string();
  stored_clips() {
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
    const avqa::feature_shape shape;
    avqa::store_writer to(folder + "/store", shape, ogm::data::dtype::f16);
    std::vector<float> sound(std::size_t(shape.sound_count()), 0.5f), maps(std::size_t(shape.maps_count()));
    for (int v = 0; v < 16; ++v) {
      for (std::size_t i = 0; i < maps.size(); ++i) maps[i] = float((i * 31 + std::size_t(v) * 7) % 1021) * 0.01f;
      to.add(std::to_string(v), sound, maps);
    }
    to.finish();
  }
  stored_clips(const stored_clips&) = delete;
  stored_clips& operator=(const stored_clips&) = delete;
  ~stored_clips() { std::filesystem::remove_all(folder); }
};

void answer(benchmark::State& state) {
  const stored_clips clips;
  const avqa::feature_store store(clips.folder + "/store");
  avqa::avst<> network;
  ogm::nn::initialise(network, 0);
  ogm::inference<> tape;
  ogm::tensor<float, dyn, dyn, 128> sound(1, steps);
  ogm::tensor<float, dyn, dyn, width, dyn, dyn> maps(1, steps, 14, 14);
  ogm::tensor<std::int32_t, dyn, dyn> tokens(1, words);
  ogm::size_type video = 0;
  for (auto _ : state)
    state.SetIterationTime(bench::seconds([&] {
      store.read(video++ % 16, sound.flat(), maps.flat());
      tape.rewind();
      benchmark::DoNotOptimize(network(tape, sound, maps, tokens).data());
    }));
}
BENCHMARK(answer)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) { return bench::run(argc, argv, false); }
