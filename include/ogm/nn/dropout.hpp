#pragma once
// Dropout.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/dropout.hpp>

#include <string>

namespace ogm::nn {

namespace detail {
/// Throws where a probability is none; what() begins the sentence, up to the number.
template <class What> void require_probability(double probability, const What& what) {
  if (!(probability >= 0 && probability <= 1))
    throw value_error(what() + std::to_string(probability) + ": a number from 0 to 1 is needed.");
}
}  // namespace detail

/// Dropout: in training each element is 0 with `probability` and 1 / (1 - probability) times itself else; otherwise, and for a
/// probability of 0, the identity without a copy.
///
/// Shapes     x (...) -> (...)
/// Random     Philox by the tape's key and the element: the same on any number of threads, and forward and backward agree without a
///            stored mask
/// Errors     value_error where the probability is not in [0, 1]
/// Source     Srivastava et al., JMLR 2014, in the inverted form of PyTorch
struct dropout {
  double probability = 0.5;
  OGM_NO_FIELDS

  template <class Tape, class X> auto operator()(Tape& tape, const X& argument) const {
    detail::require_probability(probability, [] { return std::string("ogm: dropout was given the probability "); });
    const auto x = input(tape, argument);
    if constexpr (Tape::records)
      return drop(tape, x);
    else
      return x;
  }

 private:
  template <class Tape, class X> auto drop(Tape& tape, const X& x) const {
    using T = typename X::value_type;
    const bool active = tape.training() && probability > 0;
    const long count = x.count();
    if constexpr (is_var<X>)
      if (!active) return x;
    auto y = tape.template make<T>(x.shape());
    if (!active) {  // data, which has another type than the result
      tape.run(op::copy_block<T>{x.data(), y.data(), 1, count, count, count});
      return y;
    }
    const random::key key = tape.next_key();
    tape.run(op::dropout<T>{x.data(), y.data(), count, probability, key});
    if constexpr (is_var<X>)
      tape.record([=, p = probability](auto& t) {
        if (!y.reached()) return;
        const auto dx = x.accumulate();
        t.run(op::dropout<T>{y.gradient(), dx.data, count, p, key, dx.add()});
      });
    return y;
  }
};

}  // namespace ogm::nn
