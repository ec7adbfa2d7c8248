#include "run.hpp"

namespace program {

network_list published_networks() {
  using enum avqa::ablation;
  return {entries<avqa::music_avqa_widths, question, temporal_grounding, spatial_grounding>(), {stage_entry<avqa::music_avqa_widths>()}};
}

}  // namespace program
