// Softmax, its logarithm and both backward passes against cudnnSoftmaxForward and cudnnSoftmaxBackward. Without masks, which cuDNN has not.
#include <ogm/cuda/softmax/softmax_launch.cuh>

#include "device.cuh"

using namespace ogm::cuda;

namespace {

template <class T> void forward(benchmark::State& state, long rows, long columns, bool logarithm) {
  const bench::array<T> x(rows * columns, 1), y(rows * columns), theirs(rows * columns);
  const bench::tensor shape(bench::dnn_type<T>, rows, columns, 1, 1);
  const softmax_forward_params<T> p{x.data(), y.data(), rows, columns};
  const auto ours = [&] { bench::check(logarithm ? launch_log_softmax_forward<T>(p, nullptr) : launch_softmax_forward<T>(p, nullptr)); };
  const auto cudnn = [&] {
    const float one = 1, zero = 0;
    bench::check(cudnnSoftmaxForward(bench::library().dnn, logarithm ? CUDNN_SOFTMAX_LOG : CUDNN_SOFTMAX_ACCURATE,
                                     CUDNN_SOFTMAX_MODE_INSTANCE, &one, shape, x.data(), &zero, shape, theirs.data()));
  };
  bench::in_turn(state, 2.0 * double(rows * columns) * sizeof(T), bench::tolerance<T>, ours,
                 {{"cudnn", cudnn, [&] { return bench::apart(y, theirs); }}});
}

template <class T> void backward(benchmark::State& state, long rows, long columns, bool logarithm) {
  const bench::array<T> x(rows * columns, 1), y(rows * columns), dy(rows * columns, 2), dx(rows * columns), theirs(rows * columns);
  const bench::tensor shape(bench::dnn_type<T>, rows, columns, 1, 1);
  const softmax_forward_params<T> p{x.data(), y.data(), rows, columns};
  bench::check(logarithm ? launch_log_softmax_forward<T>(p, nullptr) : launch_softmax_forward<T>(p, nullptr));
  const auto ours = [&] {
    bench::check(logarithm ? launch_log_softmax_backward<T>({y.data(), dy.data(), dx.data(), rows, columns}, nullptr)
                           : launch_softmax_backward<T>({y.data(), dy.data(), dx.data(), rows, columns}, nullptr));
  };
  const auto cudnn = [&] {
    const float one = 1, zero = 0;
    bench::check(cudnnSoftmaxBackward(bench::library().dnn, logarithm ? CUDNN_SOFTMAX_LOG : CUDNN_SOFTMAX_ACCURATE,
                                      CUDNN_SOFTMAX_MODE_INSTANCE, &one, shape, y.data(), shape, dy.data(), &zero, shape, theirs.data()));
  };
  bench::in_turn(state, 3.0 * double(rows * columns) * sizeof(T), bench::tolerance<T>, ours,
                 {{"cudnn", cudnn, [&] { return bench::apart(dx, theirs); }}});
}

template <class T> void add_type(const std::string& type) {
  for (const auto& [rows, columns] : {std::pair{64L, 42L}, {640L, 512L}, {16384L, 512L}, {16384L, 2048L}, {1024L, 32768L}})
    for (const bool logarithm : {false, true}) {
      const std::string name =
          (logarithm ? "log_softmax/" : "softmax/") + type + "/" + std::to_string(rows) + "x" + std::to_string(columns) + "/";
      bench::add(name + "forward", [=](benchmark::State& s) { forward<T>(s, rows, columns, logarithm); });
      bench::add(name + "backward", [=](benchmark::State& s) { backward<T>(s, rows, columns, logarithm); });
    }
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    add_type<float>("float");
    add_type<half>("half");
  });
}
