// The quick start on an NVIDIA GPU: the same model, with backend::cuda as its layers' last argument. For nvcc; data stays on the host and
// goes to the device a batch at a time.
//   on_gpu [ITEMS [EPOCHS]]        default: 2000 items, 10 epochs

#include <ogm/cuda/backend.cuh>
#include <ogm/ogm.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>

using namespace ogm;

using audio = modality<"audio", nn::mlp<16, 64, 32, backend::cuda>>;
using visual = modality<"visual", nn::mlp<16, 64, 32, backend::cuda>>;
using model = late_fusion<fusion::concat<8>, audio, visual>;

namespace {

auto clusters(std::uint64_t part, size_type items) {
  const auto made = data::imbalanced(1, {.items = items, .part = part});
  tensor<float, dyn, 16> a(made.audio.size(0)), v(made.visual.size(0));
  std::copy(made.audio.flat().begin(), made.audio.flat().end(), a.data());
  std::copy(made.visual.flat().begin(), made.visual.flat().end(), v.data());
  return data::in_memory(made.labels, a, v);
}

}  // namespace

int main(int argc, char** argv) try {
  const size_type items = argc > 1 ? std::atol(argv[1]) : 2000;
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 10;
  const auto train = clusters(0, items), held_out = clusters(1, items);
  trainer run{model{}, modulation::ogm_ge{.alpha = 0.3}, optim::sgd{.lr = 0.05, .momentum = 0.9}};
  run.observe(observers::progress{});
  const auto result = run.fit(train, {.epochs = epochs, .batch = 64, .validate_on = held_out});
  std::printf("fused %.3f, audio alone %.3f, visual alone %.3f\n", result.last.fused.accuracy, result.last.modalities[0].accuracy,
              result.last.modalities[1].accuracy);
} catch (const std::exception& e) {
  std::fprintf(stderr, "on_gpu: %s\n", e.what());
  return 1;
}
