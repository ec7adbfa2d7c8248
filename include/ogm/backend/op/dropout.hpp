#pragma once
// Random zeros, as plain data.

#include <ogm/backend/op/rows.hpp>
#include <ogm/core/random.hpp>

namespace ogm::op {

/// y[i] (=, or += where `add`) x[i] / (1 - probability) where random::uniform(key, i) >= probability, else 0. The backward pass is the
/// same operation on the gradients: the key says what was dropped. Without `add` y may be x.
template <class T> struct dropout {
  const T* x;  // (count)
  T* y;        // (count)
  long count;
  double probability;
  random::key key;
  bool add = false;
  void operator()() const {
    const T scale = T(probability < 1 ? 1 / (1 - probability) : 0);
    constexpr long each = 8192;  // elements a chunk, a multiple of the four that one counter gives
    parallel_for((count + each - 1) / each, [&](long k) {
      for (long i = k * each; i < std::min(count, (k + 1) * each); i += 4) {
        const auto counter = std::uint64_t(i) >> 2;
        const auto words = random::philox({std::uint32_t(counter), std::uint32_t(counter >> 32), key.stream, key.step}, key.seed);
        for (long j = 0; j < std::min(4L, count - i); ++j) {
          const double u = double(words.x[j] >> 8) * 0x1p-24;
          const T v = u >= probability ? T(x[i + j] * scale) : T(0);
          y[i + j] = add ? y[i + j] + v : v;
        }
      }
    });
  }
};

}  // namespace ogm::op
