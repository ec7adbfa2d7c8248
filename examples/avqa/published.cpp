#include "run.hpp"

namespace program {

train_result train_published(const train_options& how) {
  if (how.row == avqa::ablation::question) return train<avqa::network<avqa::ablation::question>>(how, avqa::no_features());
  return train_row<avqa::music_avqa_widths>(how, avqa::feature_store(how.features));
}

}  // namespace program
