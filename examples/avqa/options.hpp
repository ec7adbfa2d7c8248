#pragma once
// What the subcommands are given, and what they give back.

#include <ogm/train/observers/svg.hpp>

#include <cstdint>
#include <string>

namespace program {

/// One training run.
struct train_options {
  std::string train, validation;  // annotation files
  std::string features;           // a feature store; empty for the question alone
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
  int best_epoch = 0;
  double validation = 0, seconds = 0, seconds_an_epoch = 0;  // percent on the validation data, by the best epoch
  std::size_t parameters = 0;
  std::string best;  // the file of the model of the best epoch
  ogm::observers::svg::figure curves;
};

}  // namespace program
