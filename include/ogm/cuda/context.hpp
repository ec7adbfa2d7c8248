#pragma once
// What operations on the device share: a stream, memory between them, and the way from host tables to the device.

#include <ogm/cuda/blas.hpp>
#include <ogm/cuda/dnn.hpp>
#include <ogm/cuda/status.hpp>

#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace ogm::cuda {

namespace detail {
/// Grows to the largest request and stays. Give and Take: of the kind of memory, ordered on `stream`.
template <cudaError_t (*Take)(void**, std::size_t, cudaStream_t), cudaError_t (*Give)(void*, cudaStream_t)> class growing_memory {
 public:
  explicit growing_memory(cudaStream_t stream) : stream_(stream) {}
  growing_memory(const growing_memory&) = delete;
  growing_memory& operator=(const growing_memory&) = delete;
  ~growing_memory() {
    if (memory_) Give(memory_, stream_);
  }
  void* take(std::size_t bytes) {
    if (bytes > size_) {  // by powers of two: sizes that grow little by little are few
      bytes = std::bit_ceil(bytes);
      if (memory_) status("memory given back", Give(std::exchange(memory_, nullptr), stream_)).throw_if_failed();
      size_ = 0;
      status("memory for a kernel", Take(&memory_, bytes, stream_)).throw_if_failed();
      size_ = bytes;
    }
    return memory_;
  }

 private:
  cudaStream_t stream_;
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

inline cudaError_t take_device(void** p, std::size_t bytes, cudaStream_t stream) { return cudaMallocAsync(p, bytes, stream); }
inline cudaError_t give_device(void* p, cudaStream_t stream) { return cudaFreeAsync(p, stream); }
inline cudaError_t take_pinned(void** p, std::size_t bytes, cudaStream_t) { return cudaMallocHost(p, bytes); }
inline cudaError_t give_pinned(void* p, cudaStream_t stream) {
  cudaStreamSynchronize(stream);  // a copy from it may be under way
  return cudaFreeHost(p);
}
using device_memory = growing_memory<&take_device, &give_device>;
using pinned_memory = growing_memory<&take_pinned, &give_pinned>;

/// A stream that takes turns with the legacy one, on which memory::cuda copies, and an event of it.
class stream_and_event {
 public:
  stream_and_event() {
    status("a stream on the device", cudaStreamCreate(&stream)).throw_if_failed();
    const cudaError_t answer = cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    if (answer != cudaSuccess) cudaStreamDestroy(stream);
    status("an event on the device", answer).throw_if_failed();
  }
  stream_and_event(const stream_and_event&) = delete;
  stream_and_event& operator=(const stream_and_event&) = delete;
  ~stream_and_event() {
    cudaEventDestroy(event);
    cudaStreamDestroy(stream);
  }
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
};
}  // namespace detail

/// Lives in a backend, and so in a tape. Work of two contexts is not ordered, but by copies to the host.
///
/// Errors     ogm::error that says what the runtime said, where there is no device or no memory
class context {
 public:
  context() = default;

  cudaStream_t stream() const { return own_.stream; }
  /// Uninitialised memory on the device for the operation that asks, until the next one asks; 256-byte aligned.
  template <class T> T* workspace(long count) { return static_cast<T*>(workspace_.take(std::size_t(count) * sizeof(T))); }
  /// A copy on the device of a table in host memory, until the next upload. The copy is ordered on the stream and goes through pinned
  /// memory: the caller may change the table at once.
  template <class T> const T* upload(std::span<const T> table) {
    return static_cast<const T*>(upload(table.size_bytes(), [&](void* to) { std::memcpy(to, table.data(), table.size_bytes()); }));
  }
  /// The same of what write(to) puts into `bytes` of host memory, 256-byte aligned.
  template <class Write> const void* upload(std::size_t bytes, const Write& write) {
    if (bytes == 0) return nullptr;
    status("an upload", cudaEventSynchronize(own_.event)).throw_if_failed();  // until the last one has left pinned memory
    void* const staged = pinned_.take(bytes);
    void* const to = table_.take(bytes);
    write(staged);
    status("an upload", cudaMemcpyAsync(to, staged, bytes, cudaMemcpyHostToDevice, stream())).throw_if_failed();
    status("an upload", cudaEventRecord(own_.event, stream())).throw_if_failed();
    return to;
  }
  /// cuBLASLt and cuDNN, made when they are first asked for. They work in the same memory, in turn.
  blas& products() {
    if (!blas_) blas_.emplace(library_memory(), arithmetic_);
    return *blas_;
  }
  dnn& convolutions() {
    if (!dnn_) dnn_.emplace(library_memory(), arithmetic_);
    return *dnn_;
  }
  /// What NVIDIA's libraries may round before they multiply; from the first product or convolution on it stays.
  void set_arithmetic(arithmetic how) { arithmetic_ = how; }

 private:
  static constexpr std::size_t library_bytes = std::size_t(32) << 20;  // what NVIDIA advises cuBLASLt's callers for an H100
  library_workspace library_memory() { return {library_.take(library_bytes), library_bytes}; }

  detail::stream_and_event own_;
  arithmetic arithmetic_ = arithmetic::float32;
  detail::device_memory library_{own_.stream};
  std::optional<blas> blas_;
  std::optional<dnn> dnn_;
  detail::device_memory workspace_{own_.stream}, table_{own_.stream};
  detail::pinned_memory pinned_{own_.stream};
};

}  // namespace ogm::cuda
