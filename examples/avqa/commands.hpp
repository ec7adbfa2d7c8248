#pragma once
// The subcommands. Each adds its options to the command line, and run() does the work.

#include "films.hpp"
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <ogm/data/dtype.hpp>
#include <ogm/train/observers/svg.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace program {

/// Types that a store may have, by the names of the command line.
inline const std::map<std::string, ogm::data::dtype> stored_types{
    {"f32", ogm::data::dtype::f32}, {"f16", ogm::data::dtype::f16}, {"bf16", ogm::data::dtype::bf16}};

/// What a number of the command line must be.
inline const CLI::Validator at_least_one(
    [](std::string& text) {
      const bool whole = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      return whole && text.find_first_not_of('0') != std::string::npos ? "" : text + " is not a whole number above 0";
    },
    "POSITIVE");
inline const CLI::Validator positive(
    [](std::string& text) {
      double x = 0;
      return CLI::detail::lexical_cast(text, x) && x > 0 && std::isfinite(x) ? "" : text + " is not a number above 0";
    },
    "POSITIVE");

/// The folder of the official annotations, or files of one's own.
struct annotation_files {
  /// Which of the files a subcommand reads: the others are no options of it.
  struct parts {
    bool train = true, validation = true, test = true;
  };
  std::string folder, train, validation, test;
  void add(CLI::App& to, const parts& read);
  /// Fills in what the folder has.
  void complete();
};

/// What training takes on the command line, whatever is trained.
struct training_command {
  train_options how;
  annotation_files annotations;
  int threads = 2;
  const CLI::Option* alpha = nullptr;  // where the subcommand has it
  void add(CLI::App& to, const annotation_files::parts& read);
  void add_seed(CLI::App& to);
  void add_alpha(CLI::App& to, CLI::Option* policy);
  /// Errors     value_error where alpha was given and each of the policies is "none"
  void require_use_of_alpha(const std::vector<std::string>& policies) const;
  /// Errors     value_error where there is nothing to train on or to validate on
  void complete();
};

struct scenes_command {
  static constexpr const char *name = "scenes", *what = "makes scenes whose answers are known: annotations, features, films";
  std::string source = "procedural", instruments, out = "scenes", type = "f16", json;
  std::uint64_t seed = 1;
  std::uint32_t train = 900, validation = 100, test = 200, films = 0;
  std::size_t questions = 5;
  float mixed = 0;
  bool composed = false, quiet = false;
  int threads = 2;
  void add(CLI::App& to);
  int run();
};

struct features_command {
  static constexpr const char *name = "features", *what = "makes a feature store of films, or of the published .npy files";
  std::vector<std::string> films;
  std::string out = "features.store", type = "f32", sound_folder, maps_folder, json;
  feature_weights weights;
  ogm::size_type channels = 0;  // 0: as the weights say
  int threads = 2;
  bool quiet = false;
  void add(CLI::App& to);
  int run();

 private:
  int tell(std::size_t videos, std::size_t left_out, std::size_t passed_over, const avqa::feature_shape& shape) const;
};

struct answer_command {
  static constexpr const char *name = "answer", *what = "answers a question about a film";
  std::string film, question, model, picture, report, json;
  feature_weights weights;
  int threads = 2;
  void add(CLI::App& to);
  int run();
};

struct pretrain_command : training_command {
  static constexpr const char *name = "pretrain", *what = "trains the grounding stage: which sound belongs to which frame";
  std::string json;
  void add(CLI::App& to);
  int run();
};

struct train_command : training_command {
  static constexpr const char *name = "train", *what = "trains one network and answers the test questions with its best epoch";
  std::string row = "avst", json, report, media;
  void add(CLI::App& to);
  int run();
};

struct compare_command : training_command {
  static constexpr const char *name = "compare", *what = "trains networks and policies with several seeds each: one table of all";
  std::vector<std::string> rows, policies{"none"};  // no rows: all that there are for the features
  std::vector<std::uint64_t> seeds{0, 1, 2};
  std::string json;
  void add(CLI::App& to);
  int run();
};

struct evaluate_command {
  static constexpr const char *name = "evaluate", *what = "answers questions with a trained network: accuracies, priors, a report";
  annotation_files annotations;
  std::string model, features, media, json, answers, report;
  std::vector<ogm::observers::svg::figure> curves;            // of the training, for the report
  std::vector<std::pair<std::string, std::string>> protocol;  // of the training
  int threads = 2, shown = 9;
  bool quiet = false;
  void add(CLI::App& to);
  int run();
};

struct demo_command {
  static constexpr const char *name = "demo", *what = "everything once: scenes, training, the table, three answers about films, a report";
  std::string data, out = "runs/demo", json;
  std::uint64_t seed = 1;
  int threads = 2;
  bool quick = false;
  void add(CLI::App& to);
  int run();
};

struct checkpoint_command {
  static constexpr const char *name = "checkpoint", *what = "lists what a .pt or safetensors file holds, and which network it fits";
  std::string file, json;
  bool all = false;
  void add(CLI::App& to);
  int run();
};

}  // namespace program
