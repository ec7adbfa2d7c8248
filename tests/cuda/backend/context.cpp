// What operations on the device share, and memory on the device as a space of tensors.
#include <ogm/core/tensor.hpp>
#include <ogm/cuda/context.hpp>
#include <ogm/cuda/memory.hpp>

#include <cuda/support/device.hpp>

#include <numeric>
#include <optional>

using namespace ogm;

namespace {

std::vector<int> read(const int* from, std::size_t count) {
  std::vector<int> all(count);
  memory::cuda::copy_to_host(all.data(), from, count * sizeof(int));
  return all;
}

}  // namespace

TEST_CASE("a context: tables of the host on the device, while the host's change") {
  cuda::context context;
  std::vector<int> table(5);
  std::iota(table.begin(), table.end(), 3);
  const std::vector<int> first = table;
  const int* const there = context.upload(std::span<const int>(table));
  std::fill(table.begin(), table.end(), -1);
  CHECK(read(there, 5) == first);

  table.resize(50000, 7);  // which neither the pinned memory nor the device's holds
  CHECK(read(context.upload(std::span<const int>(table)), table.size()) == table);
  CHECK(context.upload(std::span<const int>()) == nullptr);
}

TEST_CASE("a context: a workspace grows and stays") {
  cuda::context context;
  int* const small = context.workspace<int>(100);
  CHECK(reinterpret_cast<std::uintptr_t>(small) % 256 == 0);
  CHECK(context.workspace<int>(40) == small);
  int* const large = context.workspace<int>(100000);
  const std::vector<int> values(100000, 5);
  memory::cuda::copy_from_host(large, values.data(), values.size() * sizeof(int));
  CHECK(context.workspace<double>(50000) == static_cast<void*>(large));
  CHECK(read(large, values.size()) == values);
}

TEST_CASE("a tensor on the device: zero when made, copied, moved between host and device") {
  const basic_tensor<memory::cuda, float, dyn, 3> zeros(4);
  CHECK(copy_to<memory::host>(zeros).flat()[11] == 0);
  tensor<float, dyn, 3> here(4);
  std::iota(here.flat().begin(), here.flat().end(), 1.0f);
  auto there = copy_to<memory::cuda>(here);
  const auto copy = there;
  memory::cuda::zero(there.data(), there.bytes());
  CHECK(copy_to<memory::host>(there).flat()[7] == 0);
  const auto back = copy_to<memory::host>(copy);
  CHECK(test::same_bits(back.data(), here.data(), std::size_t(here.count())));
  const basic_tensor<memory::cuda, float, dyn> nothing(0);
  CHECK(copy_to<memory::host>(nothing).count() == 0);
}

#ifdef OGM_CUDA_ON_CPU
TEST_CASE("memory on the device: what the runtime says becomes an exception") {
  CHECK_THROWS_AS(memory::cuda::allocate(std::size_t(1) << 62), std::bad_alloc);
}
TEST_CASE("a status: where there is no device, it asks for one") {
  const std::string sentence = " Is there an NVIDIA GPU, and a driver as new as the CUDA that this program is built with?";
  CHECK(cuda::status("memory", cudaErrorNoDevice).what() == "ogm: memory: no CUDA-capable device is detected." + sentence);
  CHECK(cuda::status("memory", cudaErrorInsufficientDriver).what() ==
        "ogm: memory: CUDA driver version is insufficient for CUDA runtime version." + sentence);
  CHECK(cuda::status("memory", cudaErrorUnknown).what() == "ogm: memory: unknown error.");
}
TEST_CASE("a context: its stream ends with it") {
  std::optional<cuda::context> context(std::in_place);
  const cudaStream_t stream = context->stream();
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
  context.reset();
  CHECK_THROWS_WITH(cudaStreamSynchronize(stream), Catch::Contains("does not live"));
}
#endif
