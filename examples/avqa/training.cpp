// The subcommands pretrain, train and compare.

#include "asking.hpp"
#include "commands.hpp"
#include "json_file.hpp"
#include "networks.hpp"
#include "outputs.hpp"

#include <avqa/data/music_avqa.hpp>
#include <avqa/evaluation/accuracy_table.hpp>
#include <avqa/evaluation/priors.hpp>
#include <avqa/features/store.hpp>
#include <ogm/core/parallel.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <utility>
#include <vector>

namespace program {

void annotation_files::add(CLI::App& to, const parts& read) {
  to.add_option("--annotations", folder,
                "folder with avqa-train.json (or avqa-train_partial_matched.json), avqa-val.json and avqa-test.json");
  if (read.train) to.add_option("--train", train, "annotations of the training");
  if (read.validation) to.add_option("--validation", validation, "annotations that choose the epoch");
  if (read.test) to.add_option("--test", test, "annotations that are answered at the end");
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
}

void training_command::add(CLI::App& to, const annotation_files::parts& read) {
  annotations.add(to, read);
  to.add_option("--features", how.features, "feature store");
  to.add_option("--epochs", how.epochs, "passes over the questions")->check(at_least_one);
  to.add_option("--batch", how.batch, "questions a step")->check(at_least_one);
  to.add_option("--rate", how.rate, "learning rate of Adam")->check(positive);
  to.add_option("--rate-every", how.rate_every, "epochs after which the rate is multiplied by 0.1")->check(at_least_one);
  to.add_option("--threads", threads, "of the processor")->check(CLI::Range(1, 64));
  to.add_option("--out", how.out, "folder for checkpoints, curves and the best model; a run that was killed goes on from there");
  to.add_flag_callback(
      "--anew", [this] { how.resume = false; }, "begin again, whatever the folder has");
  to.add_flag("--quiet", how.quiet, "no progress");
}
void training_command::add_seed(CLI::App& to) { to.add_option("--seed", how.seed, "of initial weights, order and dropout"); }
void training_command::add_alpha(CLI::App& to, CLI::Option* policy) {
  alpha = to.add_option("--alpha", how.alpha, "of ogm and ogm_ge")->needs(policy);
}
void training_command::require_use_of_alpha(const std::vector<std::string>& policies) const {
  if (alpha && alpha->count() > 0 && std::all_of(policies.begin(), policies.end(), [](const std::string& p) { return p == "none"; }))
    throw ogm::value_error("avqa: --alpha " + json_number(how.alpha) +
                           " would do nothing: it is a setting of the policies ogm and ogm_ge, and the policy is none. Leave it out, or "
                           "name one of them.");
}
void training_command::complete() {
  annotations.complete();
  how.train = annotations.train, how.validation = annotations.validation;
  if (how.train.empty() || how.validation.empty())
    throw ogm::value_error("avqa: training needs annotations: " + (annotations.folder.empty()
                                                                       ? "give --annotations DIR, or --train and --validation."
                                                                       : annotations.folder + " lacks avqa-train.json or avqa-val.json."));
}

void pretrain_command::add(CLI::App& to) {
  how.out = "runs/grounding";
  training_command::add(to, {.test = false});
  add_seed(to);
  to.get_option("--features")->required();
  to.add_option("--json", json, "file for the result");
}
int pretrain_command::run() {
  const ogm::use_threads pool(threads);
  complete();
  const avqa::feature_shape shape = avqa::feature_store(how.features).shape();
  const auto& stages = all_networks().stages;
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&](const pretraining_entry& s) { return s.sound == shape.sound && s.channels == shape.channels; });
  if (found == stages.end())
    throw ogm::shape_error("avqa: " + how.features + " has " + shape.text() + "; no stage of this program takes it.");
  require_folder("--out", how.out);
  require_writable({{"--json", json}});
  const train_result r = found->train(how);
  std::printf("grounding stage: best epoch %d tells %.2f %% of the validation pairs, %.1f s (%.1f s an epoch)\n%s\n", r.best_epoch,
              r.validation, r.seconds, r.seconds_an_epoch, r.best.c_str());
  if (!json.empty())
    write_json(json, {{"best_epoch", std::to_string(r.best_epoch)},
                      {"validation", json_number(r.validation)},
                      {"seconds", json_number(r.seconds)},
                      {"model", json_text(r.best)}});
  return 0;
}

void train_command::add(CLI::App& to) {
  training_command::add(to, {});
  add_seed(to);
  to.add_option("--network", row, "q, a_q, v_q, av_q, av_q_tg or avst")
      ->check(CLI::IsMember(std::vector<std::string>(avqa::ablation_names.begin(), avqa::ablation_names.end())));
  to.add_option("--start", how.start, "weights to begin with (.safetensors or .pt), such as those of the grounding stage");
  auto* const policy = to.add_option("--policy", how.policy, "none, ogm or ogm_ge")->check(CLI::IsMember({"none", "ogm", "ogm_ge"}));
  add_alpha(to, policy);
  to.add_option("--json", json, "file for the accuracies");
  auto* const page = to.add_option("--report", report, "file for a report in HTML");
  to.add_option("--media", media, "folder of the videos, for the frames of the report")->needs(page);
}
int train_command::run() {
  const ogm::use_threads pool(threads);
  require_use_of_alpha({how.policy});
  complete();
  if (annotations.test.empty() && !(json.empty() && report.empty()))
    throw ogm::value_error("avqa: accuracies and a report are of test questions. Give --test, or --annotations DIR with avqa-test.json.");
  const network_entry& entry = network_for(row, how.features);
  if (how.policy != "none" && !(entry.hears && entry.looks))
    throw ogm::value_error("avqa: the policy \"" + how.policy + "\" balances modalities, and " + row + " has one.");
  require_folder("--out", how.out);
  require_writable({{"--json", json}, {"--report", report}});
  const train_result r = entry.train(how);
  std::printf("%s: %zu parameters, best epoch %d with %.2f %% on validation, %.1f s (%.1f s an epoch)\n", row.c_str(), r.parameters,
              r.best_epoch, r.validation, r.seconds, r.seconds_an_epoch);
  if (annotations.test.empty()) return 0;
  evaluate_command last;
  last.annotations = annotations, last.model = r.best, last.features = how.features, last.json = json, last.report = report,
  last.media = media;
  last.curves = {r.curves}, last.threads = threads, last.quiet = how.quiet;
  last.protocol = {{"training", std::to_string(how.epochs) + " epochs of batches of " + std::to_string(how.batch) + ", learning rate " +
                                    json_number(how.rate) + ", seed " + std::to_string(how.seed) + ", policy " + how.policy +
                                    (how.start.empty() ? "" : ", begun with " + how.start)},
                   {"epoch", std::to_string(r.best_epoch) + ", the best on " + how.validation}};
  return last.run();
}

void compare_command::add(CLI::App& to) {
  how.out = "runs/compare";
  training_command::add(to, {});
  to.add_option("--networks", rows, "q, a_q, v_q, av_q, av_q_tg, avst; without it all that there are for the features")
      ->default_str("")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(avqa::ablation_names.begin(), avqa::ablation_names.end())));
  auto* const kinds = to.add_option("--policies", policies, "none, ogm, ogm_ge: each for every network of two modalities")
                          ->delimiter(',')
                          ->check(CLI::IsMember({"none", "ogm", "ogm_ge"}));
  add_alpha(to, kinds);
  to.add_option("--seeds", seeds, "one run of each network and policy for each")->delimiter(',');
  to.add_option("--start", how.start, "weights that each run begins with, such as those of the grounding stage");
  to.add_option("--json", json, "file for the accuracies of each network and seed");
}
int compare_command::run() {
  const ogm::use_threads pool(threads);
  require_use_of_alpha(policies);
  complete();
  if (annotations.test.empty()) throw ogm::value_error("avqa: networks are compared by test questions. Give --test, or --annotations DIR.");
  std::vector<const network_entry*> entries;
  for (const std::string& row : rows) entries.push_back(&network_for(row, how.features));
  if (rows.empty()) entries = networks_for(how.features);
  const auto balances = std::find_if(policies.begin(), policies.end(), [](const std::string& policy) { return policy != "none"; });
  if (balances != policies.end() && std::none_of(entries.begin(), entries.end(), [](const auto* n) { return n->hears && n->looks; }))
    throw ogm::value_error("avqa: --policies " + *balances +
                           " would do nothing: it balances modalities, and no network that is compared has two. Leave it out, or compare "
                           "av_q, av_q_tg or avst.");
  require_folder("--out", how.out);
  require_writable({{"--json", json}});
  const std::string folder = how.out;
  std::vector<avqa::named_accuracy> table;
  std::vector<std::pair<std::string, std::string>> results;
  std::vector<avqa::annotation> asked;
  for (const network_entry* const one_of : entries) {
    const network_entry& entry = *one_of;
    const std::string row(entry.name);
    const bool begins = !how.start.empty() && begins_with(entry, how.start);
    if (!how.start.empty() && !begins) std::printf("%s has no tensor of %s and begins anew\n", row.c_str(), how.start.c_str());
    for (const std::string& policy : policies) {
      if (policy != "none" && !(entry.hears && entry.looks)) continue;
      avqa::named_accuracy all{policy == "none" ? row : row + "+" + policy, {}};
      std::vector<double> totals;
      std::string by_seed;
      for (const std::uint64_t seed : seeds) {
        train_options one = how;
        if (!begins) one.start.clear();
        one.policy = policy, one.seed = seed, one.out = folder + "/" + all.name + "/" + std::to_string(seed);
        const train_result r = entry.train(one);
        const auto done = examine(r.best, how.features, annotations.test, how.quiet);
        asked = done->asked;
        all.accuracy += done->accuracy;
        totals.push_back(done->accuracy.total().percent());
        by_seed += (by_seed.empty() ? "" : ", ") + avqa::accuracy_json(done->accuracy);
        std::printf("%-16s seed %llu: %.2f %%, best epoch %d with %.2f %% on validation, %.1f s an epoch\n", all.name.c_str(),
                    static_cast<unsigned long long>(seed), totals.back(), r.best_epoch, r.validation, r.seconds_an_epoch);
        std::fflush(stdout);
      }
      const auto [least, most] = std::minmax_element(totals.begin(), totals.end());
      std::printf("%-16s %zu seeds: %.2f %%, %.2f to %.2f\n", all.name.c_str(), totals.size(), all.accuracy.total().percent(), *least,
                  *most);
      for (char& c : by_seed)
        if (c == '\n') c = ' ';
      results.emplace_back(all.name, "[" + by_seed + "]");
      table.push_back(std::move(all));
    }
  }
  const auto priors = avqa::accuracy_of_priors(avqa::question_priors(avqa::read_music_avqa(how.train)), asked);
  for (const avqa::named_accuracy& prior : priors) results.emplace_back(prior.name, avqa::accuracy_json(prior.accuracy));
  table.insert(table.end(), priors.begin(), priors.end());
  std::printf("%s", avqa::accuracy_table(table).c_str());
  if (!json.empty()) write_json(json, results);
  return 0;
}

}  // namespace program
