#pragma once
// The subcommands. Each adds its options to the command line, and run() does the work.

#include "options.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace program {

/// The folder of the official annotations, or files of one's own.
struct annotation_files {
  std::string folder, train, validation, test;
  void add(CLI::App& to);
  /// Errors     value_error where there is nothing to train on or to validate on
  void complete();
};

struct train_command {
  static constexpr const char *name = "train", *what = "trains one network and answers the test questions with its best epoch";
  train_options how;
  annotation_files annotations;
  std::string row = "avst", json;
  int threads = 2;
  void add(CLI::App& to);
  int run();
};

struct checkpoint_command {
  static constexpr const char *name = "checkpoint", *what = "lists what a .pt or safetensors file holds, and which network it fits";
  std::string file;
  bool all = false;
  void add(CLI::App& to);
  int run();
};

}  // namespace program
