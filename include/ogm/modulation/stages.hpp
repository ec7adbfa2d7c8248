#pragma once
// The contexts of the hooks before and after the gradient: epochs, batches, features, predictions.

#include <ogm/backend/op/rows.hpp>
#include <ogm/modulation/context.hpp>

#include <stdexcept>
#include <string>

namespace ogm::modulation {

/// setup(context).
template <class Backend, int M> struct setup_context {
  using backend_type = Backend;
  static constexpr int modalities = M;
  static constexpr bool never_gated = true;
  progress where;
  std::span<const std::string_view> names;
  std::span<const int> widths;  // of the features
  int classes = 0;
  size_type train_size = 0, validation_size = 0;
  std::span<slot<Backend>> slots;
  const progress& at() const { return where; }
};

/// A pass over the data in an epoch: which modalities train, whether the head does, and the only modality whose loss counts (-1: all).
struct phase {
  std::uint64_t trainable = ~std::uint64_t(0);
  bool head = true;
  int only = -1;
};

/// plan(context): one joint phase unless phases are added.
template <int M> struct plan_context {
  static constexpr int modalities = M;
  static constexpr bool outside_steps = true;
  progress where;
  std::vector<phase>& phases;
  const progress& at() const { return where; }
  void add(const phase& p) { phases.push_back(p); }
};

/// sample(context): the epoch's items. They come in this order; a dropped modality is zeroed and leaves the scores.
template <int M> struct sample_context {
  static constexpr int modalities = M;
  static constexpr bool outside_steps = true;
  struct item {
    std::int32_t index;
    std::uint32_t dropped = 0;  // bit u: without modality u
  };
  progress where;
  std::vector<item>& items;  // filled with every item once, shuffled
  const progress& at() const { return where; }
};

/// on_batch(context): which modalities of which samples are there. A sample that lost all of them leaves the loss.
template <int M> class batch_context {
 public:
  static constexpr int modalities = M;
  batch_context(const progress& at, std::span<const std::int32_t> labels, std::span<const std::int32_t> ids,
                std::vector<std::uint32_t>& dropped)
      : at_(at), labels_(labels), ids_(ids), dropped_(dropped) {}
  const progress& at() const { return at_; }
  size_type size() const { return size_type(labels_.size()); }
  std::span<const std::int32_t> labels() const { return labels_; }
  /// Indices in the data set; empty where the batch was not taken from one.
  std::span<const std::int32_t> ids() const { return ids_; }
  random::generator generator(std::uint64_t what = 0) const {
    return random::generator({at_.seed, random::stream_of(random::purpose::policy, 0x800000u + what), std::uint32_t(at_.step)});
  }
  void drop(int u, size_type sample) { dropped_[std::size_t(sample)] |= 1u << u; }
  bool dropped(int u, size_type sample) const { return dropped_[std::size_t(sample)] >> u & 1; }

 private:
  const progress& at_;
  std::span<const std::int32_t> labels_, ids_;
  std::vector<std::uint32_t>& dropped_;
};

/// on_features(context): before fusion. Scores are those of the clean features where the policy needs a second_pass.
template <class Backend, int M> class feature_context {
 public:
  using T = typename Backend::value_type;
  static constexpr int modalities = M;
  feature_context(const progress& at, const batch_scores<M>& scores, std::span<const std::string_view> names, std::span<const int> widths,
                  size_type batch, report& out)
      : at_(at), scores_(scores), names_(names), widths_(widths), batch_(batch), report_(out) {}
  const progress& at() const { return at_; }
  size_type size() const { return batch_; }
  std::string_view name(int u) const { return names_[std::size_t(u)]; }
  int width(int u) const { return widths_[std::size_t(u)]; }
  const batch_scores<M>& scores() const { return scores_; }
  template <class Ratio = ratio::mean_pairwise> double ratio(int u) const { return scores_.template ratio<Ratio>(u); }
  random::generator generator(std::uint64_t what = 0) const {
    return random::generator({at_.seed, random::stream_of(random::purpose::policy, 0x400000u + what), std::uint32_t(at_.step)});
  }
  /// Multiplies row i of z_u by factors[i], forward and backward; 0 drops it.
  std::span<T> row_factors(int u) { return wanted(forward_[std::size_t(u)]); }
  /// Multiplies row i of dL/dz_u by factors[i], backward alone.
  std::span<T> gradient_factors(int u) { return wanted(backward_[std::size_t(u)]); }
  /// The sample leaves the loss and the scores, and its label with it.
  void remove(size_type sample) {
    if (removed_.empty()) removed_.assign(std::size_t(batch_), 0);
    removed_[std::size_t(sample)] = 1;
  }
  void report_value(std::string_view what, std::string_view modality, double value) { report_.add(what, modality, value); }

  std::span<const T> forward_factors(int u) const { return forward_[std::size_t(u)]; }
  std::span<const T> backward_factors(int u) const { return backward_[std::size_t(u)]; }
  std::span<const char> removed() const { return removed_; }

 private:
  std::span<T> wanted(std::vector<T>& v) {
    if (v.empty()) v.assign(std::size_t(batch_), T(1));
    return v;
  }
  const progress& at_;
  const batch_scores<M>& scores_;
  std::span<const std::string_view> names_;
  std::span<const int> widths_;
  size_type batch_;
  report& report_;
  std::array<std::vector<T>, std::size_t(M)> forward_, backward_;
  std::vector<char> removed_;
};

/// on_feature_gradient(context): dL/dz_u on its way from the head to encoder u.
template <class Backend, int M> struct feature_gradient_context {
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  static constexpr int modalities = M;
  const progress& where;
  int modality;
  basic_view<space, T, dyn, dyn> gradient;        // (batch, width)
  basic_view<space, const T, dyn, dyn> features;  // (batch, width)
  inference<Backend>& tape;
  const progress& at() const { return where; }
  template <class Operation> void run(const Operation& operation) { tape.run(operation); }
  /// Multiplies the whole of it.
  void scale(double k) {
    tape.run(op::copy_block<T>{gradient.data(), gradient.data(), 1, gradient.count(), gradient.count(), gradient.count(), false, T(k)});
  }
};

/// predict(context): what the model answers, from its logits and its probes. `scores` (batch, classes) begins as the fused logits.
template <class Backend, int M> struct predict_context {
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  static constexpr int modalities = M;
  static constexpr bool never_gated = true;
  progress where;
  basic_view<space, const T, dyn, dyn> fused;
  std::array<basic_view<space, const T, dyn, dyn>, std::size_t(M)> probes;
  basic_view<space, T, dyn, dyn> scores;
  inference<Backend>& tape;
  const progress& at() const { return where; }
  template <class Operation> void run(const Operation& operation) { tape.run(operation); }
};

/// on_epoch_begin and on_epoch_end. Metrics are the last epoch's, by name: "train/accuracy/audio".
template <class Backend, int M, class Scan> struct epoch_context {
  using backend_type = Backend;
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  static constexpr int modalities = M;
  static constexpr bool outside_steps = true;
  progress where;
  std::span<const std::string_view> names;
  std::span<slot<Backend>> slots;
  std::span<const report::entry> metrics;
  inference<Backend>& tape;
  const Scan& scan;            // scan(train, fraction, f)
  const T* initial = nullptr;  // weights in the layout of the gradient store, where the policy needs weight_snapshot
  const T* epoch_start = nullptr;
  std::span<const size_type> offsets;  // of the slots in both
  const progress& at() const { return where; }
  double metric(std::string_view name, double otherwise = 0) const {
    for (const auto& m : metrics)
      if (m.name == name) return m.value;
    return otherwise;
  }
  /// Calls f(features, labels) for batches of about `fraction` of the training data in evaluation mode: features is an array of M views
  /// (batch, width), in the backend's memory.
  template <class F> void scan_train(double fraction, const F& f) const { scan(true, fraction, f); }
  template <class F> void scan_validation(double fraction, const F& f) const { scan(false, fraction, f); }
  /// The weights of a parameter when training began, and when the epoch did; where the policy needs weight_snapshot.
  ///
  /// Errors     std::logic_error where it does not state that need
  const T* initial_value(const slot<Backend>& s) const { return snapshot(initial) + offsets[s.id]; }
  const T* epoch_start_value(const slot<Backend>& s) const { return snapshot(epoch_start) + offsets[s.id]; }
  template <class Operation> void run(const Operation& operation) { tape.run(operation); }

 private:
  static const T* snapshot(const T* weights) {
    if (!weights) throw std::logic_error("ogm: a weight snapshot that was not taken. Set .weight_snapshot in the policy's needs.");
    return weights;
  }
};

}  // namespace ogm::modulation
