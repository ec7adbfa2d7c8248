#pragma once
// The kernels of pooling: a thread an output, backward a thread an input, which gathers what the outputs give it.

#include <ogm/cuda/pooling/pooling.hpp>

namespace ogm::cuda {

namespace detail {

/// f(plane, element of it) for this thread of a block of Threads, where there is one.
template <int Threads, class F> __device__ inline void for_element(long planes, long elements, const F& f) {
  const long begin = long(blockIdx.x) * Threads, first = begin / elements;
  const long element = begin - first * elements + int(threadIdx.x);
  const long down = element < elements ? 0 : element / elements;
  if (OGM_BOUND(element_exists, first + down < planes)) f(first + down, element - down * elements);
}

/// A place in a plane.
struct place {
  long depth, height, width;
};
/// Of element i, where the plane has so many rows and columns.
__device__ inline place place_of(unsigned i, unsigned rows, unsigned columns) {
  const unsigned row = i / columns, depth = row / rows;
  return {long(depth), long(row - depth * rows), long(i - row * columns)};
}

template <class T> __device__ inline void put(T* to, bool add, float value) { *to = from_float<T>((add ? to_float(*to) : 0) + value); }

}  // namespace detail

template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) max_pool_forward_of_outputs(max_pool_forward_params<T> p) {
  const long out = p.height.out * p.width.out;
  detail::for_element<Tuning::threads>(p.planes, out, [&](long plane, long o) {
    const detail::place at = detail::place_of(unsigned(o), unsigned(p.height.out), unsigned(p.width.out));
    const T* const x = p.x + plane * p.height.in * p.width.in;
    const int columns = int(p.width.in), bottom = int(p.height.last(at.height)), right = int(p.width.last(at.width));
    float most = 0;
    int where = -1;
    for (int r = int(p.height.first(at.height)); r < bottom; ++r)
      for (int c = int(p.width.first(at.width)); c < right; ++c) {
        const float value = to_float(x[r * columns + c]);
        if (where < 0 || value > most || value != value) most = value, where = r * columns + c;
      }
    p.y[plane * out + o] = from_float<T>(most);
    if (p.index) p.index[plane * out + o] = where;
  });
}

template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) max_pool_backward_of_inputs(max_pool_backward_params<T> p) {
  const long in = p.height.in * p.width.in;
  detail::for_element<Tuning::threads>(p.planes, in, [&](long plane, long i) {
    const detail::place at = detail::place_of(unsigned(i), unsigned(p.height.in), unsigned(p.width.in));
    const long outputs = plane * p.height.out * p.width.out;
    const int columns = int(p.width.out), bottom = int(p.height.last_of(at.height)), right = int(p.width.last_of(at.width));
    float sum = 0;
    for (int h = int(p.height.first_of(at.height)); h < bottom; ++h)
      for (int w = int(p.width.first_of(at.width)); w < right; ++w) {
        const long o = outputs + h * columns + w;
        if (p.index[o] == int(i)) sum += to_float(p.dy[o]);
      }
    detail::put(p.dx + plane * in + i, p.add, sum);
  });
}

template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) mean_pool_forward_of_outputs(mean_pool_forward_params<T> p) {
  const long out = p.depth.out * p.height.out * p.width.out;
  detail::for_element<Tuning::threads>(p.planes, out, [&](long plane, long o) {
    const detail::place at = detail::place_of(unsigned(o), unsigned(p.height.out), unsigned(p.width.out));
    const T* const x = p.x + plane * p.depth.in * p.height.in * p.width.in;
    const int rows = int(p.height.in), columns = int(p.width.in);
    const int back = int(p.depth.last(at.depth)), bottom = int(p.height.last(at.height)), right = int(p.width.last(at.width));
    float sum = 0;
    for (int d = int(p.depth.first(at.depth)); d < back; ++d)
      for (int r = int(p.height.first(at.height)); r < bottom; ++r)
        for (int c = int(p.width.first(at.width)); c < right; ++c) sum += to_float(x[(d * rows + r) * columns + c]);
    const long size = p.depth.size(at.depth) * p.height.size(at.height) * p.width.size(at.width);
    p.y[plane * out + o] = from_float<T>(sum / float(size));
  });
}

template <class T, class Tuning>
__global__ void __launch_bounds__(Tuning::threads) mean_pool_backward_of_inputs(mean_pool_backward_params<T> p) {
  const long in = p.depth.in * p.height.in * p.width.in;
  detail::for_element<Tuning::threads>(p.planes, in, [&](long plane, long i) {
    const detail::place at = detail::place_of(unsigned(i), unsigned(p.height.in), unsigned(p.width.in));
    const T* const dy = p.dy + plane * p.depth.out * p.height.out * p.width.out;
    const int rows = int(p.height.out), columns = int(p.width.out);
    const int back = int(p.depth.last_of(at.depth)), bottom = int(p.height.last_of(at.height)), right = int(p.width.last_of(at.width));
    float sum = 0;
    for (int d = int(p.depth.first_of(at.depth)); d < back; ++d)
      for (int h = int(p.height.first_of(at.height)); h < bottom; ++h)
        for (int w = int(p.width.first_of(at.width)); w < right; ++w)
          sum += to_float(dy[(d * rows + h) * columns + w]) / float(p.depth.size(d) * p.height.size(h) * p.width.size(w));
    detail::put(p.dx + plane * in + i, p.add, sum);
  });
}

}  // namespace ogm::cuda
