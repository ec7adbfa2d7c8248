// Does the model find what it claims to find, and nothing else? Each kernel of faults.cu has one fault or none.
#include "faults.hpp"

#include <trace.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

using namespace ogm::test;
using cuda_model::order;

namespace {

struct outcome {
  cudaError_t status = cudaSuccess;
  std::string error;
  cuda_model::trace trace;
  std::vector<float> x;
};

/// Runs a kernel on 0, 1, 2 ...: a float a thread, or as many as are asked for.
outcome run(const std::string& name, const fault_launch& how = {}, std::size_t floats = 0) {
  INFO(name);
  outcome o;
  if (!floats) floats = std::size_t(how.blocks.x) * how.blocks.y * how.blocks.z * how.threads.x * how.threads.y * how.threads.z;
  o.x.resize(floats);
  for (std::size_t i = 0; i < floats; ++i) o.x[i] = float(i);
  float* x = nullptr;
  REQUIRE(cudaMalloc(&x, floats * sizeof(float)) == cudaSuccess);
  cudaMemcpyAsync(x, o.x.data(), floats * sizeof(float), cudaMemcpyHostToDevice);
  try {
    o.trace = cuda_model::traced([&] { o.status = launch_fault(name, how, x); });
  } catch (const cuda_model::error& e) {
    o.error = e.what();
  }
  cudaMemcpyAsync(o.x.data(), x, floats * sizeof(float), cudaMemcpyDeviceToHost);
  cudaFree(x);
  return o;
}

/// Whether the text names a line of this kernel's.
bool names_line_of(const std::string& kernel, const std::string& text) {
  std::ifstream source(std::string(OGM_SOURCE_DIR) + "/tests/cuda/model/faults.cu");
  std::string line, current;
  for (int number = 1; std::getline(source, line); ++number) {
    const auto begin = line.find("__global__ void ");
    if (begin != std::string::npos) current = line.substr(begin + 16, line.find('(') - begin - 16);
    const std::string place = "faults.cu:" + std::to_string(number);
    for (auto at = text.find(place); current == kernel && at != std::string::npos; at = text.find(place, at + 1))
      if (at + place.size() == text.size() || !std::isdigit(text[at + place.size()])) return true;
  }
  return false;
}

void check_right(const std::string& name, const outcome& o) {
  INFO(name << "\n" << o.trace.table());
  CHECK(o.status == cudaSuccess);
  CHECK(o.error == "");
  CHECK(o.trace.races.empty());
  CHECK(o.trace.strays.empty());
}

/// Runs f in forward order, in reverse, and in some that are drawn.
template <class F> void in_orders(const F& f) {
  auto& settings = cuda_model::settings();
  for (const order o : {order::forward, order::reverse, order::random})
    for (const std::uint64_t seed : {1, 2}) {
      INFO("order " << int(o) << ", seed " << seed);
      settings.threads = o;
      settings.seed = seed;
      f();
    }
  settings.threads = order::forward;
}

}  // namespace

TEST_CASE("model: right kernels give what they should, in every order, and no report", "[model]") {
  in_orders([] {
    outcome o = run("reversed");
    check_right("reversed", o);
    for (int i = 0; i < 64; ++i) CHECK(o.x[std::size_t(i)] == float(63 - i));
    check_right("counts_dynamic_shared", o = run("counts_dynamic_shared", {1, 64, 256}));
    for (int i = 0; i < 64; ++i) CHECK(o.x[std::size_t(i)] == float(63 - i));
    check_right("swapped_in_warp", o = run("swapped_in_warp"));
    for (int i = 0; i < 64; ++i) CHECK(o.x[std::size_t(i)] == float(i ^ 1));
    check_right("counted_by_atomics", o = run("counted_by_atomics", {3}));
    CHECK(o.x[0] == 3 * 64);
    check_right("sums_in_turn", o = run("sums_in_turn"));
    for (const float v : o.x) CHECK(v == 63 * 32 + 63);
    check_right("halves_of_a_word", run("halves_of_a_word"));
    check_right("half_a_warp", o = run("half_a_warp"));
    for (int i = 0; i < 64; ++i) CHECK(o.x[std::size_t(i)] == float(i < 16 ? i ^ 1 : i));
    check_right("some_leave", o = run("some_leave"));
    CHECK(o.x[1] == float(0xaaaaaa));
    CHECK(o.x[24] == 24);
    check_right("votes", o = run("votes"));
    for (const float v : o.x) CHECK(v == 32 * 1000 + 100 + 1);
    check_right("shuffles", o = run("shuffles"));
    for (int i = 0; i < 64; ++i)
      CHECK(o.x[std::size_t(i)] == 10000.0f * float(i % 32 ? i - 1 : i) + 100.0f * float(i % 8 < 6 ? i + 2 : i) + float(i / 16 * 16));
    check_right("reads_constants", o = run("reads_constants"));
    CHECK(o.x[3] == 8);
    check_right("coordinates", o = run("coordinates", {dim3(2, 3, 2), dim3(4, 8, 2)}));
    for (std::size_t i = 0; i < o.x.size(); ++i) CHECK(o.x[i] == float(i));
    check_right("vectors_in_shared", run("vectors_in_shared"));
  });
}

TEST_CASE("model: threads run in the order asked for", "[model]") {
  const auto arrivals = [](order o, std::uint64_t seed) {
    cuda_model::settings().threads = o;
    cuda_model::settings().seed = seed;
    const auto x = run("order_of_arrival").x;
    cuda_model::settings().threads = order::forward;
    return x;
  };
  const auto random = arrivals(order::random, 1);
  auto forward = arrivals(order::forward, 1), reverse = arrivals(order::reverse, 1);
  CHECK(random != forward);
  CHECK(random != reverse);
  CHECK(random == arrivals(order::random, 1));
  CHECK(random != arrivals(order::random, 2));
  auto sorted = random;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) CHECK(sorted[i] == float(i));
  // The thread that completes the barrier goes on before the others, which follow in order.
  std::rotate(forward.begin(), forward.end() - 1, forward.end());
  CHECK(std::is_sorted(forward.begin(), forward.end()));
  CHECK(std::is_sorted(reverse.begin() + 1, reverse.end(), std::greater<>()));
}

TEST_CASE("model: threads that do not meet, with the lines where they wait", "[model]") {
  const std::vector<std::pair<const char*, const char*>> expected = {{"barrier_of_half", "after 32 threads left the kernel"},
                                                                     {"two_barriers", "divergent __syncthreads"},
                                                                     {"not_in_own_mask", "is not in its own mask"},
                                                                     {"mask_of_others", "deadlock"},
                                                                     {"different_collectives", "different collectives"}};
  in_orders([&] {
    for (const auto& [name, sentence] : expected) {
      const outcome o = run(name);
      INFO(name << ": " << o.error);
      CHECK(o.error.find(sentence) != std::string::npos);
      CHECK(o.error.starts_with("block (0, 0, 0): "));
      CHECK(names_line_of(name, o.error));
      check_right("reversed", run("reversed"));  // a failed kernel leaves nothing behind
    }
  });
}

TEST_CASE("model: launches that the device refuses", "[model]") {
  CHECK(run("reversed", {0}, 64).status == cudaErrorInvalidConfiguration);
  CHECK(run("reversed", {dim3(1, 65536)}, 64).status == cudaErrorInvalidConfiguration);
  CHECK(run("reversed", {1, 0}, 64).status == cudaErrorInvalidConfiguration);
  CHECK(run("reversed", {1, 1025}, 1025).status == cudaErrorInvalidConfiguration);
  CHECK(run("reversed", {1, dim3(1, 1, 65)}, 65).status == cudaErrorInvalidConfiguration);
  CHECK(run("counts_dynamic_shared", {1, 64, 48 * 1024}).status == cudaSuccess);
  CHECK(run("counts_dynamic_shared", {1, 64, 48 * 1024 + 4}).status == cudaErrorInvalidValue);
  CHECK(run("counts_dynamic_shared", {1, 64, 48 * 1024 + 4, true}).status == cudaSuccess);
  CHECK(run("counts_dynamic_shared", {1, 64, 227 * 1024, true}).status == cudaSuccess);
  CHECK(run("counts_dynamic_shared", {1, 64, 227 * 1024 + 4, true}).status == cudaErrorInvalidValue);
}

TEST_CASE("model: streams that do not live", "[model]") {
  cudaStream_t stream = nullptr, other = nullptr;
  REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
  CHECK(cudaStreamDestroy(stream) == cudaSuccess);
  REQUIRE(cudaStreamCreate(&other) == cudaSuccess);
  CHECK(other != stream);
  CHECK_THROWS_WITH(cudaStreamSynchronize(stream), Catch::Contains("does not live"));
  CHECK_THROWS_WITH(cudaStreamDestroy(stream), Catch::Contains("does not live"));
  char byte = 0;
  CHECK_THROWS_WITH(cudaMemsetAsync(&byte, 0, 0, stream), Catch::Contains("does not live"));
  CHECK(cudaStreamDestroy(other) == cudaSuccess);
}

TEST_CASE("model: what was not written is NaN", "[model]") {
  const outcome o = run("shared_not_written");
  CHECK(std::isnan(o.x[0]));
  CHECK(o.x[1] == 0);
  CHECK(std::isnan(run("lane_that_takes_no_part").x[7]));
  float* x = nullptr;
  float values[2] = {};
  cudaMalloc(&x, 4);
  cudaMemcpyAsync(values, x, 4, cudaMemcpyDeviceToHost);
  CHECK(std::isnan(values[0]));
  CHECK_THROWS_WITH(cudaMemcpyAsync(values, x, 8, cudaMemcpyDeviceToHost), Catch::Contains("leaves device memory"));
  CHECK_THROWS_WITH(cudaMemcpyAsync(x, values, 8, cudaMemcpyHostToDevice), Catch::Contains("leaves device memory"));
  CHECK_THROWS_WITH(cudaFree(x + 1), Catch::Contains("cudaMalloc did not give"));
  cudaFree(x);
}

TEST_CASE("model: what is inside one allocation", "[model]") {
  float* x = nullptr;
  cudaMalloc(&x, 12);
  CHECK(cuda_model::in_device_memory(x, 12));
  CHECK(cuda_model::in_device_memory(x + 1, 8));
  CHECK(cuda_model::in_device_memory(x + 3, 0));
  CHECK_FALSE(cuda_model::in_device_memory(x, 13));
  CHECK_FALSE(cuda_model::in_device_memory(x + 1, 12));
  CHECK_FALSE(cuda_model::in_device_memory(x + 4, 0));
  CHECK_FALSE(cuda_model::in_device_memory(reinterpret_cast<char*>(x) - 1, 4));
  CHECK_FALSE(cuda_model::in_device_memory(x + 1, std::size_t(-1)));  // which would wrap
  const float here = 0;
  CHECK_FALSE(cuda_model::in_device_memory(&here, 4));
  cudaFree(x);
  CHECK_FALSE(cuda_model::in_device_memory(x, 4));
}

TEST_CASE("model: rows that are set leave what is between them", "[model]") {
  std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8};
  float* x = nullptr;
  cudaMalloc(&x, 32);
  cudaMemcpyAsync(x, values.data(), 32, cudaMemcpyHostToDevice);
  CHECK(cudaMemset2DAsync(x, 12, 0, 8, 3) == cudaSuccess);
  CHECK(cudaMemset2DAsync(x, 4, 0, 8, 2) == cudaErrorInvalidValue);
  CHECK_THROWS_WITH(cudaMemset2DAsync(x + 1, 12, 0, 8, 3), Catch::Contains("leaves device memory"));
  cudaMemcpyAsync(values.data(), x, 32, cudaMemcpyDeviceToHost);
  CHECK(values == std::vector<float>{0, 0, 3, 0, 0, 6, 0, 0});
  cudaFree(x);
}

TEST_CASE("model: what is written beside an allocation", "[borders]") {
  for (const char* const name : {"writes_beyond_global", "writes_before_global"})
    CHECK(run(name).error.find("wrote beside an allocation of 256 bytes") != std::string::npos);
}

TEST_CASE("model: half and bfloat16 round as the device does", "[model]") {
  const auto bits = [](float x) { return unsigned(__float2half(x).bits); };
  CHECK(bits(1.0f) == 0x3c00);
  CHECK(bits(-2.0f) == 0xc000);
  CHECK(bits(65504.0f) == 0x7bff);
  CHECK(bits(65519.0f) == 0x7bff);
  CHECK(bits(65520.0f) == 0x7c00);
  CHECK(bits(-INFINITY) == 0xfc00);
  CHECK(bits(NAN) == 0x7fff);
  CHECK(bits(0x1p-24f) == 1);
  CHECK(bits(0x1p-25f) == 0);         // a tie, to even
  CHECK(bits(0x1.8p-24f) == 2);       // another
  CHECK(bits(0x1.002p0f) == 0x3c00);  // 1 + half a unit
  CHECK(bits(0x1.006p0f) == 0x3c02);
  CHECK(bits(0x1.ff8p-15f) == 0x3ff);
  CHECK(bits(0x1.ffcp-15f) == 0x400);  // a tie, to even
  std::size_t wrong = 0;
  for (unsigned i = 0; i < 65536; ++i) {
    const float h = __half2float({std::uint16_t(i)}), b = __bfloat162float({std::uint16_t(i)});
    if (h == h) wrong += __float2half(h).bits != i;
    if (b == b) wrong += __float2bfloat16(b).bits != i;
  }
  CHECK(wrong == 0);
  CHECK(__float2bfloat16(0x1.01p0f).bits == 0x3f80);
  CHECK(__float2bfloat16(0x1.03p0f).bits == 0x3f82);
  CHECK(__float2bfloat16(NAN).bits == 0x7fff);
}

// Below: where kernels are traced (the program cuda_model_trace).

TEST_CASE("trace: races, with the lines of both accesses", "[traced]") {
  in_orders([] {
    for (const char* const name : {"no_barrier", "no_barrier_before_writing_again", "no_warp_sync", "warp_sync_across_warps",
                                   "added_without_atomics", "blocks_write_one_place", "atomic_and_plain"}) {
      const outcome o = run(name, {std::string(name) == "blocks_write_one_place" ? 2u : 1u});
      INFO(name << "\n" << o.trace.table());
      CHECK(o.error == "");
      REQUIRE(!o.trace.races.empty());
      for (const std::string& r : o.trace.races) {
        const auto slash = r.find(" / ");
        CHECK(names_line_of(name, r.substr(0, slash)));
        CHECK(names_line_of(name, r.substr(slash)));
      }
    }
  });
}

TEST_CASE("trace: accesses that leave their array", "[traced]") {
  const auto check = [](const char* name, const char* what, const fault_launch& how = {}) {
    const outcome o = run(name, how);
    INFO(name << "\n" << o.error << "\n" << o.trace.table());
    REQUIRE(o.trace.strays.size() == 1);
    CHECK(o.trace.strays[0].find(what) != std::string::npos);
    CHECK(names_line_of(name, o.trace.strays[0]));
  };
  check("reads_beyond_global", "reads 4 bytes outside device memory");
  check("beyond_dynamic_shared", "reads 4 bytes outside device memory", {1, 64, 256});
  check("beyond_static_shared", "reads 4 bytes outside device memory");
  const outcome o = run("writes_beyond_global");
  CHECK(o.error.find("writes 4 bytes outside device memory") != std::string::npos);
  CHECK(names_line_of("writes_beyond_global", o.error));
}

TEST_CASE("trace: sectors and banks", "[traced]") {
  outcome o = run("strided", {}, 512);
  CHECK(o.trace.worst_ratio(false) == 8);
  CHECK(o.trace.store_bytes() == 64 * 32);
  CHECK(o.trace.load_bytes() == 0);
  CHECK(o.trace.distinct_store_sectors == 64);

  o = run("bank_conflicts");
  CHECK(o.trace.worst_ratio(true) == 32);
  CHECK(o.trace.worst_ratio(false) == 1);
  CHECK(o.trace.load_bytes() == 256);
  REQUIRE(o.trace.kernels.size() == 1);
  const cuda_model::kernel_traffic& kernel = o.trace.kernels[0];
  CHECK(kernel.kernel == "?");  // of a namespace without a name
  CHECK(kernel.threads == fault_launch{}.threads.x);
  CHECK(kernel.worst_ratio(true) == 32);
  CHECK(kernel.load_bytes() == 256);
  CHECK(kernel.distinct_load_sectors == 8);

  o = run("vectors_in_shared");
  INFO(o.trace.table());
  CHECK(o.trace.worst_ratio(true) == 1);
  const auto vectors = std::find_if(o.trace.sites.begin(), o.trace.sites.end(), [](const auto& s) { return s.shared && s.write; });
  REQUIRE(vectors != o.trace.sites.end());
  CHECK(vectors->bytes == 16);
  CHECK(vectors->requests == 2);  // warps
  CHECK(vectors->lanes == 64);
  CHECK(vectors->units == 8);
}

TEST_CASE("trace: guards that are taken away", "[traced]") {
  const auto without = [](const char* guard, const char* kernel, const fault_launch& how = {}) {
    cuda_model::settings().removed_guard = guard;
    const outcome o = run(kernel, how, 64);
    cuda_model::settings().removed_guard.clear();
    return o;
  };
  CHECK(!without("all_have_written", "reversed").trace.races.empty());
  CHECK(!without("lanes_have_written", "swapped_in_warp").trace.races.empty());
  check_right("swapped_in_warp", without("all_have_written", "swapped_in_warp"));
  check_right("reversed", without("thread_has_place", "reversed"));  // 64 threads stay inside all the same
  check_right("reversed", run("reversed"));
}

// Below: what ends the program, each in a run of its own.

TEST_CASE("fault: reads_beyond_global", "[.][fault]") { run("reads_beyond_global"); }
TEST_CASE("fault: writes_before_global", "[.][fault]") { run("writes_before_global"); }
TEST_CASE("fault: beyond_dynamic_shared", "[.][fault]") { run("beyond_dynamic_shared", {1, 64, 256}); }
TEST_CASE("fault: beyond_static_shared", "[.][fault]") { run("beyond_static_shared"); }
TEST_CASE("fault: misaligned", "[.][fault]") { run("misaligned"); }
TEST_CASE("fault: overflows", "[.][fault]") { run("overflows"); }
