#pragma once
// The kernels of modulation: moments of the gradients, a block a part of a segment; and the update, a block a chunk.

#include <ogm/cuda/modulation/modulation.hpp>
#include <ogm/cuda/reduce.cuh>

#include <concepts>

namespace ogm::cuda {

namespace detail {

/// Mean and sum of squared distances from it, of `count` elements.
struct gradient_moments {
  float count, mean, squares;

  __device__ void join(const gradient_moments& other) {
    const float all = count + other.count, apart = other.mean - mean, share = other.count / all;
    squares += other.squares + apart * apart * count * share;
    mean += apart * share;
    count = all;
  }
};

/// Elements of a chunk: the columns of a row that begins where the chunk does.
template <class Tuning, class T> __device__ inline int columns_of_chunk(const modulation_segment<T>& s, long chunk) {
  const long rest = s.count - chunk * Tuning::chunk;
  return int(rest < Tuning::chunk ? rest : Tuning::chunk);
}

/// Whether vectors of Width elements of an array are aligned; chunks begin on a multiple of 128 elements.
template <int Width, class T> __device__ inline bool begins_aligned(const T* array) {
  return reinterpret_cast<std::uintptr_t>(array) % (Width * sizeof(T)) == 0;
}

/// As load_row, of rows that may begin anywhere: by elements where they are not aligned.
template <class T, int Width>
__device__ inline void load_part(const T* row, row_vectors<Width> vectors, bool aligned, int first, float (&to)[Width]) {
  if (aligned) return load_row(row, vectors, first, 0, to);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) to[i] = vectors.holds(first + i) ? to_float(row[first + i]) : 0;
}
/// As store_row.
template <class T, int Width>
__device__ inline void store_part(T* row, row_vectors<Width> vectors, bool aligned, int first, const float (&from)[Width]) {
  if (aligned) return store_row(row, vectors, first, from);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i)
    if (vectors.holds(first + i)) row[first + i] = from_float<T>(from[i]);
}

/// Moments of one chunk, for all threads.
template <class Tuning, class T>
__device__ inline gradient_moments moments_of_chunk(const modulation_segment<T>& s, long chunk, bool about_zero, float* scratch) {
  constexpr int width = vector_width<T>, vectors_a_thread = Tuning::chunk / (Tuning::threads * width);
  const row_vectors<width> vectors{columns_of_chunk<Tuning>(s, chunk), 0};
  const T* const row = s.gradient + chunk * Tuning::chunk;
  const bool whole = begins_aligned<width>(s.gradient);
  const auto first = [](int k) { return (k * Tuning::threads + int(threadIdx.x)) * width; };

  float held[vectors_a_thread][width];
  float sum = 0;
  OGM_UNROLL
  for (int k = 0; k < vectors_a_thread; ++k) {
    load_part(row, vectors, whole, first(k), held[k]);
    OGM_UNROLL
    for (int i = 0; i < width; ++i) sum += held[k][i];
  }
  const float count = float(vectors.columns);
  const float mean = about_zero ? 0 : reduce_block<Tuning::threads>(sum, addition{}, scratch) / count;

  float squares = 0;
  OGM_UNROLL
  for (int k = 0; k < vectors_a_thread; ++k) {
    OGM_UNROLL
    for (int i = 0; i < width; ++i) {
      const float distance = first(k) + i < vectors.columns ? held[k][i] - mean : 0;
      squares += distance * distance;
    }
  }
  return {count, mean, reduce_block<Tuning::threads>(squares, addition{}, scratch)};
}

/// Elements of the part that holds the chunks part, part + Tuning::parts, ... of a segment.
template <class Tuning> __device__ inline float elements_of_part(long count, int part) {
  const long chunks = (count + Tuning::chunk - 1) / Tuning::chunk, last = chunks - 1;
  const long elements = ((last - part) / Tuning::parts + 1) * Tuning::chunk;
  return float(last % Tuning::parts == part ? elements - (chunks * Tuning::chunk - count) : elements);
}

/// Mean and deviation of a segment, of the moments of its parts; for all threads.
template <class Tuning> __device__ inline float2 statistics_of(const float2* moments, long count, float* scratch) {
  const long chunks = (count + Tuning::chunk - 1) / Tuning::chunk;
  const int part = int(threadIdx.x);
  float elements = 0;
  float2 of_part{0, 0};
  if (OGM_BOUND(part_is_there, part < chunks && part < Tuning::parts)) {
    elements = elements_of_part<Tuning>(count, part);
    of_part = moments[part];
  }
  const float mean = reduce_block<Tuning::threads>(elements * of_part.x, addition{}, scratch) / float(count);
  const float apart = of_part.x - mean, distance = elements > 0 ? of_part.y + elements * apart * apart : 0;
  const float squares = reduce_block<Tuning::threads>(distance, addition{}, scratch);
  return {mean, (squares > 0 && count > 1 ? sqrtf(squares / float(count - 1)) : 0) + 1e-8f};
}

/// x[i] becomes what x[(i + by) % 4] was. In registers: no index that the compiler does not know.
__device__ inline void rotate(float (&x)[4], int by) {
  const float a = by & 1 ? x[1] : x[0], b = by & 1 ? x[2] : x[1], c = by & 1 ? x[3] : x[2], d = by & 1 ? x[0] : x[3];
  x[0] = by & 2 ? c : a, x[1] = by & 2 ? d : b, x[2] = by & 2 ? a : c, x[3] = by & 2 ? b : d;
}

/// The normals of the elements first to first + 3 of a tensor; `first` is 4 * lane after a multiple of 128, and all lanes of the warp take
/// part. Each makes those of one counter, whose elements lie 16 apart, and sixteen lanes transpose 4 x 4 x 4 of them.
__device__ inline void normals_of_elements(const random::key& key, std::uint64_t first, float (&to)[4]) {
  const int lane = int(threadIdx.x) % warp_size, word = lane / 4 % 4;
  const auto own = random::normals_of_counter(key, first / 4);
  OGM_UNROLL
  for (int i = 0; i < 4; ++i) to[i] = own.x[i];
  rotate(to, -lane);
  OGM_UNROLL
  for (int round = 0; round < 4; ++round) {  // a lane sends each of its words once: to the lane that wants it in this round
    const int from = lane / 16 * 16 + lane % 4 * 4 + ((round - word) & 3);
    to[round] = __shfl_sync(whole_warp, to[round], from);
  }
  rotate(to, word);
}

/// One step of the rule on Width elements.
template <class Rule, int States, int Width>  // States: of the rule, or 1 that is not used
__device__ inline void step_of(const Rule& rule, float (&value)[Width], const float (&gradient)[Width], float (&state)[States][Width],
                               float rate) {
  static_assert(States <= 2, "ogm: a rule for the device keeps two states at most. Write static constexpr int states = 2;.");
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) {
    if constexpr (Rule::states == 0)
      rule.step(value[i], gradient[i], rate);
    else if constexpr (States == 1)
      rule.step(value[i], gradient[i], state[0][i], rate);
    else if constexpr (States == 2)
      rule.step(value[i], gradient[i], state[0][i], state[1][i], rate);
  }
}

}  // namespace detail

/// Blocks of a segment's first Tuning::parts chunks take the later ones too, so that the update has few moments to join.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor) modulation_moments(modulation_moments_params<T> p) {
  static_assert(Tuning::chunk % (Tuning::threads * vector_width<T>) == 0);
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  const modulation_chunk mine = p.table.chunks[blockIdx.x];
  if (mine.chunk >= Tuning::parts) return;
  const modulation_segment<T> s = p.table.segments[mine.segment];
  if (p.table.coefficients[s.coefficient].noise == 0) return;

  detail::gradient_moments all = detail::moments_of_chunk<Tuning>(s, mine.chunk, p.about_zero, scratch);
  for (long chunk = long(mine.chunk) + Tuning::parts; chunk * Tuning::chunk < s.count; chunk += Tuning::parts)
    all.join(detail::moments_of_chunk<Tuning>(s, chunk, p.about_zero, scratch));
  const float2 moments{all.mean, all.squares};
  if (threadIdx.x == 0) p.moments[blockIdx.x] = moments;
}

/// A block a chunk; those of a segment's first one write.
template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) modulation_deviations(modulation_deviations_params<T> p) {
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  const modulation_chunk mine = p.table.chunks[blockIdx.x];
  if (mine.chunk > 0) return;
  const float2 statistics = detail::statistics_of<Tuning>(p.moments + blockIdx.x, p.table.segments[mine.segment].count, scratch);
  if (threadIdx.x == 0) p.deviation[mine.segment] = statistics.y;
}

template <class T, class Tuning> __global__ void __launch_bounds__(Tuning::threads) modulation_norm(modulation_norm_params<T> p) {
  OGM_SHARED(double, scratch, Tuning::threads / warp_size);
  double sum = 0;
  for (long k = threadIdx.x; k < p.table.chunk_count; k += Tuning::threads) {
    const modulation_chunk mine = p.table.chunks[k];
    if (mine.chunk >= Tuning::parts) continue;
    const modulation_segment<T>& s = p.table.segments[mine.segment];
    const double scale = p.table.coefficients[s.coefficient].scale;
    sum += double(p.moments[k].y) * scale * scale;
  }
  sum = reduce_block<Tuning::threads>(sum, addition{}, scratch);
  if (threadIdx.x == 0) *p.sum_of_squares = sum;
}

/// ByElement: whether a segment may bring a deviation for each element, which costs registers.
template <class T, class Rule, class Tuning, bool ByElement>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_of_update) modulation_update(modulation_update_params<T, Rule> p) {
  constexpr int width = 4, states = Rule::states, elements_at_once = width * Tuning::threads, held = states == 0 ? 1 : states;
  static_assert(Tuning::chunk % elements_at_once == 0 && Tuning::parts <= Tuning::threads);
  OGM_SHARED(float, scratch, Tuning::threads / warp_size);
  const modulation_chunk mine = p.table.chunks[blockIdx.x];
  const modulation_segment<T> s = p.table.segments[mine.segment];
  const modulation_coefficient k = p.table.coefficients[s.coefficient];
  const bool by_element = ByElement && k.noise != 0 && s.deviation && s.deviation_by_element;
  float amount = 0;  // of a normal, or of its element's deviation
  if (k.noise != 0 && s.deviation) {
    amount = by_element ? k.noise : k.noise * *s.deviation;
  } else if (k.noise != 0 && p.moments) {
    const float2 statistics = detail::statistics_of<Tuning>(p.moments + (long(blockIdx.x) - mine.chunk), s.count, scratch);
    amount = k.noise * statistics.y;
    if (p.statistics && mine.chunk == 0 && threadIdx.x == 0) p.statistics[mine.segment] = statistics;
  }

  const long begin = long(mine.chunk) * Tuning::chunk;
  const row_vectors<width> vectors{detail::columns_of_chunk<Tuning>(s, mine.chunk), 0};
  const bool whole_gradient = detail::begins_aligned<width>(s.gradient), whole_value = detail::begins_aligned<width>(s.value),
             whole_state = detail::begins_aligned<width>(s.state) && (states <= 1 || s.stride % width == 0);
  const random::key key{p.seed, s.stream, p.step};
  for (int at = 0; at < vectors.columns; at += elements_at_once) {
    const int first = at + int(threadIdx.x) * width;
    float gradient[width], value[width], state[held][width] = {}, normal[width] = {};
    detail::load_part(s.gradient + begin, vectors, whole_gradient, first, gradient);
    if constexpr (!std::same_as<Rule, assign_gradient>) detail::load_part(s.value + begin, vectors, whole_value, first, value);
    OGM_UNROLL
    for (int j = 0; j < states; ++j) detail::load_part(s.state + j * s.stride + begin, vectors, whole_state, first, state[j]);
    if (amount != 0) detail::normals_of_elements(key, std::uint64_t(begin + first), normal);
    if (by_element) {
      float deviation[width];
      detail::load_part(s.deviation + begin, vectors, detail::begins_aligned<width>(s.deviation), first, deviation);
      OGM_UNROLL
      for (int i = 0; i < width; ++i) normal[i] *= deviation[i];
    }
    OGM_UNROLL
    for (int i = 0; i < width; ++i) gradient[i] = (gradient[i] * k.scale + normal[i] * amount) * p.gradient_scale;
    detail::step_of(p.rule, value, gradient, state, k.rate);
    detail::store_part(s.value + begin, vectors, whole_value, first, value);
    OGM_UNROLL
    for (int j = 0; j < states; ++j) detail::store_part(s.state + j * s.stride + begin, vectors, whole_state, first, state[j]);
  }
}

}  // namespace ogm::cuda
