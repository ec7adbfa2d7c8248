// Layer normalisation and its backward pass, in float, against a composition: cuDNN's batch normalisation of one sample whose channels are
// the rows, then the products and sums over columns that it has not. cuDNN's graph interface has a fused layer norm, which is not timed
// here.
#include <ogm/cuda/layer_norm/layer_norm_launch.cuh>

#include "device.cuh"

using namespace ogm::cuda;

namespace {

constexpr double epsilon = 1e-5;

/// What both passes have in common: a row's mean and deviation by batch normalisation of (1, rows, columns, 1).
struct composition {
  long rows, columns;
  bench::tensor all{CUDNN_DATA_FLOAT, 1, rows, columns, 1}, a_row{CUDNN_DATA_FLOAT, 1, rows, 1, 1},
      a_column{CUDNN_DATA_FLOAT, 1, 1, columns, 1};
  bench::array<float> ones{std::vector<float>(std::size_t(rows), 1.f)}, zeros{std::vector<float>(std::size_t(rows), 0.f)};
  bench::array<float> mean{rows}, inverse{rows}, normalised{rows * columns};
  bench::pointwise multiply{CUDNN_OP_TENSOR_MUL}, add{CUDNN_OP_TENSOR_ADD};

  void normalise(const bench::array<float>& x) const {
    const float one = 1, zero = 0;
    bench::check(cudnnBatchNormalizationForwardTraining(bench::library().dnn, CUDNN_BATCHNORM_SPATIAL, &one, &zero, all, x.data(), all,
                                                        normalised.data(), a_row, ones.data(), zeros.data(), 0, nullptr, nullptr, epsilon,
                                                        mean.data(), inverse.data()));
  }
};

void forward(benchmark::State& state, long rows, long columns) {
  const bench::array<float> x(rows * columns, 1), weight(columns, 2), bias(columns, 3), y(rows * columns), mean(rows), inverse(rows),
      theirs(rows * columns);
  const composition c{rows, columns};
  const auto ours = [&] {
    bench::check(launch_layer_norm_forward<float>(
        {x.data(), weight.data(), bias.data(), y.data(), mean.data(), inverse.data(), rows, columns, float(epsilon)}, nullptr));
  };
  const auto composed = [&] {
    c.normalise(x);
    c.multiply(c.all, c.normalised.data(), c.a_column, weight.data(), theirs.data());
    c.add(c.all, theirs.data(), c.a_column, bias.data(), theirs.data());
  };
  bench::in_turn(state, 4.0 * double(2 * rows * columns + 2 * columns + 2 * rows), bench::tolerance<float>, ours,
                 {{"cudnn", composed, [&] { return bench::apart(y, theirs); }}});
}

void backward(benchmark::State& state, long rows, long columns) {
  const bench::array<float> x(rows * columns, 1), weight(columns, 2), y(rows * columns), mean(rows), inverse(rows), dy(rows * columns, 4),
      dx(rows * columns), dweight(columns), dbias(columns), partial(layer_norm_workspace<float>(rows, columns) + 1);
  const bench::array<float> their_dx(rows * columns), their_dweight(columns), their_dbias(columns), product(rows * columns), dones(rows),
      dzeros(rows);
  const composition c{rows, columns};
  const bench::reduction sum(CUDNN_REDUCE_TENSOR_ADD, c.all, c.a_column);
  bench::check(launch_layer_norm_forward<float>(
      {x.data(), weight.data(), weight.data(), y.data(), mean.data(), inverse.data(), rows, columns, float(epsilon)}, nullptr));
  c.normalise(x);  // kept for the backward pass, as the sums that dweight needs are of it
  const auto ours = [&] {
    bench::check(launch_layer_norm_backward<float>({dy.data(), x.data(), weight.data(), mean.data(), inverse.data(), dx.data(),
                                                    dweight.data(), dbias.data(), partial.data(), rows, columns},
                                                   nullptr));
  };
  const auto composed = [&] {
    const float one = 1, zero = 0;
    sum(dy.data(), their_dbias.data());
    c.multiply(c.all, dy.data(), c.all, c.normalised.data(), product.data());
    sum(product.data(), their_dweight.data());
    c.multiply(c.all, dy.data(), c.a_column, weight.data(), product.data());
    bench::check(cudnnBatchNormalizationBackward(bench::library().dnn, CUDNN_BATCHNORM_SPATIAL, &one, &zero, &one, &zero, c.all, x.data(),
                                                 c.all, product.data(), c.all, their_dx.data(), c.a_row, c.ones.data(), dones.data(),
                                                 dzeros.data(), epsilon, c.mean.data(), c.inverse.data()));
  };
  bench::in_turn(state, 4.0 * double(3 * rows * columns + 3 * columns + 2 * rows), bench::tolerance<float>, ours,
                 {{"cudnn", composed, [&] {
                     return std::max({bench::apart(dx, their_dx), bench::apart(dweight, their_dweight), bench::apart(dbias, their_dbias)});
                   }}});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    for (const auto& [rows, columns] : {std::pair{640L, 512L}, {16384L, 512L}, {16384L, 2048L}, {4096L, 8192L}}) {
      const std::string name = "layer_norm/float/" + std::to_string(rows) + "x" + std::to_string(columns) + "/";
      bench::add(name + "forward", [=](benchmark::State& s) { forward(s, rows, columns); });
      bench::add(name + "backward", [=](benchmark::State& s) { backward(s, rows, columns); });
    }
  });
}
