#pragma once
// Everything that a run needs to go on, in one safetensors file that is either whole or absent.

#include <ogm/autograd/module.hpp>
#include <ogm/data/loader.hpp>
#include <ogm/data/safetensors.hpp>
#include <ogm/modulation/hooks.hpp>

#include <bit>
#include <charconv>
#include <cstdio>
#include <deque>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace ogm {

/// What makes a run another run, beside its model: a checkpoint is gone on with under the same only. Schedules and augmentation are
/// functions, and cannot be compared.
struct run_settings {
  std::uint64_t seed = 0;
  size_type items = 0, batch = 0;  // of the training data
  int accumulate = 1;
  bool drop_last = false;
  double learning_rate = 0, clip_norm = 0;
};

/// Where a run stands, beside its tensors.
struct run_state {
  run_settings settings{};
  int epoch = 0, phase = 0;
  long step = 0;  // steps done
  data::loader_state loader{};
  double epoch_loss = 0, epoch_correct = 0, epoch_samples = 0;  // of the epoch so far
  std::vector<double> epoch_correct_by_modality{}, epoch_present_by_modality{};
  int best_epoch = 0;  // counted from 1; 0: nothing was validated
  double best_accuracy = 0;
};

namespace detail {

/// Settings as a checkpoint holds them, and an error names them.
inline std::vector<std::pair<std::string, std::string>> named_settings(const run_settings& s) {
  const auto shortest = [](double x) {
    char text[32];
    return std::string(text, std::to_chars(text, text + sizeof text, x).ptr);
  };
  return {{"seed", std::to_string(s.seed)},
          {"items", std::to_string(s.items)},
          {"batch", std::to_string(s.batch)},
          {"accumulate", std::to_string(s.accumulate)},
          {"drop_last", s.drop_last ? "true" : "false"},
          {"learning rate", shortest(s.learning_rate)},
          {"clip_norm", shortest(s.clip_norm)}};
}

/// Doubles as their bits, so that they come back exactly.
inline std::string exact(double x) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(x)));
  return text;
}
inline double exact(const std::string& path, const std::string& text) {
  char* end = nullptr;
  const unsigned long long v = std::strtoull(text.c_str(), &end, 16);
  if (text.size() != 16 || *end) throw data_error("ogm: " + path + ": '" + text + "' is no number of a checkpoint.");
  return std::bit_cast<double>(std::uint64_t(v));
}
inline std::string exact(const std::vector<double>& v) {
  std::string out;
  for (const double x : v) out += exact(x);
  return out;
}
inline std::vector<double> exact_list(const std::string& path, const std::string& text) {
  std::vector<double> v;
  for (std::size_t i = 0; i < text.size(); i += 16) v.push_back(exact(path, text.substr(i, 16)));
  return v;
}

}  // namespace detail

/// save(archive) of a policy: named numbers.
class saving_archive {
 public:
  explicit saving_archive(data::safetensors::writer& w) : writer_(w) {}
  void value(const std::string& name, const double& x) { writer_.metadata("policy." + name, detail::exact(x)); }
  void value(const std::string& name, const std::vector<double>& x) { writer_.metadata("policy." + name, detail::exact(x)); }

 private:
  data::safetensors::writer& writer_;
};
/// load(archive) of a policy: the same names.
class loading_archive {
 public:
  explicit loading_archive(const data::safetensors::file& f) : file_(f) {}
  void value(const std::string& name, double& x) { x = detail::exact(file_.name(), text(name)); }
  void value(const std::string& name, std::vector<double>& x) { x = detail::exact_list(file_.name(), text(name)); }

 private:
  const std::string& text(const std::string& name) const {
    const auto found = file_.metadata().find("policy." + name);
    if (found == file_.metadata().end())
      throw data_error("ogm: " + file_.name() + ": has no value 'policy." + name + "'. It was written with another policy.");
    return found->second;
  }
  const data::safetensors::file& file_;
};

namespace detail {
/// What files of this form say they are.
inline constexpr const char* checkpoint_format = "ogm checkpoint 2";

/// A tensor without its type: a model's are walked once for all that is done with files.
struct named_tensor {
  std::string name;
  const void* data = nullptr;  // in its space; written where the model may be
  std::vector<size_type> sizes{};
  data::dtype type = data::dtype::f32;
  std::size_t bytes = 0;
  void (*to_host)(void* to, const void* from, std::size_t bytes) = nullptr;
  void (*from_host)(void* to, const void* from, std::size_t bytes) = nullptr;
};
template <class Tensor> named_tensor named(const std::string& name, const Tensor& t) {
  const auto& sizes = t.shape().sizes;
  return {name,
          t.data(),
          {sizes.begin(), sizes.end()},
          data::dtype_of<typename Tensor::value_type>,
          t.bytes(),
          [](void* to, const void* from, std::size_t bytes) { Tensor::space::copy_to_host(to, from, bytes); },
          [](void* to, const void* from, std::size_t bytes) { Tensor::space::copy_from_host(to, from, bytes); }};
}
/// Everything that a module keeps: the parameters in the order of declaration, then the buffers.
template <class Model> std::vector<named_tensor> tensors_of(const Model& model) {
  std::vector<named_tensor> out, buffers;
  detail::walk<-1, role::shared>(model, path{}, [&](auto, const path& at, const auto& p) {
    (is_buffer<std::remove_cvref_t<decltype(p)>> ? buffers : out).push_back(named(at.text, p.value));
  });
  std::move(buffers.begin(), buffers.end(), std::back_inserter(out));
  return out;
}

/// Host copies of tensors that a writer needs until it saves.
class tensor_writer {
 public:
  void add(const named_tensor& t) {
    auto& copy = copies_.emplace_back(size_type(t.bytes));
    t.to_host(copy.data(), t.data, t.bytes);
    writer.add(t.name, t.type, t.sizes, data::as_byte_span(copy.data(), t.bytes));
  }
  void add(const std::vector<named_tensor>& all) {
    for (const named_tensor& t : all) add(t);
  }
  data::safetensors::writer writer;

 private:
  std::deque<tensor<std::uint8_t, dyn>> copies_;
};

/// The values of an entry: in place, or a copy where the file may hold them in another order.
template <class T, class Entry> auto values_of(const Entry& e) {
  if constexpr (requires { e.template read<T>(); })
    return e.template read<T>().values;
  else
    return e.template as<T>();
}
/// Whether a stored tensor is what t is; and its values into t, whose owner may be written.
template <class Archive> void read_tensor(const Archive& f, const named_tensor& t, bool into) {
  const auto& e = f.find(t.name);
  if (!std::equal(e.shape.begin(), e.shape.end(), t.sizes.begin(), t.sizes.end()))
    throw data_error("ogm: " + f.name() + ": " + t.name + " has the shape " + shape_text(e.shape) + "; the model's is " +
                     shape_text(t.sizes) + ".");
  const auto take = [&](const auto& values) {
    if (into) t.from_host(const_cast<void*>(t.data), values.data(), t.bytes);
  };
  if (t.type == data::dtype::f64)
    take(values_of<double>(e));
  else
    take(values_of<float>(e));
}
/// All of them, or nothing is written.
template <class Archive> void read_tensors(const Archive& f, const std::vector<named_tensor>& all) {
  for (const bool into : {false, true})
    for (const named_tensor& t : all) read_tensor(f, t, into);
}

}  // namespace detail

/// Writes the parameters and buffers of a model, under the names of its fields.
template <class Model> void save_model(const Model& model, const std::string& path) {
  detail::tensor_writer w;
  w.add(detail::tensors_of(model));
  w.writer.save(path);
}
/// Tensors by name: a data::safetensors::file or, for weights that PyTorch wrote, a data::pt::file.
template <class Archive>
concept tensor_archive = requires(const Archive& f, const std::string& name) {
  f.find(name).shape;
  f.contains(name);
  f.name();
};

/// Reads them back. Tensors of the file that the model does not have are passed over.
///
///     load_model(network, data::pt::file("resnet18.pth"));
///
/// Errors     data_error names the file and the tensor that is missing, or of another shape or type; the model is then as it was before
template <class Model, tensor_archive Archive> void load_model(Model& model, const Archive& f) {
  detail::read_tensors(f, detail::tensors_of(model));
}
/// Reads what the file and the model both have, under the same names, and leaves the rest: where a second stage of training begins. Returns
/// how many tensors that were.
///
/// Errors     data_error where there is none, or one has another shape or type; the model is then as it was before
template <class Model, tensor_archive Archive> std::size_t warm_start(Model& model, const Archive& f) {
  std::vector<detail::named_tensor> common = detail::tensors_of(model);
  std::erase_if(common, [&](const detail::named_tensor& t) { return !f.contains(t.name); });
  if (common.empty()) throw data_error("ogm: " + f.name() + " has no tensor of the model.");
  detail::read_tensors(f, common);
  return common.size();
}
/// The same from a safetensors file of that path.
template <class Model> void load_model(Model& model, const std::string& path) { load_model(model, data::safetensors::file(path)); }

/// Writes a checkpoint: the modules of a run, the optimiser's state, the policy's, and where the run stands. Atomic: a run that is killed
/// while it writes leaves the checkpoint before.
template <class Step> void save_checkpoint(Step& run, const run_state& at, const std::string& path) {
  detail::tensor_writer w;
  w.add(detail::tensors_of(run.modules()));
  w.add(detail::named("optimiser.state", run.update().state()));
  if constexpr (Step::requirements.weight_snapshot) {
    w.add(detail::named("snapshot.initial", run.initial_weights()));
    w.add(detail::named("snapshot.epoch", run.epoch_weights()));
  }
  auto& out = w.writer;
  out.metadata("format", detail::checkpoint_format);
  for (const auto& [name, value] : detail::named_settings(at.settings)) out.metadata(name, value);
  out.metadata("epoch", std::to_string(at.epoch));
  out.metadata("phase", std::to_string(at.phase));
  out.metadata("step", std::to_string(at.step));
  out.metadata("optimiser.steps", std::to_string(run.update().steps()));
  out.metadata("loader.seed", std::to_string(at.loader.seed));
  out.metadata("loader.epoch", std::to_string(at.loader.epoch));
  out.metadata("loader.position", std::to_string(at.loader.position));
  out.metadata("epoch.loss", detail::exact(at.epoch_loss));
  out.metadata("epoch.correct", detail::exact(at.epoch_correct));
  out.metadata("epoch.samples", detail::exact(at.epoch_samples));
  out.metadata("epoch.correct_by_modality", detail::exact(at.epoch_correct_by_modality));
  out.metadata("epoch.present_by_modality", detail::exact(at.epoch_present_by_modality));
  out.metadata("best.epoch", std::to_string(at.best_epoch));
  out.metadata("best.accuracy", detail::exact(at.best_accuracy));
  saving_archive archive(out);
  if constexpr (modulation::has_save<typename Step::policy_type, saving_archive>) run.policy().save(archive);
  out.save(path);
}

/// Reads a checkpoint into a run of the same model, policy, optimiser and settings.
///
/// Errors     value_error names the setting that is another, with both values; data_error names the file and what is missing or different;
///            the run is then as it was before, but for the policy
template <class Step> run_state load_checkpoint(Step& run, const std::string& path, const run_settings& settings) {
  const data::safetensors::file f(path);
  const auto text = [&](const std::string& key) -> const std::string& {
    const auto found = f.metadata().find(key);
    if (found == f.metadata().end()) throw data_error("ogm: " + path + ": has no '" + key + "'. It is no checkpoint of a run.");
    return found->second;
  };
  const auto number = [&](const std::string& key) {
    const std::string& t = text(key);
    char* end = nullptr;
    errno = 0;
    const unsigned long long v = std::strtoull(t.c_str(), &end, 10);
    if (t.empty() || *end || errno || t[0] == '-')
      throw data_error("ogm: " + path + ": '" + key + "' is '" + t + "'; a whole number expected.");
    return std::uint64_t(v);
  };
  if (text("format") != detail::checkpoint_format)
    throw data_error("ogm: " + path + ": is written as '" + text("format") + "'; '" + detail::checkpoint_format + "' expected.");
  run_state at;
  for (const auto& [name, value] : detail::named_settings(settings))
    if (text(name) != value)
      throw value_error("ogm: " + path + " is of a run with the " + name + " " + text(name) + ", and this run has " + value +
                        ". Go on with the same, or give another checkpoint file, or set resume = false.");
  at.settings = settings;
  at.epoch = int(number("epoch"));
  at.phase = int(number("phase"));
  at.step = long(number("step"));
  at.loader = {number("loader.seed"), std::uint32_t(number("loader.epoch")), size_type(number("loader.position"))};
  at.epoch_loss = detail::exact(path, text("epoch.loss"));
  at.epoch_correct = detail::exact(path, text("epoch.correct"));
  at.epoch_samples = detail::exact(path, text("epoch.samples"));
  at.epoch_correct_by_modality = detail::exact_list(path, text("epoch.correct_by_modality"));
  at.epoch_present_by_modality = detail::exact_list(path, text("epoch.present_by_modality"));
  for (const auto* list : {&at.epoch_correct_by_modality, &at.epoch_present_by_modality})
    if (list->size() != std::size_t(Step::modalities))
      throw data_error("ogm: " + path + ": counts of " + std::to_string(list->size()) + " modalities; the model has " +
                       std::to_string(Step::modalities) + ".");
  at.best_epoch = int(number("best.epoch"));
  at.best_accuracy = detail::exact(path, text("best.accuracy"));
  const long optimiser_steps = long(number("optimiser.steps"));
  std::vector<detail::named_tensor> all = detail::tensors_of(run.modules());
  all.push_back(detail::named("optimiser.state", run.update().state()));
  if constexpr (Step::requirements.weight_snapshot) {
    all.push_back(detail::named("snapshot.initial", run.initial_weights()));
    all.push_back(detail::named("snapshot.epoch", run.epoch_weights()));
  }
  for (const detail::named_tensor& t : all) detail::read_tensor(f, t, false);
  if constexpr (modulation::has_load<typename Step::policy_type, loading_archive>) {
    loading_archive archive(f);
    run.policy().load(archive);
  }
  for (const detail::named_tensor& t : all) detail::read_tensor(f, t, true);
  run.update().set_steps(optimiser_steps);
  return at;
}

}  // namespace ogm
