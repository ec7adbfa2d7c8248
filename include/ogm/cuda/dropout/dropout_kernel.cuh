#pragma once
// The kernels of random zeros: a thread the counters of a vector; and where arrays are not aligned, a thread a counter whose elements
// other lanes read and write.

#include <ogm/cuda/dropout/dropout.hpp>
#include <ogm/cuda/kept.cuh>

namespace ogm::cuda {

/// x and y begin on multiples of 16 bytes.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) dropout_of_vectors(op::dropout<T> p, kept_elements kept) {
  constexpr int width = vector_width<T>, a_block = Tuning::threads * width;
  const long begin = long(blockIdx.x) * a_block;
  const row_vectors<width> vectors{int(p.count - begin < a_block ? p.count - begin : a_block), 0};
  const int first = int(threadIdx.x) * width;
  float value[width], before[width] = {};
  load_row(p.x + begin, vectors, first, 0, value);
  if (p.add) load_row(p.y + begin, vectors, first, 0, before);
  OGM_UNROLL
  for (int i = 0; i < width; i += 4) {
    const unsigned keep = kept.of_counter(std::uint64_t(begin + first + i) / 4);
    OGM_UNROLL
    for (int j = 0; j < 4; ++j) value[i + j] = before[i + j] + (keep >> j & 1u ? value[i + j] * kept.share : 0);
  }
  store_row(p.y + begin, vectors, first, value);
}

/// x and y may begin anywhere. A warp has 128 elements, 32 at a time.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) dropout_of_elements(op::dropout<T> p, kept_elements kept) {
  const int lane = int(threadIdx.x) % warp_size;
  const long thread = long(blockIdx.x) * Tuning::threads + int(threadIdx.x), begin = 4 * (thread - lane);
  const unsigned own = kept.of_counter(std::uint64_t(thread));
  float value[4], before[4] = {};
  OGM_UNROLL
  for (int k = 0; k < 4; ++k) {
    const long i = begin + k * warp_size + lane;
    const unsigned keep = __shfl_sync(whole_warp, own, k * (warp_size / 4) + lane / 4);
    value[k] = 0;
    if (!OGM_BOUND(element_exists, i < p.count)) continue;
    if (keep >> lane % 4 & 1u) value[k] = to_float(p.x[i]) * kept.share;
    if (p.add) before[k] = to_float(p.y[i]);
  }
  OGM_UNROLL
  for (int k = 0; k < 4; ++k) {
    const long i = begin + k * warp_size + lane;
    if (OGM_BOUND(element_exists, i < p.count)) p.y[i] = from_float<T>(before[k] + value[k]);
  }
}

}  // namespace ogm::cuda
