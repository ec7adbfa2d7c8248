#pragma once
// Modulation of gradients that are not ours: spans of floats grouped by modality, and each modality's logits, from any training loop.

#include <ogm/backend/eigen.hpp>
#include <ogm/modulation/combinators.hpp>

#include <string>

namespace ogm::modulation {

/// What a foreign training loop tells of itself, once.
struct foreign_options {
  std::uint64_t seed = 0;
  int epochs = 1;
};

/// Applies a policy to the gradients of another library's training loop: libtorch, a hand-written one.
///
/// modulator<2> balance{ogm_ge{.alpha = 0.8f}, {"audio", "visual"}};
/// each step: balance.observe(labels, {audio_logits, visual_logits}, classes); balance.apply(0, gradient, kind::conv) for every tensor;
/// balance.next_step(). Logits are (batch, classes), row-major; a label of -1 in a row leaves it out.
///
/// Needs      policies that work on scores and gradients: ogm, ogm_ge, gaussian_enhance, chains and windows of them, your own
///            on_gradients. A policy that adds losses or edits features cannot act here and is a compile error
/// Errors     shape_error where spans do not fit, value_error for a label out of range, for apply() before observe()
template <int M, policy Policy> class modulator {
  using backend_type = backend::eigen<float>;
  using context = gradient_step<backend_type, M>;
  static_assert(has_on_gradients<Policy, context>,
                "ogm: the policy has no on_gradients(), so it cannot act on foreign gradients. Choose one that has, such as ogm_ge.");
  static_assert(!has_loss<Policy, any_context> && !has_on_features<Policy, any_context> && !has_on_feature_gradient<Policy, any_context> &&
                    !has_plan<Policy, any_context>,
                "ogm: the policy adds losses or edits features, which a foreign training loop cannot give it. Train with ogm::trainer.");
  static_assert(!Policy::requirements.per_loss_gradients && !Policy::requirements.per_sample_gradients,
                "ogm: the policy needs gradients of single losses or samples, which a foreign training loop cannot give it. Train with "
                "ogm::trainer.");

 public:
  modulator(Policy p, std::array<std::string_view, std::size_t(M)> names, const foreign_options& options = {})
      : policy_(std::move(p)), options_(options) {
    for (std::size_t u = 0; u < names.size(); ++u) names_[u] = std::string(names[u]), views_[u] = names_[u];
    at_.seed = options.seed;
    at_.epochs = options.epochs;
  }
  modulator(const modulator&) = delete;
  modulator& operator=(const modulator&) = delete;

  void set_epoch(int epoch) { at_.epoch = epoch; }
  /// Goes on after a resume: the noise of step `n` is drawn next.
  void set_step(long n) { at_.step = n; }
  long step() const { return at_.step; }

  /// The scores of this step's batch.
  void observe(std::span<const std::int32_t> labels, const std::array<std::span<const float>, std::size_t(M)>& logits, int classes) {
    for (std::size_t u = 0; u < std::size_t(M); ++u) {
      if (classes < 1 || logits[u].size() != labels.size() * std::size_t(classes))
        throw shape_error("ogm: modality '" + names_[u] + "' was given " + std::to_string(logits[u].size()) + " logits for " +
                          std::to_string(labels.size()) + " labels and " + std::to_string(classes) + " classes.");
      double sum = 0, present = 0;
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] == -1) continue;
        if (labels[i] < 0 || labels[i] >= classes)
          throw value_error("ogm: label " + std::to_string(labels[i]) + " of sample " + std::to_string(i) + "; 0 to " +
                            std::to_string(classes - 1) + " expected.");
        const float* row = logits[u].data() + i * std::size_t(classes);
        double top = row[0], total = 0;
        for (int c = 1; c < classes; ++c) top = std::max(top, double(row[c]));
        for (int c = 0; c < classes; ++c) total += std::exp(double(row[c]) - top);
        sum += std::exp(double(row[labels[i]]) - top) / total;
        present += 1;
      }
      scores_.sums[u] = sum, scores_.present[u] = present;
    }
    observed_ = true;
    tensors_ = 0;
    report_.clear();
  }
  /// Modulates one gradient tensor of modality u in place. Call it for the tensors in the same order in every step: the order numbers
  /// their noise. `what` and `rank` are what selections look at: kind::conv or kind::dense, and the axes of the parameter.
  void apply(int u, std::span<float> gradient, kind what = kind::dense, int rank = 2) {
    if (u < 0 || u >= M) throw value_error("ogm: modality " + std::to_string(u) + " of " + std::to_string(M) + ".");
    if (!observed_) throw value_error("ogm: apply() before observe(): this step has no scores yet.");
    tape_.rewind();
    slot<backend_type> one{{u, role::encoder, what, rank}, tensors_++, size_type(gradient.size()), nullptr, gradient.data(), true};
    const std::size_t reported = report_.entries().size();
    context c(at_, scores_, views_, {&one, 1}, tape_, reported ? ignored_ : report_);
    policy_.on_gradients(c);
    if (one.scale * one.rate == 1 && one.noise == 0) return;
    op::segment<float> s{.value = nullptr,
                         .gradient = one.gradient,
                         .state = nullptr,
                         .count = long(one.count),
                         .stride = 0,
                         .scale = one.scale * one.rate,
                         .noise = one.noise,
                         .stream = random::stream_of(random::purpose::noise, one.id)};
    if (s.noise != 0) {
      float* deviation = tape_.scratch<float>(1);
      tape_.run(op::deviations<float>{{&s, 1}, deviation, tape_.scratch<double>(2 * op::deviations<float>::pieces(&s, 1))});
      s.deviation = deviation;
    }
    tape_.run(op::materialise<float>{{&s, 1}, {at_.seed, 0, std::uint32_t(at_.step)}});
    ignored_.clear();
  }
  /// Ends the step.
  void next_step() {
    ++at_.step;
    observed_ = false;
  }

  double score(int u) const { return scores_.sums[std::size_t(u)]; }
  const modulation::report& report() const { return report_; }
  Policy& policy() { return policy_; }

 private:
  Policy policy_;
  foreign_options options_;
  progress at_;
  batch_scores<M> scores_;
  std::array<std::string, std::size_t(M)> names_;
  std::array<std::string_view, std::size_t(M)> views_;
  inference<backend_type> tape_;
  modulation::report report_, ignored_;
  std::uint32_t tensors_ = 0;
  bool observed_ = false;
};
/// Deduces the number of modalities and the policy.
template <policy Policy, std::size_t M> modulator(Policy, const std::string_view (&)[M]) -> modulator<int(M), Policy>;
/// Deduces the number of modalities and the policy.
template <policy Policy, std::size_t M> modulator(Policy, const char* const (&)[M]) -> modulator<int(M), Policy>;
/// Deduces the number of modalities and the policy.
template <policy Policy, std::size_t M> modulator(Policy, const char* const (&)[M], foreign_options) -> modulator<int(M), Policy>;

}  // namespace ogm::modulation
