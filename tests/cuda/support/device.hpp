#pragma once
// What a kernel's test needs: memory on the device, and the ways to run a kernel. One source serves the CPU model and a real device.

#include <ogm/core/random.hpp>
#include <ogm/cuda/storage.hpp>
#include <support/compare.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <vector>

#ifdef OGM_CUDA_ON_CPU
#include <trace.hpp>
#endif

namespace ogm::test {

inline void require_success(cudaError_t error) {
  INFO(cudaGetErrorString(error));
  REQUIRE(error == cudaSuccess);
}

/// Bytes of shared memory that a block of a kernel with permission may have.
inline long most_shared_memory() {
  int bytes = 0;
  require_success(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  return bytes;
}

/// An array on the device. Its elements begin `offset` after a 256-byte boundary, and nothing that belongs to it follows the last.
template <class T> class device_array {
 public:
  explicit device_array(std::size_t count, std::size_t offset = 0) : count_(count), offset_(offset) {
    require_success(cudaMalloc(&memory_, (count + offset) * sizeof(T)));
  }
  explicit device_array(const std::vector<T>& values, std::size_t offset = 0) : device_array(values.size(), offset) {
    require_success(cudaMemcpyAsync(data(), values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice, nullptr));
    require_success(cudaStreamSynchronize(nullptr));
  }
  ~device_array() { cudaFree(memory_); }
  device_array(const device_array&) = delete;
  device_array& operator=(const device_array&) = delete;

  T* data() { return memory_ + offset_; }
  std::vector<T> values() {
    std::vector<T> all(count_);
    require_success(cudaMemcpyAsync(all.data(), data(), count_ * sizeof(T), cudaMemcpyDeviceToHost, nullptr));
    require_success(cudaStreamSynchronize(nullptr));
    return all;
  }

 private:
  T* memory_ = nullptr;
  std::size_t count_, offset_;
};

/// How far a result may be from the reference's, as apart() measures it: float by its own rounding, the others by that of one store.
template <class T> inline constexpr double storage_tolerance = 4e-6;
template <> inline constexpr double storage_tolerance<cuda::half> = 0x1p-11 + 4e-6;
template <> inline constexpr double storage_tolerance<cuda::bfloat16> = 0x1p-8 + 4e-6;

/// From -size to size, the same whenever they are asked for.
inline std::vector<float> numbers(long count, std::uint32_t stream, float size = 1) {
  std::vector<float> all;
  for (long i = 0; i < count; ++i) all.push_back(size * (2 * random::uniform({7, 1, stream}, std::uint64_t(i)) - 1));
  return all;
}

template <class T> std::vector<T> stored(const std::vector<float>& x) {
  std::vector<T> all;
  for (const float v : x) all.push_back(cuda::from_float<T>(v));
  return all;
}

/// Elements that are apart from the reference; where that is NaN, those that are not. An infinity is only itself.
template <class T> std::size_t count_apart(const std::vector<T>& got, const std::vector<double>& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double g = cuda::to_float(got[i]), e = expected[i];
    count += e != e ? g == g : g != e && apart(g, e, tolerance);
  }
  return count;
}

/// Runs f once for each order of threads that the CPU model has; once on a device.
inline void in_every_order(const std::function<void()>& f) {
#ifdef OGM_CUDA_ON_CPU
  using cuda_model::order;
  struct way {
    const char* name;
    order threads;
    std::uint64_t seed;
  };
  for (const way& w : {way{"forward", order::forward, 1}, way{"reverse", order::reverse, 1}, way{"random, seed 1", order::random, 1},
                       way{"random, seed 2", order::random, 2}}) {
    INFO("threads in order: " << w.name);
    cuda_model::settings().threads = w.threads;
    cuda_model::settings().seed = w.seed;
    f();
  }
  cuda_model::settings().threads = order::forward;
#else
  f();
#endif
}

#ifdef OGM_CUDA_ON_CPU
/// Runs f, and checks what a trace says of it (nothing where kernels are not traced): no race, no access that leaves its array.
inline cuda_model::trace check_traced(const std::function<void()>& f) {
  cuda_model::trace t = cuda_model::traced(f);
  t.note("launched");
  INFO(t.table());
  CHECK(t.races.empty());
  CHECK(t.strays.empty());
  return t;
}

/// What a launch may do beyond what it must.
struct allowance {
  double loads = 1.1;     // bytes loaded, over those that are expected
  double conflicts = 1;   // of the worst place where shared memory is touched
  double distinct = 1e9;  // sectors loaded, each counted once, over the bytes that are expected
};

/// No sector is asked for in vain, no bank twice, and no more bytes move than `loads` and `stores` with a tenth for what must be whole. The
/// kernels of t come into the table of docs/cuda.md.
inline void check_moved(const cuda_model::trace& t, double loads, double stores, const allowance& may = {}) {
  if (!t.recorded) return;
  t.note("moved");
  INFO(t.table());
  CHECK(t.worst_ratio(false) <= 1.05);
  CHECK(t.worst_ratio(true) <= may.conflicts);
  CHECK(double(t.load_bytes()) <= may.loads * loads);
  CHECK(double(t.load_bytes()) >= loads);
  CHECK(32 * double(t.distinct_load_sectors) <= may.distinct * loads);
  CHECK(double(t.store_bytes()) <= 1.1 * stores);
  CHECK(double(t.store_bytes()) >= stores);
}
#else
struct no_trace {
  bool recorded = false;
};
inline no_trace check_traced(const std::function<void()>& f) {
  f();
  return {};
}
#endif

}  // namespace ogm::test
