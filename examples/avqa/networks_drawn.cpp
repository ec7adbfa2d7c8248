#include "run.hpp"

namespace program {
namespace {
struct widths {
  static constexpr int audio = 128, channels = 48, width = 128, words = 93, answers = 42, heads = 4;
};
}  // namespace

network_list drawn_networks() {
  using enum avqa::ablation;
  return {entries<widths, question, spatial_grounding>(), {stage_entry<widths>()}};
}

}  // namespace program
