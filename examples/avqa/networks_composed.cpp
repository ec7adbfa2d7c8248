#include "run.hpp"

namespace program {
namespace {
struct composed_widths {
  static constexpr int audio = 128, channels = 128, width = 256, words = 93, answers = 42, heads = 4;
};
}  // namespace

network_list composed_networks() {
  using enum avqa::ablation;
  return {entries<composed_widths, question, audio, visual, audio_visual, temporal_grounding, spatial_grounding>(),
          {stage_entry<composed_widths>()}};
}

}  // namespace program
