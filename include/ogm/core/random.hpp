#pragma once
// Counter-based random numbers: a number is a function of (seed, stream, step, element), so it is the same on any number of threads, after
// a resume, and on a GPU.

#include <ogm/core/math.hpp>

#include <cstdint>

namespace ogm::random {

/// Four words at a time of Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
struct block {
  std::uint32_t x[4];
};

namespace detail {
inline constexpr std::uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;
}  // namespace detail

OGM_HD constexpr block philox(block c, std::uint64_t key) {
  auto k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t(detail::multiplier_0) * c.x[0], b = std::uint64_t(detail::multiplier_1) * c.x[2];
    c = {{std::uint32_t(b >> 32) ^ c.x[1] ^ k0, std::uint32_t(b), std::uint32_t(a >> 32) ^ c.x[3] ^ k1, std::uint32_t(a)}};
    k0 += detail::weyl_0;
    k1 += detail::weyl_1;
  }
  return c;
}

/// What one draw belongs to. `stream` tells parameters, layers or purposes of one step apart.
struct key {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  std::uint32_t step = 0;
};

/// The purposes that share one seed, as the upper byte of a stream: two of them never draw the same numbers.
enum class purpose : std::uint32_t {
  initialise = 1u << 24,
  noise = 2u << 24,
  dropout = 3u << 24,
  shuffle = 4u << 24,
  augment = 5u << 24,
  policy = 6u << 24,
  negative = 7u << 24  // which wrong partner an item is shown with
};
constexpr std::uint32_t stream_of(purpose p, std::uint64_t index) { return std::uint32_t(p) | std::uint32_t(index & 0xffffffu); }

OGM_HD constexpr block block_of(const key& k, std::uint64_t i) {
  return philox({std::uint32_t(i), std::uint32_t(i >> 32), k.stream, k.step}, k.seed);
}
OGM_HD constexpr std::uint32_t word(const key& k, std::uint64_t i) { return block_of(k, i >> 2).x[i & 3]; }

namespace detail {
OGM_HD constexpr float unit(std::uint32_t word) { return float(word >> 8) * 0x1p-24f; }
/// 64 random bits scaled to [0, n).
OGM_HD constexpr std::uint64_t scaled(std::uint64_t high, std::uint64_t low, std::uint64_t n) {
  return (high * n + ((low * n) >> 32)) >> 32;
}
}  // namespace detail

/// In [0, 1), 24 bits of word i.
OGM_HD constexpr float uniform(const key& k, std::uint64_t i) { return detail::unit(word(k, i)); }
/// In [0, 1), 53 bits of words 2 i and 2 i + 1.
OGM_HD constexpr double uniform_double(const key& k, std::uint64_t i) {
  return double((std::uint64_t(word(k, 2 * i)) << 21) ^ (word(k, 2 * i + 1) >> 11)) * 0x1p-53;
}
/// In [0, n) for n < 2^32, without bias that anyone could measure, of words 2 i and 2 i + 1. Another kind of draw from the same key reads
/// the same words: what mixes kinds takes a generator.
OGM_HD constexpr std::uint64_t below(const key& k, std::uint64_t i, std::uint64_t n) {
  return detail::scaled(word(k, 2 * i), word(k, 2 * i + 1), n);
}

/// A sequence of draws of any kind from one key, each of words of its own, for code that does not count elements itself.
class generator {
 public:
  explicit constexpr generator(const key& k) : key_(k) {}
  constexpr float uniform() { return detail::unit(next()); }
  /// In [0, n), n < 2^32.
  constexpr std::uint64_t below(std::uint64_t n) {
    const std::uint64_t high = next(), low = next();
    return detail::scaled(high, low, n);
  }
  float normal() {
    const float u = 1 - uniform(), v = uniform();
    return math::sqrt_of_normal(0.f - 2.f * math::log_of_normal(u)) * math::turn(v).cosine;
  }

 private:
  constexpr std::uint32_t next() {
    if (at_ % 4 == 0) words_ = block_of(key_, at_ / 4);
    return words_.x[at_++ % 4];
  }

  key key_;
  block words_{};
  std::uint64_t at_ = 0;
};

/// 64 standard normals at a time (Box and Muller). Element i of a tensor lies in group i / 64; within its group, counter
/// 16 * group + i % 16 gives words 0 to 3 to the elements i % 16, + 16, + 32, + 48: a mapping that 4, 8 and 16 lanes and a warp all
/// write contiguously.
inline constexpr int normals_at_once = 64;

namespace detail {
template <class V> struct two_normals { V first, second; };
/// Of a uniform u in (0, 1] and a uniform v in [0, 1).
template <class V> OGM_ALWAYS_INLINE OGM_HD two_normals<V> box_muller(V u, V v) {
  const V radius = math::sqrt_of_normal(V(math::log_of_normal(u) * -2.f));
  const auto direction = math::turn(v);
  return {radius * direction.cosine, radius * direction.sine};
}
OGM_HD constexpr float unit_above_zero(std::uint32_t word) { return float(std::int32_t(word >> 8) + 1) * 0x1p-24f; }
OGM_HD constexpr float unit_below_one(std::uint32_t word) { return float(std::int32_t(word >> 8)) * 0x1p-24f; }
}  // namespace detail

/// The four normals of one counter, for a thread that is given counters and not groups: x[w] is that of the element which gets word w.
struct four_normals {
  float x[4];
};
OGM_HD inline four_normals normals_of_counter(const key& k, std::uint64_t counter) {
  const block words = block_of(k, counter);
  const auto a = detail::box_muller(detail::unit_above_zero(words.x[0]), detail::unit_below_one(words.x[1]));
  const auto b = detail::box_muller(detail::unit_above_zero(words.x[2]), detail::unit_below_one(words.x[3]));
  return {{a.first, a.second, b.first, b.second}};
}

/// All of a group, group * 64 to group * 64 + 63.
inline void normals(const key& k, std::uint64_t group, float* out) {
  alignas(64) std::uint32_t w[4][16];
#ifdef __CUDACC__
  for (int j = 0; j < 16; ++j) {
    const auto b = philox({std::uint32_t(group * 16 + j), std::uint32_t((group * 16 + j) >> 32), k.stream, k.step}, k.seed);
    for (int i = 0; i < 4; ++i) w[i][j] = b.x[i];
  }
#else
  constexpr int width = 8;  // 64-bit lanes: one AVX-512 register, two or four smaller ones
  typedef std::uint64_t wide __attribute__((vector_size(8 * width)));
  typedef std::uint32_t narrow __attribute__((vector_size(4 * width)));
  const wide low = wide{} + 0xffffffffu;
  wide c0[2], c1[2], c2[2], c3[2];  // two chains side by side: one alone waits for its products
  for (int half = 0; half < 2; ++half) {
    const wide i = wide{0, 1, 2, 3, 4, 5, 6, 7} + (group * 16 + std::uint64_t(half * width));
    c0[half] = i & low, c1[half] = i >> 32, c2[half] = wide{} + k.stream, c3[half] = wide{} + k.step;
  }
  auto k0 = std::uint32_t(k.seed), k1 = std::uint32_t(k.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int half = 0; half < 2; ++half) {
      const wide a = c0[half] * std::uint64_t(detail::multiplier_0), b = c2[half] * std::uint64_t(detail::multiplier_1);
      c0[half] = (b >> 32) ^ c1[half] ^ std::uint64_t(k0);
      c2[half] = (a >> 32) ^ c3[half] ^ std::uint64_t(k1);
      c1[half] = b & low;
      c3[half] = a & low;
    }
    k0 += detail::weyl_0;
    k1 += detail::weyl_1;
  }
  for (int half = 0; half < 2; ++half) {
    const narrow words[4]{__builtin_convertvector(c0[half], narrow), __builtin_convertvector(c1[half], narrow),
                          __builtin_convertvector(c2[half], narrow), __builtin_convertvector(c3[half], narrow)};
    for (int i = 0; i < 4; ++i) std::memcpy(w[i] + half * width, &words[i], sizeof(narrow));
  }
#endif
  for (int pair = 0; pair < 4; pair += 2)
    for (int j = 0; j < 16; j += lanes) {
      float u[lanes], v[lanes];
      for (int i = 0; i < lanes; ++i) {
        u[i] = detail::unit_above_zero(w[pair][j + i]);
        v[i] = detail::unit_below_one(w[pair + 1][j + i]);
      }
      const position<lanes> at{0, 0, 0};
      const auto two = detail::box_muller(load<float_pack>(u, at), load<float_pack>(v, at));
      store(out + 16 * pair + j, two.first, at);
      store(out + 16 * pair + 16 + j, two.second, at);
    }
}

}  // namespace ogm::random
