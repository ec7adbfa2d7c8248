#pragma once
// The kernels of spatial grounding. A block takes a map. First it sums over channels, with its threads along the locations, as the map lies
// in memory; then over locations, a thread a channel, from rows in shared memory: all of the map's, held since the first pass, or those of
// 32 channels at a time, read again.

#include <avqa/cuda/spatial_grounding/spatial_grounding.hpp>
#include <ogm/cuda/reduce.cuh>

#include <cmath>
#include <concepts>

namespace avqa::cuda {

namespace detail {

using ogm::cuda::addition;
using ogm::cuda::from_float;
using ogm::cuda::load_vector;
using ogm::cuda::maximum;
using ogm::cuda::reduce_block;
using ogm::cuda::store_vector;
using ogm::cuda::to_float;
using ogm::cuda::warp_size;

inline constexpr float least_norm = 1e-12f;  // a vector is divided by its length, or by this where it is shorter

__device__ inline float inverse_of(float norm) { return 1 / (norm < least_norm ? least_norm : norm); }

/// What the kernels sum over channels, and the floats of shared memory that they need a channel and a location.
struct forward_needs {
  static constexpr int sums = 2;  // products with the sound, squares
  static constexpr int a_channel = 1, a_location = 2;
};
struct backward_needs {
  static constexpr int sums = 3;  // and products with the attended vector's gradient
  static constexpr int a_channel = 4, a_location = 4;
};

/// How a map lies on a block and its shared memory. Rows of `locations` elements are walked in vectors of Width, which divides them. A row
/// in shared memory has an odd number of vectors (of words, where a vector is less): threads that read one column of 32 rows meet no
/// conflict.
template <class T, class Tuning, int Width, class Needs> struct map_layout {
  static constexpr int threads = Tuning::threads, width = Width, sums = Needs::sums;
  static constexpr int warps = threads / warp_size;

  int channels, locations;
  bool held;

  __host__ __device__ constexpr int vectors() const { return locations / Width; }
  /// Vectors of a row that the threads take side by side, and rows that they take so: four rows of vectors end with a sector.
  __host__ __device__ constexpr int across() const { return vectors() < threads ? vectors() : threads; }
  __host__ __device__ constexpr int rows_at_once() const {
    const int rows = threads / across();
    return rows > 4 ? rows / 4 * 4 : rows;
  }
  /// Elements from one row in shared memory to the next.
  __host__ __device__ constexpr int stride() const {
    constexpr int unit = Width > 1 ? Width : sizeof(T) < 4 ? int(4 / sizeof(T)) : 1;
    return ((locations + unit - 1) / unit | 1) * unit;
  }
  __host__ __device__ constexpr long partial_floats() const {
    const long of_channels = long(sums) * rows_at_once() * across() * Width, of_locations = held ? 0 : 2 * threads;
    return of_channels > of_locations ? of_channels : of_locations;
  }

  // Shared memory, piece by piece, each on a boundary of 16 bytes.
  __host__ __device__ constexpr long rows_bytes() const { return up(long(held ? channels : warp_size) * stride() * long(sizeof(T))); }
  __host__ __device__ constexpr long partial_bytes() const { return up(partial_floats() * 4); }
  __host__ __device__ constexpr long channel_bytes() const { return up(long(channels) * 4); }
  __host__ __device__ constexpr long location_bytes() const { return up(long(locations) * 4); }
  __host__ __device__ constexpr long bytes() const {
    return rows_bytes() + partial_bytes() + Needs::a_channel * channel_bytes() + Needs::a_location * location_bytes();
  }

  __device__ T* rows(unsigned char* memory) const { return reinterpret_cast<T*>(memory); }
  __device__ float* partial(unsigned char* memory) const { return reinterpret_cast<float*>(memory + rows_bytes()); }
  __device__ float* of_channels(unsigned char* memory, int array) const {
    return reinterpret_cast<float*>(memory + rows_bytes() + partial_bytes() + array * channel_bytes());
  }
  __device__ float* of_locations(unsigned char* memory, int array) const {
    return reinterpret_cast<float*>(memory + rows_bytes() + partial_bytes() + Needs::a_channel * channel_bytes() +
                                    array * location_bytes());
  }

 private:
  __host__ __device__ static constexpr long up(long bytes) { return (bytes + 15) / 16 * 16; }
};

/// visit(channel, its vector) for channels first, first + step ... below `end`, Tuning::loads_at_once of them read together. `from` is
/// where the vector of channel 0 is, rows are `stride` apart.
template <class Tuning, int Width, class T, class Visit>
__device__ inline void walk_channels(const T* from, long stride, int first, int end, int step, const Visit& visit) {
  constexpr int loads = Tuning::loads_at_once;
  for (int c = first; c < end; c += loads * step) {
    float x[loads][Width] = {};
    OGM_UNROLL
    for (int k = 0; k < loads; ++k)
      if (OGM_BOUND(channel_in_map, c + k * step < end)) load_vector(from + (c + k * step) * stride, x[k]);
    OGM_UNROLL
    for (int k = 0; k < loads; ++k)
      if (c + k * step < end) visit(c + k * step, x[k]);
  }
}

/// visit(first vector of a tile, vectors of the tile, row, vector) for each tile of a row: which of the rows that the block takes at once,
/// and which vector in it, are this thread's.
template <class Layout, class Visit> __device__ inline void walk_tiles(const Layout& in, const Visit& visit) {
  for (int tile = 0; tile < in.vectors(); tile += Layout::threads) {
    const int rest = in.vectors() - tile, across = rest < Layout::threads ? rest : Layout::threads;
    visit(tile, across, int(threadIdx.x) / across, tile + int(threadIdx.x) % across);
  }
}

/// The sums over channels at each location: add(channel, elements, sums) for the vectors of `map`, which it copies to
/// `rows` where that is not null, and done(location, sums) in the thread location % threads.
template <class Tuning, class Layout, class T, class Add, class Done>
__device__ inline void sum_over_channels(const Layout& in, const T* map, T* rows, float* partial, const Add& add, const Done& done) {
  constexpr int width = Layout::width, sums = Layout::sums;
  const int rows_at_once = in.rows_at_once(), plane = rows_at_once * in.across() * width;
  walk_tiles(in, [&](int tile, int across, int row, int v) {
    float sum[sums][width] = {};
    if (row < rows_at_once)
      walk_channels<Tuning, width>(map + v * width, in.locations, row, in.channels, rows_at_once, [&](int c, const float(&x)[width]) {
        if (rows) store_vector(rows + long(c) * in.stride() + v * width, x);
        add(c, x, sum);
      });
    OGM_BARRIER(partial_is_free);
    if (row < rows_at_once) {
      OGM_UNROLL
      for (int s = 0; s < sums; ++s) store_vector(partial + s * plane + int(threadIdx.x) * width, sum[s]);
    }
    OGM_BARRIER(partial_is_full);
    for (int l = int(threadIdx.x); l < across * width; l += Layout::threads) {
      float total[sums] = {};
      for (int r = 0; r < rows_at_once; ++r) {
        OGM_UNROLL
        for (int s = 0; s < sums; ++s) total[s] += partial[s * plane + r * across * width + l];
      }
      done(tile * width + l, total);
    }
  });
}

/// The sums over locations of `count` channels whose rows lie in shared memory: add(first location, elements, sums) for the vectors of a
/// channel, and done(channel, sums) in one thread. Held rows are summed by a thread, others by a lane of each warp.
template <int Sums, class Layout, class T, class Add, class Done>
__device__ inline void sum_over_locations(const Layout& in, const T* rows, int count, float* partial, const Add& add, const Done& done) {
  constexpr int width = Layout::width, warps = Layout::warps;
  const auto sum_row = [&](int c, int begin, int end, float(&sum)[Sums]) {
#pragma unroll 2  // nvcc would take 4, and spill
    for (int v = begin; v < end; ++v) {
      float x[width];
      load_vector(rows + long(c) * in.stride() + v * width, x);
      add(v * width, x, sum);
    }
  };
  if (in.held) {
    for (int c = int(threadIdx.x); c < count; c += Layout::threads) {
      float sum[Sums] = {};
      sum_row(c, 0, in.vectors(), sum);
      done(c, sum);
    }
    return;
  }
  const int lane = int(threadIdx.x) % warp_size, warp = int(threadIdx.x) / warp_size, part = (in.vectors() + warps - 1) / warps;
  float sum[Sums] = {};
  if (lane < count) sum_row(lane, part * warp, part * (warp + 1) < in.vectors() ? part * (warp + 1) : in.vectors(), sum);
  OGM_UNROLL
  for (int s = 0; s < Sums; ++s) partial[s * Layout::threads + int(threadIdx.x)] = sum[s];
  OGM_BARRIER(parts_are_full);
  if (warp > 0 || lane >= count) return;
  float total[Sums] = {};
  for (int w = 0; w < warps; ++w) {
    OGM_UNROLL
    for (int s = 0; s < Sums; ++s) total[s] += partial[s * Layout::threads + w * warp_size + lane];
  }
  done(lane, total);
}

template <int Width> __device__ inline float element_sum(const float (&a)[Width]) {
  float sum = a[0];
  OGM_UNROLL
  for (int i = 1; i < Width; ++i) sum += a[i];
  return sum;
}
template <int Width> __device__ inline float inner_product(const float (&a)[Width], const float (&b)[Width]) {
  float sum = a[0] * b[0];
  OGM_UNROLL
  for (int i = 1; i < Width; ++i) sum += a[i] * b[i];
  return sum;
}

/// unit = x / |x|, in shared memory, element c by the thread c % Threads; gives |x|, or the least norm.
template <int Threads, class T> __device__ inline float normalise(const T* x, int count, float* unit, float* scratch) {
  float largest = 0;
  for (int c = int(threadIdx.x); c < count; c += Threads) {
    unit[c] = to_float(x[c]);
    largest = maximum{}(largest, fabsf(unit[c]));
  }
  largest = reduce_block<Threads>(largest, maximum{}, scratch);
  if (largest == 0) largest = 1;  // or all else is NaN, which the squares will find
  float squares = 0;
  for (int c = int(threadIdx.x); c < count; c += Threads) squares += (unit[c] / largest) * (unit[c] / largest);
  const float relative = sqrtf(reduce_block<Threads>(squares, addition{}, scratch));
  const float norm = relative * largest;  // which may be beyond float
  if (norm < least_norm) {
    for (int c = int(threadIdx.x); c < count; c += Threads) unit[c] /= least_norm;
    return least_norm;
  }
  for (int c = int(threadIdx.x); c < count; c += Threads) unit[c] = unit[c] / largest / relative;
  return norm;
}

/// attempt(scale) sums products and squares of features times `scale`, and says whether all were within float. Those of halves always are.
template <class T, class Attempt> __device__ inline void within_float(const Attempt& attempt) {
  if constexpr (std::same_as<T, ogm::cuda::half>)
    attempt(1.0f);
  else
    for (float scale = 1; !attempt(scale) && scale == 1;) scale = 0x1p-64f;
}
__device__ inline bool finite(float x) { return x - x == 0; }

/// What is known of a location: the product of its vector with the unit sound, and its norm.
struct location_ref {
  float &product, &norm;

  /// Of sums of an attempt at `scale`, where an attempt before it has not had them.
  __device__ void keep(float scaled_product, float scaled_square, float scale) const {
    if (scale != 1 && finite(norm)) return;
    product = scaled_product / scale;
    norm = sqrtf(scaled_square) / scale;
  }
  __device__ float cosine() const { return product * inverse_of(norm); }
  /// At most e: no maximum is needed. NaN where the norm is beyond float.
  __device__ float exponential() const { return finite(norm) ? expf(cosine()) : norm - norm; }
};

struct two_sums {
  float a, b;
};
__device__ inline two_sums shuffle_xor(two_sums s, int lanes) {
  return {ogm::cuda::shuffle_xor(s.a, lanes), ogm::cuda::shuffle_xor(s.b, lanes)};
}
struct both_additions {
  static constexpr two_sums identity{0, 0};
  __device__ two_sums operator()(two_sums x, two_sums y) const { return {x.a + y.a, x.b + y.b}; }
};

}  // namespace detail

/// A block for each map; where there are negative maps, a frame's two maps are neighbours. Held: the map stays in shared memory.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    spatial_grounding_forward_of_blocks(spatial_grounding_forward_params<T> p, bool held) {
  using layout = detail::map_layout<T, Tuning, Width, detail::forward_needs>;
  OGM_DYNAMIC_SHARED(unsigned char, memory);
  OGM_SHARED(float, scratch, layout::warps);
  const layout in{int(p.channels), int(p.locations), held};
  T* const rows = in.rows(memory);
  float *const partial = in.partial(memory), *const unit = in.of_channels(memory, 0);
  float *const product = in.of_locations(memory, 0), *const norm = in.of_locations(memory, 1), *const share = product;

  const unsigned maps_a_frame = p.negative.maps ? 2 : 1;
  const long frame = blockIdx.x / maps_a_frame;
  const grounded_maps<T> of = blockIdx.x % maps_a_frame ? p.negative : p.positive;
  const T* const map = of.maps + frame * p.channels * p.locations;

  detail::normalise<Tuning::threads>(p.sound + frame * p.channels, in.channels, unit, scratch);
  OGM_BARRIER(unit_is_full);
  float total = 0;
  detail::within_float<T>([&](float scale) {
    detail::sum_over_channels<Tuning>(
        in, map, held ? rows : nullptr, partial,
        [&](int c, const float(&x)[Width], float(&sum)[2][Width]) {
          const float along = unit[c];
          OGM_UNROLL
          for (int i = 0; i < Width; ++i) {
            const float y = x[i] * scale;
            sum[0][i] += along * y;
            sum[1][i] += y * y;
          }
        },
        [&](int l, const float(&sum)[2]) {
          detail::location_ref{product[l], norm[l]}.keep(sum[0], sum[1], scale);
        });
    total = 0;
    for (int l = int(threadIdx.x); l < in.locations; l += Tuning::threads) total += detail::location_ref{product[l], norm[l]}.exponential();
    total = detail::reduce_block<Tuning::threads>(total, detail::addition{}, scratch);
    return total == total;
  });
  for (int l = int(threadIdx.x); l < in.locations; l += Tuning::threads) {
    const float w = detail::location_ref{product[l], norm[l]}.exponential() / total;
    if (of.weight) of.weight[frame * p.locations + l] = detail::from_float<T>(w);
    share[l] = w * detail::inverse_of(norm[l]);
  }
  OGM_BARRIER(share_is_full);

  T* const mean = of.pooled + frame * 2 * p.channels;
  T* const attended = mean + p.channels;
  const int at_once = held ? in.channels : detail::warp_size;
  for (int first = (in.channels - 1) / at_once * at_once; first >= 0; first -= at_once) {
    const int count = in.channels - first < at_once ? in.channels - first : at_once;
    if (!held) {
      detail::walk_tiles(in, [&](int, int, int row, int v) {
        if (row < in.rows_at_once())
          detail::walk_channels<Tuning, Width>(
              map + first * p.locations + v * Width, p.locations, row, count, in.rows_at_once(),
              [&](int c, const float(&x)[Width]) { detail::store_vector(rows + c * in.stride() + v * Width, x); });
      });
      OGM_BARRIER(rows_are_full);
    }
    detail::sum_over_locations<2>(
        in, rows, count, partial,
        [&](int l, const float(&x)[Width], float(&sum)[2]) {
          float weights[Width];
          detail::load_vector(share + l, weights);
          sum[0] += detail::element_sum(x);
          sum[1] += detail::inner_product(x, weights);
        },
        [&](int c, const float(&sum)[2]) {
          mean[first + c] = detail::from_float<T>(sum[0] / float(in.locations));
          attended[first + c] = detail::from_float<T>(sum[1]);
        });
  }
}

/// A block for each frame, which takes its maps one after the other: the sound's gradient is that of both.
template <class T, class Tuning, int Width>
__global__ void __launch_bounds__(Tuning::threads, Tuning::blocks_a_multiprocessor)
    spatial_grounding_backward_of_blocks(spatial_grounding_backward_params<T> p, bool held) {
  using layout = detail::map_layout<T, Tuning, Width, detail::backward_needs>;
  static_assert(Tuning::threads > detail::warp_size,
                "avqa: the slopes of locations reach all threads through a reduction of several warps.");
  OGM_DYNAMIC_SHARED(unsigned char, memory);
  OGM_SHARED(float, scratch, layout::warps);
  OGM_SHARED(detail::two_sums, scratch_of_two, layout::warps);
  const layout in{int(p.channels), int(p.locations), held};
  T* const rows = in.rows(memory);
  float* const partial = in.partial(memory);
  float *const unit = in.of_channels(memory, 0), *const attended = in.of_channels(memory, 1), *const whole = in.of_channels(memory, 2);
  float* const heard = in.of_channels(memory, 3);  // the sound's slopes, of the maps so far
  // Each has a second name for what takes its place.
  float *const product = in.of_locations(memory, 0), *const slope = product;
  float *const norm = in.of_locations(memory, 1), *const share = norm;
  float *const along = in.of_locations(memory, 2), *const radial = along;
  float* const weight_slope = in.of_locations(memory, 3);

  const long frame = blockIdx.x;
  const T* const sound = p.sound + frame * p.channels;
  T* const dsound = p.dsound ? p.dsound + frame * p.channels : nullptr;
  const float loudness = detail::normalise<Tuning::threads>(sound, in.channels, unit, scratch);
  const int maps = p.negative.maps ? 2 : 1;
  for (int m = 0; m < maps; ++m) {
    const grounded_maps_gradient<T> of = m ? p.negative : p.positive;
    if (!dsound && !of.dmaps) continue;
    const T* const map = of.maps + frame * p.channels * p.locations;
    T* const dmap = of.dmaps ? of.dmaps + frame * p.channels * p.locations : nullptr;
    const T* const dpooled = of.dpooled + frame * 2 * p.channels;

    OGM_BARRIER(map_before_is_done);
    for (int c = int(threadIdx.x); c < in.channels; c += Tuning::threads) {
      whole[c] = detail::to_float(dpooled[c]) / float(in.locations);
      attended[c] = detail::to_float(dpooled[p.channels + c]);
    }
    OGM_BARRIER(channels_are_full);
    detail::two_sums total{};  // of the exponentials, and of their products with the slopes of the weights
    detail::within_float<T>([&](float scale) {
      detail::sum_over_channels<Tuning>(
          in, map, held ? rows : nullptr, partial,
          [&](int c, const float(&x)[Width], float(&sum)[3][Width]) {
            const float of_unit = unit[c], of_attended = attended[c];
            OGM_UNROLL
            for (int i = 0; i < Width; ++i) {
              const float y = x[i] * scale;
              sum[0][i] += of_unit * y;
              sum[1][i] += y * y;
              sum[2][i] += of_attended * x[i];
            }
          },
          [&](int l, const float(&sum)[3]) {
            detail::location_ref{product[l], norm[l]}.keep(sum[0], sum[1], scale);
            along[l] = sum[2];
          });
      total = {};
      for (int l = int(threadIdx.x); l < in.locations; l += Tuning::threads) {
        const float exponential = detail::location_ref{product[l], norm[l]}.exponential();
        const float given = of.dweight ? detail::to_float(of.dweight[frame * p.locations + l]) : 0;
        weight_slope[l] = along[l] * detail::inverse_of(norm[l]) + given;
        total.a += exponential;
        total.b += exponential * weight_slope[l];
      }
      total = detail::reduce_block<Tuning::threads>(total, detail::both_additions{}, scratch_of_two);
      return total.a == total.a;
    });

    float same = 0;  // the sound's slope along the sound, which changes its length only
    for (int l = int(threadIdx.x); l < in.locations; l += Tuning::threads) {
      const detail::location_ref here{product[l], norm[l]};
      const float inverse = detail::inverse_of(here.norm), cosine = here.cosine(), w = here.exponential() / total.a;
      const float dcosine = w * (weight_slope[l] - total.b / total.a), self = w * along[l] * inverse + dcosine * cosine;
      same += dcosine * cosine;
      share[l] = w * inverse;
      slope[l] = dcosine * inverse;
      radial[l] = inverse < 1 / detail::least_norm ? self * inverse * inverse : 0;  // at the least norm a constant divides the vector
    }
    same = detail::reduce_block<Tuning::threads>(same, detail::addition{},
                                                 scratch);  // after which all threads may read what each has of its locations
    if (loudness == detail::least_norm) same = 0;

    const int at_once = held ? in.channels : detail::warp_size;
    for (int first = (in.channels - 1) / at_once * at_once; first >= 0; first -= at_once) {
      const int count = in.channels - first < at_once ? in.channels - first : at_once;
      const bool copies = !held && dsound;
      if (dmap || copies)
        detail::walk_tiles(in, [&](int, int, int row, int v) {
          if (row >= in.rows_at_once()) return;
          float shares[Width], slopes[Width], radials[Width];
          detail::load_vector(share + v * Width, shares);
          detail::load_vector(slope + v * Width, slopes);
          detail::load_vector(radial + v * Width, radials);
          const T* const from = held ? rows : map + first * p.locations;
          detail::walk_channels<Tuning, Width>(
              from + v * Width, held ? in.stride() : p.locations, row, count, in.rows_at_once(), [&](int c, const float(&x)[Width]) {
                if (copies) detail::store_vector(rows + c * in.stride() + v * Width, x);
                if (!dmap) return;
                T* const to = dmap + (first + c) * p.locations + v * Width;
                float d[Width] = {};
                if (of.add) detail::load_vector(to, d);
                OGM_UNROLL
                for (int i = 0; i < Width; ++i)
                  d[i] += whole[first + c] + shares[i] * attended[first + c] + slopes[i] * unit[first + c] - radials[i] * x[i];
                detail::store_vector(to, d);
              });
        });
      if (!dsound) continue;
      if (!held) OGM_BARRIER(rows_are_full);
      detail::sum_over_locations<1>(
          in, rows, count, partial,
          [&](int l, const float(&x)[Width], float(&sum)[1]) {
            float slopes[Width];
            detail::load_vector(slope + l, slopes);
            sum[0] += detail::inner_product(x, slopes);
          },
          [&](int within, const float(&sum)[1]) {
            const int c = first + within;
            const float so_far = (m ? heard[c] : 0) + sum[0] - unit[c] * same;
            heard[c] = so_far;
            if (m + 1 == maps) dsound[c] = detail::from_float<T>((p.add_sound ? detail::to_float(dsound[c]) : 0) + so_far / loudness);
          });
    }
  }
}

}  // namespace avqa::cuda
