#pragma once
// How a kernel is timed on a GPU: in turn with what NVIDIA's libraries make of the same work, and with a copy of as many bytes; each after
// its first results are compared. Times are those of events around one call with nothing in the L2 cache ("cold"), or around 32 calls in a
// row
// ("warm": what is touched stays in L2 where it fits), divided by 32; the shortest count.

#include <benchmark/benchmark.h>
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <ogm/cuda/status.hpp>
#include <ogm/cuda/storage.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}
inline void check(cudaError_t e) {
  if (e != cudaSuccess) fail(std::string("CUDA: ") + cudaGetErrorString(e));
}
inline void check(cublasStatus_t s) {
  if (s != CUBLAS_STATUS_SUCCESS) fail(std::string("cuBLAS: ") + cublasGetStatusString(s));
}
inline void check(cudnnStatus_t s) {
  if (s != CUDNN_STATUS_SUCCESS) fail(std::string("cuDNN: ") + cudnnGetErrorString(s));
}
inline void check(const ogm::cuda::status& s) {
  if (!s.ok()) fail(s.what());
}

/// Uninitialised memory on the device; or numbers from -1 to 1.
template <class T> class array {
 public:
  explicit array(long count) : count_(count) { check(cudaMalloc(&data_, std::size_t(count) * sizeof(T))); }
  array(long count, std::uint32_t seed) : array(count) {
    std::vector<T> all(static_cast<std::size_t>(count));
    std::uint32_t x = seed * 2654435761u + 12345;
    for (T& v : all) {
      x = x * 1664525u + 1013904223u;
      v = ogm::cuda::from_float<T>(float(x >> 8) * 0x1p-23f - 1);
    }
    set(all);
  }
  explicit array(const std::vector<T>& values) : array(long(values.size())) { set(values); }
  ~array() { cudaFree(data_); }
  array(const array&) = delete;
  array& operator=(const array&) = delete;

  T* data() const { return data_; }
  void set(const std::vector<T>& values) { check(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice)); }
  std::vector<T> values() const {
    std::vector<T> all(static_cast<std::size_t>(count_));
    check(cudaMemcpy(all.data(), data_, all.size() * sizeof(T), cudaMemcpyDeviceToHost));
    return all;
  }

 private:
  T* data_ = nullptr;
  long count_;
};

/// The largest difference between two arrays, over the largest element of the second; infinite where one has a NaN.
template <class T> double apart(const array<T>& x, const array<T>& y) {
  const std::vector<T> a = x.values(), b = y.values();
  double difference = 0, largest = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double u = ogm::cuda::to_float(a[i]), v = ogm::cuda::to_float(b[i]);
    if (u != u || v != v) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(u - v));
    largest = std::max(largest, std::abs(v));
  }
  return difference / largest;
}
/// How far results may be apart: both sides round.
template <class T> inline constexpr double tolerance = sizeof(T) == 4 ? 2e-4 : 1e-2;

// ---- the libraries ----

/// The handles, all on the default stream.
struct libraries {
  cudnnHandle_t dnn = nullptr;
  cublasHandle_t blas = nullptr;
  libraries() {
    check(cudnnCreate(&dnn));
    check(cublasCreate(&blas));
  }
};
inline const libraries& library() {
  static const libraries all;
  return all;
}

template <class T> inline constexpr cudnnDataType_t dnn_type = sizeof(T) == 4 ? CUDNN_DATA_FLOAT : CUDNN_DATA_HALF;

/// A description of (a, b, c, d) without gaps.
class tensor {
 public:
  tensor(cudnnDataType_t type, long a, long b, long c, long d) {
    check(cudnnCreateTensorDescriptor(&description_));
    check(cudnnSetTensor4dDescriptor(description_, CUDNN_TENSOR_NCHW, type, int(a), int(b), int(c), int(d)));
  }
  ~tensor() { cudnnDestroyTensorDescriptor(description_); }
  tensor(const tensor&) = delete;
  tensor& operator=(const tensor&) = delete;
  operator cudnnTensorDescriptor_t() const { return description_; }

 private:
  cudnnTensorDescriptor_t description_ = nullptr;
};

/// to = what cuDNN reduces `from` to.
class reduction {
 public:
  reduction(cudnnReduceTensorOp_t operation, const tensor& from, const tensor& to) : from_(&from), to_(&to), workspace_(bytes(operation)) {}
  ~reduction() { cudnnDestroyReduceTensorDescriptor(description_); }
  reduction(const reduction&) = delete;
  reduction& operator=(const reduction&) = delete;
  void operator()(const void* from, void* to) const {
    const float one = 1, zero = 0;
    check(cudnnReduceTensor(library().dnn, description_, nullptr, 0, workspace_.data(), bytes_, &one, *from_, from, &zero, *to_, to));
  }

 private:
  long bytes(cudnnReduceTensorOp_t operation) {
    check(cudnnCreateReduceTensorDescriptor(&description_));
    check(cudnnSetReduceTensorDescriptor(description_, operation, CUDNN_DATA_FLOAT, CUDNN_PROPAGATE_NAN, CUDNN_REDUCE_TENSOR_NO_INDICES,
                                         CUDNN_32BIT_INDICES));
    check(cudnnGetReductionWorkspaceSize(library().dnn, description_, *from_, *to_, &bytes_));
    return long(std::max<std::size_t>(bytes_, 1));
  }
  const tensor *from_, *to_;
  cudnnReduceTensorDescriptor_t description_ = nullptr;
  std::size_t bytes_ = 0;
  array<float> workspace_;  // of so many floats, where so many bytes are asked for
};

/// c = a * b or a + b, element by element; b's sizes are a's or 1.
class pointwise {
 public:
  explicit pointwise(cudnnOpTensorOp_t operation) {
    check(cudnnCreateOpTensorDescriptor(&description_));
    check(cudnnSetOpTensorDescriptor(description_, operation, CUDNN_DATA_FLOAT, CUDNN_PROPAGATE_NAN));
  }
  ~pointwise() { cudnnDestroyOpTensorDescriptor(description_); }
  pointwise(const pointwise&) = delete;
  pointwise& operator=(const pointwise&) = delete;
  void operator()(const tensor& of_a, const void* a, const tensor& of_b, const void* b, void* c) const {
    const float one = 1, zero = 0;
    check(cudnnOpTensor(library().dnn, description_, &one, of_a, a, &one, of_b, b, &zero, of_a, c));
  }

 private:
  cudnnOpTensorDescriptor_t description_ = nullptr;
};

// ---- the clock ----

class clock {
 public:
  clock() {
    check(cudaEventCreate(&begin_));
    check(cudaEventCreate(&end_));
    int l2 = 0;
    check(cudaDeviceGetAttribute(&l2, cudaDevAttrL2CacheSize, 0));
    flush_bytes_ = 4 * std::size_t(l2);
    check(cudaMalloc(&flush_, flush_bytes_));
  }
  /// Seconds of a call of f.
  double time(const std::function<void()>& f, bool warm) {
    const int calls = warm ? 32 : 1;
    if (!warm) check(cudaMemsetAsync(flush_, 0, flush_bytes_));
    check(cudaEventRecord(begin_));
    for (int i = 0; i < calls; ++i) f();
    check(cudaEventRecord(end_));
    check(cudaEventSynchronize(end_));
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_));
    return 1e-3 * double(milliseconds) / calls;
  }

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
  void* flush_ = nullptr;
  std::size_t flush_bytes_ = 0;
};

/// What a kernel is timed beside: its name, its calls, and how far its results are from the kernel's where both have been run (or less than
/// 0: it does more or less than the kernel, and the file says what).
struct rival {
  std::string name;
  std::function<void()> run;
  std::function<double()> apart;
};

/// Times `ours`, the rivals and a copy that moves `bytes` in turn. `bytes`: those of every array that the work reads or writes, each once.
/// Counters: ours_us and of_copy (the copy's time over ours); for each rival NAME_us and over_NAME (its time over ours).
inline void in_turn(benchmark::State& state, double bytes, double allowed, const std::function<void()>& ours,
                    const std::vector<rival>& rivals) {
  static clock events;
  const bool warm = state.range(0) != 0;
  ours();
  check(cudaDeviceSynchronize());
  for (const rival& r : rivals) {
    r.run();
    check(cudaDeviceSynchronize());
    if (const double d = r.apart(); !(d <= allowed)) return state.SkipWithError((r.name + " is " + std::to_string(d) + " apart").c_str());
  }
  const long half = std::max(long(bytes / 2), 1L);
  const array<float> from((half + 3) / 4), to((half + 3) / 4);
  const auto copy = [&] { check(cudaMemcpyAsync(to.data(), from.data(), std::size_t(half), cudaMemcpyDeviceToDevice)); };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double best = infinity, best_copy = infinity;
  std::vector<double> best_rival(rivals.size(), infinity);
  for (auto _ : state) {
    const double t = events.time(ours, warm);
    state.SetIterationTime(t);
    best = std::min(best, t);
    best_copy = std::min(best_copy, events.time(copy, warm));
    for (std::size_t i = 0; i < rivals.size(); ++i) best_rival[i] = std::min(best_rival[i], events.time(rivals[i].run, warm));
  }
  state.counters["bytes"] = bytes;
  state.counters["ours_us"] = 1e6 * best;
  state.counters["copy_us"] = 1e6 * best_copy;
  state.counters["of_copy"] = best_copy / best;
  for (std::size_t i = 0; i < rivals.size(); ++i) {
    state.counters[rivals[i].name + "_us"] = 1e6 * best_rival[i];
    state.counters["over_" + rivals[i].name] = best_rival[i] / best;
  }
}

/// A benchmark of f(state), cold and warm.
inline void add(const std::string& name, const std::function<void(benchmark::State&)>& f) {
  benchmark::RegisterBenchmark(name.c_str(), f)
      ->ArgName("warm")
      ->Arg(0)
      ->Arg(1)
      ->UseManualTime()
      ->Iterations(100)
      ->Unit(benchmark::kMicrosecond);
}

/// Runs what is registered; 77 where there is no GPU. The largest copy's rate is in the context.
inline int run(int argc, char** argv, void (*registers)()) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    std::fprintf(stderr, "no CUDA device: %s\n", error == cudaSuccess ? "none is there" : cudaGetErrorString(error));
    return 77;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  cudaDeviceProp device{};
  check(cudaGetDeviceProperties(&device, 0));
  benchmark::AddCustomContext("device", device.name);
  benchmark::AddCustomContext("L2, MiB", std::to_string(device.l2CacheSize >> 20));
  {
    constexpr long bytes = 1L << 30;
    const array<float> from(bytes / 4), to(bytes / 4);
    clock events;
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 20; ++i)
      best = std::min(best, events.time([&] { check(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice)); }, false));
    benchmark::AddCustomContext("copy of 1 GiB, read and write, GB/s", std::to_string(2e-9 * bytes / best));
  }
  registers();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
