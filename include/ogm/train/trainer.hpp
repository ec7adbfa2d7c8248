#pragma once
// The training loop: epochs, batches, schedules, observers, validation, checkpoints.

#include <ogm/optim/schedule.hpp>
#include <ogm/train/checkpoint.hpp>
#include <ogm/train/evaluation.hpp>
#include <ogm/train/observers/event.hpp>
#include <ogm/train/training_step.hpp>

#include <chrono>
#include <filesystem>
#include <memory>

namespace ogm {

/// Any schedule, chosen at run time.
class any_schedule {
 public:
  any_schedule() = default;
  template <optim::schedule S>
  requires(!std::same_as<std::remove_cvref_t<S>, any_schedule>) any_schedule(S s)
      : factor_([s](double epoch) { return s.factor(epoch); }) {}
  double factor(double epoch) const { return factor_ ? factor_(epoch) : 1; }

 private:
  std::function<double(double)> factor_;
};

/// How a model is trained on a data set: trainer.fit(train, {.epochs = 100, .batch = 64, .validate_on = test}).
template <class Data> struct basic_fit_options {
  /// A data set that outlives the call, or none.
  struct reference {
    const Data* data = nullptr;
    reference() = default;
    reference(const Data& d) : data(&d) {}
  };
  int epochs = 10;
  size_type batch = 64;
  reference validate_on{};
  any_schedule schedule{};  // of the learning rate, by epoch
  double clip_norm = std::numeric_limits<double>::infinity();
  int accumulate = 1;  // batches whose gradients are added before a step; modulation sees the sums
  bool drop_last = false;
  int loader_threads = 1;
  std::function<void(const data::item_key&, const typename Data::item&)> augment{};
  std::string checkpoint{};   // a file; empty: none
  long checkpoint_every = 0;  // steps; 0: at the end of each epoch
  bool resume = true;         // go on from the checkpoint where there is one; `epochs` may be more than before
  std::string best_model{};   // a file for the model of the epoch that is best on validate_on; empty: none
  size_type validation_batch = 256;
  int validate_every = 1;  // epochs; the last one always
};

template <class Data> using fit_options = basic_fit_options<std::remove_cvref_t<Data>>;

/// What fit() gives.
struct fit_result {
  evaluation last, best;  // on validate_on; best by fused accuracy, and it is chosen on that very data. Where a resumed run found nothing
                          // better than before, best has that accuracy only
  int best_epoch = 0;
  double train_loss = 0, train_accuracy = 0;
  double seconds = 0;
  long steps = 0;
};

/// Settings of a run that belong to no part of it.
struct trainer_options {
  std::uint64_t seed = 0;
  std::string title = "run";
  bool initialise = true;  // draw initial values from the seed; false: the model comes with its own
};

/// Trains a model of several modalities under a policy.
///
/// trainer run{model{}, modulation::ogm_ge{.alpha = 0.8f}, optim::sgd{.lr = 1e-3f, .momentum = 0.9f}};
/// run.observe(observers::progress{});
/// run.fit(train, {.epochs = 100, .batch = 64, .validate_on = test});
template <class Model, class Policy = modulation::none, optim::optimiser Optimiser = optim::sgd> class trainer {
 public:
  using step_type = training_step<Model, Policy, Optimiser>;
  using backend_type = typename Model::backend_type;
  using space = typename backend_type::space;
  static constexpr int modalities = Model::modalities;

  explicit trainer(Model model, Policy policy = {}, Optimiser optimiser = {}, const trainer_options& options = {})
      : options_(options), step_(std::move(model), std::move(policy), optimiser) {
    if (options.initialise) nn::initialise(step_.modules(), options.seed);
  }

  /// Adds observers. An lvalue is used where it is, an rvalue is kept.
  template <class... O> trainer& observe(O&&... observer) {
    (observers_.push_back(std::make_unique<observer_of<O>>(std::forward<O>(observer))), ...);
    return *this;
  }
  /// One step on one batch, for loops of one's own.
  template <class Inputs> step_result<modalities> step(const Inputs& inputs, basic_view<space, const std::int32_t, dyn> labels) {
    modulation::progress at{.epoch = 0, .epochs = 1, .step = steps_++, .seed = options_.seed, .learning_rate = step_.optimiser().lr};
    return step_.step(inputs, labels, at);
  }
  Model& model() { return step_.model(); }
  const Model& model() const { return step_.model(); }
  Policy& policy() { return step_.policy(); }
  step_type& engine() { return step_; }

  template <class Data> evaluation evaluate(const Data& data, size_type batch = 256) {
    return ogm::evaluate(step_.modules(), step_.policy(), data, batch);
  }

  /// Trains.
  ///
  /// Errors     shape_error for data of other shapes than the model's; value_error for options out of range, or others than those of the
  ///            checkpoint; data_error where the checkpoint cannot be read or written
  template <class Data> fit_result fit(const Data& train, const fit_options<std::type_identity_t<Data>>& how) {
    if (how.epochs < 0 || how.accumulate < 1 || how.validate_every < 1 || how.checkpoint_every < 0)
      throw value_error("ogm: fit with " + std::to_string(how.epochs) + " epochs, accumulate " + std::to_string(how.accumulate) +
                        ", validate_every " + std::to_string(how.validate_every) + ", checkpoint_every " +
                        std::to_string(how.checkpoint_every) + ".");
    constexpr auto needs = step_type::requirements;
    if ((needs.own_step || needs.per_loss_gradients || needs.per_sample_gradients) && how.accumulate != 1)
      throw value_error("ogm: accumulate = " + std::to_string(how.accumulate) +
                        " with a policy that has own_step, or that needs gradients of single losses or samples. Use 1.");
    if (train.size() == 0) throw value_error("ogm: fit on a data set without items.");
    return run<Data>(train, how);
  }

 private:
  struct any_observer {
    virtual ~any_observer() = default;
    virtual void begin(const observers::run_begin&) = 0;
    virtual void step(const observers::step_end&) = 0;
    virtual void epoch(const observers::epoch_end&) = 0;
    virtual void end(const observers::run_end&) = 0;
  };
  template <class O> struct observer_of final : any_observer {
    O observer;
    explicit observer_of(O&& o) : observer(std::forward<O>(o)) {}
    void begin(const observers::run_begin& e) override { notify(observer, e); }
    void step(const observers::step_end& e) override { notify(observer, e); }
    void epoch(const observers::epoch_end& e) override { notify(observer, e); }
    void end(const observers::run_end& e) override { notify(observer, e); }
  };
  using clock = std::chrono::steady_clock;
  static double since(clock::time_point t) { return std::chrono::duration<double>(clock::now() - t).count(); }

  template <class Data> fit_result run(const Data& train, const fit_options<Data>& how) {
    const auto began = clock::now();
    batch_ = how.batch;
    using augment_type = decltype(how.augment);
    const augment_type augment = how.augment ? how.augment : augment_type([](const data::item_key&, const typename Data::item&) {});
    data::loader<Data, augment_type> batches(
        train, {.batch = how.batch, .seed = options_.seed, .threads = how.loader_threads, .shuffle = true, .drop_last = how.drop_last},
        augment);
    const run_settings settings{.seed = options_.seed,
                                .items = train.size(),
                                .batch = how.batch,
                                .accumulate = how.accumulate,
                                .drop_last = how.drop_last,
                                .learning_rate = double(step_.optimiser().lr),
                                .clip_norm = how.clip_norm};
    run_state at{.settings = settings};
    start_epoch(at);
    setup(train, how);
    if constexpr (step_type::requirements.weight_snapshot)
      step_.take_snapshot(step_.initial_weights()), step_.take_snapshot(step_.epoch_weights());
    if (!how.checkpoint.empty() && how.resume && std::filesystem::exists(how.checkpoint))
      at = load_checkpoint(step_, how.checkpoint, settings);
    announce(how, long(batches.batches()));

    fit_result result;
    for (; at.epoch < how.epochs; ++at.epoch, at.phase = 0) {
      const auto epoch_began = clock::now();
      modulation::progress here = progress(at, how);
      if (at.phase == 0 && at.loader.position == 0) {
        if constexpr (step_type::requirements.weight_snapshot) step_.take_snapshot(step_.epoch_weights());
        epoch_hook<true>(here, train, how);
      }
      plan(here);
      for (; at.phase < int(phases_.size()); ++at.phase, at.loader.position = 0) {
        step_.phase() = phases_[std::size_t(at.phase)];
        at.loader.seed = options_.seed;
        at.loader.epoch = std::uint32_t(at.epoch) * std::uint32_t(phases_.size()) + std::uint32_t(at.phase);
        set_order(batches, train, here, at);
        batches.seek(at.loader);
        train_phase(batches, at, how);
      }
      result.train_loss = at.epoch_samples > 0 ? at.epoch_loss / at.epoch_samples : 0;
      result.train_accuracy = at.epoch_samples > 0 ? at.epoch_correct / at.epoch_samples : 0;
      metrics_.clear();
      metrics_.add("train/accuracy", "", result.train_accuracy);
      for (int u = 0; u < modalities && step_type::probing; ++u)
        if (const double n = at.epoch_present_by_modality[std::size_t(u)]; n > 0)
          metrics_.add("train/accuracy", Model::modality_names[std::size_t(u)], at.epoch_correct_by_modality[std::size_t(u)] / n);
      if (how.validate_on.data && ((at.epoch + 1) % how.validate_every == 0 || at.epoch + 1 == how.epochs))
        validate(*how.validate_on.data, how, at, result);
      epoch_hook<false>(here, train, how);
      collect(metrics_);
      for (auto& o : observers_)
        o->epoch({.epoch = at.epoch + 1, .train_loss = result.train_loss, .seconds = since(epoch_began), .scalars = scalars_});
      if (!how.checkpoint.empty()) {
        run_state next = at;
        next.epoch = at.epoch + 1;
        next.phase = 0;
        start_epoch(next);
        save_checkpoint(step_, next, how.checkpoint);
      }
      start_epoch(at);
    }
    if (how.validate_on.data && result.last.samples == 0) {  // resumed after the last epoch
      metrics_.clear();
      at.epoch = std::max(0, how.epochs - 1);
      validate(*how.validate_on.data, how, at, result);
    }
    if (at.best_epoch > 0 && result.best.samples == 0) result.best.fused.accuracy = at.best_accuracy;
    result.best_epoch = at.best_epoch;
    result.seconds = since(began);
    result.steps = at.step;
    collect(metrics_);
    for (auto& o : observers_) o->end({.seconds = result.seconds, .scalars = scalars_});
    return result;
  }

  static void start_epoch(run_state& at) {
    at.loader.position = 0;
    at.epoch_loss = at.epoch_correct = at.epoch_samples = 0;
    at.epoch_correct_by_modality.assign(std::size_t(modalities), 0);
    at.epoch_present_by_modality.assign(std::size_t(modalities), 0);
  }

  template <class Loader, class Options> void train_phase(Loader& batches, run_state& at, const Options& how) {
    const auto* batch = batches.next();
    while (batch) {
      const auto step_began = clock::now();
      const modulation::progress here = progress(at, how);
      step_.begin();
      step_result<modalities> total;
      const long left = long(batches.batches()) - long(batches.state().position) + 1;
      const int shares = int(std::min<long>(how.accumulate, left));
      for (int i = 0; i < shares && batch; ++i) {
        staging_.rewind();
        if constexpr (step_type::masks_samples) step_.set_sample_masks(masks_of(batch->ids, batches.state().position));
        const auto r = step_.accumulate(detail::staged_inputs(staging_, *batch), detail::staged_labels(staging_, batch->labels), here,
                                        1.f / float(shares), batch->ids, {how.clip_norm});
        total.loss += r.loss / shares;
        total.correct += r.correct, total.samples += r.samples;
        for (std::size_t u = 0; u < std::size_t(modalities); ++u) {
          total.scores.sums[u] += r.scores.sums[u], total.scores.present[u] += r.scores.present[u];
          total.scores.losses[u] += r.scores.losses[u], total.scores.correct[u] += r.scores.correct[u];
        }
        at.loader = batches.state();
        if (i + 1 < shares) batch = batches.next();
      }
      if constexpr (!step_type::requirements.own_step) step_.finish(total, here, {how.clip_norm});
      ++at.step;
      at.epoch_loss += total.loss * total.samples, at.epoch_correct += total.correct, at.epoch_samples += total.samples;
      for (std::size_t u = 0; u < std::size_t(modalities); ++u)
        at.epoch_correct_by_modality[u] += total.scores.correct[u], at.epoch_present_by_modality[u] += total.scores.present[u];
      if (!observers_.empty()) {
        collect(step_.report());
        const observers::step_end e{.step = at.step,
                                    .epoch = at.epoch + 1,
                                    .step_in_epoch = long(at.loader.position),
                                    .loss = total.loss,
                                    .learning_rate = here.learning_rate,
                                    .seconds = since(step_began),
                                    .scalars = scalars_};
        for (auto& o : observers_) o->step(e);
      }
      batch = batches.next();
      if (!how.checkpoint.empty() && how.checkpoint_every > 0 && at.step % how.checkpoint_every == 0 && batch)
        save_checkpoint(step_, at, how.checkpoint);
    }
  }

  template <class Options> modulation::progress progress(const run_state& at, const Options& how) const {
    return {.epoch = at.epoch,
            .epochs = how.epochs,
            .step = at.step,
            .seed = options_.seed,
            .learning_rate = step_.optimiser().lr * how.schedule.factor(at.epoch)};
  }
  template <class Data> void setup(const Data& train, const fit_options<Data>& how) {
    using context = modulation::setup_context<backend_type, modalities>;
    if constexpr (modulation::has_setup<Policy, context>) {
      context c{progress(run_state{}, how),
                Model::modality_names,
                Model::widths,
                Model::classes,
                train.size(),
                how.validate_on.data ? how.validate_on.data->size() : 0,
                step_.slots()};
      step_.policy().setup(c);
    }
  }
  void plan(const modulation::progress& here) {
    phases_.clear();
    modulation::plan_context<modalities> c{here, phases_};
    if constexpr (modulation::has_plan<Policy, modulation::plan_context<modalities>>) step_.policy().plan(c);
    if (phases_.empty()) phases_.push_back({});
  }
  /// sample(context): the epoch's items in the policy's order, and what it drops of them.
  template <class Loader, class Data>
  void set_order(Loader& batches, const Data& train, const modulation::progress& here, const run_state& at) {
    using context = modulation::sample_context<modalities>;
    if constexpr (modulation::has_sample<Policy, context>) {
      std::vector<std::int32_t> order;
      data::shuffled_order(train.size(), options_.seed, at.loader.epoch, order);
      std::vector<typename context::item> items;
      for (const auto i : order) items.push_back({i, 0});
      context c{here, items};
      step_.policy().sample(c);
      order.clear();
      item_masks_.clear();
      for (const auto& i : items) order.push_back(i.index), item_masks_.push_back(i.dropped);
      batches.set_order(order);
    } else
      (void)batches, (void)train, (void)here, (void)at;
  }
  /// What sample() dropped of the items of a batch; `position` counts it already.
  template <class Batches> std::span<const std::uint32_t> masks_of(const Batches& ids, size_type position) const {
    if (item_masks_.empty()) return {};
    return std::span<const std::uint32_t>(item_masks_).subspan(std::size_t((position - 1) * batch_), ids.size());
  }

  template <class Data> struct scan {
    trainer& self;
    const Data* train;
    const Data* validation;
    size_type batch;
    template <class F> void operator()(bool on_train, double fraction, const F& f) const {
      const Data* data = on_train ? train : validation;
      if (!data) throw value_error("ogm: the policy reads validation data and fit() was given none. Set .validate_on.");
      inference<backend_type> tape;
      size_type wanted = std::max<size_type>(1, size_type(fraction * double(data->size())));
      detail::for_each_batch<space>(*data, batch, [&](const auto& inputs, std::span<const std::int32_t> labels) {
        if (wanted <= 0) return;
        wanted -= size_type(labels.size());
        tape.rewind();
        const auto out = encode_all(self.model(), tape, inputs);
        std::array<basic_view<space, const typename backend_type::value_type, dyn, dyn>, std::size_t(modalities)> features;
        [&]<std::size_t... U>(std::index_sequence<U...>) { ((features[U] = detail::as_matrix(std::get<U>(out.features))), ...); }
        (std::make_index_sequence<std::size_t(modalities)>{});
        f(features, labels);
      });
    }
  };
  template <bool Begin, class Data> void epoch_hook(const modulation::progress& here, const Data& train, const fit_options<Data>& how) {
    const scan<Data> over{*this, &train, how.validate_on.data, how.validation_batch};
    inference<backend_type> quiet;
    using context = modulation::epoch_context<backend_type, modalities, scan<Data>>;
    context c{here, Model::modality_names, step_.slots(), metrics_.entries(), quiet, over, nullptr, nullptr, step_.offsets()};
    if constexpr (step_type::requirements.weight_snapshot)
      c.initial = step_.initial_weights().data(), c.epoch_start = step_.epoch_weights().data();
    if constexpr (Begin && modulation::has_on_epoch_begin<Policy, context>) step_.policy().on_epoch_begin(c);
    if constexpr (!Begin && modulation::has_on_epoch_end<Policy, context>) step_.policy().on_epoch_end(c);
  }
  template <class Data> void validate(const Data& data, const fit_options<Data>& how, run_state& at, fit_result& result) {
    result.last = ogm::evaluate(step_.modules(), step_.policy(), data, how.validation_batch, progress(at, how));
    if (at.best_epoch == 0 || result.last.fused.accuracy > at.best_accuracy) {
      result.best = result.last;
      at.best_epoch = at.epoch + 1, at.best_accuracy = result.last.fused.accuracy;
      if (!how.best_model.empty()) save_model(step_.model(), how.best_model);
    }
    metrics_.add("validation/loss", "", result.last.fused.loss);
    metrics_.add("validation/accuracy", "", result.last.fused.accuracy);
    metrics_.add("validation/mean_average_precision", "", result.last.fused.mean_average_precision);
    metrics_.add("validation/macro_f1", "", result.last.fused.macro_f1);
    for (int u = 0; u < modalities; ++u)
      metrics_.add("validation/accuracy", Model::modality_names[std::size_t(u)], result.last.modalities[std::size_t(u)].accuracy);
  }

  template <class Options> void announce(const Options& how, long steps) {
    observers::run_begin e{.title = options_.title,
                           .epochs = how.epochs,
                           .steps_per_epoch = (steps + how.accumulate - 1) / how.accumulate,
                           .modalities = {},
                           .protocol = {}};
    for (const auto name : Model::modality_names) e.modalities.emplace_back(name);
    e.protocol = {{"seed", std::to_string(options_.seed)},
                  {"epochs", std::to_string(how.epochs)},
                  {"batch", std::to_string(how.batch)},
                  {"accumulate", std::to_string(how.accumulate)},
                  {"learning rate", std::to_string(step_.optimiser().lr)},
                  {"augmented", how.augment ? "yes" : "no"},
                  {"parameters", std::to_string(parameter_count(step_.model()))}};
    for (auto& o : observers_) o->begin(e);
  }
  void collect(const modulation::report& from) {
    scalars_.clear();
    for (const auto& e : from.entries()) scalars_.push_back({e.name, e.value});
  }

  trainer_options options_;
  step_type step_;
  std::vector<std::unique_ptr<any_observer>> observers_;
  std::vector<observers::scalar> scalars_;
  std::vector<modulation::phase> phases_;
  std::vector<std::uint32_t> item_masks_;
  size_type batch_ = 0;
  modulation::report metrics_;
  arena<space> staging_;
  long steps_ = 0;
};

/// Deduces model, policy and optimiser.
template <class Model, class Policy, class Optimiser>
trainer(Model, Policy, Optimiser, trainer_options) -> trainer<Model, Policy, Optimiser>;
/// Deduces model, policy and optimiser.
template <class Model, class Policy, class Optimiser> trainer(Model, Policy, Optimiser) -> trainer<Model, Policy, Optimiser>;
/// Deduces model, policy and optimiser.
template <class Model, class Policy> trainer(Model, Policy) -> trainer<Model, Policy>;
/// Deduces model, policy and optimiser.
template <class Model> trainer(Model) -> trainer<Model>;

}  // namespace ogm
