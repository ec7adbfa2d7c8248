#include "run.hpp"

namespace program {

train_result train_published(const train_options& how) {
  using enum avqa::ablation;
  return train_row<avqa::music_avqa_widths, question, temporal_grounding, spatial_grounding>(how);
}

}  // namespace program
