#include "commands.hpp"

#include <avqa/evaluation/accuracy.hpp>
#include <avqa/evaluation/accuracy_table.hpp>
#include <avqa/evaluation/priors.hpp>
#include <avqa/features/store.hpp>
#include <ogm/core/parallel.hpp>
#include <ogm/data/bytes.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <vector>

namespace program {

void annotation_files::add(CLI::App& to) {
  to.add_option("--annotations", folder,
                "folder with avqa-train.json (or avqa-train_partial_matched.json), avqa-val.json and avqa-test.json");
  to.add_option("--train", train, "annotations to train on");
  to.add_option("--validation", validation, "annotations that choose the epoch");
  to.add_option("--test", test, "annotations that are answered at the end");
}
void annotation_files::complete() {
  const auto fill = [&](std::string& file, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const std::string candidate = folder + "/" + name;
      if (file.empty() && !folder.empty() && std::filesystem::is_regular_file(candidate)) file = candidate;
    }
  };
  fill(train, {"avqa-train.json", "avqa-train_partial_matched.json"});
  fill(validation, {"avqa-val.json"});
  fill(test, {"avqa-test.json"});
  if (train.empty() || validation.empty())
    throw ogm::value_error("avqa: training needs annotations. Give --annotations DIR, or --train and --validation.");
}

void train_command::add(CLI::App& to) {
  annotations.add(to);
  to.add_option("--network", row, "q, a_q, v_q, av_q, av_q_tg or avst")
      ->check(CLI::IsMember(std::vector<std::string>(avqa::ablation_names.begin(), avqa::ablation_names.end())));
  to.add_option("--features", how.features, "feature store; q needs none");
  to.add_option("--start", how.start, "weights to begin with (.safetensors or .pt), such as those of the grounding stage");
  to.add_option("--policy", how.policy, "none, ogm or ogm_ge")->check(CLI::IsMember({"none", "ogm", "ogm_ge"}));
  to.add_option("--alpha", how.alpha, "of the policy");
  to.add_option("--epochs", how.epochs)->check(CLI::PositiveNumber);
  to.add_option("--batch", how.batch)->check(CLI::PositiveNumber);
  to.add_option("--rate", how.rate, "learning rate of Adam");
  to.add_option("--rate-every", how.rate_every, "epochs after which the rate is multiplied by 0.1")->check(CLI::PositiveNumber);
  to.add_option("--seed", how.seed);
  to.add_option("--threads", threads)->check(CLI::Range(1, 64));
  to.add_option("--out", how.out, "folder for checkpoints, curves and the best model; a run that was killed goes on from there");
  to.add_option("--json", json, "file for the accuracies");
  to.add_flag("--quiet", how.quiet, "no progress");
}

namespace {
/// The networks whose widths are those of the stored features; the published ones for the question alone.
train_result train_by_shape(const train_options& how) {
  if (how.features.empty()) return train_published(how);
  const avqa::feature_shape shape = avqa::feature_store(how.features).shape();
  if (shape.sound == 128 && shape.channels == 512) return train_published(how);
  if (shape.sound == 128 && shape.channels == 128) return train_composed(how);
  if (shape.sound == 128 && shape.channels == 48) return train_drawn(how);
  throw ogm::shape_error("avqa: " + how.features + " has " + shape.text() +
                         "; this program has networks for a sound of 128 and maps of 512, 128 or 48 channels.");
}
}  // namespace

int train_command::run() {
  const ogm::use_threads pool(threads);
  annotations.complete();
  how.train = annotations.train, how.validation = annotations.validation, how.test = annotations.test;
  how.row = avqa::ablation(std::find(avqa::ablation_names.begin(), avqa::ablation_names.end(), row) - avqa::ablation_names.begin());
  if (how.features.empty() && how.row != avqa::ablation::question)
    throw ogm::value_error("avqa: " + row + " looks or listens. Give --features STORE.");
  const train_result r = train_by_shape(how);
  std::printf("%s: %zu parameters, best epoch %d with %.2f %% on validation, %.1f s (%.1f s an epoch)\n", row.c_str(), r.parameters,
              r.best_epoch, r.validation, r.seconds, r.seconds_an_epoch);
  if (r.questions.empty()) return 0;
  const auto accuracy = avqa::accuracy_of(r.questions, r.answers, avqa::answer_list());
  const auto priors = avqa::accuracy_of_priors(avqa::question_priors(r.training), r.questions);
  std::vector<avqa::named_accuracy> rows{{row, accuracy}};
  rows.insert(rows.end(), priors.begin(), priors.end());
  std::printf("%s", avqa::accuracy_table(rows).c_str());
  const std::string text = avqa::accuracy_json(accuracy, priors);
  if (!json.empty()) ogm::data::write_atomically(json, ogm::data::as_byte_span(text));
  return 0;
}

}  // namespace program
