// The README's twenty lines with two small encoders and generated data: a whole program in one screen. bench/compile_time measures it.

#include <ogm/ogm.hpp>

#include <cstdio>

using namespace ogm;

using audio = modality<"audio", nn::mlp<16, 64, 32>>;
using visual = modality<"visual", nn::mlp<16, 64, 32>>;
using model = late_fusion<fusion::concat<8>, audio, visual>;

namespace {

auto clusters(std::uint64_t part) {
  const auto made = data::imbalanced(1, {.part = part});
  tensor<float, dyn, 16> a(made.audio.size(0)), v(made.visual.size(0));
  std::copy(made.audio.flat().begin(), made.audio.flat().end(), a.data());
  std::copy(made.visual.flat().begin(), made.visual.flat().end(), v.data());
  return data::in_memory(made.labels, a, v);
}

}  // namespace

int main() {
  const auto train = clusters(0), held_out = clusters(1);
  trainer run{model{}, modulation::ogm_ge{.alpha = 0.3}, optim::sgd{.lr = 0.05, .momentum = 0.9}};
  run.observe(observers::progress{}, observers::tensorboard{"runs/quick_start"}, observers::plots{"runs/quick_start"});
  const auto result = run.fit(
      train, {.epochs = 10, .batch = 64, .validate_on = held_out, .checkpoint = "runs/quick_start/last.safetensors", .resume = false});
  std::printf("fused %.3f, audio alone %.3f, visual alone %.3f\n", result.last.fused.accuracy, result.last.modalities[0].accuracy,
              result.last.modalities[1].accuracy);
}
