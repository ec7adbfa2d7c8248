#include "stand_in.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace ogm::test::stand_in {

namespace {
struct state {
  std::vector<std::string> refusals;
  std::map<std::string, std::size_t> calls;
  std::map<std::string, int> failures;
  std::size_t objects = 0;
  cudaStream_t stream = nullptr;
};
state& here() {
  static state s;
  return s;
}
}  // namespace

std::vector<std::string> take_refusals() { return std::exchange(here().refusals, {}); }
std::size_t calls(const std::string& function) { return here().calls[function]; }
void fail_next(const std::string& function, int status) { here().failures[function] = status; }
std::size_t living_objects() { return here().objects; }
cudaStream_t last_stream() { return here().stream; }

int begin(const char* function) {
  ++here().calls[function];
  return std::exchange(here().failures[function], 0);
}
void record(const char* function, const std::string& sentence) { here().refusals.push_back(std::string(function) + ": " + sentence); }
void count_object(int change) { here().objects += std::size_t(change); }

float scalar(const char* name, const void* p, int status) {
  require(p != nullptr, status, std::string(name) + " is null");
  require(!cuda_model::in_device_memory(p, sizeof(float)), status, std::string(name) + " is on the device, and is read on the host");
  float value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

void require_memory(const std::string& name, const void* p, std::size_t bytes, std::size_t alignment, int status) {
  require(p != nullptr, status, name + " is null");
  require(reinterpret_cast<std::uintptr_t>(p) % alignment == 0, status, name + " is not at a multiple of " + std::to_string(alignment));
  require(cuda_model::in_device_memory(p, bytes), status, name + " leaves device memory: " + std::to_string(bytes) + " bytes");
}

void require_workspace(const void* p, std::size_t bytes, std::size_t needed, std::size_t alignment, int status) {
  require(bytes >= needed, status,
          "the workspace has " + std::to_string(bytes) + " bytes, and the algorithm needs " + std::to_string(needed));
  if (bytes > 0) require_memory("the workspace", p, bytes, alignment, status);
}
void use_workspace(void* p, std::size_t bytes) {
  if (bytes > 0) std::memset(p, 0xff, bytes);
}

void require_stream(cudaStream_t stream, int status) {
  require(cuda_model::is_stream(stream), status, "the stream does not live");
  here().stream = stream;
}

float to_tf32(float x) {
  if (!std::isfinite(x)) return x;
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & ~0x1fffu);
}

}  // namespace ogm::test::stand_in
