// The loss of every row and its gradient, in float, against cudnnSoftmaxForward (logarithm), cublasSdot with rows that are 1 at the label,
// and cudnnSoftmaxBackward. These rows are made beforehand, untimed: no call of either library looks up a label.
#include <ogm/cuda/cross_entropy/cross_entropy_launch.cuh>

#include "device.cuh"

using namespace ogm::cuda;

namespace {

void loss_and_gradient(benchmark::State& state, long rows, long columns) {
  std::vector<std::int32_t> host_labels;
  std::vector<float> chosen(std::size_t(rows * columns), 0.f);  // minus a row's share of the mean at its label
  for (long r = 0; r < rows; ++r) {
    host_labels.push_back(std::int32_t(r * 7 % columns));
    chosen[std::size_t(r * columns + host_labels.back())] = -1 / float(rows);
  }
  const bench::array<float> logits(rows * columns, 1), row_loss(rows), dlogits(rows * columns), loss(1), minus_chosen(chosen),
      logarithm(rows * columns), theirs(rows * columns), their_loss(1);
  const bench::array<std::int32_t> labels(host_labels);
  const bench::array<char> result(long(sizeof(cross_entropy_result)));
  cross_entropy_params<float> p{.logits = logits.data(),
                                .labels = labels.data(),
                                .rows = rows,
                                .columns = columns,
                                .row_loss = row_loss.data(),
                                .result = reinterpret_cast<cross_entropy_result*>(result.data())};
  p.dlogits = dlogits.data();
  p.loss = loss.data();
  const bench::tensor shape(CUDNN_DATA_FLOAT, rows, columns, 1, 1);
  const auto ours = [&] { bench::check(launch_cross_entropy<float>(p, nullptr)); };
  const auto composed = [&] {
    const float one = 1, zero = 0;
    bench::check(cudnnSoftmaxForward(bench::library().dnn, CUDNN_SOFTMAX_LOG, CUDNN_SOFTMAX_MODE_INSTANCE, &one, shape, logits.data(),
                                     &zero, shape, logarithm.data()));
    bench::check(cublasSetPointerMode(bench::library().blas, CUBLAS_POINTER_MODE_DEVICE));
    bench::check(cublasSdot(bench::library().blas, int(rows * columns), logarithm.data(), 1, minus_chosen.data(), 1, their_loss.data()));
    bench::check(cublasSetPointerMode(bench::library().blas, CUBLAS_POINTER_MODE_HOST));
    bench::check(cudnnSoftmaxBackward(bench::library().dnn, CUDNN_SOFTMAX_LOG, CUDNN_SOFTMAX_MODE_INSTANCE, &one, shape, logarithm.data(),
                                      shape, minus_chosen.data(), &zero, shape, theirs.data()));
  };
  bench::in_turn(state, 4.0 * double(2 * rows * columns + 2 * rows), bench::tolerance<float>, ours,
                 {{"cudnn_cublas", composed, [&] { return std::max(bench::apart(dlogits, theirs), bench::apart(loss, their_loss)); }}});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    for (const auto& [rows, columns] : {std::pair{64L, 42L}, {4096L, 512L}, {16384L, 1000L}, {1024L, 32768L}})
      bench::add("cross_entropy/float/" + std::to_string(rows) + "x" + std::to_string(columns),
                 [=](benchmark::State& s) { loss_and_gradient(s, rows, columns); });
  });
}
