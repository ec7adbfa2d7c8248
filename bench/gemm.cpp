// The three products of a dense layer, y = x W^T, dW = dy^T x and dx = dy W, on each backend, and the layer itself forward and backward,
// against oneDNN's own sgemm on the same matrices. Axes: backend, product, rows of x, width in, width out, threads.
// Counters: GFLOP/s; of_peak, of the rate of fused multiply-adds of this run; of_sgemm, the time of the bare calls over ours.

#include <ogm/backend/eigen.hpp>
#include <ogm/nn/linear.hpp>
#ifdef OGM_WITH_ONEDNN
#include <ogm/backend/onednn.hpp>
#endif

#include <machine.hpp>

using namespace ogm;

namespace {
using matrix = tensor<float, dyn, dyn>;

matrix numbers(long rows, long columns, double step) {
  matrix m(rows, columns);
  for (long i = 0; i < rows * columns; ++i) m.data()[i] = float(std::sin(step * double(i % 10007)));
  return m;
}

/// c = op(a) op(b); everything is row-major without gaps.
op::gemm<float> product(const matrix& a, bool a_transposed, const matrix& b, bool b_transposed, matrix& c) {
  return {.a = a.data(),
          .b = b.data(),
          .c = c.data(),
          .rows = long(c.size(0)),
          .columns = long(c.size(1)),
          .inner = long(a_transposed ? a.size(0) : a.size(1)),
          .a_stride = long(a.size(1)),
          .b_stride = long(b.size(1)),
          .c_stride = long(c.size(1)),
          .a_transposed = a_transposed,
          .b_transposed = b_transposed};
}
bool right(const op::gemm<float>& g) {
  for (long i = 0; i < g.rows * g.columns; i += g.rows * g.columns / 500 | 1) {
    const long r = i / g.columns, c = i % g.columns;
    double sum = 0, size = 1;
    for (long k = 0; k < g.inner; ++k) {
      const double term = double(g.a[g.a_transposed ? k * g.a_stride + r : r * g.a_stride + k]) *
                          double(g.b[g.b_transposed ? c * g.b_stride + k : k * g.b_stride + c]);
      sum += term, size += std::abs(term);
    }
    if (!(std::abs(double(g.c[r * g.c_stride + c]) - sum) <= 1e-6 * size)) return false;
  }
  return true;
}

/// The bare call, on as many threads as it is given.
void sgemm([[maybe_unused]] const op::gemm<float>& g, [[maybe_unused]] int threads) {
#ifdef OGM_WITH_ONEDNN
  omp_set_num_threads(threads);
  backend::dnnl::check(dnnl_sgemm(g.a_transposed ? 'T' : 'N', g.b_transposed ? 'T' : 'N', g.rows, g.columns, g.inner, 1.f, g.a, g.a_stride,
                                  g.b, g.b_stride, g.add ? 1.f : 0.f, g.c, g.c_stride),
                       "sgemm");
#endif
}

void report(benchmark::State& state, const bench::duel& d, double flop, int threads) {
  state.counters["GFLOP/s"] = flop / d.ours * 1e-9;
  state.counters["of_peak"] = flop / d.ours / bench::peak(threads);
#ifdef OGM_WITH_ONEDNN
  state.counters["of_sgemm"] = d.reference / d.ours;
#endif
}
long repeats(double flop) { return std::max(1L, long(2e7 / flop)); }

enum class which { forward, weight, input };

template <class Backend> void one_product(benchmark::State& state, which what) {
  const long rows = state.range(0), in = state.range(1), out = state.range(2);
  const int threads = int(state.range(3));
  const use_threads pool(threads);
  Backend backend;
  const matrix x = numbers(rows, in, 0.7), w = numbers(out, in, 1.1), dy = numbers(rows, out, 0.3);
  matrix y(rows, out), dw(out, in), dx(rows, in);
  const auto g = what == which::forward  ? product(x, false, w, true, y)
                 : what == which::weight ? product(dy, true, x, false, dw)
                                         : product(dy, false, w, false, dx);
  backend.run(g);
  if (!right(g)) return state.SkipWithError("the product is not its reference");
  const double flop = 2.0 * double(rows) * double(in) * double(out);
  report(state,
         bench::in_turn(
             state, [&] { backend.run(g); }, [&] { sgemm(g, threads); }, repeats(flop)),
         flop, threads);
}

/// The layer on a tape, forward and backward, against the bare three products: what bias, tape and gradient store cost.
template <class Backend, int In, int Out> void layer(benchmark::State& state) {
  nn::linear<In, Out, Backend> net;
  const long rows = state.range(0);
  const int threads = int(state.range(1));
  const use_threads pool(threads);
  nn::initialise(net, 1);
  gradient_store<Backend> gradients(net);
  tape<Backend> t;
  t.bind(gradients);
  const matrix given = numbers(rows, In, 0.7), seed = numbers(rows, Out, 0.3), w = numbers(Out, In, 1.1);
  const basic_view<memory::host, const float, dyn, In> x(given.data(), extents<dyn, In>(size_type(rows)));
  tensor<float, dyn, In> x_gradient(rows);
  bool touched = false;
  matrix y(rows, Out), dw(Out, In), dx(rows, In);
  const auto ours = [&] {
    t.rewind();
    gradients.clear();
    touched = false;
    const auto out =
        net(t, basic_var<memory::host, float, dyn, In>({const_cast<float*>(x.data()), x.shape()}, x_gradient.data(), &touched));
    std::copy_n(seed.data(), rows * Out, out.accumulate().data);
    t.run_backward();
  };
  const auto bare = [&] {
    sgemm(product(given, false, w, true, y), threads);
    sgemm(product(seed, true, given, false, dw), threads);
    sgemm(product(seed, false, w, false, dx), threads);
  };
  const double flop = 6.0 * double(rows) * In * Out;
  report(state, bench::in_turn(state, ours, bare, repeats(flop)), flop, threads);
}

template <class Backend> void add(const std::string& backend) {
  const auto options = [](auto* b) { b->UseManualTime()->MinTime(0.05)->Unit(benchmark::kMicrosecond); };
  for (const auto& [what, name] :
       {std::pair{which::forward, "/y = x W^T"}, {which::weight, "/dW = dy^T x"}, {which::input, "/dx = dy W"}}) {
    auto* b = benchmark::RegisterBenchmark((backend + name).c_str(), [w = what](benchmark::State& s) { one_product<Backend>(s, w); });
    b->ArgNames({"rows", "in", "out", "threads"});
    for (const long rows : {64, 640})
      for (const auto& [in, out] : {std::pair<long, long>{512, 512}, {512, 2048}, {2048, 512}, {128, 64}, {512, 6}})
        for (const long threads : {1, 2}) b->Args({rows, in, out, threads});
    options(b);
  }
  const auto of_layer = [&](const char* name, auto* f) {
    options(benchmark::RegisterBenchmark((backend + name).c_str(), f)->ArgNames({"rows", "threads"})->ArgsProduct({{64, 640}, {1, 2}}));
  };
  of_layer("/linear<512, 512> forward and backward", layer<Backend, 512, 512>);
  of_layer("/linear<512, 2048> forward and backward", layer<Backend, 512, 2048>);
  of_layer("/linear<128, 64> forward and backward", layer<Backend, 128, 64>);
}
}  // namespace

int main(int argc, char** argv) {
#ifdef OGM_WITH_ONEDNN
  add<backend::onednn>("oneDNN");
#endif
  add<backend::eigen<float>>("Eigen");
  return bench::run(argc, argv, false);
}
