#pragma once
// Losses, and what the logits say about the labels.

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/op/loss.hpp>

#include <type_traits>

namespace ogm::nn {

/// Mean or sum over rows.
enum class reduction { mean, sum };

/// How cross_entropy treats its rows. Made in place: cross_entropy(tape, logits, labels, {.label_smoothing = 0.1}).
template <memory::space Space, class T> struct cross_entropy_options {
  double label_smoothing = 0;
  bool absent_labels = false;  // a label of -1 is none: its row costs nothing and does not count; a mean over none is 0
  reduction over = reduction::mean;
  basic_view<Space, const T, dyn> class_weight{};   // (class); empty: 1
  basic_view<Space, const T, dyn> sample_weight{};  // (batch); empty: 1. Multiplies a row's loss; the divisor of a mean stays as it is
};

/// What label_scores says of a batch.
struct label_scores {
  double probability = 0;    // sum over rows of softmax(logits)[label]: S of a modality in OGM
  double cross_entropy = 0;  // sum over rows
  double correct = 0;        // rows whose label has the largest logit, of equals the first
  double rows = 0;           // with a label
};

namespace detail {
template <class Tape, class L> auto labels_of(Tape& tape, const L& labels) {
  static_assert(std::same_as<typename L::value_type, std::int32_t>, "ogm: labels are not std::int32_t. Convert them.");
  tape.template fail_unless_mine<L>();
  return basic_view<typename L::space, const std::int32_t, dyn>(labels.data(), extents<dyn>(labels.count()));
}
template <class X, class L> void check_labels(const char* who, const X& logits, const L& labels) {
  static_assert(X::rank >= 1, "ogm: logits need an axis of classes. Give a tensor (batch, class).");
  if (logits.rows() != labels.count())
    throw shape_error(std::string("ogm: ") + who + " was given logits of shape " + logits.shape().text() + " and " +
                      std::to_string(labels.count()) + " labels: one label a row is needed.");
}
template <class L> [[noreturn]] void throw_bad_label(const char* who, const L& labels, long row, size_type classes) {
  std::int32_t label = 0;
  L::space::copy_to_host(&label, labels.data() + row, sizeof label);
  throw value_error(std::string("ogm: ") + who + " was given label " + std::to_string(label) + " in row " + std::to_string(row) + ": " +
                    std::to_string(classes) + " classes are labelled 0 to " + std::to_string(classes - 1) + ".");
}
template <class W> void check_weights(const char* what, const W& weights, size_type count) {
  if (weights.data() && weights.count() != count)
    throw shape_error(std::string("ogm: cross_entropy was given ") + std::to_string(weights.count()) + " " + what + " weights where " +
                      std::to_string(count) + " are needed.");
}

template <class F, class Tape, class X, class Y>
auto pointwise_loss(const char* who, Tape& tape, const X& x, const Y& target, reduction over) {
  using T = typename X::value_type;
  if (x.count() != target.count())
    throw shape_error(std::string("ogm: ") + who + " was given tensors of shape " + x.shape().text() + " and " + target.shape().text() +
                      ".");
  auto loss = tape.template make<T>(extents<>{});  // ()
  const double scale = over == reduction::mean ? 1.0 / double(x.count()) : 1.0;
  tape.run(op::pointwise_loss_forward<F, T>{x.data(), target.data(), loss.data(), x.count(), scale});
  if constexpr (Tape::records)
    tape.record([=](auto& t) {
      if (!loss.reached()) return;
      const auto into = [&](const auto& v, bool of_target) {
        const auto d = v.accumulate();
        t.run(op::pointwise_loss_backward<F, T>{x.data(), target.data(), loss.gradient(), d.data, x.count(), scale, of_target, d.add()});
      };
      if constexpr (is_var<X>) into(x, false);
      if constexpr (is_var<Y>) into(target, true);
    });
  return loss;
}
}  // namespace detail

/// Cross-entropy of logits and class labels, -log softmax(logits)[label], with the semantics of PyTorch's.
///
/// Shapes     logits (..., class); labels, one std::int32_t a row, in the tape's memory -> ()
/// Options    label_smoothing s: (1 - s) of the label's cost and s / class of every class's; class_weight w: costs times w, and a mean
///            divides by the sum of w[label]
/// Numerics   the loss is summed in double; the same bits on any number of threads
/// Errors     shape_error; value_error names the row of a label that is no class, the label and the classes
/// Empty      the mean over no rows is NaN
template <class Tape, class X, class L>
auto cross_entropy(Tape& tape, const X& argument, const L& given_labels,
                   const cross_entropy_options<typename Tape::space, typename Tape::value_type>& options = {}) {
  using T = typename Tape::value_type;
  const auto logits = input(tape, argument);
  const auto labels = detail::labels_of(tape, given_labels);
  detail::check_labels("cross_entropy", logits, labels);
  const long rows = logits.rows(), classes = logits.size(decltype(logits)::rank - 1);
  detail::check_weights("class", options.class_weight, classes);
  detail::check_weights("sample", options.sample_weight, rows);
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    throw value_error("ogm: cross_entropy was given a label smoothing of " + std::to_string(options.label_smoothing) +
                      ": a number from 0 to 1 is needed.");
  const op::cross_entropy_terms<T> terms{.labels = labels.data(),
                                         .class_weight = options.class_weight.data(),
                                         .sample_weight = options.sample_weight.data(),
                                         .rows = rows,
                                         .columns = classes,
                                         .label_smoothing = options.label_smoothing,
                                         .mean = options.over == reduction::mean,
                                         .absent = options.absent_labels};
  auto loss = tape.template make<T>(extents<>{});  // ()
  T* const probability = tape.template scratch<T>(rows * classes);
  double* const divisor = tape.template scratch<double>(1);
  auto* const bad_row = tape.template scratch<std::int32_t>(1);
  tape.run(op::cross_entropy_forward<T>{terms, logits.data(), probability, loss.data(), divisor, bad_row});
  std::int32_t bad = -1;
  Tape::space::copy_to_host(&bad, bad_row, sizeof bad);
  if (bad >= 0) detail::throw_bad_label("cross_entropy", labels, bad, classes);
  if constexpr (Tape::records && is_var<std::remove_const_t<decltype(logits)>>)
    tape.record([=](auto& t) {
      if (!loss.reached()) return;
      const auto d = logits.accumulate();
      t.run(op::cross_entropy_backward<T>{terms, probability, divisor, loss.gradient(), d.data, d.add()});
    });
  return loss;
}

/// The sum of the labels' probabilities, of the cross-entropies, and the number of right predictions, in one pass and in double.
///
/// Shapes     logits (..., class); labels, one a row, -1 where a row has none: it is skipped; sample_weight (batch), or empty: 1,
/// multiplies
///            a row's probability and cross-entropy
/// Gradient   none
/// Errors     shape_error; value_error names the row of a label that is no class, the label and the classes
/// Source     Peng et al., "Balanced Multimodal Learning via On-the-fly Gradient Modulation", CVPR 2022, Eq. (8): S is `probability`
template <class Tape, class X, class L>
label_scores softmax_scores(Tape& tape, const X& argument, const L& given_labels,
                            const basic_view<typename Tape::space, const typename Tape::value_type, dyn>& sample_weight = {}) {
  using T = typename Tape::value_type;
  const auto logits = input(tape, argument);
  const auto labels = detail::labels_of(tape, given_labels);
  detail::check_labels("softmax_scores", logits, labels);
  const long rows = logits.rows(), classes = logits.size(decltype(logits)::rank - 1);
  if (sample_weight.data() && sample_weight.count() != rows)
    throw shape_error("ogm: softmax_scores was given " + std::to_string(sample_weight.count()) + " sample weights for " +
                      std::to_string(rows) + " rows.");
  double* const out = tape.template scratch<double>(5);
  tape.run(op::score_logits<T>{logits.data(), labels.data(), rows, classes, out, sample_weight.data()});
  double read[5];
  Tape::space::copy_to_host(read, out, sizeof read);
  if (read[4] >= 0) detail::throw_bad_label("softmax_scores", labels, long(read[4]), classes);
  return {read[0], read[1], read[2], read[3]};
}

/// Binary cross-entropy of sigmoid(logits) and targets in [0, 1], stable for large logits.
///
/// Shapes     logits and target of the same count -> ()
/// Numerics   computed and summed in double
/// Gradient   of both, where they are vars
/// Errors     shape_error names both shapes
template <class Tape, class X, class Y>
auto bce_with_logits(Tape& tape, const X& logits, const Y& target, reduction over = reduction::mean) {
  return detail::pointwise_loss<op::binary_cross_entropy>("bce_with_logits", tape, input(tape, logits), input(tape, target), over);
}

/// Mean squared error.
///
/// Shapes     x and target of the same count -> ()
/// Numerics   computed and summed in double
/// Gradient   of both, where they are vars
/// Errors     shape_error names both shapes
template <class Tape, class X, class Y> auto mse(Tape& tape, const X& x, const Y& target, reduction over = reduction::mean) {
  return detail::pointwise_loss<op::squared_error>("mse", tape, input(tape, x), input(tape, target), over);
}

}  // namespace ogm::nn
