#pragma once
// Everything that a run needs to go on, in one safetensors file that is either whole or absent.

#include <ogm/autograd/module.hpp>
#include <ogm/data/loader.hpp>
#include <ogm/data/safetensors.hpp>
#include <ogm/modulation/hooks.hpp>

#include <bit>
#include <cstdio>
#include <deque>

namespace ogm {

/// Where a run stands, beside its tensors.
struct run_state {
  std::uint64_t seed = 0;
  int epoch = 0, phase = 0;
  long step = 0;  // steps done
  data::loader_state loader{};
  double epoch_loss = 0, epoch_correct = 0, epoch_samples = 0;  // of the epoch so far
  std::vector<double> epoch_correct_by_modality{}, epoch_present_by_modality{};
  int best_epoch = 0;  // counted from 1; 0: nothing was validated
  double best_accuracy = 0;
};

namespace detail {

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

/// Host copies of tensors that a writer needs until it saves.
class tensor_writer {
 public:
  template <class Tensor> void add(const std::string& name, const Tensor& t) {
    using T = typename Tensor::value_type;
    auto& copy = copies_.emplace_back(t.bytes());
    Tensor::space::copy_to_host(copy.data(), t.data(), copy.size());
    writer.add<T>(name, std::span<const T>(reinterpret_cast<const T*>(copy.data()), std::size_t(t.count())), t.shape().sizes);
  }
  data::safetensors::writer writer;

 private:
  struct aligned_bytes {
    explicit aligned_bytes(std::size_t n) : memory(size_type(n)) {}
    std::byte* data() { return reinterpret_cast<std::byte*>(memory.data()); }
    std::size_t size() const { return memory.bytes(); }
    tensor<std::uint8_t, dyn> memory;
  };
  std::deque<aligned_bytes> copies_;
};

/// The values of a stored tensor, when it is what t is: in place, or a copy where the file may hold them in another order.
template <class Archive, class Tensor> auto stored_values(const Archive& f, const std::string& name, const Tensor& t) {
  const auto& e = f.find(name);
  const auto& sizes = t.shape().sizes;
  if (!std::equal(e.shape.begin(), e.shape.end(), sizes.begin(), sizes.end()))
    throw data_error("ogm: " + f.name() + ": " + name + " has the shape " + shape_text(e.shape) + "; the model's is " + shape_text(sizes) +
                     ".");
  if constexpr (requires { e.template read<typename Tensor::value_type>(); })
    return e.template read<typename Tensor::value_type>().values;
  else
    return e.template as<typename Tensor::value_type>();
}
template <class Archive, class Tensor> void read_tensor(const Archive& f, const std::string& name, Tensor& t) {
  const auto values = stored_values(f, name, t);
  Tensor::space::copy_from_host(t.data(), values.data(), values.size() * sizeof(typename Tensor::value_type));
}
/// f(name, tensor) for everything that a module keeps.
template <class Model, class F> void for_each_tensor(Model& model, const F& f) {
  for_each_parameter(model, [&](auto, const std::string& name, auto& p) { f(name, p.value); });
  for_each_buffer(model, [&](const std::string& name, auto& b) { f(name, b.value); });
}

}  // namespace detail

/// Writes the parameters and buffers of a model, under the names of its fields.
template <class Model> void save_model(const Model& model, const std::string& path) {
  detail::tensor_writer w;
  detail::for_each_tensor(model, [&](const std::string& name, const auto& t) { w.add(name, t); });
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
  detail::for_each_tensor(model, [&](const std::string& name, auto& t) { detail::stored_values(f, name, t); });
  detail::for_each_tensor(model, [&](const std::string& name, auto& t) { detail::read_tensor(f, name, t); });
}
/// Reads what the file and the model both have, under the same names, and leaves the rest: where a second stage of training begins. Returns
/// how many tensors that were.
///
/// Errors     data_error where there is none, or one has another shape or type; the model is then as it was before
template <class Model, tensor_archive Archive> std::size_t warm_start(Model& model, const Archive& f) {
  std::size_t common = 0;
  detail::for_each_tensor(model, [&](const std::string& name, const auto& t) {
    if (f.contains(name)) detail::stored_values(f, name, t), ++common;
  });
  if (common == 0) throw data_error("ogm: " + f.name() + " has no tensor of the model.");
  detail::for_each_tensor(model, [&](const std::string& name, auto& t) {
    if (f.contains(name)) detail::read_tensor(f, name, t);
  });
  return common;
}
/// The same from a safetensors file of that path.
template <class Model> void load_model(Model& model, const std::string& path) { load_model(model, data::safetensors::file(path)); }

/// Writes a checkpoint: the modules of a run, the optimiser's state, the policy's, and where the run stands. Atomic: a run that is killed
/// while it writes leaves the checkpoint before.
template <class Step> void save_checkpoint(Step& run, const run_state& at, const std::string& path) {
  detail::tensor_writer w;
  detail::for_each_tensor(run.modules(), [&](const std::string& name, const auto& t) { w.add(name, t); });
  w.add("optimiser.state", run.update().state());
  if constexpr (Step::requirements.weight_snapshot) {
    w.add("snapshot.initial", run.initial_weights());
    w.add("snapshot.epoch", run.epoch_weights());
  }
  auto& out = w.writer;
  out.metadata("format", "ogm checkpoint 1");
  out.metadata("seed", std::to_string(at.seed));
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

/// Reads a checkpoint into a run of the same model, policy and optimiser.
///
/// Errors     data_error names the file and what is missing or different; the run is then as it was before, but for the policy
template <class Step> run_state load_checkpoint(Step& run, const std::string& path) {
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
  run_state at;
  at.seed = number("seed");
  at.epoch = int(number("epoch"));
  at.phase = int(number("phase"));
  at.step = long(number("step"));
  at.loader = {number("loader.seed"), std::uint32_t(number("loader.epoch")), size_type(number("loader.position"))};
  at.epoch_loss = detail::exact(path, text("epoch.loss"));
  at.epoch_correct = detail::exact(path, text("epoch.correct"));
  at.epoch_samples = detail::exact(path, text("epoch.samples"));
  at.epoch_correct_by_modality = detail::exact_list(path, text("epoch.correct_by_modality"));
  at.epoch_present_by_modality = detail::exact_list(path, text("epoch.present_by_modality"));
  at.best_epoch = int(number("best.epoch"));
  at.best_accuracy = detail::exact(path, text("best.accuracy"));
  const long optimiser_steps = long(number("optimiser.steps"));
  detail::for_each_tensor(run.modules(), [&](const std::string& name, auto& t) { detail::stored_values(f, name, t); });
  detail::stored_values(f, "optimiser.state", run.update().state());
  if constexpr (modulation::has_load<typename Step::policy_type, loading_archive>) {
    loading_archive archive(f);
    run.policy().load(archive);
  }
  detail::for_each_tensor(run.modules(), [&](const std::string& name, auto& t) { detail::read_tensor(f, name, t); });
  detail::read_tensor(f, "optimiser.state", run.update().state());
  if constexpr (Step::requirements.weight_snapshot) {
    detail::read_tensor(f, "snapshot.initial", run.initial_weights());
    detail::read_tensor(f, "snapshot.epoch", run.epoch_weights());
  }
  run.update().set_steps(optimiser_steps);
  return at;
}

}  // namespace ogm
