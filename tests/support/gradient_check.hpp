#pragma once
// Gradients of a layer against central differences, and what else holds for every layer.

#include <ogm/autograd/tape.hpp>
#include <ogm/backend/eigen.hpp>
#include <ogm/nn/initialise.hpp>
#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace ogm::test {

using doubles = std::vector<double>;

/// For functions, which hold no parameters.
struct no_model {
  OGM_NO_FIELDS
};

struct gradient_options {
  bool training = true;     // of the tape whose gradients are checked
  bool accumulates = true;  // false where two calls in one step differ by design, as those of dropout do
  double step = 1e-5;
  double tolerance = 1e-6;  // of apart()
  long elements = 150;      // of each tensor, evenly chosen, the first and the last among them
};

/// Numbers in +-scale that depend on `key` alone.
inline doubles numbers(std::size_t n, std::uint64_t key, double scale = 1) {
  doubles out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = scale * (2 * random::uniform_double({key, 77, 1}, i) - 1);
  return out;
}
/// A tensor of such numbers in the space of the backend.
template <class Backend = backend::eigen<double>, int... E>
auto numbers_like(const extents<E...>& shape, std::uint64_t key, double scale = 1) {
  using T = typename Backend::value_type;
  const doubles values = numbers(std::size_t(shape.count()), key, scale);
  const std::vector<T> converted(values.begin(), values.end());
  basic_tensor<typename Backend::space, T, E...> x(shape);
  Backend::space::copy_from_host(x.data(), converted.data(), x.bytes());
  return x;
}
/// Gives every parameter numbers in +-scale: also those that a layer begins with at 0 or 1.
template <class Model> void randomise(Model& model, std::uint64_t key, double scale = 1) {
  for_each_parameter_quietly(model, [&](auto, auto& p) {
    p.value = numbers_like<typename std::remove_cvref_t<decltype(p)>::backend>(p.value.shape(), key++, scale);
  });
}

namespace detail {
template <class Space> doubles read(const double* from, size_type n) {
  doubles out(static_cast<std::size_t>(n));
  if (n) Space::copy_to_host(out.data(), from, out.size() * sizeof(double));
  return out;
}
template <class X> auto tied(const X& x) { return std::tuple<X>(x); }
template <class... X> auto tied(const std::tuple<X...>& x) { return x; }

/// Fills all that a tape holds with `byte`: 0xff makes every number a NaN. What reads stale memory then shows.
template <class Tape> void poison(Tape& tape, unsigned char byte) {
  tape.rewind();
  const std::vector<unsigned char> garbage(memory::alignment, byte);
  for (const auto held = tape.capacity(); tape.capacity() == held;)
    Tape::space::copy_from_host(tape.template scratch<unsigned char>(memory::alignment), garbage.data(), garbage.size());
  tape.rewind();
}

/// Everything that one forward and backward gives, as numbers of the host.
struct outcome {
  std::vector<doubles> outputs, gradients;  // gradients: of the inputs, then of the parameters
  std::vector<std::string> names;           // of the gradients
};

template <class Backend, class Model, class Forward, class... Inputs> class checker {
  using space = typename Backend::space;
  static_assert(std::same_as<typename Backend::value_type, double>, "ogm: central differences need a backend of doubles.");

 public:
  checker(Model& model, const Forward& forward, const gradient_options& options, const Inputs&... inputs)
      : model_(model), forward_(forward), options_(options), inputs_(inputs...), store_(model) {
    tape_.bind(store_);
  }

  /// The first problem in words, or nothing.
  std::string problem() {
    const outcome once = differentiate(0xff, 1);
    for (const int threads : {1, 2, 4}) {
      const use_threads scope(threads);
      if (const auto p = unequal(once, differentiate(0x7e, 1)); !p.empty())
        return p + " depends on stale memory or on the threads (" + std::to_string(threads) + ")";
    }
    if (!same_in_inference()) return "inference gives other bits than the recorded forward";
    if (options_.accumulates) {
      const outcome twice = differentiate(0xff, 2);
      for (std::size_t g = 0; g < once.gradients.size(); ++g)
        for (std::size_t i = 0; i < once.gradients[g].size(); ++i)
          if (apart(2 * once.gradients[g][i], twice.gradients[g][i], 1e-9))
            return "the gradient of " + once.names[g] + " does not add up over two uses";
    }
    return differences(once);
  }

 private:
  template <class Tape> auto call(Tape& tape, const auto&... x) { return tied(forward_(tape, std::as_const(model_), x...)); }
  void prepare() {
    tape_.rewind();
    tape_.set_training(options_.training);
    tape_.set_random(12345, 6);
  }

  outcome differentiate(unsigned char garbage, int uses) {
    poison(tape_, garbage);
    const std::vector<unsigned char> bytes(store_.values().bytes(), garbage);
    space::copy_from_host(store_.values().data(), bytes.data(), bytes.size());
    store_.clear();
    prepare();
    outcome out;
    const auto variables = std::apply([&](auto&... x) { return std::tuple{tape_.variable(x)...}; }, inputs_);
    for (int use = 0; use < uses; ++use) {
      const auto outputs = std::apply([&](const auto&... x) { return call(tape_, x...); }, variables);
      std::size_t index = 0;
      const auto seed = [&](const auto& y) {
        if (use == 0) out.outputs.push_back(read<space>(y.data(), y.count()));
        if (index == cotangents_.size()) cotangents_.push_back(numbers(std::size_t(y.count()), 1000 + index));
        const doubles& cotangent = cotangents_[index++];
        const auto g = y.accumulate();
        space::copy_from_host(g.data, cotangent.data(), cotangent.size() * sizeof(double));
      };
      std::apply([&](const auto&... y) { (seed(y), ...); }, outputs);
    }
    tape_.run_backward();
    const auto keep = [&](const std::string& name, bool reached, const double* g, size_type n) {
      out.names.push_back(name);
      out.gradients.push_back(reached ? read<space>(g, n) : doubles(std::size_t(n)));
    };
    int index = 0;
    std::apply([&](const auto&... v) { (keep("input " + std::to_string(index++), v.reached(), v.gradient(), v.count()), ...); }, variables);
    for_each_parameter(model_, [&](auto, const std::string& name, auto& p) {
      keep("parameter " + name, store_.reached(p), store_.data(p), p.value.count());
    });
    return out;
  }

  std::vector<doubles> outputs_of(auto& tape) {
    std::vector<doubles> out;
    const auto outputs = std::apply([&](auto&... x) { return call(tape, as_view(std::as_const(x))...); }, inputs_);
    std::apply([&](const auto&... y) { (out.push_back(read<space>(y.data(), y.count())), ...); }, outputs);
    return out;
  }
  bool same_in_inference() {
    prepare();
    tape_.set_training(false);
    inference<Backend> plain;
    const auto recorded = outputs_of(tape_), inferred = outputs_of(plain);
    for (std::size_t i = 0; i < recorded.size(); ++i)
      if (!same_bits(recorded[i].data(), inferred[i].data(), recorded[i].size())) return false;
    return true;
  }
  static std::string unequal(const outcome& a, const outcome& b) {
    for (std::size_t i = 0; i < a.outputs.size(); ++i)
      if (!same_bits(a.outputs[i].data(), b.outputs[i].data(), a.outputs[i].size())) return "output " + std::to_string(i);
    for (std::size_t i = 0; i < a.gradients.size(); ++i)
      if (!same_bits(a.gradients[i].data(), b.gradients[i].data(), a.gradients[i].size())) return "the gradient of " + a.names[i];
    return {};
  }

  std::string differences(const outcome& analytic) {
    std::size_t g = 0;
    std::string found;
    const auto compare = [&](double* at, size_type n) {
      const doubles& gradient = analytic.gradients[g];
      const doubles values = read<space>(at, n);
      const auto set = [&](long i, double value) { space::copy_from_host(at + i, &value, sizeof value); };
      const long chosen = std::min<long>(n, options_.elements);
      for (long k = 0; k < chosen && found.empty(); ++k) {
        const long i = chosen > 1 ? k * (n - 1) / (chosen - 1) : 0;
        const double value = values[std::size_t(i)], step = options_.step * std::max(1.0, std::abs(value));
        set(i, value + step);
        const auto above = recorded();
        set(i, value - step);
        const auto below = recorded();
        set(i, value);
        double numeric = 0;
        for (std::size_t o = 0; o < above.size(); ++o)
          for (std::size_t j = 0; j < above[o].size(); ++j) numeric += cotangents_[o][j] * (above[o][j] - below[o][j]);
        numeric /= 2 * step;
        if (apart(numeric, gradient[std::size_t(i)], options_.tolerance))
          found = "the gradient of " + analytic.names[g] + "[" + std::to_string(i) + "] is " + std::to_string(gradient[std::size_t(i)]) +
                  ", the difference quotient " + std::to_string(numeric);
      }
      ++g;
    };
    std::apply([&](auto&... x) { (compare(x.data(), x.count()), ...); }, inputs_);
    for_each_parameter_quietly(model_, [&](auto, auto& p) { compare(p.value.data(), p.value.count()); });
    return found;
  }
  std::vector<doubles> recorded() {
    prepare();
    return outputs_of(tape_);
  }

  Model& model_;
  const Forward& forward_;
  gradient_options options_;
  std::tuple<Inputs...> inputs_;     // copies: the differences change them
  std::vector<doubles> cotangents_;  // one an output
  gradient_store<Backend> store_;
  tape<Backend> tape_;
};
}  // namespace detail

/// Nothing, or in words what is wrong with a forward and its backward: gradients of inputs and parameters against central differences (for
/// the sum of the outputs weighted by fixed numbers); the same bits on stale memory and on 1, 2 and 4 threads; the same bits in inference;
/// gradients that add up where a value is used twice.
///
/// forward(tape, model, input...) returns an array or a tuple of arrays. Inputs are tensors of doubles; what has no gradient (masks,
/// labels) is captured by `forward`.
template <class Backend = backend::eigen<double>, class Model, class Forward, class... Inputs>
std::string gradient_problem(Model& model, const Forward& forward, const gradient_options& options, const Inputs&... inputs) {
  return detail::checker<Backend, Model, Forward, Inputs...>(model, forward, options, inputs...).problem();
}

/// A test of a layer that is called as layer(tape, input...).
template <class Backend = backend::eigen<double>, class Layer, class... Inputs>
void check_layer(Layer& layer, const gradient_options& options, const Inputs&... inputs) {
  const auto forward = [](auto& tape, const auto& model, const auto&... x) { return model(tape, x...); };
  CHECK(gradient_problem<Backend>(layer, forward, options, inputs...) == "");
}
/// A test of a function of the tape and its inputs.
template <class Backend = backend::eigen<double>, class Function, class... Inputs>
void check_function(const Function& function, const gradient_options& options, const Inputs&... inputs) {
  no_model none;
  const auto forward = [&](auto& tape, const auto&, const auto&... x) { return function(tape, x...); };
  CHECK(gradient_problem<Backend>(none, forward, options, inputs...) == "");
}

}  // namespace ogm::test
