// Rows of length one and their backward pass, in float, against cuDNN's reductions and cuBLAS's products with a diagonal. No call of either
// divides by a vector: a kernel of this file makes the reciprocals of the lengths, which are few.
#include <ogm/cuda/l2_normalize/l2_normalize_launch.cuh>

#include "device.cuh"

using namespace ogm::cuda;

namespace {

__global__ void reciprocals(const float* x, float* y, int count) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) y[i] = 1 / fmaxf(x[i], 1e-12f);
}
void make_reciprocals(const bench::array<float>& x, const bench::array<float>& y, long count) {
  reciprocals<<<unsigned((count + 255) / 256), 256>>>(x.data(), y.data(), int(count));
  bench::check(cudaGetLastError());
}
/// y = x, each row times its factor. A row of ours is a column of cuBLAS.
void scale_rows(const float* x, const float* factor, float* y, long rows, long columns) {
  bench::check(cublasSdgmm(bench::library().blas, CUBLAS_SIDE_RIGHT, int(columns), int(rows), x, int(columns), factor, 1, y, int(columns)));
}

void forward(benchmark::State& state, long rows, long columns) {
  const bench::array<float> x(rows * columns, 1), y(rows * columns), norm(rows), theirs(rows * columns), their_norm(rows), inverse(rows);
  const bench::tensor from(CUDNN_DATA_FLOAT, rows, columns, 1, 1), to(CUDNN_DATA_FLOAT, rows, 1, 1, 1);
  const bench::reduction length(CUDNN_REDUCE_TENSOR_NORM2, from, to);
  const auto ours = [&] { bench::check(launch_l2_normalize_forward<float>({x.data(), y.data(), norm.data(), rows, columns}, nullptr)); };
  const auto composed = [&] {
    length(x.data(), their_norm.data());
    make_reciprocals(their_norm, inverse, rows);
    scale_rows(x.data(), inverse.data(), theirs.data(), rows, columns);
  };
  bench::in_turn(state, 4.0 * double(2 * rows * columns + rows), bench::tolerance<float>, ours,
                 {{"cudnn_cublas", composed, [&] { return bench::apart(y, theirs); }}});
}

void backward(benchmark::State& state, long rows, long columns) {
  const bench::array<float> x(rows * columns, 1), y(rows * columns), norm(rows), dy(rows * columns, 2), dx(rows * columns),
      product(rows * columns), inner(rows), inverse(rows), theirs(rows * columns);
  const bench::tensor from(CUDNN_DATA_FLOAT, rows, columns, 1, 1), to(CUDNN_DATA_FLOAT, rows, 1, 1, 1);
  const bench::reduction sum(CUDNN_REDUCE_TENSOR_ADD, from, to);
  const bench::pointwise multiply(CUDNN_OP_TENSOR_MUL);
  bench::check(launch_l2_normalize_forward<float>({x.data(), y.data(), norm.data(), rows, columns}, nullptr));
  const auto ours = [&] {
    bench::check(launch_l2_normalize_backward<float>({y.data(), norm.data(), dy.data(), dx.data(), rows, columns}, nullptr));
  };
  const auto composed = [&] {
    const float one = 1, minus = -1;
    const int count = int(columns), vectors = int(rows);
    multiply(from, y.data(), from, dy.data(), product.data());
    sum(product.data(), inner.data());
    scale_rows(y.data(), inner.data(), product.data(), rows, columns);
    bench::check(cublasSgeam(bench::library().blas, CUBLAS_OP_N, CUBLAS_OP_N, count, vectors, &one, dy.data(), count, &minus,
                             product.data(), count, product.data(), count));
    make_reciprocals(norm, inverse, rows);
    scale_rows(product.data(), inverse.data(), theirs.data(), rows, columns);
  };
  bench::in_turn(state, 4.0 * double(3 * rows * columns + rows), bench::tolerance<float>, ours,
                 {{"cudnn_cublas", composed, [&] { return bench::apart(dx, theirs); }}});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    for (const auto& [rows, columns] : {std::pair{640L, 512L}, {16384L, 512L}, {16384L, 2048L}}) {
      const std::string name = "l2_normalize/float/" + std::to_string(rows) + "x" + std::to_string(columns) + "/";
      bench::add(name + "forward", [=](benchmark::State& s) { forward(s, rows, columns); });
      bench::add(name + "backward", [=](benchmark::State& s) { backward(s, rows, columns); });
    }
  });
}
