#pragma once
// One pass of an optimiser over a table of parameters: its state, and the modulation, noise and clipping fused into it.

#include <ogm/autograd/tape.hpp>
#include <ogm/backend/op/update.hpp>
#include <ogm/optim/rules.hpp>

#include <limits>
#include <span>

namespace ogm::optim {

/// Global gradient-norm clipping. Infinite: none.
struct clipping {
  double max_norm = std::numeric_limits<double>::infinity();
  bool on() const { return max_norm < std::numeric_limits<double>::infinity(); }
};

/// What an optimiser keeps for the parameters of one model, and its step.
template <class Backend, optimiser Optimiser> class update_pass {
 public:
  using T = typename Backend::value_type;
  using space = typename Backend::space;
  static constexpr int states = Optimiser::template rule<T>::states;

  /// `elements` of the gradient store: the state has the same layout, once for each state.
  update_pass(Optimiser o, size_type elements) : optimiser_(o), stride_(long(elements)), state_(size_type(states) * elements) {}

  const Optimiser& optimiser() const { return optimiser_; }
  long steps() const { return steps_; }
  void set_steps(long n) { steps_ = n; }
  basic_tensor<space, T, dyn>& state() { return state_; }
  const basic_tensor<space, T, dyn>& state() const { return state_; }

  void begin() { segments_.clear(); }
  /// Puts a parameter into the pass; `offset` of its gradient in the store.
  op::segment<T>& add(T* value, T* gradient, long count, long offset, std::uint32_t stream) {
    segments_.push_back(
        {.value = value, .gradient = gradient, .state = state_.data() + offset, .count = count, .stride = stride_, .stream = stream});
    return segments_.back();
  }
  /// Draws deviations, clips and updates everything that was added. Returns the norm of the modulated gradients where clipping is on, else
  /// 0.
  double finish(inference<Backend>& tape, double learning_rate, random::key noise, double gradient_scale, const clipping& clip) {
    ++steps_;
    const op::segment_table<T> all{segments_.data(), long(segments_.size())};
    find_deviations(tape);
    double norm = 0;
    if (clip.on()) {
      if (std::any_of(segments_.begin(), segments_.end(), [](const auto& s) { return s.noise != 0; })) {
        tape.run(op::materialise<T>{all, noise});
        for (auto& s : segments_) s.scale = 1, s.noise = 0;
      }
      norm = std::sqrt(sum_of_squares(tape, all)) * gradient_scale;
      gradient_scale *= std::min(1.0, clip.max_norm / (norm + 1e-6));  // PyTorch's clip_grad_norm_
    }
    const auto rule = optimiser_.template at<T>(learning_rate, steps_);
    tape.run(op::update<T, std::remove_const_t<decltype(rule)>>{all, rule, noise, gradient_scale});
    return norm;
  }
  /// Writes the modulated gradients back instead of updating: for those who look at them.
  void materialise(inference<Backend>& tape, random::key noise) {
    find_deviations(tape);
    tape.run(op::materialise<T>{{segments_.data(), long(segments_.size())}, noise});
  }

 private:
  double sum_of_squares(inference<Backend>& tape, const op::segment_table<T>& all) {
    auto* result = tape.template scratch<double>(1);
    auto* partial = tape.template scratch<double>(op::deviations<T>::pieces(all.segments, all.count));
    tape.run(op::sum_of_squares<T>{all, result, partial});
    return tape.read(basic_view<space, double>(result, extents<>{}));
  }
  /// One deviation for every parameter that draws noise and has none yet.
  void find_deviations(inference<Backend>& tape) {
    noisy_.clear();
    for (const auto& s : segments_)
      if (s.noise != 0 && !s.deviation) noisy_.push_back(s);
    if (noisy_.empty()) return;
    const long n = long(noisy_.size());
    T* result = tape.template scratch<T>(n);
    auto* partial = tape.template scratch<double>(2 * op::deviations<T>::pieces(noisy_.data(), n));
    tape.run(op::deviations<T>{{noisy_.data(), n}, result, partial});
    for (auto& s : segments_)
      if (s.noise != 0 && !s.deviation) s.deviation = result++;
  }

  Optimiser optimiser_;
  long stride_, steps_ = 0;
  basic_tensor<space, T, dyn> state_;
  std::vector<op::segment<T>> segments_, noisy_;
};

}  // namespace ogm::optim
