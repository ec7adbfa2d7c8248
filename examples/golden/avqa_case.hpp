#pragma once
// The published networks of audio-visual question answering over three Adam steps.

#include "case.hpp"

#include <avqa/models/grounding_pretraining.hpp>
#include <avqa/models/network.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/update_pass.hpp>

namespace golden {

using namespace ogm;

template <class Model> class avqa_case {
  using backend_type = typename Model::backend_type;
  using space = typename backend_type::space;
  using T = typename backend_type::value_type;

 public:
  explicit avqa_case(const json& file)
      : file_(file),
        name_(file.at("case").get<std::string>()),
        batch_(file.at("B").get<size_type>()),
        time_(file.at("T").get<size_type>()),
        store_(model_),
        update_({.lr = file.at("lr").get<double>()}, store_.values().count()) {
    for_each_parameter(model_, [&](auto, const std::string& name, auto& p) {
      const auto& rule = file_.at("params").at(name);
      size_type stored = 1;
      for (const auto& s : rule.at("shape")) stored *= s.template get<size_type>();
      if (stored != p.value.count())
        throw data_error("ogm: " + name + " has " + std::to_string(stored) + " elements in the file and " +
                         std::to_string(p.value.count()) + " here.");
      const auto values = fill(name, stored, rule.at("scale").template get<double>());
      const auto offset = float(rule.at("offset").template get<double>());
      std::vector<T> own(values.size());
      std::transform(values.begin(), values.end(), own.begin(), [&](double v) { return T(float(v) + offset); });
      space::copy_from_host(p.value.data(), own.data(), own.size() * sizeof(T));
    });
    if constexpr (requires { model_.set_dropout(0); }) model_.set_dropout(0);
    tape_.bind(store_);
  }

  bool run(const std::string& title) {
    const auto audio = features("audio", extents<dyn, dyn, avqa::music_avqa_widths::audio>(batch_, time_));
    const extents<dyn, dyn, 512, 14, 14> shape(batch_, time_);
    const auto labels = integers(file_.at("label"));
    if constexpr (requires { requires Model::grounds; }) {  // AVST
      const auto own = features("visual_posi", shape), others = features("visual_nega", shape);
      const auto tokens = questions();
      const double weight = file_.at("loss_match_weight").template get<double>();
      return train(title, [&](auto& t, bool first) {
        const auto out = model_(t, audio, own, tokens, others);
        if (first) rows("out_qa", out.answers), rows("out_match_posi", out.positive), rows("out_match_nega", out.negative);
        return avqa::avst_loss(t, out, labels, weight);
      });
    } else if constexpr (requires { requires !Model::grounds; }) {  // without spatial grounding
      const auto maps = features("visual_posi", shape);
      const auto tokens = questions();
      return train(title, [&](auto& t, bool first) {
        const auto logits = model_(t, audio, maps, tokens);
        if (first) rows("out_qa", logits);
        return nn::cross_entropy(t, logits, labels);
      });
    } else {  // the grounding stage
      const auto maps = features("visual", shape);
      return train(title, [&](auto& t, bool first) {
        const auto logits = model_(t, audio, maps);
        if (first) rows("out_match", logits);
        return nn::cross_entropy(t, logits, labels);
      });
    }
  }

 private:
  template <int... E> basic_tensor<space, T, E...> features(const std::string& name, const extents<E...>& shape) const {
    tensor<T, E...> x(shape);
    const auto values = fill(name_ + "/" + name, x.count());
    std::transform(values.begin(), values.end(), x.data(), [](double v) { return T(v < 0 ? 0 : v); });
    return copy_to<space>(x);
  }
  static basic_tensor<space, std::int32_t, dyn> integers(const json& list) {
    const auto values = list.get<std::vector<std::int32_t>>();
    tensor<std::int32_t, dyn> out(size_type(values.size()));
    std::copy(values.begin(), values.end(), out.data());
    return copy_to<space>(out);
  }
  basic_tensor<space, std::int32_t, dyn, dyn> questions() const {
    const auto list = file_.at("question").get<std::vector<std::vector<std::int32_t>>>();
    const auto width = list.empty() ? 0 : list.front().size();
    tensor<std::int32_t, dyn, dyn> out(size_type(list.size()), size_type(width));
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].size() != width) throw data_error("ogm: question " + std::to_string(i) + " has another length than question 0.");
      std::copy(list[i].begin(), list[i].end(), out.data() + i * width);
    }
    return copy_to<space>(out);
  }
  template <class X> void rows(const std::string& what, const X& x) {
    result_.tensor(what, values_at(x.data(), x.count()), flat(file_.at(what)), 1e-5);
  }
  static std::vector<double> values_at(const T* from, size_type count) {
    std::vector<T> here(static_cast<std::size_t>(count));
    space::copy_to_host(here.data(), from, here.size() * sizeof(T));
    return {here.begin(), here.end()};
  }

  template <class Forward> bool train(const std::string& title, const Forward& forward) {
    const auto& steps = file_.at("steps");
    for (std::size_t step = 0; step < steps.size(); ++step) {
      tape_.rewind();
      store_.clear();
      const auto loss = forward(tape_, step == 0);
      result_.number("loss", double(tape_.read(as_view(loss))), steps.at(step).at("loss").template get<double>(), 1e-5);
      tape_.backward(loss);
      update_.begin();
      for_each_parameter(model_, [&](auto, const std::string& name, auto& p) {
        if (step == 0) {
          const auto& expected = file_.at("grads").at(name);
          double squares = 0;
          for (const double g : values_at(store_.data(p), p.value.count())) squares += g * g;
          const double norm = expected.at("l2").template get<double>();
          result_.add("gradient norms", std::abs(std::sqrt(squares) - norm) / (norm > 0 ? norm : 1), 1e-4);
        }
        update_.add(p.value.data(), store_.data(p), long(p.value.count()), long(p.offset), 0);
      });
      update_.finish(tape_, file_.at("lr").template get<double>(), {}, 1, {});
    }
    if (file_.contains("params_after_3_steps"))
      for_each_parameter(model_, [&](auto, const std::string& name, auto& p) {
        summary(result_, "parameters after the steps", values_at(p.value.data(), p.value.count()),
                file_.at("params_after_3_steps").at(name), 1e-4);
      });
    return result_.print(title);
  }

  const json& file_;
  std::string name_;
  size_type batch_, time_;
  Model model_;
  gradient_store<backend_type> store_;
  tape<backend_type> tape_;
  optim::update_pass<backend_type, optim::adam> update_;
  comparison result_;
};

/// The network of a case is told by what its file holds.
template <class Backend> bool run_avqa_case(const json& file, const std::string& title) {
  using widths = avqa::music_avqa_widths;
  if (file.contains("out_match_posi")) return avqa_case<avqa::avst<widths, Backend>>(file).run(title);
  if (file.contains("out_qa")) return avqa_case<avqa::without_spatial_grounding<widths, Backend>>(file).run(title);
  return avqa_case<avqa::grounding_pretraining<widths, Backend>>(file).run(title);
}

}  // namespace golden
