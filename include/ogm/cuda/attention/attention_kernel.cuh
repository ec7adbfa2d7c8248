#pragma once
// All kernels of attention.

#include <ogm/cuda/attention/attention_one_query_kernel.cuh>
#include <ogm/cuda/attention/attention_tiles_kernel.cuh>

namespace ogm::cuda {

/// mean = the mean over heads; a thread an element.
template <class T, int Threads> __global__ void __launch_bounds__(Threads) attention_mean_of_heads(attention_mean_params<T> p) {
  const long i = long(blockIdx.x) * Threads + threadIdx.x;
  if (!OGM_BOUND(mean_is_there, i < p.batch * p.pairs)) return;
  const T* const weights = p.weights + i / p.pairs * p.heads * p.pairs + i % p.pairs;
  float sum = 0;
  for (long h = 0; h < p.heads; ++h) sum += to_float(weights[h * p.pairs]);
  p.mean[i] = from_float<T>(sum / float(p.heads));
}

}  // namespace ogm::cuda
