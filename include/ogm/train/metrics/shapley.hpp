#pragma once
// Shapley values: what each modality contributes to a quantity that can be measured for every subset of them.

#include <ogm/core/error.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace ogm::metrics {

/// A set of modalities: bit m stands for modality m.
using modality_set = std::uint32_t;
inline constexpr int max_shapley_modalities = 16;

/// The Shapley values from the worth of every subset, worth[S] for the bitmask S.
///
///     phi_m = sum over S without m of |S|! (M - |S| - 1)! / M! * (v(S + m) - v(S))
///
/// Empty      NaN or infinity in -> NaN in every value that it enters
/// Errors     value_error where M is not in [1, 16] or worth does not have 2^M entries
/// Cost       M 2^(M-1) additions
/// Source     Shapley 1953
inline std::vector<double> shapley_values(int modalities, const std::vector<double>& worth) {
  if (modalities < 1 || modalities > max_shapley_modalities)
    throw value_error("ogm: Shapley values of " + std::to_string(modalities) + " modalities. From 1 to 16 are possible.");
  const auto subsets = modality_set(1) << modalities;
  if (worth.size() != subsets)
    throw value_error("ogm: Shapley values of " + std::to_string(modalities) + " modalities need the worth of " + std::to_string(subsets) +
                      " subsets, not of " + std::to_string(worth.size()) + ".");
  std::vector<double> weight(std::size_t(modalities), 0.0);  // by |S|: 1 / (M * binomial(M - 1, |S|))
  double binomial = 1;
  for (int s = 0; s < modalities; ++s) {
    weight[std::size_t(s)] = 1 / (modalities * binomial);
    binomial = binomial * (modalities - 1 - s) / (s + 1);
  }
  std::vector<double> phi(std::size_t(modalities), 0.0);
  for (int m = 0; m < modalities; ++m) {
    const modality_set own = modality_set(1) << m;
    for (modality_set s = 0; s < subsets; ++s)
      if (!(s & own)) phi[std::size_t(m)] += weight[std::size_t(std::popcount(s))] * (worth[s | own] - worth[s]);
  }
  return phi;
}

/// The same for a function that measures a subset; it is called once for each of the 2^M, the empty one first.
template <std::invocable<modality_set> Worth> std::vector<double> shapley_values(int modalities, Worth&& worth_of) {
  if (modalities < 1 || modalities > max_shapley_modalities) return shapley_values(modalities, std::vector<double>{});
  std::vector<double> worth;
  for (modality_set s = 0; s < modality_set(1) << modalities; ++s) worth.push_back(double(worth_of(s)));
  return shapley_values(modalities, worth);
}

/// Shapley values of a mean over samples, such as accuracy, batch by batch.
///
/// The worth of a subset is the mean over all samples seen; batches of unequal size count by their samples. For the usual
/// valuation of modalities, the sum is the number of right answers when the inputs outside the subset are zeroed (in
/// evaluation mode), and the empty subset is a forward pass like every other.
///
/// Empty      no sample -> NaN
/// Errors     value_error where M is not in [1, 16], or samples < 0
class shapley {
 public:
  explicit shapley(int modalities) : modalities_(modalities) {
    if (modalities < 1 || modalities > max_shapley_modalities)
      throw value_error("ogm: Shapley values of " + std::to_string(modalities) + " modalities. From 1 to 16 are possible.");
    reset();
  }

  /// sum_of(S): the sum of the measured quantity over this batch of `samples` with the modalities in S present.
  template <std::invocable<modality_set> SumOf> void add(long samples, SumOf&& sum_of) {
    if (samples < 0) throw value_error("ogm: a batch of " + std::to_string(samples) + " samples.");
    for (modality_set s = 0; s < sums_.size(); ++s) sums_[s] += double(sum_of(s));
    samples_ += samples;
  }
  void reset() {
    sums_.assign(std::size_t(1) << modalities_, 0.0);
    samples_ = 0;
  }

  int modalities() const { return modalities_; }
  long samples() const { return samples_; }
  /// v(S).
  double worth(modality_set s) const {
    if (s >= sums_.size()) throw value_error("ogm: subset " + std::to_string(s) + " of " + std::to_string(modalities_) + " modalities.");
    return samples_ ? sums_[s] / double(samples_) : std::numeric_limits<double>::quiet_NaN();
  }
  /// One value a modality; their sum is v(all) - v(none).
  std::vector<double> values() const {
    return shapley_values(modalities_, [this](modality_set s) { return worth(s); });
  }

 private:
  int modalities_;
  long samples_ = 0;
  std::vector<double> sums_;
};

}  // namespace ogm::metrics
