#pragma once
// The published audio-visual classifier, two ResNet-18 and a head, over three modulated optimiser steps.

#include "case.hpp"

#include <ogm/backend/eigen.hpp>
#include <ogm/fusion/concat.hpp>
#include <ogm/fusion/late_fusion.hpp>
#include <ogm/fusion/sum.hpp>
#include <ogm/modulation/ogm.hpp>
#include <ogm/modulation/selection.hpp>
#include <ogm/nn/resnet18.hpp>
#include <ogm/train/evaluation.hpp>
#include <ogm/train/training_step.hpp>

namespace golden {

using namespace ogm;

/// Classes are part of a head's type and a file may have any number of them: the head has this many, and the logits of those that the case
/// does not have are pushed to -1e30, where their probability and every gradient of theirs is 0.
inline constexpr int most_classes = 512;

template <class Backend, class Head> class ogm_case {
  using T = typename Backend::value_type;
  using model =
      late_fusion<Head, modality<"audio_net", nn::resnet18_encoder<1, Backend>>, modality<"visual_net", nn::resnet18_encoder<3, Backend>>>;
  using policy = modulation::basic_ogm<modulation::shape::paper, modulation::select::conv_weights>;
  using engine = training_step<model, policy, optim::sgd>;

 public:
  explicit ogm_case(const json& file) : file_(file), classes_(int(file.at("classes").get<long>())), batch_(file.at("B").get<size_type>()) {
    if (classes_ < 2 || classes_ > most_classes)
      throw value_error("ogm: a case of " + std::to_string(classes_) + " classes; 2 to " + std::to_string(most_classes) +
                        " are supported.");
    load_inputs();
  }

  bool run(const std::string& title) {
    comparison c;
    first_gradients(c);
    engine step = fresh();
    for (long i = 0; i < long(file_.at("steps").size()); ++i) one_step(c, step, i);
    after_training(c, step);
    return c.print(title);
  }

 private:
  static constexpr double logit_tolerance = 1e-5, ratio_tolerance = 1e-6, gradient_tolerance = 1e-4;

  void load_inputs() {
    const std::string name = file_.at("case").get<std::string>();
    const auto a = file_.at("audio_shape").get<std::vector<size_type>>(), v = file_.at("visual_shape").get<std::vector<size_type>>();
    labels_ = tensor<std::int32_t, dyn>(batch_);
    const auto y = file_.at("label").get<std::vector<std::int32_t>>();
    if (a.size() != 4 || v.size() != 5 || a[0] != batch_ || v[0] != batch_ || size_type(y.size()) != batch_)
      throw data_error("ogm: a case whose shapes do not fit its batch.");
    for (const std::int32_t label : y)
      if (label < 0 || label >= classes_)
        throw data_error("ogm: a label of class " + std::to_string(label) + " among " + std::to_string(classes_) + ".");
    std::copy(y.begin(), y.end(), labels_.data());
    audio_ = tensor<T, dyn, 1, dyn, dyn>(extents<dyn, 1, dyn, dyn>(std::array<size_type, 4>{a[0], a[1], a[2], a[3]}));
    visual_ = tensor<T, dyn, 3, dyn, dyn, dyn>(extents<dyn, 3, dyn, dyn, dyn>(std::array<size_type, 5>{v[0], v[1], v[2], v[3], v[4]}));
    const auto sound = fill(name + "/audio", std::size_t(audio_.count()), 1),
               frames = fill(name + "/visual", std::size_t(visual_.count()), 1);
    std::copy(frames.begin(), frames.end(), visual_.data());
    const double bias = file_.value("audio_class_bias", 0.0);
    const size_type item = audio_.count() / batch_;
    for (size_type i = 0; i < audio_.count(); ++i)
      audio_.data()[i] = T(sound[std::size_t(i)] + bias * double(y[std::size_t(i / item)]) / double(classes_));
  }

  /// The published name of a parameter of ours.
  static std::string published(std::string name) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      if (name.starts_with(from)) name = to + name.substr(from.size());
    };
    replace("head.parts.0.", "fusion_module.fc_x.");
    replace("head.parts.1.", "fusion_module.fc_y.");
    replace("head.", "fusion_module.fc_out.");
    return name;
  }
  /// What the file holds of a head's tensor: its first classes.
  size_type stored_count(const std::string& name, size_type count) const {
    return name.starts_with("fusion_module.") ? count / most_classes * classes_ : count;
  }

  engine fresh() const {
    model m;
    for_each_parameter(m, [&](auto, const std::string& ours, auto& p) {
      const std::string name = published(ours);
      const auto& rule = file_.at("params").at(name);
      const size_type n = stored_count(name, p.value.count());
      size_type stored = 1;
      for (const auto& s : rule.at("shape")) stored *= s.template get<size_type>();
      if (stored != n)
        throw data_error("ogm: " + name + " has " + std::to_string(stored) + " elements in the file and " + std::to_string(n) + " here.");
      const auto values = fill(name, std::size_t(n), float(rule.at("scale").template get<double>()));
      const double offset = rule.at("offset").template get<double>();
      for (size_type i = 0; i < p.value.count(); ++i)
        p.value.data()[i] = i < n ? T(float(values[std::size_t(i)]) + float(offset)) : T(name.ends_with("bias") ? -1e30 : 0);
    });
    for_each_buffer(m, [](const std::string& name, auto& b) {
      for (auto& x : b.value.flat()) x = name.ends_with("running_var") ? T(1) : T(0);
    });
    const auto& sgd = file_.at("sgd");
    return engine(std::move(m), policy{.alpha = file_.at("alpha").get<double>(), .tie = modulation::tie::first},
                  optim::sgd{.lr = sgd.at("lr").get<double>(),
                             .momentum = sgd.at("momentum").get<double>(),
                             .weight_decay = sgd.at("weight_decay").get<double>()});
  }
  modulation::progress at(long step) const { return {.step = step, .learning_rate = file_.at("sgd").at("lr").get<double>()}; }

  std::vector<double> logits_of(const view<const T, dyn, dyn>& x) const {
    std::vector<double> out;
    for (size_type i = 0; i < x.size(0); ++i)
      for (int k = 0; k < classes_; ++k) out.push_back(double(x(i, k)));
    return out;
  }

  void first_gradients(comparison& c) {
    engine step = fresh();
    {
      tape<Backend> t;
      gradient_store<Backend> none(step.model());
      t.bind(none);
      const frozen_statistics guard(t);
      const auto out = step.model()(t, std::tie(audio_, visual_));
      const auto& [za, zv] = out.features;
      c.tensor("logits", logits_of(detail::as_matrix(out.logits)), flat(file_.at("logits")), logit_tolerance);
      c.tensor("logits_audio", logits_of(detail::as_matrix(fusion::probe_of<probe::split, 0>(step.model().head, t, za, zv))),
               flat(file_.at("logits_audio")), logit_tolerance);
      c.tensor("logits_visual", logits_of(detail::as_matrix(fusion::probe_of<probe::split, 1>(step.model().head, t, za, zv))),
               flat(file_.at("logits_visual")), logit_tolerance);
    }
    engine again = fresh();
    std::vector<std::string> names;
    for_each_parameter(again.model(), [&](auto, const std::string& name, auto&) { names.push_back(published(name)); });
    const auto values = [&](const std::string& name, const auto& slot) {
      return std::vector<double>(slot.gradient, slot.gradient + stored_count(name, slot.count));
    };
    again.observe_gradients([&](auto slots) {
      for (const auto& s : slots) {
        const std::string& name = names[s.id];
        if (file_.at("grads_modulated").contains(name))
          summary(c, "grads_modulated", values(name, s), file_.at("grads_modulated").at(name), gradient_tolerance);
      }
    });
    again.begin();
    auto result = again.accumulate(std::tie(audio_, visual_), as_view(labels_), at(0), 1);
    for (const auto& s : again.slots()) {
      const std::string& name = names[s.id];
      summary(c, "grads", values(name, s), file_.at("grads").at(name), gradient_tolerance);
      if (!file_.at("noise_std").contains(name)) continue;
      const op::segment<T> one{.value = nullptr, .gradient = s.gradient, .state = nullptr, .count = long(s.count), .stride = 0};
      T deviation = 0;
      std::vector<double> partial(std::size_t(2 * op::deviations<T>::pieces(&one, 1)));
      op::deviations<T>{{&one, 1}, &deviation, partial.data()}();
      const double expected = file_.at("noise_std").at(name).template get<double>();
      c.add("noise_std", std::abs(double(deviation) - expected) / expected, gradient_tolerance);
    }
    again.finish(result, at(0), {});
  }

  void one_step(comparison& c, engine& step, long i) {
    const auto r = step.step(std::tie(audio_, visual_), as_view(labels_), at(i));
    const auto& e = file_.at("steps").at(std::size_t(i));
    const auto number = [&](const std::string& what, double got, double tolerance) {
      c.number(what, got, e.at(what).template get<double>(), tolerance);
    };
    number("loss", r.loss, logit_tolerance);
    number("loss_audio", r.scores.losses[0] / r.scores.present[0], logit_tolerance);
    number("loss_visual", r.scores.losses[1] / r.scores.present[1], logit_tolerance);
    number("score_audio", r.scores.sums[0], logit_tolerance);
    number("score_visual", r.scores.sums[1], logit_tolerance);
    for (const auto& entry : step.report().entries()) {
      const auto reported = [&](const char* ours, const char* theirs) {
        if (entry.name == ours) number(theirs, entry.value, ratio_tolerance);
      };
      reported("ratio/audio_net", "ratio_audio");
      reported("ratio/visual_net", "ratio_visual");
      reported("coefficient/audio_net", "coeff_audio");
      reported("coefficient/visual_net", "coeff_visual");
    }
  }
  void after_training(comparison& c, engine& step) {
    inference<Backend> quiet;
    const auto out = step.model()(quiet, std::tie(audio_, visual_));
    c.tensor("eval_logits_after_3_steps", logits_of(detail::as_matrix(out.logits)), flat(file_.at("eval_logits_after_3_steps")),
             10 * logit_tolerance);
  }

  const json& file_;
  int classes_;
  size_type batch_;
  tensor<std::int32_t, dyn> labels_{0};
  tensor<T, dyn, 1, dyn, dyn> audio_{0, 0, 0};
  tensor<T, dyn, 3, dyn, dyn, dyn> visual_{0, 0, 0, 0};
};

/// Runs a case with the head that it names.
template <class Backend> bool run_ogm_case(const json& file, const std::string& title) {
  const std::string fusion = file.at("fusion").get<std::string>();
  if (fusion == "concat") return ogm_case<Backend, ogm::fusion::concat<most_classes>>(file).run(title);
  if (fusion == "sum") return ogm_case<Backend, ogm::fusion::sum<most_classes>>(file).run(title);
  throw data_error("ogm: the case has the fusion '" + fusion + "'; concat and sum are what the published code can run.");
}

}  // namespace golden
