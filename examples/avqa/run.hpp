#pragma once
// Training and answering with one network, whatever its row and its widths.

#include "options.hpp"

#include <avqa/data/music_avqa.hpp>
#include <avqa/data/question_dataset.hpp>
#include <avqa/features/store.hpp>
#include <avqa/models/network.hpp>
#include <ogm/data/pt.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/train/observers/csv.hpp>
#include <ogm/train/observers/plots.hpp>
#include <ogm/train/observers/progress.hpp>
#include <ogm/train/trainer.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace program {

using policies =
    ogm::modulation::any_policy<ogm::modulation::none, ogm::modulation::with_probe<ogm::modulation::ogm, ogm::probe::zero_feature>,
                                ogm::modulation::with_probe<ogm::modulation::ogm_ge, ogm::probe::zero_feature>>;

/// The policy of that name for a network; one with a single modality has nothing to balance.
template <class Network> auto policy_of(const std::string& name, double alpha) {
  using namespace ogm::modulation;
  if constexpr (Network::modalities < 2) {
    if (name != "none")
      throw ogm::value_error("avqa: the policy \"" + name + "\" balances modalities, and " + std::string(name_of(Network::row)) +
                             " has one.");
    (void)alpha;
    return none{};
  } else {
    if (name == "none") return policies{none{}};
    if (name == "ogm") return policies{with_probe<ogm::modulation::ogm, ogm::probe::zero_feature>{{.alpha = alpha}}};
    if (name == "ogm_ge") return policies{with_probe<ogm_ge, ogm::probe::zero_feature>{{.alpha = alpha}}};
    throw ogm::value_error("avqa: the policy \"" + name + "\" is none of none, ogm, ogm_ge.");
  }
}

/// The class with the largest logit for each question of a data set, in order.
template <class Network, class Data> std::vector<std::int32_t> answers_of(const Network& network, const Data& data) {
  std::vector<std::int32_t> out;
  ogm::inference<typename Network::backend_type> tape;
  ogm::detail::for_each_batch<ogm::memory::host>(data, 64, [&](const auto& inputs, std::span<const std::int32_t> labels) {
    tape.rewind();
    const auto logits = ogm::logits_of(tape, encode_all(network, tape, inputs));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const float* const row = logits.data() + i * std::size_t(Network::answers);
      out.push_back(std::int32_t(std::max_element(row, row + Network::answers) - row));
    }
  });
  return out;
}

/// Trains, keeps the model of the best epoch on the validation questions, and answers the test questions with it.
template <class Network, avqa::feature_source Source> train_result train(const train_options& how, const Source& features) {
  const auto load = [&](const std::string& path, bool negatives) {
    std::vector<avqa::annotation> all = avqa::read_music_avqa(path);
    if constexpr (Network::hears || Network::looks) all = avqa::with_features(all, features);
    if (all.empty()) throw ogm::value_error("avqa: " + path + " has no question whose video has features.");
    return avqa::dataset_of<Network, Source>(features, std::move(all), avqa::tokenizer(), avqa::answer_list(), {.negatives = negatives});
  };
  const auto training = load(how.train, true), validation = load(how.validation, false);
  std::filesystem::create_directories(how.out);
  const std::string best = how.out + "/best.safetensors";

  ogm::trainer run{Network{},
                   policy_of<Network>(how.policy, how.alpha),
                   ogm::optim::adam{.lr = how.rate},
                   {.seed = how.seed, .title = std::string(name_of(how.row))}};
  if (!how.start.empty()) {
    if (how.start.ends_with(".pt") || how.start.ends_with(".pth"))
      ogm::warm_start(run.model(), ogm::data::pt::file(how.start, {.strip_module = true}));
    else
      ogm::warm_start(run.model(), ogm::data::safetensors::file(how.start));
  }
  if (!how.quiet) run.observe(ogm::observers::progress{});
  run.observe(ogm::observers::plots{how.out}, ogm::observers::csv{how.out + "/training.csv"});
  const auto fitted = run.fit(training, {.epochs = how.epochs,
                                         .batch = how.batch,
                                         .validate_on = validation,
                                         .schedule = ogm::optim::step_lr{.every = how.rate_every, .gamma = how.rate_factor},
                                         .checkpoint = how.out + "/last.safetensors",
                                         .resume = how.resume,
                                         .best_model = best,
                                         .validation_batch = 64});
  train_result result{.questions = {},
                      .best_epoch = fitted.best_epoch,
                      .validation = 100 * fitted.best.fused.accuracy,
                      .seconds = fitted.seconds,
                      .seconds_an_epoch = fitted.seconds / std::max(1, how.epochs),
                      .steps = fitted.steps,
                      .parameters = std::size_t(ogm::parameter_count(run.model())),
                      .answers = {}};
  if (!how.test.empty()) {
    Network chosen;
    ogm::load_model(chosen, best);
    const auto asked = load(how.test, false);
    result.answers = answers_of(chosen, asked);
    result.questions = asked.questions();
    result.training = training.questions();
  }
  return result;
}

/// The same for the row that is asked for, of those that a program has with these widths.
template <class Widths, avqa::ablation... Rows> train_result train_row(const train_options& how) {
  std::optional<train_result> out;
  const auto one = [&]<avqa::ablation Row>(std::integral_constant<avqa::ablation, Row>) {
    if (how.row != Row) return;
    using network = avqa::network<Row, Widths>;
    if constexpr (Row == avqa::ablation::question)
      out = train<network>(how, avqa::no_features());
    else
      out = train<network>(how, avqa::feature_store(how.features));
  };
  (one(std::integral_constant<avqa::ablation, Rows>{}), ...);
  if (out) return *std::move(out);
  std::string known;
  ((known += known.empty() ? "" : ", ", known += name_of(Rows)), ...);
  throw ogm::value_error("avqa: features of " + std::to_string(Widths::audio) + " and " + std::to_string(Widths::channels) +
                         " channels are trained with " + known + "; " + std::string(name_of(how.row)) + " was asked for.");
}

}  // namespace program
