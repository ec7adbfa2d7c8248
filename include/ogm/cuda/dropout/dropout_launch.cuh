#pragma once
// The launcher of random zeros: the only host code that knows its kernels.

#include <ogm/cuda/dropout/dropout_kernel.cuh>
#include <ogm/cuda/launch.cuh>

namespace ogm::cuda {

template <storage T, class Tuning> status launch_dropout(const op::dropout<T>& p, cudaStream_t stream) {
  const char* const who = "dropout";
  if (p.count < 0) return wrong_argument(who, "count", p.count, "0 or more");
  if (!(p.probability >= 0 && p.probability <= 1)) return wrong_argument(who, "probability", p.probability, "0 to 1");
  const auto shape = [&](long elements_a_thread) {
    const long a_block = Tuning::threads * elements_a_thread;
    return launch_shape{(p.count + a_block - 1) / a_block, Tuning::threads};
  };
  const kept_elements kept(p.probability, p.key);
  if (reinterpret_cast<std::uintptr_t>(p.x) % 16 == 0 && reinterpret_cast<std::uintptr_t>(p.y) % 16 == 0)
    return launch(who, shape(vector_width<T>), stream, dropout_of_vectors<T, Tuning>, p, kept);
  return launch(who, shape(4), stream, dropout_of_elements<T, Tuning>, p, kept);
}

}  // namespace ogm::cuda
