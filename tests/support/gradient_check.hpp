#pragma once
// Gradients of a layer against central differences, and what else holds for every layer.

#include <ogm/autograd/tape.hpp>
#include <ogm/nn/initialise.hpp>
#include <support/compare.hpp>
#include <support/eigen_products.hpp>

#include <catch2/catch.hpp>

#include <optional>
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
};

/// A forward with its model and inputs, their types forgotten: the checker is compiled once a backend, not once a layer and shape.
template <class Backend> struct subject {
  static_assert(std::same_as<typename Backend::value_type, double>, "ogm: central differences need a backend of doubles.");
  using space = typename Backend::space;
  using flat = basic_var<space, double, dyn>;
  struct numbers {  // of an input or a parameter
    std::string name;
    double* data;
    size_type count;
    std::size_t slot = 0, offset = 0;  // of a parameter in the gradient store
  };

  virtual ~subject() = default;
  /// Begins a step: the inputs as fresh variables of the tape.
  virtual std::vector<flat> variables(tape<Backend>& tape) = 0;
  /// Runs the forward once on those variables.
  virtual std::vector<flat> record(tape<Backend>& tape) = 0;
  virtual std::vector<doubles> infer(inference<Backend>& tape) = 0;

  std::vector<numbers> inputs, parameters;
};

template <class Backend, class Model, class Forward, class... Inputs> class typed_subject final : public subject<Backend> {
  using base = subject<Backend>;
  using typename base::flat;
  using typename base::space;

 public:
  typed_subject(Model& model, const Forward& forward, const Inputs&... inputs) : model_(model), forward_(forward), inputs_(inputs...) {
    std::apply(
        [&](auto&... x) {
          (this->inputs.push_back({"input " + std::to_string(this->inputs.size()), x.data(), x.count()}), ...);
        },
        inputs_);
    for_each_parameter(model, [&](auto, const std::string& name, auto& p) {
      this->parameters.push_back({"parameter " + name, p.value.data(), p.value.count(), p.slot, p.offset});
    });
  }
  std::vector<flat> variables(tape<Backend>& tape) override {
    variables_.emplace(std::apply([&](auto&... x) { return std::tuple{tape.variable(x)...}; }, inputs_));
    return flattened(*variables_);
  }
  std::vector<flat> record(tape<Backend>& tape) override {
    return flattened(std::apply([&](const auto&... x) { return tied(forward_(tape, std::as_const(model_), x...)); }, *variables_));
  }
  std::vector<doubles> infer(inference<Backend>& tape) override {
    std::vector<doubles> out;
    const auto outputs =
        std::apply([&](auto&... x) { return tied(forward_(tape, std::as_const(model_), as_view(std::as_const(x))...)); }, inputs_);
    std::apply([&](const auto&... y) { (out.push_back(read<space>(y.data(), y.count())), ...); }, outputs);
    return out;
  }

 private:
  static std::vector<flat> flattened(const auto& vars) {
    return std::apply([](const auto&... v) { return std::vector<flat>{v.as(extents<dyn>(v.count()))...}; }, vars);
  }

  Model& model_;
  const Forward& forward_;
  std::tuple<Inputs...> inputs_;  // copies: the differences change them
  std::optional<std::tuple<decltype(std::declval<tape<Backend>&>().variable(std::declval<Inputs&>()))...>> variables_;
};

template <class Backend> class checker {
  using space = typename Backend::space;

 public:
  checker(subject<Backend>& what, gradient_store<Backend>& store, const gradient_options& options)
      : what_(what), store_(store), options_(options) {
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
            return "the gradient of " + name(g) + " does not add up over two uses";
    }
    return differences(once);
  }

 private:
  const typename subject<Backend>::numbers& numbers_of(std::size_t g) const {
    return g < what_.inputs.size() ? what_.inputs[g] : what_.parameters[g - what_.inputs.size()];
  }
  const std::string& name(std::size_t g) const { return numbers_of(g).name; }
  void prepare(bool training) {
    tape_.rewind();
    tape_.set_training(training);
    tape_.set_random(12345, 6);
  }

  outcome differentiate(unsigned char garbage, int uses) {
    poison(tape_, garbage);
    const std::vector<unsigned char> bytes(store_.values().bytes(), garbage);
    space::copy_from_host(store_.values().data(), bytes.data(), bytes.size());
    store_.clear();
    prepare(options_.training);
    outcome out;
    const auto variables = what_.variables(tape_);
    for (int use = 0; use < uses; ++use) {
      std::size_t index = 0;
      for (const auto& y : what_.record(tape_)) {
        if (use == 0) out.outputs.push_back(read<space>(y.data(), y.count()));
        if (index == cotangents_.size()) cotangents_.push_back(numbers(std::size_t(y.count()), 1000 + index));
        const doubles& cotangent = cotangents_[index++];
        space::copy_from_host(y.accumulate().data, cotangent.data(), cotangent.size() * sizeof(double));
      }
    }
    tape_.run_backward();
    const auto keep = [&](bool reached, const double* g, size_type n) {
      out.gradients.push_back(reached ? read<space>(g, n) : doubles(std::size_t(n)));
    };
    for (const auto& v : variables) keep(v.reached(), v.gradient(), v.count());
    for (const auto& p : what_.parameters) keep(store_.reached(p.slot), store_.values().data() + p.offset, p.count);
    return out;
  }

  std::vector<doubles> recorded(bool training) {
    prepare(training);
    what_.variables(tape_);
    std::vector<doubles> out;
    for (const auto& y : what_.record(tape_)) out.push_back(read<space>(y.data(), y.count()));
    return out;
  }
  bool same_in_inference() {
    inference<Backend> plain;
    const auto seen = recorded(false), inferred = what_.infer(plain);
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (!same_bits(seen[i].data(), inferred[i].data(), seen[i].size())) return false;
    return true;
  }
  std::string unequal(const outcome& a, const outcome& b) const {
    for (std::size_t i = 0; i < a.outputs.size(); ++i)
      if (!same_bits(a.outputs[i].data(), b.outputs[i].data(), a.outputs[i].size())) return "output " + std::to_string(i);
    for (std::size_t i = 0; i < a.gradients.size(); ++i)
      if (!same_bits(a.gradients[i].data(), b.gradients[i].data(), a.gradients[i].size())) return "the gradient of " + name(i);
    return {};
  }

  std::string differences(const outcome& analytic) {
    for (std::size_t g = 0; g < analytic.gradients.size(); ++g) {
      const doubles& gradient = analytic.gradients[g];
      double* const at = numbers_of(g).data;
      const size_type n = numbers_of(g).count;
      const doubles values = read<space>(at, n);
      const auto set = [&](long i, double value) { space::copy_from_host(at + i, &value, sizeof value); };
      const long chosen = std::min<long>(n, options_.elements);
      for (long k = 0; k < chosen; ++k) {
        const long i = chosen > 1 ? k * (n - 1) / (chosen - 1) : 0;
        const double value = values[std::size_t(i)], step = options_.step * std::max(1.0, std::abs(value));
        set(i, value + step);
        const auto above = recorded(options_.training);
        set(i, value - step);
        const auto below = recorded(options_.training);
        set(i, value);
        double numeric = 0;
        for (std::size_t o = 0; o < above.size(); ++o)
          for (std::size_t j = 0; j < above[o].size(); ++j) numeric += cotangents_[o][j] * (above[o][j] - below[o][j]);
        numeric /= 2 * step;
        if (apart(numeric, gradient[std::size_t(i)], options_.tolerance))
          return "the gradient of " + name(g) + "[" + std::to_string(i) + "] is " + std::to_string(gradient[std::size_t(i)]) +
                 ", the difference quotient " + std::to_string(numeric);
      }
    }
    return {};
  }

  subject<Backend>& what_;
  gradient_store<Backend>& store_;
  gradient_options options_;
  std::vector<doubles> cotangents_;  // one an output
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
  gradient_store<Backend> store(model);
  detail::typed_subject<Backend, Model, Forward, Inputs...> what(model, forward, inputs...);
  return detail::checker<Backend>(what, store, options).problem();
}

/// Nothing, or what differs where the inputs are data: views, whose gradients nobody wants. Outputs and gradients of the parameters must
/// have the bits that they have with variables.
template <class Backend = backend::eigen<double>, class Model, class Forward, class... Inputs>
std::string data_problem(Model& model, const Forward& forward, const Inputs&... inputs) {
  using space = typename Backend::space;
  gradient_store<Backend> store(model);
  tape<Backend> t;
  t.bind(store);
  const auto numbers_of_a_step = [&](const auto& tied_inputs) {
    const auto outputs = std::apply([&](const auto&... x) { return detail::tied(forward(t, std::as_const(model), x...)); }, tied_inputs);
    std::vector<doubles> out;
    const auto seed = [&](const auto& y) {
      out.push_back(detail::read<space>(y.data(), y.count()));
      const doubles cotangent = numbers(std::size_t(y.count()), 1000 + out.size());
      space::copy_from_host(y.accumulate().data, cotangent.data(), cotangent.size() * sizeof(double));
    };
    std::apply([&](const auto&... y) { (seed(y), ...); }, outputs);
    t.run_backward();
    for_each_parameter_quietly(
        model, [&](auto, auto& p) { out.push_back(store.reached(p) ? detail::read<space>(store.data(p), p.value.count()) : doubles()); });
    return out;
  };
  const auto begin = [&] {
    t.rewind();
    t.set_random(12345, 6);
    store.clear();
  };
  begin();
  const auto variables = numbers_of_a_step(std::tuple{t.variable(inputs)...});
  begin();
  const auto data = numbers_of_a_step(std::tuple{as_view(inputs)...});
  for (std::size_t i = 0; i < variables.size(); ++i)
    if (variables[i].size() != data[i].size() || !same_bits(variables[i].data(), data[i].data(), data[i].size()))
      return "output or gradient " + std::to_string(i) + " has other bits where the input is data";
  return {};
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
