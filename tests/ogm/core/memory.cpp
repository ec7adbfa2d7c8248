#include <ogm/core/memory.hpp>
#include <ogm/core/tensor.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>

using namespace ogm;

namespace {
/// A second space: the host's memory, with every byte stored inverted, so that a copy that goes the wrong way shows.
struct inverted {
  static inline long live = 0;
  static void* allocate(std::size_t n) {
    ++live;
    return memory::host::allocate(n);
  }
  static void release(void* p, std::size_t n) noexcept {
    --live;
    memory::host::release(p, n);
  }
  static void zero(void* p, std::size_t n) {
    if (n) std::memset(p, 0xff, n);
  }
  static void copy(void* p, const void* q, std::size_t n) { memory::host::copy(p, q, n); }
  static void copy_from_host(void* p, const void* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      static_cast<unsigned char*>(p)[i] = static_cast<unsigned char>(~static_cast<const unsigned char*>(q)[i]);
  }
  static void copy_to_host(void* p, const void* q, std::size_t n) { copy_from_host(p, q, n); }
};
static_assert(memory::space<memory::host> && memory::space<inverted> && !memory::space<int>);
}  // namespace

TEST_CASE("host memory is aligned, and empty transfers touch nothing") {
  for (const std::size_t n : {std::size_t(1), std::size_t(63), std::size_t(4096)}) {
    void* p = memory::host::allocate(n);
    CHECK(std::uintptr_t(p) % memory::alignment == 0);
    memory::host::release(p, n);
  }
  constexpr std::size_t page = std::size_t(2) << 20;  // from here on memory may lie in large pages
  for (const std::size_t n : {page - 1, page, page + 1, 3 * page + 64}) {
    auto* const p = static_cast<unsigned char*>(memory::host::allocate(n));
    CHECK(std::uintptr_t(p) % (n < page ? memory::alignment : page) == 0);
    memory::host::zero(p, n);
    CHECK(std::all_of(p, p + n, [](unsigned char c) { return c == 0; }));
    memory::host::release(p, n);
  }
  memory::host::zero(nullptr, 0);
  memory::host::copy(nullptr, nullptr, 0);
}

TEST_CASE("tensors go to another space and back, begin as zeros there and are released") {
  const long before = inverted::live;
  {
    tensor<float, dyn, 3> x(2);
    for (int i = 0; i < 6; ++i) x.data()[i] = float(i) - 2.5f;
    const auto there = copy_to<inverted>(x);
    static_assert(std::is_same_v<decltype(there), const basic_tensor<inverted, float, dyn, 3>>);
    CHECK(std::memcmp(there.data(), x.data(), x.bytes()) != 0);
    const auto copy = there;
    const auto back = copy_to<memory::host>(copy);
    CHECK(std::memcmp(back.data(), x.data(), x.bytes()) == 0);
    const basic_tensor<inverted, float, 4> fresh;
    const auto zeros = copy_to<memory::host>(fresh);
    for (const float v : zeros.flat()) CHECK(v == 0);
    const auto same = copy_to<memory::host>(x.view());
    CHECK(same.data() != x.data());
    CHECK(std::memcmp(same.data(), x.data(), x.bytes()) == 0);
    CHECK(inverted::live == before + 3);
  }
  CHECK(inverted::live == before);
}
