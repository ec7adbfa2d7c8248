#include "run.hpp"

namespace program {
namespace {
struct drawn_widths {
  static constexpr int audio = 128, channels = 48, width = 128, words = 93, answers = 42, heads = 4;
};
}  // namespace

network_list drawn_networks() {
  using enum avqa::ablation;
  return {entries<drawn_widths, question, spatial_grounding>(), {stage_entry<drawn_widths>()}};
}

}  // namespace program
