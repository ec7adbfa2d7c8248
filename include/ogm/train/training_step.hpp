#pragma once
// One training step: forward, loss, backward, the policy's hooks, the optimiser's pass. What a policy lacks is not compiled.

#include <ogm/fusion/late_fusion.hpp>
#include <ogm/modulation/check.hpp>
#include <ogm/modulation/stages.hpp>
#include <ogm/optim/update_pass.hpp>
#include <ogm/train/gradient_parts.hpp>
#include <ogm/train/losses.hpp>
#include <ogm/train/probes.hpp>
#include <ogm/train/rows.hpp>
#include <ogm/train/sample_masks.hpp>
#include <ogm/train/trained_modules.hpp>

#include <functional>
#include <optional>

namespace ogm {

/// What a step gives back. Arrays are by modality and empty of meaning where the policy has no probe.
template <int M> struct step_result {
  double loss = 0;
  double correct = 0;  // fused predictions that are right
  double samples = 0;
  modulation::batch_scores<M> scores;
  double gradient_norm = 0;  // where clipping is on
};

/// The engine of a trainer; also for a training loop of one's own: step(inputs, labels) with any policy.
template <class Model, class Policy, optim::optimiser Optimiser> class training_step {
 public:
  using backend_type = typename Model::backend_type;
  using T = typename backend_type::value_type;
  using space = typename backend_type::space;
  using slot = modulation::slot<backend_type>;
  using policy_type = Policy;
  static constexpr int modalities = Model::modalities;
  static constexpr int inputs_of_model = input_count<Model>();
  static constexpr modulation::needs requirements = modulation::requirements_of<Policy>();
  static constexpr bool probing = requirements.probe != probe::none;

  using gradient_context = modulation::gradient_step<backend_type, modalities>;
  using feature_context = modulation::feature_context<backend_type, modalities>;
  using feature_gradient_context = modulation::feature_gradient_context<backend_type, modalities>;
  using batch_context = modulation::batch_context<modalities>;
  using losses_type = loss_set<backend_type, modalities>;

  static constexpr bool edits_gradients =
      modulation::has_on_gradients<Policy, gradient_context> || modulation::has_scale_update<Policy, gradient_context>;
  static constexpr bool edits_features = modulation::has_on_features<Policy, feature_context>;
  static constexpr bool taps_features = modulation::has_on_feature_gradient<Policy, feature_gradient_context>;
  static constexpr bool adds_losses = modulation::has_loss<Policy, losses_type>;
  static constexpr bool edits_batches = modulation::has_on_batch<Policy, batch_context>;
  static constexpr bool masks_samples = edits_batches || modulation::has_sample<Policy, modulation::sample_context<modalities>>;

  training_step(Model model, Policy policy, Optimiser optimiser)
      : modules_{std::move(model), {}, {}},
        policy_(std::move(policy)),
        gradients_(modules_),
        update_(optimiser, gradients_.values().count()) {
    modulation::check<Policy, Model>();
    tape_.bind(gradients_);
    for_each_parameter_quietly(modules_, [&]<class Tag, class P>(Tag, P& p) {
      slots_.push_back({{Tag::modality, Tag::role, Tag::kind, std::remove_cvref_t<decltype(p.value)>::rank},
                        std::uint32_t(slots_.size()),
                        p.value.count(),
                        p.value.data(),
                        gradients_.data(p),
                        false});
      offsets_.push_back(size_type(p.offset));
    });
  }
  training_step(const training_step&) = delete;  // the tape holds the address of the gradients
  training_step& operator=(const training_step&) = delete;

  Model& model() { return modules_.model; }
  const Model& model() const { return modules_.model; }
  trained_modules<Model, Policy>& modules() { return modules_; }
  const trained_modules<Model, Policy>& modules() const { return modules_; }
  Policy& policy() { return policy_; }
  optim::update_pass<backend_type, Optimiser>& update() { return update_; }
  const Optimiser& optimiser() const { return update_.optimiser(); }
  gradient_store<backend_type>& gradients() { return gradients_; }
  std::span<slot> slots() { return slots_; }
  std::span<const size_type> offsets() const { return offsets_; }
  const modulation::report& report() const { return report_; }
  /// Which modalities of which samples of the batches from now on are there: bit u says that modality u is not. Empty: all.
  void set_sample_masks(std::span<const std::uint32_t> dropped) {
    static_assert(masks_samples, "ogm: samples are masked for a policy that has sample() or on_batch(). Give it one of them.");
    samples_.set(dropped);
  }
  /// Copies of the weights, in the layout of the gradient store, where the policy needs weight_snapshot.
  void take_snapshot(basic_tensor<space, T, dyn>& into) {
    if (into.count() != gradients_.values().count()) into = basic_tensor<space, T, dyn>(gradients_.values().count());
    for (std::size_t i = 0; i < slots_.size(); ++i)
      space::copy(into.data() + offsets_[i], slots_[i].value, std::size_t(slots_[i].count) * sizeof(T));
  }
  basic_tensor<space, T, dyn>& initial_weights() { return snapshots_.initial; }
  basic_tensor<space, T, dyn>& epoch_weights() { return snapshots_.epoch; }
  ogm::tape<backend_type>& tape() { return tape_; }
  modulation::phase& phase() { return phase_; }

  /// Forward, backward, modulation and update on one batch.
  ///
  /// Shapes     inputs: a tuple of arrays (batch, ...) in the backend's memory; labels (batch)
  /// Errors     shape_error where the batch sizes differ, value_error for a label out of range
  template <class Inputs>
  step_result<modalities> step(const Inputs& inputs, basic_view<space, const std::int32_t, dyn> labels, const modulation::progress& at,
                               const optim::clipping& clip = {}, std::span<const std::int32_t> ids = {}) {
    begin();
    auto result = accumulate(inputs, labels, at, 1, ids, clip);
    if constexpr (!requirements.own_step) finish(result, at, clip);
    return result;
  }

  /// The parts of step(), for gradient accumulation: begin, accumulate a share of the batch each time, finish. A policy with own_step
  /// updates within accumulate(), which clips by `own_clip`; call it once a step, and finish() not at all.
  void begin() {
    gradients_.clear();
    if constexpr (!std::same_as<Policy, modulation::none>) report_.clear();
  }
  template <class Inputs>
  step_result<modalities> accumulate(const Inputs& inputs, basic_view<space, const std::int32_t, dyn> labels,
                                     const modulation::progress& at, float share, std::span<const std::int32_t> ids = {},
                                     const optim::clipping& own_clip = {}) {
    static_assert(std::tuple_size_v<Inputs> == inputs_of_model, "ogm: a model was given another number of inputs than it takes.");
    check_batch(inputs, labels);
    // Views of constant elements, whatever was given: the model is compiled once for tensors, views and masked copies of them.
    const auto data = std::apply([](const auto&... x) { return std::tuple{detail::as_data(x)...}; }, inputs);
    step_result<modalities> result;
    if constexpr (requirements.own_step) {  // once for each modality: forward, backward, modulation, update
      for (int u = 0; u < modalities; ++u) {
        phase_.only = u;
        gradients_.clear();
        result = pass(data, labels, at, share, ids);
        finish(result, at, own_clip);
      }
      phase_.only = -1;
    } else
      result = pass(data, labels, at, share, ids);
    return result;
  }
  void finish(step_result<modalities>& result, const modulation::progress& at, const optim::clipping& clip) {
    const random::key noise{at.seed, 0, std::uint32_t(at.step)};
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].reached = gradients_.reached(i) && trains(slots_[i].tag);
      slots_[i].scale = 1, slots_[i].noise = 0, slots_[i].rate = 1;
    }
    if constexpr (edits_gradients) {
      gradient_context context(at, result.scores, Model::modality_names, slots_, tape_, report_);
      context.set_active(phase_.only);
      for (int u = 0; u < modalities; ++u) context.set_features(u, features_[std::size_t(u)]);
      if constexpr (requirements.per_loss_gradients) context.set_loss_gradients(groups_.by_slot_and_group(), groups_.groups());
      if constexpr (modulation::has_on_gradients<Policy, gradient_context>) policy_.on_gradients(context);
      if constexpr (modulation::has_scale_update<Policy, gradient_context>) policy_.scale_update(context);
    }
    update_.begin();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const slot& s = slots_[i];
      if (!s.reached) continue;
      auto& segment = update_.add(s.value, s.gradient, long(s.count), long(offsets_[i]), random::stream_of(random::purpose::noise, s.id));
      segment.scale = s.scale, segment.noise = s.noise, segment.rate = s.rate;
      if constexpr (requirements.per_sample_gradients) {
        segment.deviation = deviations_.data() + offsets_[i];
        segment.deviation_by_element = true;
      }
    }
    if (observe_gradients_)
      update_.materialise(tape_, noise), observe_gradients_(slots_);
    else
      result.gradient_norm = update_.finish(tape_, at.learning_rate, noise, 1, clip);
    if constexpr (modulation::has_after_step<Policy, gradient_context>) {
      gradient_context context(at, result.scores, Model::modality_names, slots_, tape_, report_);
      policy_.after_step(context);
    }
  }
  /// Calls f(slots) with the modulated gradients in place of the update; an empty f takes it back. For tests and for looking.
  void observe_gradients(std::function<void(std::span<slot>)> f) { observe_gradients_ = std::move(f); }

 private:
  using any_logits = basic_view<space, const T, dyn, dyn>;
  template <class X> static any_logits as_rows(const X& x) {
    return {x.data(), extents<dyn, dyn>(x.rows(), x.rows() ? x.count() / x.rows() : 0)};
  }
  template <class V> static typename losses_type::logits_type as_row_var(const V& v) {
    return v.as(extents<dyn, dyn>(v.rows(), v.rows() ? v.count() / v.rows() : 0));
  }

  bool trains(const modulation::parameter_tag& t) const {
    if (phase_.only >= 0 && t.modality >= 0 && t.modality != phase_.only) return false;
    return t.modality >= 0 ? phase_.trainable >> t.modality & 1 : phase_.head || t.role != role::head;
  }
  template <class Inputs> static void check_batch(const Inputs& inputs, const basic_view<space, const std::int32_t, dyn>& labels) {
    std::apply(
        [&](const auto&... x) {
          const size_type batches[]{x.size(0)...};
          for (int u = 0; u < inputs_of_model; ++u)
            if (batches[u] != labels.count())
              throw shape_error("ogm: " +
                                (u < modalities ? "modality '" + std::string(Model::modality_names[std::size_t(u)]) + "'"
                                                : "input " + std::to_string(u)) +
                                " has a batch of " + std::to_string(batches[u]) + " and there are " + std::to_string(labels.count()) +
                                " labels.");
        },
        inputs);
  }

  template <class Inputs>
  step_result<modalities> pass(const Inputs& given, basic_view<space, const std::int32_t, dyn> labels, const modulation::progress& at,
                               float share, std::span<const std::int32_t> ids) {
    tape_.rewind();
    tape_.set_random(at.seed, std::uint32_t(at.step));
    typename detail::sample_masks<backend_type, modalities>::present_type present;
    present.fill(labels);
    if constexpr (masks_samples) {
      if (edits_batches || samples_.any_set()) {
        samples_.begin(labels);
        if constexpr (edits_batches) {
          batch_context context(at, samples_.labels(), ids, samples_.dropped());
          policy_.on_batch(context);
        }
        samples_.mark_absent(tape_, present);
        return pass_on(samples_.masked(tape_, given), labels, present, at, share);
      }
    }
    return pass_on(given, labels, present, at, share);
  }

  template <int U, class X> auto encode(const X& x) {
    std::optional<frozen_statistics> frozen;
    if (phase_.only >= 0 && phase_.only != U) frozen.emplace(tape_);
    return modules_.model.template encode<U>(tape_, x);
  }
  template <class Inputs> auto encode_inputs(const Inputs& inputs) {
    static_assert(!(requirements.own_step && joint_model<Model>),
                  "ogm: a policy with own_step trains one encoder at a time, and this model encodes its modalities together. Use another "
                  "policy.");
    if constexpr (requirements.own_step && !joint_model<Model>) {  // each encoder's running statistics see a batch once: in its own pass
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return encoded<const typename Model::head_type&, decltype(encode<int(I)>(std::get<I>(inputs)))...>{
            {encode<int(I)>(std::get<I>(inputs))...}, modules_.model.head};
      }
      (std::make_index_sequence<std::size_t(modalities)>{});
    } else
      return encode_all(modules_.model, tape_, inputs);
  }
  template <class Inputs, class Present>
  step_result<modalities> pass_on(const Inputs& inputs, basic_view<space, const std::int32_t, dyn> labels, Present present,
                                  const modulation::progress& at, float share) {
    step_result<modalities> result;
    const auto clean = encode_inputs(inputs);
    const auto& head = clean.head;
    const auto features = edited(clean, labels, present, at, result);
    if constexpr (edits_gradients)
      each_modality([&]<int U>(std::integral_constant<int, U>) { features_[U] = as_rows(std::get<U>(features)); });
    const auto logits = std::apply([&](const auto&... z) { return head(tape_, z...); }, features);

    terms_.clear();
    terms_.push_back({"fused", nn::cross_entropy(tape_, logits, present[modalities], {.absent_labels = true}), 1, 0});
    if constexpr (requires { clean.add_losses(tape_, detail::anything{}); })
      clean.add_losses(tape_, [&](std::string_view name, const typename losses_type::scalar& value, float weight) {
        terms_.push_back({name, value, weight, 0});
      });
    if constexpr (adds_losses || requirements.own_step) {
      losses_type losses(at, tape_, Model::modality_names, present[modalities], terms_, report_);
      losses.set_logits(as_row_var(logits));
      each_modality([&]<int U>(std::integral_constant<int, U>) {
        losses.set_features(U, as_row_var(std::get<U>(features)));
        if constexpr (recorded_probe) {
          const auto o = std::apply(
              [&](const auto&... z) { return detail::recorded_probe<requirements.probe, U>(modules_, head, tape_, z...); }, features);
          losses.set_probe(U, as_row_var(o));
          probes_[U] = as_rows(o);
        }
      });
      if constexpr (adds_losses) policy_.loss(losses);
      if constexpr (requirements.own_step && !adds_losses) {
        static_assert(
            recorded_probe,
            "ogm: a policy with own_step and no loss() trains each modality on its probe. Set .probe in its needs, or write loss().");
        terms_.front().weight = 0;
        losses.for_each_probe([&](int u, const auto& o) {
          if (u == phase_.only) losses.add(losses.name(u), losses.cross_entropy(o));
        });
      }
    }
    // Scores before the gradients: what a head that is not recorded needs of the tape is taken from its inference side.
    const auto whole = measure(logits, present[modalities]);
    result.correct = whole.correct, result.samples = whole.rows;
    if constexpr (probing) score(head, features, inputs, present, result);
    result.loss = backward(share);
    if constexpr (requirements.per_sample_gradients) deviations_.find(tape_, modules_, gradients_, logits, long(Model::classes));
    return result;
  }

  static constexpr bool recorded_probe = requirements.probe == probe::split || requirements.probe == probe::self_head ||
                                         requirements.probe == probe::zero_feature || requirements.probe == probe::aux_head;

  template <class F> static void each_modality(const F& f) {
    [&]<int... U>(std::integer_sequence<int, U...>) { (f(std::integral_constant<int, U>{}), ...); }
    (std::make_integer_sequence<int, modalities>{});
  }

  /// on_features and on_feature_gradient. `present` loses the samples that a policy removes.
  template <class Encoded, class Present>
  auto edited(const Encoded& given, basic_view<space, const std::int32_t, dyn> labels, Present& present, const modulation::progress& at,
              step_result<modalities>& result) {
    const auto& clean = given.features;
    if constexpr (edits_features) {
      if constexpr (requirements.second_pass) {  // scores of the clean features
        static_assert(recorded_probe,
                      "ogm: a policy with second_pass scores clean features by a probe of the head. Set .probe in its needs.");
        score_features(given.head, clean, present, result);
      }
      feature_context context(at, result.scores, Model::modality_names, Model::widths, labels.count(), report_);
      policy_.on_features(context);
      if (!context.removed().empty())
        for (auto& p : present) p = samples_.without(tape_, p, context.removed());
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return std::tuple{tap<int(I)>(edited_rows<int(I)>(std::get<I>(clean), context), at)...};
      }
      (std::make_index_sequence<std::size_t(modalities)>{});
    } else {
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::tuple{tap<int(I)>(std::get<I>(clean), at)...}; }
      (std::make_index_sequence<std::size_t(modalities)>{});
    }
  }
  template <int U, class Z> auto edited_rows(const Z& z, const feature_context& context) {
    auto out = z;
    if (const auto f = context.forward_factors(U); !f.empty()) out = detail::scaled_rows(tape_, out, detail::upload<T>(tape_, f));
    if (const auto f = context.backward_factors(U); !f.empty()) {
      const T* factor = detail::upload<T>(tape_, f);
      out = detail::tapped(tape_, out, [this, factor](const auto& y) {
        const long batch = long(y.size(0));
        tape_.run(op::scale_rows<T>{y.gradient(), factor, y.gradient(), batch, long(y.count()) / std::max(1L, batch)});
      });
    }
    return out;
  }
  template <int U, class Z> auto tap(const Z& z, const modulation::progress& at) {
    if constexpr (taps_features)
      return detail::tapped(tape_, z, [this, &at](const auto& y) {
        const auto rows = as_rows(y);
        feature_gradient_context context{at, U, {y.gradient(), rows.shape()}, rows, tape_};
        policy_.on_feature_gradient(context);
      });
    else
      return z;
  }

  template <class Logits> nn::label_scores measure(const Logits& o, const basic_view<space, const std::int32_t, dyn>& labels) {
    return nn::softmax_scores(static_cast<inference<backend_type>&>(tape_), as_rows(o), labels);
  }
  template <class Head, class Features, class Present>
  void score_features(const Head& head, const Features& features, const Present& present, step_result<modalities>& result) {
    auto& quiet = static_cast<inference<backend_type>&>(tape_);
    each_modality([&]<int U>(std::integral_constant<int, U>) {
      const auto o = std::apply(
          [&](const auto&... z) { return detail::recorded_probe<requirements.probe, U>(modules_, head, quiet, z...); }, features);
      score_one<U>(o, present, result);
    });
  }
  template <int U, class Logits, class Present> void score_one(const Logits& o, const Present& present, step_result<modalities>& result) {
    auto& s = result.scores;
    const auto m = measure(o, present[U]);
    s.sums[U] = m.probability, s.losses[U] = m.cross_entropy, s.correct[U] = m.correct, s.present[U] = m.rows;
  }
  template <class Head, class Features, class Inputs, class Present>
  void score(const Head& head, const Features& features, const Inputs& inputs, const Present& present, step_result<modalities>& result) {
    if constexpr (recorded_probe) {
      if constexpr (adds_losses || requirements.own_step)
        each_modality([&]<int U>(std::integral_constant<int, U>) { score_one<U>(probes_[U], present, result); });
      else
        score_features(head, features, present, result);
    } else if constexpr (requirements.probe == probe::zero_input || requirements.probe == probe::shapley) {
      masked_.rewind();
      each_modality([&]<int U>(std::integral_constant<int, U>) {
        score_one<U>(detail::masked_probe<requirements.probe, U>(modules_.model, masked_, inputs), present, result);
      });
    }
  }

  /// Seeds every term with its weight and runs backward; before that, where they are kept apart, once a group.
  double backward(float share) {
    double total = 0;
    int groups = 1;
    for (const auto& t : terms_) total += double(t.weight) * double(tape_.read(t.value)), groups = std::max(groups, t.group + 1);
    const auto seed = [&](int group) {
      for (const auto& t : terms_) {
        if (t.weight == 0 || (group >= 0 && t.group != group)) continue;
        const T w = T(t.weight * share);
        space::copy_from_host(t.value.accumulate().data, &w, sizeof w);
      }
      tape_.run_backward();
    };
    if constexpr (requirements.per_loss_gradients) groups_.find(tape_, gradients_, offsets_, groups, seed);
    seed(-1);  // all of them together
    return total;
  }

  /// weight_snapshot: in the layout of the gradient store.
  struct snapshots {
    basic_tensor<space, T, dyn> initial, epoch;
  };
  // What a policy does not need is empty; of types of their own, so that they share an address.
  struct no_groups {};
  struct no_snapshots {};
  struct no_deviations {};

  trained_modules<Model, Policy> modules_;
  [[no_unique_address]] Policy policy_;
  gradient_store<backend_type> gradients_;
  optim::update_pass<backend_type, Optimiser> update_;
  ogm::tape<backend_type> tape_;
  inference<backend_type> masked_;
  std::vector<slot> slots_;
  std::vector<size_type> offsets_;
  modulation::phase phase_;
  modulation::report report_;
  std::vector<loss_term<backend_type>> terms_;
  std::array<any_logits, std::size_t(modalities)> features_, probes_;
  std::function<void(std::span<slot>)> observe_gradients_;
  detail::sample_masks<backend_type, modalities> samples_;
  [[no_unique_address]] std::conditional_t<requirements.per_loss_gradients, detail::group_gradients<backend_type>, no_groups> groups_;
  [[no_unique_address]] std::conditional_t<requirements.weight_snapshot, snapshots, no_snapshots> snapshots_;
  [[no_unique_address]] std::conditional_t<requirements.per_sample_gradients, detail::sample_deviations<backend_type>, no_deviations>
      deviations_;
};

}  // namespace ogm
