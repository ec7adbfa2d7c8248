#pragma once
// What a trained model is worth: fused, by each modality's probe, by modality alone with a fresh linear classifier, by Shapley value.

#include <ogm/data/loader.hpp>
#include <ogm/modulation/hooks.hpp>
#include <ogm/modulation/stages.hpp>
#include <ogm/nn/loss.hpp>
#include <ogm/optim/rules.hpp>
#include <ogm/optim/update_pass.hpp>
#include <ogm/train/metrics/accuracy.hpp>
#include <ogm/train/metrics/average_precision.hpp>
#include <ogm/train/metrics/confusion.hpp>
#include <ogm/train/metrics/shapley.hpp>
#include <ogm/train/probes.hpp>
#include <ogm/train/trained_modules.hpp>

namespace ogm {

/// The metrics of one set of predictions.
struct prediction_quality {
  double accuracy = 0, mean_average_precision = 0, macro_f1 = 0, loss = 0;
  std::vector<double> recall;  // by class
};

/// What evaluate() gives: the fused predictions, and what each modality's probe alone predicts.
struct evaluation {
  prediction_quality fused;
  std::vector<prediction_quality> modalities;
  size_type samples = 0;
};

namespace detail {

/// Collects predictions of one kind.
class quality_counter {
 public:
  explicit quality_counter(int classes) : precision_(classes), confusion_(classes) {}
  void add(const view<const float, dyn, dyn>& logits, std::span<const std::int32_t> labels) {
    accuracy_.add(logits, labels);
    precision_.add(logits, labels);
    confusion_.add(logits, labels);
    const size_type classes = logits.size(1);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const float* row = logits.data() + size_type(i) * classes;
      double top = row[0], sum = 0;
      for (size_type c = 1; c < classes; ++c) top = std::max(top, double(row[c]));
      for (size_type c = 0; c < classes; ++c) sum += std::exp(double(row[c]) - top);
      loss_ += std::log(sum) + top - double(row[labels[i]]);
    }
    samples_ += labels.size();
  }
  prediction_quality result() const {
    prediction_quality q{accuracy_.value(), precision_.value(), confusion_.macro_f1(), loss_ / double(samples_), {}};
    for (int c = 0; c < confusion_.classes(); ++c) q.recall.push_back(confusion_.recall(c));
    return q;
  }

 private:
  metrics::accuracy accuracy_;
  metrics::mean_average_precision precision_;
  metrics::confusion_matrix confusion_;
  double loss_ = 0;
  std::size_t samples_ = 0;
};

/// Logits of the backend's memory as floats on the host.
template <class Space, class T>
view<const float, dyn, dyn> to_host(const basic_view<Space, const T, dyn, dyn>& x, std::vector<float>& into) {
  std::vector<T> copy(std::size_t(x.count()));
  Space::copy_to_host(copy.data(), x.data(), copy.size() * sizeof(T));
  into.assign(copy.begin(), copy.end());
  return {into.data(), x.shape()};
}

template <class X> auto as_matrix(const X& x) {
  return basic_view<typename X::space, const typename X::value_type, dyn, dyn>(
      x.data(), extents<dyn, dyn>(x.rows(), x.rows() ? x.count() / x.rows() : 0));
}

/// The inputs of a batch in the backend's memory, as a tuple of views.
template <class Space, class Batch> auto staged_inputs(arena<Space>& memory, const Batch& batch) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto one = [&](const auto& x) {
      if constexpr (std::same_as<Space, memory::host>)
        return x;
      else {
        using V = std::remove_cvref_t<decltype(x)>;
        const auto bytes = std::size_t(x.count()) * sizeof(typename V::value_type);
        auto* to = static_cast<typename V::value_type*>(memory.take(bytes, memory::alignment));
        Space::copy_from_host(to, x.data(), bytes);
        return [&]<class S, class T, int... E>(const basic_view<S, T, E...>& v) { return basic_view<Space, T, E...>(to, v.shape()); }(x);
      }
    };
    return std::tuple{one(batch.template get<I>())...};
  }
  (std::make_index_sequence<Batch::traits::modalities>{});
}
template <class Space>
basic_view<Space, const std::int32_t, dyn> staged_labels(arena<Space>& memory, std::span<const std::int32_t> labels) {
  auto* to = static_cast<std::int32_t*>(memory.take(labels.size_bytes(), memory::alignment));
  Space::copy_from_host(to, labels.data(), labels.size_bytes());
  return {to, extents<dyn>(size_type(labels.size()))};
}

/// The kind of probe that an evaluation reads a modality by: the policy's where the head answers it, else the best that the head offers.
template <class Model, class Policy> constexpr probe evaluation_probe() {
  constexpr probe wanted = modulation::requirements_of<Policy>().probe;
  if constexpr (wanted == probe::split || wanted == probe::self_head || wanted == probe::zero_feature || wanted == probe::aux_head)
    return wanted;
  else
    return fusion::separable<typename Model::head_type> ? probe::split : probe::zero_feature;
}

/// f(inputs, host labels, staged memory) for every batch of a data set, in order.
template <class Space, class Data, class F> void for_each_batch(const Data& data, size_type batch, const F& f) {
  data::loader<Data> batches(data, {.batch = batch, .threads = 0, .shuffle = false});
  arena<Space> staging;
  while (const auto* b = batches.next()) {
    staging.rewind();
    f(staged_inputs(staging, *b), std::span<const std::int32_t>(b->labels));
  }
}

}  // namespace detail

/// Evaluates a model on a data set, in evaluation mode: fused and by modality.
template <class Model, class Policy, class Data>
evaluation evaluate(const trained_modules<Model, Policy>& modules, Policy& policy, const Data& data, size_type batch = 256,
                    const modulation::progress& at = {}) {
  using backend_type = typename Model::backend_type;
  using space = typename backend_type::space;
  using T = typename backend_type::value_type;
  constexpr probe kind = detail::evaluation_probe<Model, Policy>();
  constexpr std::size_t M = std::size_t(Model::modalities);
  using predict_context = modulation::predict_context<backend_type, Model::modalities>;

  inference<backend_type> tape;
  detail::quality_counter fused(Model::classes);
  std::vector<detail::quality_counter> single(M, detail::quality_counter(Model::classes));
  std::vector<float> host;
  evaluation result;
  detail::for_each_batch<space>(data, batch, [&](const auto& inputs, std::span<const std::int32_t> labels) {
    tape.rewind();
    const auto out = encode_all(modules.model, tape, inputs);
    std::array<basic_view<space, const T, dyn, dyn>, M> probes;
    const auto probe_of = [&]<int U>(std::integral_constant<int, U>) {
      return detail::as_matrix(
          std::apply([&](const auto&... z) { return detail::recorded_probe<kind, U>(modules, out.head, tape, z...); }, out.features));
    };
    [&]<std::size_t... U>(std::index_sequence<U...>) { ((probes[U] = probe_of(std::integral_constant<int, int(U)>{})), ...); }
    (std::make_index_sequence<M>{});
    const auto logits = detail::as_matrix(logits_of(tape, out));
    if constexpr (modulation::has_predict<Policy, predict_context>) {
      auto scores = tape.template make<T>(logits.shape());
      const long n = long(logits.count());
      tape.run(op::copy_block<T>{logits.data(), scores.data(), 1, n, n, n});
      predict_context context{at, logits, probes, scores, tape};
      policy.predict(context);
      fused.add(detail::to_host(detail::as_matrix(scores), host), labels);
    } else
      fused.add(detail::to_host(logits, host), labels);
    for (std::size_t u = 0; u < M; ++u) single[u].add(detail::to_host(probes[u], host), labels);
    result.samples += size_type(labels.size());
  });
  result.fused = fused.result();
  for (const auto& s : single) result.modalities.push_back(s.result());
  return result;
}

/// Shapley value of every modality for the accuracy of the fused prediction, the inputs of absent modalities 0.
///
/// Source     Wei et al., CVPR 2024, "Enhancing Multimodal Cooperation via Sample-level Modality Valuation"; BalanceBenchmark's metric
template <class Model, class Data> std::vector<double> shapley_of_accuracy(const Model& model, const Data& data, size_type batch = 256) {
  using backend_type = typename Model::backend_type;
  inference<backend_type> tape;
  metrics::shapley values(Model::modalities);
  std::vector<float> host;
  detail::for_each_batch<typename backend_type::space>(data, batch, [&](const auto& inputs, std::span<const std::int32_t> labels) {
    values.add(long(labels.size()), [&](metrics::modality_set subset) {
      tape.rewind();
      metrics::accuracy right;
      right.add(detail::to_host(detail::as_matrix(detail::masked_logits(model, tape, unsigned(subset), inputs)), host), labels);
      return double(right.correct());
    });
  });
  return values.values();
}

/// How a linear probe is trained.
struct linear_probe_options {
  int epochs = 40;
  size_type batch = 256;
  float lr = 1e-2f;
  float weight_decay = 0;
  std::uint64_t seed = 0;
};

namespace detail {
template <class Backend> struct feature_table {
  tensor<float, dyn, dyn> features{0, 0};
  std::vector<std::int32_t> labels;
};
template <int U, class Model, class Data> auto features_of(const Model& model, const Data& data, size_type batch) {
  using backend_type = typename Model::backend_type;
  inference<backend_type> tape;
  feature_table<backend_type> table;
  constexpr int width = Model::widths[std::size_t(U)];
  table.features = tensor<float, dyn, dyn>(data.size(), width);
  std::vector<float> host;
  size_type row = 0;
  for_each_batch<typename backend_type::space>(data, batch, [&](const auto& inputs, std::span<const std::int32_t> labels) {
    tape.rewind();
    const auto features = [&] {
      if constexpr (joint_model<Model>)
        return std::get<std::size_t(U)>(encode_all(model, tape, inputs).features);
      else
        return model.template encode<U>(tape, std::get<std::size_t(U)>(inputs));
    }();
    const auto z = to_host(as_matrix(features), host);
    std::copy(z.flat().begin(), z.flat().end(), table.features.data() + row * width);
    table.labels.insert(table.labels.end(), labels.begin(), labels.end());
    row += z.size(0);
  });
  return table;
}
}  // namespace detail

/// Accuracy on `test` of a fresh linear classifier trained on the frozen features of modality U: what the encoder is worth, whatever the
/// head makes of it. Features are standardised by the training data; Adam.
template <int U, class Model, class Data>
double linear_probe(const Model& model, const Data& train, const Data& test, const linear_probe_options& how = {}) {
  using probe_backend = backend::standard;
  constexpr int width = Model::widths[std::size_t(U)];
  auto seen = detail::features_of<U>(model, train, how.batch);
  auto unseen = detail::features_of<U>(model, test, how.batch);
  for (int c = 0; c < width; ++c) {
    double sum = 0, squares = 0;
    for (size_type i = 0; i < seen.features.size(0); ++i)
      sum += double(seen.features(i, c)), squares += double(seen.features(i, c)) * double(seen.features(i, c));
    const double n = double(seen.features.size(0)), mean = sum / n, deviation = std::sqrt(std::max(squares / n - mean * mean, 0.0)) + 1e-6;
    for (auto* f : {&seen.features, &unseen.features})
      for (size_type i = 0; i < f->size(0); ++i) (*f)(i, c) = float((double((*f)(i, c)) - mean) / deviation);
  }
  nn::linear<width, Model::classes, probe_backend> classifier;
  nn::initialise(classifier, how.seed);
  gradient_store<probe_backend> gradients(classifier);
  tape<probe_backend> t;
  t.bind(gradients);
  optim::update_pass<probe_backend, optim::adam> update({.weight_decay = how.weight_decay}, gradients.values().count());
  std::vector<std::int32_t> order;
  tensor<float, dyn, width> x(how.batch);
  tensor<std::int32_t, dyn> y(how.batch);
  const size_type n = seen.features.size(0);
  for (int epoch = 0; epoch < how.epochs; ++epoch) {
    data::shuffled_order(n, how.seed, std::uint32_t(epoch), order);
    const double rate = double(how.lr) * 0.5 * (1 + std::cos(3.14159265358979 * epoch / how.epochs));
    for (size_type first = 0; first < n; first += how.batch) {
      const size_type count = std::min(how.batch, n - first);
      for (size_type i = 0; i < count; ++i) {
        const auto from = order[std::size_t(first + i)];
        std::copy_n(seen.features.data() + size_type(from) * width, width, x.data() + i * width);
        y(i) = seen.labels[std::size_t(from)];
      }
      t.rewind();
      gradients.clear();
      const view<const float, dyn, width> xs(x.data(), extents<dyn, width>(count));
      t.backward(nn::cross_entropy(t, classifier(t, xs), view<const std::int32_t, dyn>(y.data(), extents<dyn>(count))));
      update.begin();
      for_each_parameter_quietly(
          classifier, [&](auto, auto& p) { update.add(p.value.data(), gradients.data(p), long(p.value.count()), long(p.offset), 0); });
      update.finish(t, rate, {}, 1, {});
    }
  }
  inference<probe_backend> quiet;
  const view<const float, dyn, width> all(unseen.features.data(), extents<dyn, width>(unseen.features.size(0)));
  metrics::accuracy right;
  right.add(detail::as_matrix(classifier(quiet, all)), unseen.labels);
  return right.value();
}

}  // namespace ogm
