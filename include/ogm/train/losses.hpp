#pragma once
// loss(losses): the terms of a step's loss. The fused term is there already; a policy adds others and weighs them.

#include <ogm/fusion/head.hpp>
#include <ogm/modulation/context.hpp>
#include <ogm/nn/loss.hpp>

namespace ogm {

/// A term: a scalar of the tape, its weight, and the group whose backward pass it belongs to (per_loss_gradients keeps groups apart).
template <class Backend> struct loss_term {
  std::string_view name;
  basic_var<typename Backend::space, typename Backend::value_type> value;
  float weight;
  int group;
};

/// What loss(losses) is given. Logits and probes are vars of the tape: losses on them train the model.
template <class Backend, int M> class loss_set {
 public:
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  using scalar = basic_var<space, T>;
  static constexpr int modalities = M;

  loss_set(const modulation::progress& at, tape<Backend>& t, std::span<const std::string_view> names,
           basic_view<space, const std::int32_t, dyn> labels, std::vector<loss_term<Backend>>& terms, modulation::report& out)
      : at_(at), tape_(t), names_(names), labels_(labels), terms_(terms), report_(out) {}

  const modulation::progress& at() const { return at_; }
  std::string_view name(int u) const { return names_[std::size_t(u)]; }
  basic_view<space, const std::int32_t, dyn> labels() const { return labels_; }
  ogm::tape<Backend>& tape() { return tape_; }

  /// The weight of the loss on the fused logits; 1 unless said.
  void fused(float weight) { terms_.front().weight = weight; }
  /// Adds a term. The same name in two groups is an error: a backward pass belongs to one of them.
  void add(std::string_view name, const scalar& value, float weight = 1, int group = 0) {
    for (const auto& t : terms_)
      if (t.name == name && t.group != group)
        throw value_error("ogm: the loss '" + std::string(name) + "' was added to two groups. Give it one, or two names.");
    terms_.push_back({name, value, weight, group});
  }
  /// Mean cross entropy of logits (batch, classes) of the tape; labels of -1 are passed over.
  template <class Logits> scalar cross_entropy(const Logits& logits) {
    return nn::cross_entropy(tape_, logits, labels_, {.absent_labels = true});
  }
  /// f(u, logits of modality u alone).
  template <class F> void for_each_probe(const F& f) {
    for (int u = 0; u < M; ++u)
      if (probes_[std::size_t(u)].data()) f(u, probes_[std::size_t(u)]);
  }
  void report_value(std::string_view what, std::string_view modality, double value) { report_.add(what, modality, value); }

  // Set by the trainer.
  using logits_type = basic_var<space, T, dyn, dyn>;
  void set_logits(const logits_type& f) { fused_ = f; }
  void set_probe(int u, const logits_type& o) { probes_[std::size_t(u)] = o; }
  const logits_type& logits() const { return fused_; }
  /// Features (batch, width) of modality u, a var.
  const logits_type& features(int u) const { return features_[std::size_t(u)]; }
  void set_features(int u, const logits_type& z) { features_[std::size_t(u)] = z; }

 private:
  static logits_type nothing() { return {{}, nullptr, nullptr}; }
  template <std::size_t... I> static std::array<logits_type, sizeof...(I)> no_logits(std::index_sequence<I...>) {
    return {((void)I, nothing())...};
  }

  const modulation::progress& at_;
  ogm::tape<Backend>& tape_;
  std::span<const std::string_view> names_;
  basic_view<space, const std::int32_t, dyn> labels_;
  std::vector<loss_term<Backend>>& terms_;
  modulation::report& report_;
  logits_type fused_ = nothing();
  std::array<logits_type, std::size_t(M)> probes_ = no_logits(std::make_index_sequence<std::size_t(M)>{}),
                                          features_ = no_logits(std::make_index_sequence<std::size_t(M)>{});
};

}  // namespace ogm
