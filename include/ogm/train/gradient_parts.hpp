#pragma once
// Parts of a step's gradient that policies ask for: of each group of losses alone, and how it deviates over the samples.

#include <ogm/autograd/gradient_store.hpp>
#include <ogm/autograd/tape.hpp>
#include <ogm/backend/op/rows.hpp>
#include <ogm/backend/op/update.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ogm::detail {

/// per_loss_gradients: the gradients of each group of losses alone, and where each slot's lie.
template <class Backend> class group_gradients {
 public:
  using T = typename Backend::value_type;
  using space = typename Backend::space;

  /// Runs backward(g) for every group g. `gradients` and the tape's vars are as before a backward pass afterwards.
  template <class Backward>
  void find(tape<Backend>& tape, gradient_store<Backend>& gradients, std::span<const size_type> offsets, int groups,
            const Backward& backward) {
    groups_ = std::size_t(groups);
    gradients_.resize(groups_);
    by_slot_and_group_.assign(offsets.size() * groups_, nullptr);
    const auto bytes = std::size_t(gradients.values().count()) * sizeof(T);
    for (std::size_t g = 0; g < groups_; ++g) {
      auto& kept = gradients_[g];
      if (kept.count() != gradients.values().count()) kept = basic_tensor<space, T, dyn>(gradients.values().count());
      tape.forget_gradients();
      gradients.clear();
      backward(int(g));
      space::copy(kept.data(), gradients.values().data(), bytes);
      for (std::size_t s = 0; s < offsets.size(); ++s)
        if (gradients.reached(s)) by_slot_and_group_[s * groups_ + g] = kept.data() + offsets[s];
    }
    tape.forget_gradients();
    gradients.clear();
  }
  std::size_t groups() const { return groups_; }
  /// Null where a group does not reach a slot.
  std::span<const T* const> by_slot_and_group() const { return by_slot_and_group_; }

 private:
  std::size_t groups_ = 0;
  std::vector<basic_tensor<space, T, dyn>> gradients_;
  std::vector<const T*> by_slot_and_group_;
};

/// per_sample_gradients: the deviation over samples of the gradient of a mean over the batch, element by element, divided by the root of
/// the batch: one backward pass a sample.
template <class Backend> class sample_deviations {
 public:
  using T = typename Backend::value_type;
  using space = typename Backend::space;

  /// From the gradient of `logits` (batch, classes) that a backward pass into `gradients` has left on the tape; the tape's vars hold the
  /// last sample's gradients afterwards.
  template <class Modules, class Logits>
  void find(tape<Backend>& tape, Modules& modules, gradient_store<Backend>& gradients, const Logits& logits, long classes) {
    const long batch = logits.rows(), n = long(gradients.values().count());
    if (!of_sample_) {
      of_sample_.emplace(modules);
      deviation_ = basic_tensor<space, T, dyn>(n);
      sum_ = deviation_;
    }
    T* of_batch = tape.template scratch<T>(batch * classes);
    tape.run(op::copy_block<T>{logits.gradient(), of_batch, 1, batch * classes, batch * classes, batch * classes});
    tape.run(op::fill<T>{deviation_.data(), n, T(0)});
    tape.run(op::fill<T>{sum_.data(), n, T(0)});
    tape.bind(*of_sample_);
    for (long i = 0; i < batch; ++i) {
      tape.forget_gradients();
      of_sample_->clear();
      tape.run(op::fill<T>{of_sample_->values().data(), n, T(0)});
      tape.run(op::fill<T>{logits.accumulate().data, batch * classes, T(0)});
      tape.run(op::copy_block<T>{of_batch + i * classes, logits.gradient() + i * classes, 1, classes, classes, classes, false, T(batch)});
      tape.run_backward();
      tape.run(op::add_moments<T>{of_sample_->values().data(), sum_.data(), deviation_.data(), n});
    }
    tape.bind(gradients);
    tape.run(op::deviation_of_mean<T>{sum_.data(), deviation_.data(), n, batch});
  }
  /// In the layout of the gradient store.
  const T* data() const { return deviation_.data(); }

 private:
  basic_tensor<space, T, dyn> deviation_, sum_;
  std::optional<gradient_store<Backend>> of_sample_;
};

}  // namespace ogm::detail
