#pragma once
// What the subcommands are given.

#include <avqa/data/music_avqa.hpp>
#include <avqa/models/network.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace program {

/// One training run.
struct train_options {
  avqa::ablation row = avqa::ablation::spatial_grounding;
  std::string train, validation, test;  // annotation files; test may be empty
  std::string features;                 // a feature store; empty for the question alone
  std::string out = "runs/avqa";
  std::string start;  // a .pt or safetensors file to begin with, by the names of its tensors
  std::string policy = "none";
  std::uint64_t seed = 0;
  int epochs = 12, batch = 64, rate_every = 8;
  double rate = 1e-4, rate_factor = 0.1, alpha = 0.3;
  bool quiet = false, resume = true;
};

/// What came out of it.
struct train_result {
  std::vector<avqa::annotation> questions, training;  // of the test, and those trained on
  int best_epoch = 0;
  double validation = 0, seconds = 0, seconds_an_epoch = 0;
  long steps = 0;
  std::size_t parameters = 0;
  std::vector<std::int32_t> answers;  // to the test questions, by the model of the best epoch
};

// Each set of widths is a translation unit of its own: its networks take a minute to compile.
train_result train_published(const train_options& how);  // sound of 128, maps of 512 channels, 512 wide: the published sizes
train_result train_composed(const train_options& how);   // 128, 128, 256: scenes composed of features
train_result train_drawn(const train_options& how);      // 128, 48, 128: scenes drawn and played, features without weights

}  // namespace program
