#pragma once
// Which elements dropout keeps.

#include <ogm/core/platform.hpp>
#include <ogm/core/random.hpp>
#include <ogm/cuda/platform.hpp>

#include <cmath>
#include <cstdint>

namespace ogm::cuda {

/// What dropout makes of elements, as op::dropout does it on the host: each is multiplied by `share`, or becomes 0.
struct kept_elements {
  random::key key;
  std::uint32_t least;  // of 24 random bits, to be kept
  float share;

  __host__ __device__ kept_elements(double probability, const random::key& of)
      : key(of), least(std::uint32_t(ceil(probability * 0x1p24))), share(probability < 1 ? float(1 / (1 - probability)) : 0) {}

  /// Bit j: whether element 4 * counter + j is kept.
  __device__ unsigned of_counter(std::uint64_t counter) const {
    const random::block four = random::block_of(key, counter);
    unsigned bits = 0;
    OGM_UNROLL
    for (int j = 0; j < 4; ++j) bits |= unsigned(four.x[j] >> 8 >= least) << j;
    return bits;
  }
  /// What element i is multiplied by.
  __device__ float at(long i) const {
    if (least == 0) return 1;
    const random::block four = random::block_of(key, std::uint64_t(i) >> 2);
    const std::uint32_t low = i & 1 ? four.x[1] : four.x[0], high = i & 1 ? four.x[3] : four.x[2];  // indexed, they would be in memory
    return (i & 2 ? high : low) >> 8 >= least ? share : 0;
  }
};

}  // namespace ogm::cuda
