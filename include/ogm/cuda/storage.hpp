#pragma once
// What elements are stored as, and how they are read and written: float, half or bfloat16 in memory, float in registers; 16 bytes an
// access.

#include <ogm/core/platform.hpp>
#include <ogm/cuda/platform.hpp>

#include <concepts>
#include <cstdint>

namespace ogm::cuda {

using half = __half;
using bfloat16 = __nv_bfloat16;

/// What kernels can store. They calculate in float.
template <class T>
concept storage = std::same_as<T, float> || std::same_as<T, half> || std::same_as<T, bfloat16>;

/// Exact.
__host__ __device__ inline float to_float(float x) { return x; }
/// Exact.
__host__ __device__ inline float to_float(half x) { return __half2float(x); }
/// Exact.
__host__ __device__ inline float to_float(bfloat16 x) { return __bfloat162float(x); }

/// To nearest, ties to even.
template <storage T> __host__ __device__ inline T from_float(float x) {
  if constexpr (std::same_as<T, half>)
    return __float2half(x);
  else if constexpr (std::same_as<T, bfloat16>)
    return __float2bfloat16(x);
  else
    return x;
}

/// Elements in 16 bytes, the largest access of a thread.
template <storage T> inline constexpr int vector_width = 16 / int(sizeof(T));

namespace detail {
template <int Bytes> struct access_of_size;
template <> struct access_of_size<1> { using type = std::uint8_t; };
template <> struct access_of_size<2> { using type = std::uint16_t; };
template <> struct access_of_size<4> { using type = std::uint32_t; };
template <> struct access_of_size<8> { using type = uint2; };
template <> struct access_of_size<16> { using type = uint4; };

/// Width elements as one access.
template <class T, int Width> union access {
  typename access_of_size<Width* int(sizeof(T))>::type whole;
  T element[Width];
};

template <memory Where, class T, int Width> __device__ inline void store_elements(T* to, const float (&from)[Width]) {
  access<T, Width> v;
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) v.element[i] = from_float<T>(from[i]);
  store_whole<Where>(reinterpret_cast<decltype(v.whole)*>(to), v.whole);
}
}  // namespace detail

/// A row of `columns` elements as vectors of Width, the first of which begins on or before the row's first element so that all of them are
/// aligned: only a row's first and last vector can be partial.
template <int Width> struct row_vectors {
  int columns;
  int before;  // elements of the first vector that lie before the row

  template <class T> __host__ __device__ static row_vectors of(const T* row, int columns) {
    return {columns, int(reinterpret_cast<std::uintptr_t>(row) / sizeof(T) % Width)};
  }
  /// Vectors of a row of so many columns at most, wherever it begins.
  __host__ __device__ static constexpr int most(long columns) { return int((columns + 2 * (Width - 1)) / Width); }
  __host__ __device__ int count() const { return (columns + before + Width - 1) / Width; }
  /// The column at which vector v begins; negative in front of the row.
  __device__ int first(int v) const { return v * Width - before; }
  __device__ bool whole(int first) const { return OGM_BOUND(vector_in_row, first >= 0 && first <= columns - Width); }
  __device__ bool holds(int column) const { return OGM_BOUND(element_in_row, column >= 0 && column < columns); }
};

/// to = Width elements, aligned to their size, read with one access.
template <class T, int Width> __device__ inline void load_vector(const T* from, float (&to)[Width]) {
  detail::access<T, Width> v;
  v.whole = *reinterpret_cast<const decltype(v.whole)*>(from);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) to[i] = to_float(v.element[i]);
}
/// Width elements, aligned to their size, = from, written with one access.
template <class T, int Width> __device__ inline void store_vector(T* to, const float (&from)[Width]) {
  detail::store_elements<detail::memory::any>(to, from);
}
/// Likewise, to shared memory.
template <class T, int Width> __device__ inline void store_shared(T* to, const float (&from)[Width]) {
  detail::store_elements<detail::memory::shared>(to, from);
}

/// to = the elements of a row from column `first` on; `outside` where there is none. 16 bytes at once where the vector is whole.
template <class T, int Width>
__device__ inline void load_row(const T* row, row_vectors<Width> vectors, int first, float outside, float (&to)[Width]) {
  if (vectors.whole(first)) return load_vector(row + first, to);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) to[i] = vectors.holds(first + i) ? to_float(row[first + i]) : outside;
}

/// The elements of a row in global memory from column `first` on = from, where there are any.
template <class T, int Width> __device__ inline void store_row(T* row, row_vectors<Width> vectors, int first, const float (&from)[Width]) {
  if (vectors.whole(first)) return detail::store_elements<detail::memory::global>(row + first, from);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i)
    if (vectors.holds(first + i)) row[first + i] = from_float<T>(from[i]);
}

/// As load_row, of a row that may lie otherwise than the one whose vectors these are: at once where it happens to be aligned.
template <class T, int Width>
__device__ inline void load_beside(const T* row, row_vectors<Width> vectors, int first, float outside, float (&to)[Width]) {
  if (vectors.whole(first) && reinterpret_cast<std::uintptr_t>(row + first) % (Width * sizeof(T)) == 0) return load_vector(row + first, to);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i) to[i] = vectors.holds(first + i) ? to_float(row[first + i]) : outside;
}

/// As store_row, of a row that may lie otherwise than the one whose vectors these are.
template <class T, int Width>
__device__ inline void store_beside(T* row, row_vectors<Width> vectors, int first, const float (&from)[Width]) {
  if (vectors.whole(first) && reinterpret_cast<std::uintptr_t>(row + first) % (Width * sizeof(T)) == 0)
    return detail::store_elements<detail::memory::global>(row + first, from);
  OGM_UNROLL
  for (int i = 0; i < Width; ++i)
    if (vectors.holds(first + i)) row[first + i] = from_float<T>(from[i]);
}

/// x = value where the mask's byte is not 0. The mask has a byte a column; it is read with one access where it happens to be aligned.
template <int Width>
__device__ inline void mask_row(const std::uint8_t* mask, row_vectors<Width> vectors, int first, float value, float (&x)[Width]) {
  detail::access<std::uint8_t, Width> m;
  if (vectors.whole(first) && reinterpret_cast<std::uintptr_t>(mask + first) % Width == 0) {
    m.whole = *reinterpret_cast<const decltype(m.whole)*>(mask + first);
  } else {
    OGM_UNROLL
    for (int i = 0; i < Width; ++i) m.element[i] = vectors.holds(first + i) ? mask[first + i] : std::uint8_t(0);
  }
  OGM_UNROLL
  for (int i = 0; i < Width; ++i)
    if (m.element[i]) x[i] = value;
}

/// Whether rows of so many elements can be walked in vectors of `width` from this address on.
template <class T> __host__ inline bool lies_in_vectors(const T* p, int width) {
  return reinterpret_cast<std::uintptr_t>(p) % (width * sizeof(T)) == 0;
}
/// Whether rows of `columns` elements at these addresses can be walked by the same vectors of Width.
template <class A, class B> __host__ inline bool aligned_alike(const A* a, const B* b) {
  static_assert(sizeof(A) == sizeof(B));
  return (reinterpret_cast<std::uintptr_t>(a) - reinterpret_cast<std::uintptr_t>(b)) % 16 == 0;
}
/// Whether all rows of `columns` elements of matrices at these addresses can: row r of one begins where row s of another does.
template <storage T, class... Others> __host__ inline bool rows_alike(long columns, const T* a, const Others*... others) {
  return columns % vector_width<T> == 0 && (aligned_alike(a, others) && ...);
}

}  // namespace ogm::cuda
