#pragma once
// What a policy's hooks are given: small objects of handles. What a hook must not write is const in its context.

#include <ogm/autograd/tape.hpp>
#include <ogm/backend/op/update.hpp>
#include <ogm/modulation/needs.hpp>
#include <ogm/modulation/ratio.hpp>
#include <ogm/modulation/selection.hpp>

#include <span>
#include <stdexcept>
#include <string_view>

namespace ogm::modulation {

/// A parameter as a policy sees it. Scale and noise are applied by the optimiser's pass; elements are reached through operations only.
template <class Backend> struct slot {
  using T = typename Backend::value_type;
  parameter_tag tag;
  std::uint32_t id;  // in the order of the walk
  size_type count;
  T* value;
  T* gradient;
  bool reached;      // whether this step has a gradient for it
  double scale = 1;  // of the gradient
  double noise = 0;  // times the deviation of the unscaled gradient
  double rate = 1;   // of the learning rate
  basic_view<typename Backend::space, T, dyn> gradient_view() const { return {gradient, extents<dyn>(count)}; }
  basic_view<typename Backend::space, T, dyn> value_view() const { return {value, extents<dyn>(count)}; }
};

/// Named numbers that a policy reports each step: ratio/audio, coefficient/audio. Kept between steps, so nothing is allocated.
class report {
 public:
  struct entry {
    std::string name;
    double value;
  };
  void clear() { used_ = 0; }
  void add(std::string_view what, std::string_view modality, double value) {
    if (used_ == entries_.size()) entries_.emplace_back();
    auto& e = entries_[used_++];
    e.name.assign(what);
    if (!modality.empty()) e.name.append("/").append(modality);
    e.value = value;
  }
  std::span<const entry> entries() const { return {entries_.data(), used_}; }

 private:
  std::vector<entry> entries_;
  std::size_t used_ = 0;
};

/// Where a run stands.
struct progress {
  int epoch = 0, epochs = 1;
  long step = 0;
  std::uint64_t seed = 0;
  double learning_rate = 0;
};

/// Scores of one batch: S_u = sum over present samples of softmax(o_u)[y], and how many were present.
template <int M> struct batch_scores {
  std::array<double, std::size_t(M)> sums{}, losses{}, correct{}, present{};
  std::array<double, std::size_t(M)> means() const {
    auto m = sums;
    for (std::size_t u = 0; u < m.size(); ++u) m[u] = present[u] > 0 ? sums[u] / present[u] : 0;
    return m;
  }
  template <class Ratio> double ratio(int u) const { return modulation::ratio::of_present<Ratio>(means(), present, std::size_t(u)); }
};

/// on_gradients(step): after backward, before clipping and the optimiser.
template <class Backend, int M> class gradient_step {
 public:
  using backend_type = Backend;
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  static constexpr int modalities = M;

  gradient_step(const progress& at, const batch_scores<M>& scores, std::span<const std::string_view> names, std::span<slot<Backend>> slots,
                inference<Backend>& tape, report& out)
      : at_(at), scores_(scores), names_(names), slots_(slots), tape_(tape), report_(out) {}

  int epoch() const { return at_.epoch; }
  long step() const { return at_.step; }
  const progress& at() const { return at_; }
  std::string_view name(int u) const { return names_[std::size_t(u)]; }
  /// Sums over the batch of the probability that modality u alone gives to the right class.
  double score(int u) const { return scores_.sums[std::size_t(u)]; }
  const batch_scores<M>& scores() const { return scores_; }
  /// How far modality u is ahead of those that are in the batch; 1: level, or alone.
  template <class Ratio = ratio::mean_pairwise> double ratio(int u) const { return scores_.template ratio<Ratio>(u); }

  /// Every parameter, encoders and heads, with its gradient.
  std::span<slot<Backend>> slots() { return slots_; }
  /// Calls f(slot) for every reached parameter of modality u that the selection holds.
  template <class Selection, class F> void for_each_slot(int u, const F& f) {
    for (auto& s : slots_)
      if (s.reached && s.tag.modality == u && Selection::holds(s.tag)) f(s);
  }
  /// Operations on gradients, in the backend's memory; scratch lives until the step ends.
  template <class Operation> void run(const Operation& operation) { tape_.run(operation); }
  template <class U = T> U* scratch(size_type n) { return tape_.template scratch<U>(n); }
  template <class U, int... E> U read(const basic_view<space, U, E...>& x) { return tape_.read(x); }
  /// Random numbers of this step that no parameter's noise uses.
  random::key key(std::uint64_t what) const {
    return {at_.seed, random::stream_of(random::purpose::policy, what), std::uint32_t(at_.step)};
  }

  /// The gradients of group g of the losses alone, in the layout of the slots; where the policy needs per_loss_gradients.
  ///
  /// Errors     std::logic_error where the policy does not state that need
  std::span<const T* const> loss_gradients(const slot<Backend>& s) const {
    if (groups_ == 0)
      throw std::logic_error("ogm: loss_gradients() without a backward pass for each loss. Set .per_loss_gradients in the policy's needs.");
    return loss_gradients_.subspan(s.id * groups_, groups_);
  }
  void set_loss_gradients(std::span<const T* const> by_slot_and_group, std::size_t groups) {
    loss_gradients_ = by_slot_and_group;
    groups_ = groups;
  }
  /// Features (batch, width) of modality u, for reading.
  basic_view<space, const T, dyn, dyn> features(int u) const { return features_[std::size_t(u)]; }
  void set_features(int u, basic_view<space, const T, dyn, dyn> z) { features_[std::size_t(u)] = z; }
  /// The modality that is trained now where the policy has own_step; else -1.
  int active() const { return active_; }
  void set_active(int u) { active_ = u; }

  void report_value(std::string_view what, std::string_view modality, double value) { report_.add(what, modality, value); }

 private:
  const progress& at_;
  const batch_scores<M>& scores_;
  std::span<const std::string_view> names_;
  std::span<slot<Backend>> slots_;
  inference<Backend>& tape_;
  report& report_;
  std::span<const T* const> loss_gradients_;
  std::size_t groups_ = 0;
  std::array<basic_view<space, const T, dyn, dyn>, std::size_t(M)> features_{};
  int active_ = -1;
};

/// The gradients of one modality that a selection holds: `*= k` multiplies one number a parameter, the optimiser's pass applies it.
template <class Step, class Selection> class gradient_handle {
 public:
  gradient_handle(Step& step, int u) : step_(step), u_(u) {}
  void operator*=(double k) const {
    step_.template for_each_slot<Selection>(u_, [&](auto& s) {
      s.scale *= k;
      s.noise *= k;
    });
  }
  /// Adds amount * deviation * n to every element, n standard normal, deviation that of the parameter's unscaled gradient.
  void add_noise(double amount) const {
    step_.template for_each_slot<Selection>(u_, [&](auto& s) { s.noise = std::hypot(s.noise, amount); });
  }
  /// The same with the deviation of the gradient as scaled so far.
  void add_noise_of_scaled(double amount) const {
    step_.template for_each_slot<Selection>(u_, [&](auto& s) { s.noise = std::hypot(s.noise, amount * std::abs(s.scale)); });
  }
  /// Multiplies the optimiser's step and not the gradient: keeps its meaning under Adam.
  void scale_update(double k) const {
    step_.template for_each_slot<Selection>(u_, [&](auto& s) { s.rate *= k; });
  }

 private:
  Step& step_;
  int u_;
};

/// One modality within a hook.
template <class Step> class modality_step {
 public:
  modality_step(Step& step, int u) : step_(step), u_(u) {}
  int index() const { return u_; }
  std::string_view name() const { return step_.name(u_); }
  double score() const { return step_.score(u_); }
  template <class Ratio = modulation::ratio::mean_pairwise> double ratio() const { return step_.template ratio<Ratio>(u_); }
  template <class Selection = select::weights> gradient_handle<Step, Selection> gradients() const { return {step_, u_}; }
  void report(std::string_view what, double value) const { step_.report_value(what, name(), value); }

 private:
  Step& step_;
  int u_;
};

/// f(m) for every modality of a step.
template <class Step, class F> void for_each_modality(Step& step, F&& f) {
  for (int u = 0; u < Step::modalities; ++u) {
    modality_step<Step> m(step, u);
    f(m);
  }
}

}  // namespace ogm::modulation

namespace ogm {
using modulation::for_each_modality;
}  // namespace ogm
