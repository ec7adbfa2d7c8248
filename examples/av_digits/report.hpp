#pragma once
// The table, the JSON file and the protocol beside them.

#include "methods.hpp"

#include <ogm/train/metrics/summary.hpp>
#include <ogm/train/metrics/table.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>

namespace digits {

using json = nlohmann::ordered_json;

struct results {
  json protocol;
  std::vector<run_result> runs;
};

inline json protocol_card(bool is_generated, bool pcm, bool quick) {
  return {{"data", is_generated ? "generated digits" : "avmnist: MNIST images, Free Spoken Digit Dataset, ESC-10 noise"},
          {"speech", pcm ? "log-mel by the library's own transform, from the recordings" : "stored log-mel, 40 bands, 64 frames"},
          {"split", "the data set's own; no validation set, the last epoch counts, the test set is looked at once"},
          {"encoder", "3x3 convolutions 16, 32, 64, 64 with batch norm and relu, max pooling, mean over positions: 64 features"},
          {"head", "concatenation, one dense layer"},
          {"optimiser", "SGD, lr 0.1, momentum 0.9, cosine over the run, batch 64"},
          {"epochs", "clean 8, augmented 12; hard 10, augmented 30"},
          {"augmentation", "shifts of both, gain, one band and one time mask of the log-mel"},
          {"linear_probe", "a fresh linear classifier on frozen features, 40 epochs of Adam"},
          {"quick", quick}};
}

inline void print_run(const run_result& r) {
  std::printf("%-6s %-10s %-23s seed %llu  accuracy %6.2f %%", r.setup.variant.c_str(), r.setup.augmented ? "augmented" : "",
              r.setup.method.c_str(), static_cast<unsigned long long>(r.setup.seed), 100 * r.accuracy);
  for (const auto& [name, value] : r.by_modality)
    std::printf("  %s %.2f (linear probe %.2f)", name.c_str(), 100 * value, 100 * r.linear_probe.at(name));
  std::printf("  %.1f s\n", r.seconds);
  std::fflush(stdout);
}

namespace detail {
template <class Pick> std::string cell(const std::vector<const run_result*>& runs, const Pick& pick) {
  std::vector<double> values;
  for (const auto* r : runs)
    if (const std::optional<double> v = pick(*r)) values.push_back(*v);
  return values.empty() ? "" : metrics::summary_text(metrics::summarise(values), 2, 100);
}
inline std::optional<double> of(const std::map<std::string, double>& m, const std::string& key) {
  const auto found = m.find(key);
  return found == m.end() ? std::nullopt : std::optional<double>(found->second);
}
inline std::vector<std::vector<const run_result*>> grouped(const results& all) {
  std::vector<std::vector<const run_result*>> groups;
  for (const auto& r : all.runs) {
    const auto same = [&](const auto& g) {
      const auto& s = g.front()->setup;
      return s.method == r.setup.method && s.variant == r.setup.variant && s.augmented == r.setup.augmented;
    };
    auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found == groups.end())
      groups.push_back({&r});
    else
      found->push_back(&r);
  }
  return groups;
}
}  // namespace detail

/// Mean and spread over the seeds, per cent.
inline void print_table(const results& all) {
  metrics::table t({"digits", "augmented", "method", "fused", "audio in it", "image in it", "probe audio", "probe image", "value audio",
                    "value image", "seconds"});
  for (const auto& g : detail::grouped(all)) {
    const auto& s = g.front()->setup;
    double seconds = 0;
    for (const auto* r : g) seconds += r->seconds / double(g.size());
    char time[32];
    std::snprintf(time, sizeof time, "%.1f", seconds);
    const auto pick = [&](const std::map<std::string, double> run_result::*field, const char* key) {
      return detail::cell(g, [&](const run_result& r) { return detail::of(r.*field, key); });
    };
    t.row({s.variant, s.augmented ? "yes" : "no", s.method,
           detail::cell(g, [](const run_result& r) { return std::optional<double>(r.accuracy); }), pick(&run_result::by_modality, "audio"),
           pick(&run_result::by_modality, "image"), pick(&run_result::linear_probe, "audio"), pick(&run_result::linear_probe, "image"),
           pick(&run_result::shapley, "audio"), pick(&run_result::shapley, "image"), time});
  }
  std::printf("\n%s\n", t.text().c_str());
  for (const auto& [key, value] : all.protocol.items())
    std::printf("  %-14s %s\n", key.c_str(), value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
}

inline std::string to_json(const results& all) {
  json runs = json::array();
  for (const auto& r : all.runs)
    runs.push_back({{"method", r.setup.method},
                    {"variant", r.setup.variant},
                    {"augmented", r.setup.augmented},
                    {"seed", r.setup.seed},
                    {"accuracy", r.accuracy},
                    {"accuracy_by_modality", r.by_modality},
                    {"linear_probe", r.linear_probe},
                    {"shapley", r.shapley},
                    {"train_accuracy", r.train_accuracy},
                    {"epochs", r.setup.how.epochs},
                    {"seconds", r.seconds}});
  return json{{"protocol", all.protocol}, {"runs", runs}}.dump(2) + "\n";
}

/// One line: the mean fused accuracy of every method.
inline std::string summary_json(const results& all) {
  json out = json::object();
  for (const auto& g : detail::grouped(all)) {
    double sum = 0;
    for (const auto* r : g) sum += r->accuracy / double(g.size());
    const auto& s = g.front()->setup;
    out[s.variant + (s.augmented ? "_augmented" : "")][s.method] = std::round(1e4 * sum) / 1e4;
  }
  return json{{"accuracy", out}, {"runs", all.runs.size()}}.dump();
}

}  // namespace digits
