// Products by cuBLASLt against the host's, in double: on a device by the library, on the CPU model by its stand-in.
#include "support.hpp"

#include <ogm/backend/eigen.hpp>
#include <ogm/cuda/blas.hpp>

#include <limits>

using namespace ogm;
using namespace ogm::test;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct product {
  long rows, columns, inner;
  bool a_transposed = false, b_transposed = false, add = false;
  long a_gap = 0, b_gap = 0, c_gap = 0;                  // elements between the end of a row and the next
  std::size_t a_offset = 0, b_offset = 0, c_offset = 0;  // elements from a 256-byte boundary
  long count = 1;
  bool same_a = false, same_b = false, side_by_side = false;  // factors that all products share; results in the rows of one matrix

  long a_rows() const { return a_transposed ? inner : rows; }
  long a_columns() const { return a_transposed ? rows : inner; }
  long b_rows() const { return b_transposed ? columns : inner; }
  long b_columns() const { return b_transposed ? inner : columns; }
};

std::string text(const product& p) {
  std::string s =
      std::to_string(p.count) + " of (" + std::to_string(p.rows) + ", " + std::to_string(p.inner) + ", " + std::to_string(p.columns) + ")";
  const auto also = [&](bool set, const char* name) { s += set ? name : ""; };
  also(p.a_transposed, " a'"), also(p.b_transposed, " b'"), also(p.add, " added");
  also(p.same_a, " same a"), also(p.same_b, " same b"), also(p.side_by_side, " side by side");
  for (const long gap : {p.a_gap, p.b_gap, p.c_gap, long(p.a_offset), long(p.b_offset), long(p.c_offset)}) s += " " + std::to_string(gap);
  return s;
}

/// The operation on arrays that are filled later.
template <class T> op::batched_gemm<T> operation(const product& p, const T* a, const T* b, T* c) {
  const long a_stride = p.a_columns() + p.a_gap, b_stride = p.b_columns() + p.b_gap;
  const long c_stride = (p.side_by_side ? p.count : 1) * p.columns + p.c_gap;
  return {.first = {.a = a,
                    .b = b,
                    .c = c,
                    .rows = p.rows,
                    .columns = p.columns,
                    .inner = p.inner,
                    .a_stride = a_stride,
                    .b_stride = b_stride,
                    .c_stride = c_stride,
                    .a_transposed = p.a_transposed,
                    .b_transposed = p.b_transposed,
                    .add = p.add},
          .count = p.count,
          .a_step = p.same_a ? 0 : p.a_rows() * a_stride,
          .b_step = p.same_b ? 0 : p.b_rows() * b_stride,
          .c_step = p.side_by_side ? p.columns : p.rows * c_stride};
}
/// Elements from the first to the last of `count` matrices.
long reach(long rows, long columns, long stride, long step, long count) { return (count - 1) * step + (rows - 1) * stride + columns; }

/// c is NaN where nothing is added, and between its rows, where nothing is written.
void check(cuda::blas& library, const product& p, double tolerance = 2e-6) {
  INFO(text(p));
  const auto shape = operation<float>(p, nullptr, nullptr, nullptr);
  const auto& f = shape.first;
  const long c_count = reach(p.rows, p.columns, f.c_stride, shape.c_step, p.count);
  const std::vector<float> a = numbers(reach(p.a_rows(), p.a_columns(), f.a_stride, shape.a_step, p.count), 1);
  const std::vector<float> b = numbers(reach(p.b_rows(), p.b_columns(), f.b_stride, shape.b_step, p.count), 2);
  std::vector<float> c(std::size_t(c_count), not_a_number);
  if (p.add) {
    const std::vector<float> before = numbers(c_count, 3);
    for (long k = 0; k < p.count; ++k)
      for (long i = 0; i < p.rows; ++i)
        for (long j = 0; j < p.columns; ++j) {
          const auto at = std::size_t(k * shape.c_step + i * f.c_stride + j);
          c[at] = before[at];
        }
  }
  const std::vector<double> exact_a(a.begin(), a.end()), exact_b(b.begin(), b.end());
  std::vector<double> expected(c.begin(), c.end());
  backend::eigen<double>().run(operation<double>(p, exact_a.data(), exact_b.data(), expected.data()));

  device_array<float> on_device_a(a, p.a_offset), on_device_b(b, p.b_offset), on_device_c(c, p.c_offset);
  const auto g = operation<float>(p, on_device_a.data(), on_device_b.data(), on_device_c.data());
  (p.count == 1 ? library.gemm(g.first, nullptr) : library.gemm(g, nullptr)).throw_if_failed();
  CHECK(count_apart(on_device_c.values(), expected, tolerance) == 0);
  require_no_refusals();
}

}  // namespace

TEST_CASE("products on the device: every transpose, added or not, over lengths with tails") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  for (const bool a_transposed : {false, true})
    for (const bool b_transposed : {false, true})
      for (const bool add : {false, true}) {
        for (const long n : {1, 3, 16, 33})
          for (const long inner : {1, 7, 32, 65}) {
            check(library,
                  {.rows = n, .columns = 19, .inner = inner, .a_transposed = a_transposed, .b_transposed = b_transposed, .add = add});
            check(library,
                  {.rows = 5, .columns = n, .inner = inner, .a_transposed = a_transposed, .b_transposed = b_transposed, .add = add});
          }
        check(library, {.rows = 70, .columns = 130, .inner = 41, .a_transposed = a_transposed, .b_transposed = b_transposed, .add = add});
      }
}

TEST_CASE("products on the device: rows apart, and arrays that begin beside a boundary") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  for (const bool a_transposed : {false, true})
    for (const bool b_transposed : {false, true})
      for (const long gap : {1, 4, 9})
        for (const std::size_t offset : {0, 1, 2, 3, 4}) {
          product p{.rows = 9, .columns = 17, .inner = 36, .a_transposed = a_transposed, .b_transposed = b_transposed, .add = gap == 4};
          p.a_gap = gap, p.b_gap = 2 * gap, p.c_gap = gap + 1;
          p.a_offset = offset, p.b_offset = (offset + 1) % 5, p.c_offset = (3 * offset) % 5;
          check(library, p);
        }
}

TEST_CASE("products on the device: a row has no stride") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  device_array<float> a(numbers(6, 1)), b(numbers(24, 2)), c(4);
  op::gemm<float> g{
      .a = a.data(), .b = b.data(), .c = c.data(), .rows = 1, .columns = 4, .inner = 6, .a_stride = 0, .b_stride = 4, .c_stride = 0};
  library.gemm(g, nullptr).throw_if_failed();
  const std::vector<float> first = c.values();
  g.a_stride = 6, g.c_stride = 4;
  library.gemm(g, nullptr).throw_if_failed();
  CHECK(same_bits(first.data(), c.values().data(), 4));
  require_no_refusals();
}

TEST_CASE("products on the device: many at once") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  for (const bool a_transposed : {false, true})
    for (const bool b_transposed : {false, true})
      for (const bool add : {false, true})
        for (const long count : {2, 7}) {
          product p{.rows = 10, .columns = 12, .inner = 33, .a_transposed = a_transposed, .b_transposed = b_transposed, .add = add};
          p.count = count;
          check(library, p);
          p.a_gap = 3, p.c_gap = 5;
          check(library, p);
          p.same_a = true;
          check(library, p);
          p.same_a = false, p.same_b = true, p.side_by_side = true;
          check(library, p);
        }
}

TEST_CASE("products on the device: nothing to sum over, and nothing at all") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  const std::vector<float> before = numbers(2 * 5 * 8, 1);
  for (const bool add : {false, true}) {
    device_array<float> c(before);
    const op::gemm<float> first{.a = nullptr,
                                .b = nullptr,
                                .c = c.data(),
                                .rows = 4,
                                .columns = 3,
                                .inner = 0,
                                .a_stride = 0,
                                .b_stride = 3,
                                .c_stride = 8,
                                .add = add};
    library.gemm(op::batched_gemm<float>{first, 2, 0, 0, 40}, nullptr).throw_if_failed();
    std::vector<float> expected = before;
    for (std::size_t k = 0; !add && k < 2; ++k)
      for (std::size_t i = 0; i < 4; ++i) std::fill_n(expected.begin() + long(40 * k + 8 * i), 3, 0.f);
    CHECK(same_bits(c.values().data(), expected.data(), expected.size()));
    for (op::gemm<float> none : {first, first}) {
      none.inner = 5;
      (add ? none.rows : none.columns) = 0;
      library.gemm(none, nullptr).throw_if_failed();
    }
    library.gemm(op::batched_gemm<float>{first, 0, 0, 0, 0}, nullptr).throw_if_failed();
    CHECK(same_bits(c.values().data(), expected.data(), expected.size()));
  }
  require_no_refusals();
}

TEST_CASE("products on the device: without a workspace, on a stream, and twice the same bits") {
  const library_memory memory;
  cuda::blas with(memory.workspace()), without;
  check(without, {.rows = 20, .columns = 30, .inner = 100});
  cudaStream_t stream = nullptr;
  require_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const long n = 40;
  device_array<float> a(numbers(n * n, 1)), b(numbers(n * n, 2)), c(std::size_t(n * n));
  const op::gemm<float> g{
      .a = a.data(), .b = b.data(), .c = c.data(), .rows = n, .columns = n, .inner = n, .a_stride = n, .b_stride = n, .c_stride = n};
  std::vector<float> first;
  for (int i = 0; i < 3; ++i) {
    with.gemm(g, stream).throw_if_failed();
    require_done_on(stream);
    require_success(cudaStreamSynchronize(stream));
    const std::vector<float> now = c.values();
    if (first.empty()) first = now;
    CHECK(same_bits(now.data(), first.data(), now.size()));
  }
  with.gemm(g, nullptr).throw_if_failed();
  require_done_on(nullptr);
  require_success(cudaStreamSynchronize(nullptr));
  require_success(cudaStreamDestroy(stream));
  require_no_refusals();
}

TEST_CASE("products on the device: TF32 is asked for") {
  const library_memory memory;
  cuda::blas library(memory.workspace(), cuda::arithmetic::tf32);
  check(library, {.rows = 64, .columns = 64, .inner = 64}, 4e-3);
#ifdef OGM_CUDA_ON_CPU
  // The stand-in rounds factors where a device may.
  device_array<float> a(std::vector<float>{1 + 0x1p-12f}), b(std::vector<float>{1}), c(1);
  const op::gemm<float> g{
      .a = a.data(), .b = b.data(), .c = c.data(), .rows = 1, .columns = 1, .inner = 1, .a_stride = 1, .b_stride = 1, .c_stride = 1};
  library.gemm(g, nullptr).throw_if_failed();
  CHECK(c.values()[0] == 1);
  cuda::blas(memory.workspace()).gemm(g, nullptr).throw_if_failed();
  CHECK(c.values()[0] == 1 + 0x1p-12f);
#endif
}

TEST_CASE("products on the device: NaN and infinity go where they belong") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  std::vector<float> a = numbers(4 * 5, 1);
  a[5] = not_a_number, a[14] = std::numeric_limits<float>::infinity();
  device_array<float> on_device(a), b(std::vector<float>(5 * 3, 1)), c(4 * 3);
  library
      .gemm(op::gemm<float>{.a = on_device.data(),
                            .b = b.data(),
                            .c = c.data(),
                            .rows = 4,
                            .columns = 3,
                            .inner = 5,
                            .a_stride = 5,
                            .b_stride = 3,
                            .c_stride = 3},
            nullptr)
      .throw_if_failed();
  const std::vector<float> result = c.values();
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(std::isfinite(result[j]));
    CHECK(std::isnan(result[3 + j]));
    CHECK(result[6 + j] == std::numeric_limits<float>::infinity());
    CHECK(std::isfinite(result[9 + j]));
  }
}

TEST_CASE("products on the device: what is refused, and in which words") {
  const library_memory memory;
  cuda::blas library(memory.workspace());
  float* const none = nullptr;
  const op::batched_gemm<float> good{
      {.a = none, .b = none, .c = none, .rows = 4, .columns = 6, .inner = 5, .a_stride = 5, .b_stride = 6, .c_stride = 6}, 3, 20, 30, 24};
  const auto said = [&](const auto& change) {
    op::batched_gemm<float> g = good;
    change(g);
    const cuda::status s = library.gemm(g, nullptr);
    CHECK(s.error() == cudaErrorInvalidValue);
    return s.what();
  };
  CHECK(said([](auto& g) { g.first.rows = -1; }) == "ogm: gemm was given rows = -1; 0 to 2147483647 is needed.");
  CHECK(said([](auto& g) { g.first.columns = 1L << 31; }) == "ogm: gemm was given columns = 2147483648; 0 to 2147483647 is needed.");
  CHECK(said([](auto& g) { g.first.inner = -2; }) == "ogm: gemm was given inner = -2; 0 to 2147483647 is needed.");
  CHECK(said([](auto& g) { g.count = -1; }) == "ogm: gemm was given count = -1; 0 to 2147483647 is needed.");
  CHECK(said([](auto& g) { g.first.a_stride = 4; }) ==
        "ogm: 3 times gemm of (4, 5) and (5, 6) was given a_stride = 4; at least 5 is needed.");
  CHECK(said([](auto& g) { g.first.a_transposed = true, g.first.a_stride = 3; }) ==
        "ogm: 3 times gemm of (5, 4)' and (5, 6) was given a_stride = 3; at least 4 is needed.");
  CHECK(said([](auto& g) { g.first.b_transposed = true, g.first.b_stride = 4; }) ==
        "ogm: 3 times gemm of (4, 5) and (6, 5)' was given b_stride = 4; at least 5 is needed.");
  CHECK(said([](auto& g) { g.count = 1, g.first.c_stride = 5; }) ==
        "ogm: gemm of (4, 5) and (5, 6) was given c_stride = 5; at least 6 is needed.");
  for (const long step : {0L, 23L, -24L})
    CHECK(said([&](auto& g) { g.c_step = step; }) == "ogm: 3 times gemm of (4, 5) and (5, 6) was given c_step = " + std::to_string(step) +
                                                         "; one with which no results overlap is needed.");
  CHECK(said([](auto& g) { g.first.c_stride = 17, g.c_step = 6; }).find("c_step = 6") !=
        std::string::npos);  // the third has no room in a row
  CHECK(said([](auto&) {}) == "ogm: 3 times gemm of (4, 5) and (5, 6) was given no a.");
  device_array<float> some(1);
  CHECK(said([&](auto& g) { g.first.a = some.data(); }) == "ogm: 3 times gemm of (4, 5) and (5, 6) was given no b.");
  CHECK(said([&](auto& g) { g.first.a = g.first.b = some.data(); }) == "ogm: 3 times gemm of (4, 5) and (5, 6) was given no c.");
  CHECK_THROWS_WITH(cuda::blas({static_cast<char*>(memory.workspace().data) + 16, 4096}),
                    "ogm: blas was given a workspace whose address modulo 256 = 16; 0 is needed.");
  CHECK_THROWS_WITH(cuda::blas({nullptr, 4096}), "ogm: blas was given no workspace, with bytes = 4096; 0 is needed.");
}

#ifdef OGM_CUDA_ON_CPU
TEST_CASE("products on the device: each call that fails is named, nothing is left behind, and the next product is right") {
  const std::size_t before = stand_in::living_objects();
  {
    const library_memory memory;
    for (const char* function :
         {"cublasLtMatrixLayoutCreate", "cublasLtMatrixLayoutSetAttribute", "cublasLtMatmulDescCreate", "cublasLtMatmulDescSetAttribute",
          "cublasLtMatmulPreferenceCreate", "cublasLtMatmulPreferenceSetAttribute", "cublasLtMatmulAlgoGetHeuristic", "cublasLtMatmul"}) {
      INFO(function);
      cuda::blas library(memory.workspace());
      device_array<float> a(numbers(20, 1)), b(numbers(30, 2)), c(24);
      const op::gemm<float> g{
          .a = a.data(), .b = b.data(), .c = c.data(), .rows = 4, .columns = 6, .inner = 5, .a_stride = 5, .b_stride = 6, .c_stride = 6};
      stand_in::fail_next(function, CUBLAS_STATUS_ALLOC_FAILED);
      const cuda::status s = library.gemm(g, nullptr);
      CHECK(s.error() == cudaErrorUnknown);
      CHECK(s.what() == "ogm: gemm of (4, 5) and (5, 6): " + std::string(function) + " failed: CUBLAS_STATUS_ALLOC_FAILED.");
      check(library, {.rows = 4, .columns = 6, .inner = 5});
    }
    stand_in::fail_next("cublasLtCreate", CUBLAS_STATUS_NOT_INITIALIZED);
    CHECK_THROWS_WITH(cuda::blas(), "ogm: blas: cublasLtCreate failed: CUBLAS_STATUS_NOT_INITIALIZED.");
  }
  CHECK(stand_in::living_objects() == before);
}

TEST_CASE("products on the device: a shape's algorithm is asked for once, and shapes do not pile up") {
  const std::size_t before = stand_in::living_objects();
  cuda::blas library;
  const auto asked = [&](const product& p) {
    const std::size_t calls = stand_in::calls("cublasLtMatmulAlgoGetHeuristic");
    check(library, p);
    return stand_in::calls("cublasLtMatmulAlgoGetHeuristic") - calls;
  };
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5}) == 1);
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5}) == 0);
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5, .add = true}) == 0);
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5, .a_offset = 1}) == 1);
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5, .a_offset = 1}) == 0);
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5, .c_gap = 1}) == 1);
  CHECK(asked({.rows = 4, .columns = 6, .inner = 5, .b_transposed = true}) == 1);
  for (long rows = 1; rows <= 600; ++rows) asked({.rows = rows, .columns = 1, .inner = 1});
  CHECK(stand_in::living_objects() - before <= 1 + 4 * 512);  // a handle; a description and three layouts a plan
  CHECK(asked({.rows = 600, .columns = 1, .inner = 1}) == 0);
}
#endif
