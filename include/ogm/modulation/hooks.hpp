#pragma once
// The hooks of a policy. All are optional; what a policy lacks is neither called nor compiled.

#include <ogm/modulation/needs.hpp>

namespace ogm::modulation {

// In the order of a run: setup; then each epoch on_epoch_begin, plan, sample; then each step on_batch, on_features, loss,
// on_feature_gradient, on_gradients, scale_update, after_step; then on_epoch_end. predict when the model is asked; report, save and load in
// between. Parameters are `auto&`, and the hooks that return nothing say `void`, so that looking for one does not instantiate its body.

/// setup(context): once before training.
template <class P, class C>
concept has_setup = requires(P& p, C& c) {
  p.setup(c);
};
/// on_epoch_begin(context): the epoch, last epoch's metrics, features over the data (PMR, relearning, InfoReg).
template <class P, class C>
concept has_on_epoch_begin = requires(P& p, C& c) {
  p.on_epoch_begin(c);
};
/// plan(context) -> modulation::phase_list: which modalities train, in how many passes (ReconBoost, G2D).
template <class P, class C>
concept has_plan = requires(P& p, C& c) {
  p.plan(c);
};
/// sample(context): order, repeats and presence of the epoch's samples (valuation).
template <class P, class C>
concept has_sample = requires(P& p, C& c) {
  p.sample(c);
};
/// on_batch(context): presence masks and weights of the samples of a batch (modality dropout).
template <class P, class C>
concept has_on_batch = requires(P& p, C& c) {
  p.on_batch(c);
};
/// on_features(context): features before fusion, kept rows (OPM, AMCo).
template <class P, class C>
concept has_on_features = requires(P& p, C& c) {
  p.on_features(c);
};
/// loss(losses): terms beside the fused loss and their weights (uniform, G-Blend, MMPareto).
template <class P, class C>
concept has_loss = requires(P& p, C& c) {
  p.loss(c);
};
/// on_feature_gradient(context): dL/dz_u on its way back (AGM, ARL).
template <class P, class C>
concept has_on_feature_gradient = requires(P& p, C& c) {
  p.on_feature_gradient(c);
};
/// on_gradients(step): gradients, grouped by modality (OGM, MMPareto, MLA).
template <class P, class C>
concept has_on_gradients = requires(P& p, C& c) {
  p.on_gradients(c);
};
/// scale_update(step): factors of the optimiser's step (MSLR, OGM under Adam).
template <class P, class C>
concept has_scale_update = requires(P& p, C& c) {
  p.scale_update(c);
};
/// after_step(step): running means (AGM, CGGM).
template <class P, class C>
concept has_after_step = requires(P& p, C& c) {
  p.after_step(c);
};
/// on_epoch_end(context): metrics; weights may be edited (relearning).
template <class P, class C>
concept has_on_epoch_end = requires(P& p, C& c) {
  p.on_epoch_end(c);
};
/// predict(context): the scores of the model from its logits and probes (MLA, ReconBoost).
template <class P, class C>
concept has_predict = requires(P& p, C& c) {
  p.predict(c);
};
/// save(archive) and load(archive): what a resumed run needs.
template <class P, class C>
concept has_save = requires(const P& p, C& c) {
  p.save(c);
};
template <class P, class C>
concept has_load = requires(P& p, C& c) {
  p.load(c);
};

/// Stands for any context when a policy is only looked through for hooks.
struct any_context {
  static constexpr int modalities = 2;
};

template <class P>
concept has_any_hook = has_setup<P, any_context> || has_on_epoch_begin<P, any_context> || has_plan<P, any_context> ||
    has_sample<P, any_context> || has_on_batch<P, any_context> || has_on_features<P, any_context> || has_loss<P, any_context> ||
    has_on_feature_gradient<P, any_context> || has_on_gradients<P, any_context> || has_scale_update<P, any_context> ||
    has_after_step<P, any_context> || has_on_epoch_end<P, any_context> || has_predict<P, any_context>;

/// Names that people write for a hook and that no one would ever call: one of them is a typo even beside hooks that are right.
template <class P>
concept has_misspelt_hook = requires(P& p, any_context& c) {
  p.on_gradient(c);
}
|| requires(P& p, any_context& c) { p.on_grads(c); }
|| requires(P& p, any_context& c) { p.on_gradiants(c); }
|| requires(P& p, any_context& c) { p.on_grad(c); }
|| requires(P& p, any_context& c) { p.on_feature(c); }
|| requires(P& p, any_context& c) { p.on_feature_grad(c); }
|| requires(P& p, any_context& c) { p.on_feature_gradients(c); }
|| requires(P& p, any_context& c) { p.on_batches(c); }
|| requires(P& p, any_context& c) { p.on_epoch_start(c); }
|| requires(P& p, any_context& c) { p.on_epoch(c); }
|| requires(P& p, any_context& c) { p.on_step(c); }
|| requires(P& p, any_context& c) { p.on_step_end(c); }
|| requires(P& p, any_context& c) { p.on_loss(c); }
|| requires(P& p, any_context& c) { p.losses(c); }
|| requires(P& p, any_context& c) { p.on_setup(c); }
|| requires(P& p, any_context& c) { p.on_predict(c); };

}  // namespace ogm::modulation
