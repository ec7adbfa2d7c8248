#pragma once
// Training and answering with one network, whatever its row and its widths.

#include "networks.hpp"

#include <avqa/data/frame_pairs.hpp>
#include <avqa/data/music_avqa.hpp>
#include <avqa/data/question_dataset.hpp>
#include <avqa/features/store.hpp>
#include <avqa/models/grounding_pretraining.hpp>
#include <avqa/models/network.hpp>
#include <ogm/modulation/ogm_ge.hpp>
#include <ogm/train/observers/csv.hpp>
#include <ogm/train/observers/plots.hpp>
#include <ogm/train/observers/progress.hpp>
#include <ogm/train/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace program {

namespace modulation = ogm::modulation;
using slowed = modulation::with_probe<modulation::ogm, ogm::probe::zero_feature>;
using slowed_with_noise = modulation::with_probe<modulation::ogm_ge, ogm::probe::zero_feature>;
using policies = modulation::any_policy<modulation::none, slowed, slowed_with_noise>;

/// The policy of that name for a network; one with a single modality has nothing to balance, and is given none.
template <class Network> auto policy_of([[maybe_unused]] const std::string& name, [[maybe_unused]] double alpha) {
  if constexpr (Network::modalities < 2) {
    return modulation::none{};
  } else {
    if (name == "none") return policies{modulation::none{}};
    if (name == "ogm") return policies{slowed{{.alpha = alpha}}};
    if (name == "ogm_ge") return policies{slowed_with_noise{{.alpha = alpha}}};
    throw ogm::value_error("avqa: the policy \"" + name + "\" is none of none, ogm, ogm_ge.");
  }
}

/// A run in a folder goes on only with the options and the number of training items that it began with.
///
/// Errors     value_error where the folder has a run of others
void continue_only_the_same(const train_options& how, const std::string& title, ogm::size_type items);

/// Over the epochs of a run in a folder, those of earlier calls too.
double mean_seconds_of_epochs(const std::string& folder);

/// Trains and keeps the model of the best epoch on the validation data.
template <class Model, class Policy, class Data>
train_result fit(const train_options& how, const std::string& title, Policy policy, const Data& training, const Data& validation) {
  continue_only_the_same(how, title, ogm::size_type(training.size()));
  ogm::trainer run{Model{}, std::move(policy), ogm::optim::adam{.lr = how.rate}, {.seed = how.seed, .title = title}};
  if (!how.start.empty()) with_weights(how.start, [&](const auto& file) { ogm::warm_start(run.model(), file); });
  if (!how.quiet) run.observe(ogm::observers::progress{});
  ogm::observers::plots curves{how.out, {.append = how.resume}};
  run.observe(curves, ogm::observers::csv{how.out, {.append = how.resume}});
  const std::string best = how.out + "/best.safetensors";
  const auto fitted = run.fit(training, {.epochs = how.epochs,
                                         .batch = how.batch,
                                         .validate_on = validation,
                                         .schedule = ogm::optim::step_lr{.every = how.rate_every, .gamma = how.rate_factor},
                                         .checkpoint = how.out + "/last.safetensors",
                                         .resume = how.resume,
                                         .best_model = best,
                                         .validation_batch = 64});
  return {.best_epoch = fitted.best_epoch,
          .validation = 100 * fitted.best.fused.accuracy,
          .seconds = fitted.seconds,
          .seconds_an_epoch = mean_seconds_of_epochs(how.out),
          .parameters = std::size_t(ogm::parameter_count(run.model())),
          .best = best,
          .curves = curves.drawing()};
}

/// Trains a network on questions.
template <class Network> train_result train(const train_options& how) {
  using source = std::conditional_t<Network::hears || Network::looks, avqa::feature_store, avqa::no_features>;
  const std::unique_ptr<source> features = [&] {
    if constexpr (Network::hears || Network::looks)
      return std::make_unique<source>(how.features);
    else
      return std::make_unique<source>();
  }();
  const auto load = [&](const std::string& path, bool negatives) {
    std::vector<avqa::annotation> all = avqa::read_music_avqa(path);
    if (!how.features.empty()) all = avqa::with_features(all, avqa::feature_store(how.features));  // the same questions for every network
    if (all.empty()) throw ogm::value_error("avqa: " + path + " has no question whose video has features.");
    return avqa::dataset_of<Network, source>(*features, std::move(all), avqa::tokenizer(), avqa::answer_list(), {.negatives = negatives});
  };
  return fit<Network>(how, std::string(name_of(Network::row)), policy_of<Network>(how.policy, how.alpha), load(how.train, true),
                      load(how.validation, false));
}

/// Trains the grounding stage on the videos of the questions.
template <class Stage> train_result pretrain(const train_options& how) {
  const avqa::feature_store features(how.features);
  const auto load = [&](const std::string& path) {
    std::vector<ogm::size_type> videos;
    std::unordered_set<ogm::size_type> there;
    for (const avqa::annotation& q : avqa::read_music_avqa(path))
      if (const auto video = features.videos().find(q.video_id); video && there.insert(*video).second) videos.push_back(*video);
    if (videos.size() < 2)
      throw ogm::value_error("avqa: " + path + " names " + std::to_string(videos.size()) + " videos with features; two are needed.");
    return avqa::frame_pairs<avqa::feature_store, Stage::audio, Stage::channels>(features, std::move(videos));
  };
  return fit<Stage>(how, "grounding stage", ogm::modulation::none{}, load(how.train), load(how.validation));
}

/// Names and shapes of a model's parameters.
template <class Model> tensor_shapes tensors_of() {
  tensor_shapes out;
  const Model model;
  ogm::for_each_parameter(model, [&](auto, const std::string& name, const auto& p) {
    const auto& sizes = p.value.shape().sizes;
    out[name] = {sizes.begin(), sizes.end()};
  });
  return out;
}

template <class Network> class network_answerer : public answerer {
 public:
  explicit network_answerer(const std::string& path) {
    with_weights(path, [&](const auto& file) { ogm::load_model(network_, file); });
  }

  std::vector<reply> answer(const question_batch& batch, bool with_attention) override {
    tape_.rewind();
    const ogm::size_type n = batch.count, steps = batch.shape.steps;
    const ogm::view<const float, ogm::dyn, ogm::dyn, Network::audio> sound(batch.sound.data(),
                                                                           ogm::extents<ogm::dyn, ogm::dyn, Network::audio>(n, steps));
    const ogm::view<const float, ogm::dyn, ogm::dyn, Network::channels, ogm::dyn, ogm::dyn> maps(
        batch.maps.data(),
        ogm::extents<ogm::dyn, ogm::dyn, Network::channels, ogm::dyn, ogm::dyn>(n, steps, batch.shape.height, batch.shape.width));
    const ogm::view<const std::int32_t, ogm::dyn, ogm::dyn> tokens(
        batch.tokens.data(), ogm::extents<ogm::dyn, ogm::dyn>(n, ogm::size_type(batch.tokens.size()) / n));
    std::vector<reply> out(static_cast<std::size_t>(n));
    if constexpr (Network::attends) {
      if (with_attention) {
        const auto told = network_.explain(tape_, sound, maps, tokens);
        probabilities(told.answers.data(), out);
        for (std::size_t i = 0; i < out.size(); ++i) {
          avqa::attention_record& a = out[i].attention;
          a.seen = mean_over_heads(told.seen, i), a.heard = mean_over_heads(told.heard, i);
          if constexpr (Network::grounds) {
            a.rows = int(batch.shape.height), a.columns = int(batch.shape.width);
            const auto each = std::ptrdiff_t(told.where.count() / n);
            a.where.assign(told.where.data() + std::ptrdiff_t(i) * each, told.where.data() + std::ptrdiff_t(i + 1) * each);
          }
        }
        return out;
      }
    }
    if constexpr (Network::hears && Network::looks)
      probabilities(network_(tape_, sound, maps, tokens).data(), out);
    else if constexpr (Network::hears)
      probabilities(network_(tape_, sound, tokens).data(), out);
    else if constexpr (Network::looks)
      probabilities(network_(tape_, maps, tokens).data(), out);
    else
      probabilities(network_(tape_, tokens).data(), out);
    return out;
  }

 private:
  static void probabilities(const float* logits, std::vector<reply>& out) {
    for (reply& r : out) {
      const float most = *std::max_element(logits, logits + Network::answers);
      double sum = 0;
      for (int k = 0; k < Network::answers; ++k) sum += std::exp(double(logits[k] - most));
      for (int k = 0; k < Network::answers; ++k) r.probabilities.push_back(float(std::exp(double(logits[k] - most)) / sum));
      logits += Network::answers;
    }
  }
  /// weights (batch, head, time) -> (time) of question i
  template <class Weights> static std::vector<float> mean_over_heads(const Weights& weights, std::size_t i) {
    const std::size_t heads = std::size_t(weights.size(1)), steps = std::size_t(weights.size(2));
    std::vector<float> out(steps);
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t t = 0; t < steps; ++t) out[t] += weights.data()[(i * heads + h) * steps + t] / float(heads);
    return out;
  }

  Network network_;
  ogm::inference<typename Network::backend_type> tape_;
};

/// Rows of the ablation for features of one set of widths.
template <class Widths, avqa::ablation... Rows> std::vector<network_entry> entries() {
  const auto one = []<avqa::ablation Row>(std::integral_constant<avqa::ablation, Row>) {
    using network = avqa::network<Row, Widths>;
    return network_entry{
        .name = name_of(Row),
        .hears = network::hears,
        .looks = network::looks,
        .attends = network::attends,
        .sound = Widths::audio,
        .channels = Widths::channels,
        .width = Widths::width,
        .tensors = tensors_of<network>,
        .train = train<network>,
        .open = [](const std::string& path) -> std::unique_ptr<answerer> { return std::make_unique<network_answerer<network>>(path); }};
  };
  return {one(std::integral_constant<avqa::ablation, Rows>{})...};
}
template <class Widths> pretraining_entry stage_entry() {
  using stage = avqa::grounding_pretraining<Widths>;
  return {Widths::audio, Widths::channels, Widths::width, tensors_of<stage>, pretrain<stage>};
}

}  // namespace program
