#pragma once
// The cases of layers.json about training: losses, optimisers, schedules, clipping.

#include <support/golden.hpp>

#include <ogm/backend/eigen.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/schedule.hpp>
#include <ogm/optim/update_pass.hpp>

namespace ogm::test {

/// "cross_entropy...", "bce_with_logits", "mse_to_zero"; false where the case is none of them.
template <class B> bool run_golden_loss(const json& c, golden_report& report) {
  using T = typename B::value_type;
  using space = typename B::space;
  const auto name = c.at("name").get<std::string>();
  const bool entropy = name.starts_with("cross_entropy"), binary = name == "bce_with_logits";
  if (!entropy && !binary && name != "mse_to_zero") return false;
  tape<B> t;
  const auto given = golden_input(c);
  const auto sizes = c.at("inputs").at("x").at("shape").get<std::vector<size_type>>();
  if (sizes.size() != 2) golden_mismatch(c, "x has " + std::to_string(sizes.size()) + " axes, not 2.");
  basic_tensor<space, T, dyn, dyn> data(sizes[0], sizes[1]), target(sizes[0], sizes[1]);
  fill_golden_input(data, c, given);
  const auto x = t.variable(data);
  const auto finish = [&](const auto& loss) {
    report.compare("output", loss, c.at("outputs").at("output"));
    t.backward(loss, T(golden_cotangent(c).at(0)));
    report.compare("gradient of x", gradient_of(x), c.at("input_gradients").at("x"));
  };
  if (entropy) {
    const std::string kind = name.substr(std::string("cross_entropy").size());
    basic_tensor<space, std::int32_t, dyn> labels(sizes[0]);
    fill_golden_input(labels, c, c.at("target").get<std::vector<double>>());
    basic_tensor<space, T, dyn> weight(sizes[1]);
    nn::cross_entropy_options<space, T> options;
    if (kind.starts_with("_label_smoothing_"))
      options.label_smoothing = std::stod(kind.substr(std::string("_label_smoothing_").size()));
    else if (kind == "_sum")
      options.over = nn::reduction::sum;
    else if (kind == "_weighted") {  // the last one belongs to no target of the case
      fill_golden_input(weight, c, {1, 2, 0.5, 3, 1.5});
      options.class_weight = weight;
    } else if (!kind.empty())
      return false;
    finish(nn::cross_entropy(t, x, labels, options));
  } else {
    std::vector<double> wanted(given.size());
    for (std::size_t i = 0; binary && i < given.size(); ++i) wanted[i] = given[i] > 0 ? 1 : 0;
    fill_golden_input(target, c, wanted);
    finish(binary ? nn::bce_with_logits(t, x, target) : nn::mse(t, x, target));
  }
  return true;
}

template <class T, class Optimiser> void run_golden_steps(const json& c, golden_report& report, const Optimiser& optimiser) {
  using B = backend::eigen<T>;
  const auto& expected = c.at("after_each_step");
  const size_type n = size_type(expected.at(0).size());
  tensor<T, dyn> p(n), g(n);
  assign<memory::host>(p.data(), fill(c.at("parameter_fill").get<std::string>(), n));
  inference<B> t;
  optim::update_pass<B, Optimiser> pass(optimiser, n);
  for (std::size_t step = 0; step < expected.size(); ++step) {
    auto rule = c.at("gradient_fill").get<std::string>();
    const auto at = rule.find("<step>");
    if (at == std::string::npos) golden_mismatch(c, "its gradient_fill names no <step>.");
    rule.replace(at, 6, std::to_string(step));
    assign<memory::host>(g.data(), fill(rule, n));
    t.rewind();
    pass.begin();
    pass.add(p.data(), g.data(), long(n), 0, 0);
    pass.finish(t, optimiser.lr, {}, 1, {});
    report.compare("step " + std::to_string(step), p, {{"values", expected[step]}});
  }
}

/// An optimiser by the first word of its name, with the settings of the file.
template <class T> bool run_golden_optimiser(const json& c, golden_report& report) {
  const auto name = c.at("name").get<std::string>();
  const std::string kind = name.substr(0, name.find('_'));
  const auto& s = c.at("settings");
  const auto number = [&](const char* key) { return s.at(key).get<double>(); };
  const auto off = [&](const char* key) {
    if (s.value(key, json(0)) != json(0) && s.value(key, json(0)) != json(false))
      golden_mismatch(c, std::string("the setting ") + key + " is on, which no optimiser here has.");
  };
  for (const char* key : {"dampening", "amsgrad", "maximize", "centered"}) off(key);
  const auto with_betas = [&](auto o) {
    o.beta1 = s.at("betas").at(0).get<double>(), o.beta2 = s.at("betas").at(1).get<double>(), o.epsilon = number("eps");
    return o;
  };
  if (kind == "sgd")
    run_golden_steps<T>(c, report,
                        optim::sgd{.lr = number("lr"),
                                   .momentum = number("momentum"),
                                   .weight_decay = number("weight_decay"),
                                   .nesterov = s.at("nesterov").get<bool>()});
  else if (kind == "adam")
    run_golden_steps<T>(c, report, with_betas(optim::adam{.lr = number("lr"), .weight_decay = number("weight_decay")}));
  else if (kind == "adamw")
    run_golden_steps<T>(c, report, with_betas(optim::adamw{.lr = number("lr"), .weight_decay = number("weight_decay")}));
  else if (kind == "rmsprop")
    run_golden_steps<T>(c, report, optim::rmsprop{.lr = number("lr")});
  else
    return false;
  return true;
}

/// A schedule by its name: step_<every>_<gamma>, cosine_<epochs>, linear_warmup_<epochs> from one part in that many.
inline bool run_golden_schedule(const json& c, golden_report& report) {
  const auto name = c.at("name").get<std::string>();
  const auto rates = c.at("learning_rates").get<std::vector<double>>();
  const auto run = [&](const auto& schedule) {
    std::vector<double> given(rates.size());
    for (std::size_t epoch = 0; epoch < rates.size(); ++epoch) given[epoch] = schedule.factor(double(epoch));
    report.compare("learning rates", given, {{"values", rates}});
  };
  int count = 0;
  double factor = 0;
  if (std::sscanf(name.c_str(), "step_%d_%lf", &count, &factor) == 2)
    run(optim::step_lr{count, factor});
  else if (std::sscanf(name.c_str(), "cosine_%d", &count) == 1)
    run(optim::cosine{count});
  else if (std::sscanf(name.c_str(), "linear_warmup_%d", &count) == 1)
    run(optim::warmup<>{count, 1.0 / count});
  else
    return false;
  return true;
}

/// The clipping of the whole file: the norm, and every gradient afterwards.
template <class T> void run_golden_clipping(const json& c, golden_report& report) {
  using B = backend::eigen<T>;
  std::vector<tensor<T, dyn>> gradients, values;
  long total = 0;
  for (const auto& name : c.at("gradient_fills")) {
    const size_type n = size_type(c.at("after").at(gradients.size()).size());
    gradients.emplace_back(n);
    values.emplace_back(n);
    assign<memory::host>(gradients.back().data(), fill(name.get<std::string>(), n, c.at("scale").get<double>()));
    assign<memory::host>(values.back().data(), std::vector<double>(std::size_t(n)));
    total += long(n);
  }
  inference<B> t;
  optim::update_pass<B, optim::sgd> pass(optim::sgd{}, size_type(total));
  pass.begin();
  long offset = 0;
  for (std::size_t i = 0; i < gradients.size(); offset += long(values[i].count()), ++i)
    pass.add(values[i].data(), gradients[i].data(), long(values[i].count()), offset, 0);
  const double norm = pass.finish(t, -1, {}, 1, {c.at("max_norm").get<double>()});  // the value becomes the clipped gradient
  report.compare("norm", std::vector<double>{norm}, {{"values", {c.at("norm")}}});
  for (std::size_t i = 0; i < gradients.size(); ++i)
    report.compare("gradient " + std::to_string(i), values[i], {{"values", c.at("after").at(i)}});
}

}  // namespace ogm::test
