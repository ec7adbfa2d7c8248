#include "run.hpp"

namespace program {
namespace {
struct composed_widths {
  static constexpr int audio = 128, channels = 128, width = 256, words = 93, answers = 42, heads = 4;
};
struct drawn_widths {
  static constexpr int audio = 128, channels = 48, width = 128, words = 93, answers = 42, heads = 4;
};
}  // namespace

train_result train_composed(const train_options& how) {
  using enum avqa::ablation;
  return train_row<composed_widths, question, audio, visual, audio_visual, temporal_grounding, spatial_grounding>(how);
}
train_result train_drawn(const train_options& how) {
  using enum avqa::ablation;
  return train_row<drawn_widths, question, spatial_grounding>(how);
}

}  // namespace program
