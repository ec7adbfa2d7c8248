// Element-wise expressions on a tape, forward and backward, against one pass over the same memory: as many arrays read and written,
// no arithmetic but a sum. Axes: expression, direction, elements of an array (64 KiB, 512 KiB, 4 MiB, 64 MiB), threads.
// Counters: bytes_per_second of the state; of_pass, the pass's time over the expression's (1: bound by memory alone).

#include <ogm/autograd/expression.hpp>
#include <ogm/backend/eigen.hpp>

#include <machine.hpp>

using namespace ogm;

namespace {
constexpr int columns = 512;
using B = backend::eigen<float>;
using array_type = tensor<float, dyn, columns>;
using var_type = basic_var<memory::host, float, dyn, columns>;
using row_type = basic_var<memory::host, float, columns>;

// Each is given as an expression of arrays (x and, with two operands, g) and a row b, and as a function of double numbers: the reference.
// clang-format off
struct relu_of_sum  { static constexpr int operands = 1; static auto of(auto x, auto, auto b) { return relu(x + b); }
                      static double at(double x, double, double b) { return std::max(x + b, 0.0); } };
struct sigmoid_of_x { static constexpr int operands = 1; static auto of(auto x, auto, auto) { return sigmoid(x); }
                      static double at(double x, double, double) { return 1 / (1 + std::exp(-x)); } };
struct tanh_of_x    { static constexpr int operands = 1; static auto of(auto x, auto, auto) { return tanh(x); }
                      static double at(double x, double, double) { return std::tanh(x); } };
struct exp_of_x     { static constexpr int operands = 1; static auto of(auto x, auto, auto) { return exp(x); }
                      static double at(double x, double, double) { return std::exp(x); } };
struct gelu_of_x    { static constexpr int operands = 1; static auto of(auto x, auto, auto) { return gelu(x); }
                      static double at(double x, double, double) { return x / 2 * std::erfc(-x * std::sqrt(0.5)); } };
struct scaled       { static constexpr int operands = 2; static auto of(auto x, auto g, auto b) { return x * g + b; }
                      static double at(double x, double g, double b) { return x * g + b; } };
struct gated        { static constexpr int operands = 2; static auto of(auto x, auto g, auto b) { return tanh(x) * g + b; }
                      static double at(double x, double g, double b) { return std::tanh(x) * g + b; } };
struct lstm_gate    { static constexpr int operands = 2; static auto of(auto x, auto g, auto) { return tanh(x) * sigmoid(g); }
                      static double at(double x, double g, double) { return std::tanh(x) / (1 + std::exp(-g)); } };
// clang-format on

/// An array with a gradient, of which handles are made.
struct leaf {
  array_type value, gradient;
  bool touched = false;
  explicit leaf(long rows, double step) : value(rows), gradient(rows) {
    constexpr long period = 10007;
    float* const p = value.data();
    for (long i = 0; i < long(value.count()); ++i) p[i] = i < period ? float(3 * std::sin(step * double(i))) : p[i - period];
  }
  var_type var() { return {value.view(), gradient.data(), &touched}; }
};

template <class E> struct problem {
  long rows;
  leaf x, g, dy;
  tensor<float, columns> b, db;
  bool b_touched = false;
  tape<B> t;

  explicit problem(long n) : rows(n), x(n, 0.7), g(E::operands > 1 ? n : 1, 1.3), dy(n, 0.3) {
    for (int c = 0; c < columns; ++c) b.data()[c] = float(std::cos(c));
  }
  long count() const { return rows * columns; }
  auto expression() { return E::of(x.var(), g.var(), row_type{b.view(), db.data(), &b_touched}); }
  /// Value and a place for its gradient, as a step of training makes them.
  auto forward() {
    t.rewind();
    return evaluate(t, expression());
  }
  void backward() {
    x.touched = g.touched = b_touched = false;
    t.run_backward();
  }

  /// The forward and the backward are those of the reference, at elements all over the array.
  bool right() {
    const auto y = forward();
    std::copy_n(dy.value.data(), count(), y.accumulate().data);
    backward();
    const auto apart = [](double got, double expected) { return !(std::abs(got - expected) <= 2e-5 * (1 + std::abs(expected))); };
    for (long i = 0; i < count(); i += count() / 1000 | 1) {
      const double at[]{double(x.value.data()[i]), E::operands > 1 ? double(g.value.data()[i]) : 0, double(b.data()[i % columns])};
      if (apart(double(y.data()[i]), E::at(at[0], at[1], at[2]))) return false;
      const double seed = double(dy.value.data()[i]), h = 1e-5;
      const auto slope = [&](double dx, double dg) {
        return seed * (E::at(at[0] + dx, at[1] + dg, at[2]) - E::at(at[0] - dx, at[1] - dg, at[2])) / (2 * h);
      };
      if (apart(double(x.gradient.data()[i]), slope(h, 0))) return false;
      if (E::operands > 1 && apart(double(g.gradient.data()[i]), slope(0, h))) return false;
    }
    return true;
  }
};

void report(benchmark::State& state, const bench::duel& d, long bytes) {
  state.counters["GB/s"] = double(bytes) / d.ours * 1e-9;
  state.counters["of_pass"] = d.reference / d.ours;
}
long repeats(long bytes) { return std::max(1L, 2000000 / bytes); }

template <class E> void forward(benchmark::State& state) {
  const int threads = int(state.range(1));
  const use_threads pool(threads);
  problem<E> p(state.range(0) / columns);
  if (!p.right()) return state.SkipWithError("the expression is not its reference");
  const long bytes = p.count() * long(sizeof(float)) * (E::operands + 1);
  const auto y = p.forward();
  const auto reference = [&] {
    if constexpr (E::operands == 1)
      bench::pass<1, 1>({p.x.value.data()}, {y.data()}, p.count(), threads);
    else
      bench::pass<2, 1>({p.x.value.data(), p.g.value.data()}, {y.data()}, p.count(), threads);
  };
  report(state,
         bench::in_turn(
             state, [&] { p.forward(); }, reference, repeats(bytes)),
         bytes);
}

template <class E> void backward(benchmark::State& state) {
  const int threads = int(state.range(1));
  const use_threads pool(threads);
  problem<E> p(state.range(0) / columns);
  if (!p.right()) return state.SkipWithError("the expression is not its reference");
  const long bytes = p.count() * long(sizeof(float)) * (2 * E::operands + 1);
  const auto y = p.forward();
  const float* dy = y.accumulate().data;
  const auto reference = [&] {
    if constexpr (E::operands == 1)
      bench::pass<2, 1>({p.x.value.data(), dy}, {p.x.gradient.data()}, p.count(), threads);
    else
      bench::pass<3, 2>({p.x.value.data(), p.g.value.data(), dy}, {p.x.gradient.data(), p.g.gradient.data()}, p.count(), threads);
  };
  const auto rewind = [&] { p.forward().accumulate(); };  // what a backward step takes of the tape is given back
  report(state,
         bench::in_turn(
             state, [&] { p.backward(); }, reference, repeats(bytes), rewind),
         bytes);
}

template <class E> void add(const std::string& name) {
  const auto sizes = [&](bool back, const std::vector<std::int64_t>& elements, double least) {
    benchmark::RegisterBenchmark((name + (back ? "/backward" : "/forward")).c_str(), back ? backward<E> : forward<E>)
        ->ArgNames({"elements", "threads"})
        ->ArgsProduct({elements, {1, 2}})
        ->UseManualTime()
        ->MinTime(least)
        ->Unit(benchmark::kMicrosecond);
  };
  for (const bool back : {false, true}) {
    sizes(back, {1 << 14, 1 << 17, 1 << 20}, 0.04);
    sizes(back, {1 << 24}, 0.25);  // a call takes milliseconds: the shortest of few would be no minimum
  }
}
}  // namespace

int main(int argc, char** argv) {
  add<relu_of_sum>("relu(x + b)");
  add<sigmoid_of_x>("sigmoid(x)");
  add<tanh_of_x>("tanh(x)");
  add<exp_of_x>("exp(x)");
  add<gelu_of_x>("gelu(x)");
  add<scaled>("x * g + b");
  add<gated>("tanh(x) * g + b");
  add<lstm_gate>("tanh(x) * sigmoid(g)");
  return bench::run(argc, argv, true);
}
