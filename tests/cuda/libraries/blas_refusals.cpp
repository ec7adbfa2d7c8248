// Does the stand-in for cuBLASLt refuse what is wrong? A right call, and one with each fault.
#include "support.hpp"

#include <cublasLt.h>

using namespace ogm::test;

namespace {

/// 3 products d (4, 6) = a (4, 5) b (5, 6) + c, column-major, by calls that nothing is wrong with.
struct product {
  cublasLtHandle_t handle = nullptr;
  cublasLtMatmulDesc_t description = nullptr;
  cublasLtMatrixLayout_t a_layout = nullptr, b_layout = nullptr, d_layout = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  device_array<float> a{numbers(3 * 20, 1)}, b{numbers(3 * 30, 2)}, d{numbers(3 * 24, 3)};
  device_array<char> memory{8192};

  // The arguments of cublasLtMatmul.
  float one = 1;
  const void *alpha = &one, *beta = &one, *from_a = a.data(), *from_b = b.data(), *from_c = d.data();
  void *to = d.data(), *workspace = memory.data();
  std::size_t workspace_bytes = 8192;
  cudaStream_t stream = nullptr;
  cublasLtMatmulHeuristicResult_t proposal{};
  const cublasLtMatmulAlgo_t* algorithm = &proposal.algo;

  product() {
    CHECK(cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasLtMatmulDescCreate(&description, CUBLAS_COMPUTE_32F, CUDA_R_32F) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasLtMatmulPreferenceCreate(&preference) == CUBLAS_STATUS_SUCCESS);
    a_layout = layout(4, 5, 4, 20), b_layout = layout(5, 6, 5, 30), d_layout = layout(4, 6, 4, 24);
  }
  product(const product&) = delete;
  product& operator=(const product&) = delete;
  ~product() {
    for (const cublasLtMatrixLayout_t l : layouts_) static_cast<void>(cublasLtMatrixLayoutDestroy(l));
    static_cast<void>(cublasLtMatmulPreferenceDestroy(preference));
    static_cast<void>(cublasLtMatmulDescDestroy(description));
    static_cast<void>(cublasLtDestroy(handle));
    stand_in::take_refusals();
  }

  cublasLtMatrixLayout_t layout(std::uint64_t rows, std::uint64_t columns, std::int64_t stride, std::int64_t step, std::int32_t count = 3) {
    cublasLtMatrixLayout_t l = nullptr;
    CHECK(cublasLtMatrixLayoutCreate(&l, CUDA_R_32F, rows, columns, stride) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count) == CUBLAS_STATUS_SUCCESS);
    CHECK(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step) == CUBLAS_STATUS_SUCCESS);
    layouts_.push_back(l);
    return l;
  }
  cublasStatus_t transpose(std::int32_t a_how, std::int32_t b_how) {
    const cublasStatus_t s = cublasLtMatmulDescSetAttribute(description, CUBLASLT_MATMUL_DESC_TRANSA, &a_how, sizeof a_how);
    return s != CUBLAS_STATUS_SUCCESS ? s : cublasLtMatmulDescSetAttribute(description, CUBLASLT_MATMUL_DESC_TRANSB, &b_how, sizeof b_how);
  }
  cublasStatus_t prefer(cublasLtMatmulPreferenceAttributes_t what, auto value) {
    return cublasLtMatmulPreferenceSetAttribute(preference, what, &value, sizeof value);
  }
  cublasStatus_t propose() {
    int count = 0;
    return cublasLtMatmulAlgoGetHeuristic(handle, description, a_layout, b_layout, d_layout, d_layout, preference, 1, &proposal, &count);
  }
  cublasStatus_t multiply() {
    return cublasLtMatmul(handle, description, alpha, from_a, a_layout, from_b, b_layout, beta, from_c, d_layout, to, d_layout, algorithm,
                          workspace, workspace_bytes, stream);
  }

 private:
  std::vector<cublasLtMatrixLayout_t> layouts_;
};

/// The call was refused with this status, in a sentence that holds these words.
void check_refused(cublasStatus_t got, cublasStatus_t status, const std::string& words) {
  const std::vector<std::string> said = stand_in::take_refusals();
  INFO((said.empty() ? std::string("nothing was refused") : said.back()));
  CHECK(got == status);
  REQUIRE(said.size() == 1);
  CHECK(said.back().find(words) != std::string::npos);
}
void check_refused(cublasStatus_t got, const std::string& words) { check_refused(got, CUBLAS_STATUS_INVALID_VALUE, words); }

template <class Change> void product_refused(const std::string& words, const Change& change) {
  product p;
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  change(p);
  const std::vector<float> before = p.d.values();
  check_refused(p.multiply(), words);
  CHECK(same_bits(p.d.values().data(), before.data(), before.size()));
}
template <class Change> void proposal_refused(const std::string& words, const Change& change) {
  product p;
  change(p);
  check_refused(p.propose(), words);
}

}  // namespace

TEST_CASE("the stand-in for cuBLASLt computes a right call") {
  product p;
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  const std::vector<float> a = p.a.values(), b = p.b.values();
  std::vector<double> expected;
  for (const float v : p.d.values()) expected.push_back(v);
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t j = 0; j < 6; ++j)
      for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t l = 0; l < 5; ++l) expected[24 * k + 4 * j + i] += double(a[20 * k + 4 * l + i]) * double(b[30 * k + 5 * j + l]);
  CHECK(p.multiply() == CUBLAS_STATUS_SUCCESS);
  CHECK(count_apart(p.d.values(), expected, 1e-6) == 0);
  require_no_refusals();
}

TEST_CASE("the stand-in for cuBLASLt refuses objects that do not live") {
  cublasLtHandle_t handle = nullptr;
  CHECK(cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasLtDestroy(handle) == CUBLAS_STATUS_SUCCESS);
  check_refused(cublasLtDestroy(handle), CUBLAS_STATUS_NOT_INITIALIZED, "not a living handle");
  check_refused(cublasLtCreate(nullptr), CUBLAS_STATUS_NOT_INITIALIZED, "no place to write the new handle");
  check_refused(cublasLtMatrixLayoutDestroy(nullptr), "not a living matrix layout");
  check_refused(cublasLtMatmulDescDestroy(nullptr), "not a living description");
  check_refused(cublasLtMatmulPreferenceDestroy(nullptr), "not a living preference");
  product p;
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  std::swap(p.handle, handle);
  check_refused(p.multiply(), CUBLAS_STATUS_NOT_INITIALIZED, "the handle is not a living handle");
  check_refused(p.propose(), CUBLAS_STATUS_NOT_INITIALIZED, "the handle is not a living handle");
  std::swap(p.handle, handle);
  product_refused("the description is not a living", [](product& q) { cublasLtMatmulDescDestroy(q.description); });
  product_refused("A's layout is not a living", [](product& q) { cublasLtMatrixLayoutDestroy(q.a_layout); });
  product_refused("B's layout is not a living", [](product& q) { cublasLtMatrixLayoutDestroy(q.b_layout); });
  product_refused("C's layout is not a living", [](product& q) { cublasLtMatrixLayoutDestroy(q.d_layout); });
  proposal_refused("the preference is not a living", [](product& q) { cublasLtMatmulPreferenceDestroy(q.preference); });
  product_refused("the stream does not live", [](product& q) {
    cudaStreamCreateWithFlags(&q.stream, cudaStreamNonBlocking);
    cudaStreamDestroy(q.stream);
  });
}

TEST_CASE("the stand-in for cuBLASLt refuses attributes of another size, value or name") {
  product p;
  const std::int64_t eight = 1;
  check_refused(cublasLtMatrixLayoutSetAttribute(p.a_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &eight, 8), "has 4 bytes, and is given 8");
  check_refused(cublasLtMatrixLayoutSetAttribute(p.a_layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &eight, 4),
                "has 8 bytes, and is given 4");
  check_refused(cublasLtMatrixLayoutSetAttribute(p.a_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, nullptr, 4), "value is null");
  check_refused(cublasLtMatrixLayoutSetAttribute(p.a_layout, cublasLtMatrixLayoutAttribute_t(1), &eight, 4), CUBLAS_STATUS_NOT_SUPPORTED,
                "does not know attribute 1");
  check_refused(cublasLtMatmulDescSetAttribute(p.description, CUBLASLT_MATMUL_DESC_TRANSA, &eight, 8), "has 4 bytes");
  check_refused(cublasLtMatmulDescSetAttribute(p.description, cublasLtMatmulDescAttributes_t(7), &eight, 4), CUBLAS_STATUS_NOT_SUPPORTED,
                "does not know attribute 7");
  check_refused(p.transpose(2, CUBLAS_OP_N), "is transposed or is not");
  check_refused(p.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, 1), "has 8 bytes");
  check_refused(p.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, 3u), "a power of two");
  check_refused(p.prefer(cublasLtMatmulPreferenceAttributes_t(3), 1u), CUBLAS_STATUS_NOT_SUPPORTED, "does not know attribute 3");
  cublasLtMatmulDesc_t d = nullptr;
  check_refused(cublasLtMatmulDescCreate(&d, cublasComputeType_t(64), CUDA_R_32F), CUBLAS_STATUS_NOT_SUPPORTED, "float32 only");
  check_refused(cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, cudaDataType_t(2)), CUBLAS_STATUS_NOT_SUPPORTED, "scaled by float32");
  cublasLtMatrixLayout_t l = nullptr;
  check_refused(cublasLtMatrixLayoutCreate(&l, cudaDataType_t(2), 4, 4, 4), CUBLAS_STATUS_NOT_SUPPORTED, "float32 only");
}

TEST_CASE("the stand-in for cuBLASLt refuses matrices that do not belong together") {
  proposal_refused("A and D differ in their rows", [](product& p) { p.a_layout = p.layout(5, 5, 5, 25); });
  proposal_refused("B and D differ in their columns", [](product& p) { p.b_layout = p.layout(5, 7, 5, 35); });
  proposal_refused("A and B differ in the extent", [](product& p) { p.b_layout = p.layout(6, 6, 6, 36); });
  proposal_refused("A and D differ in their rows",
                   [](product& p) { CHECK(p.transpose(CUBLAS_OP_T, CUBLAS_OP_N) == CUBLAS_STATUS_SUCCESS); });
  proposal_refused("B and D differ in their columns",
                   [](product& p) { CHECK(p.transpose(CUBLAS_OP_N, CUBLAS_OP_T) == CUBLAS_STATUS_SUCCESS); });
  proposal_refused("A's columns overlap", [](product& p) { p.a_layout = p.layout(4, 5, 3, 20); });
  proposal_refused("C has an extent outside", [](product& p) { p.d_layout = p.layout(4, 0, 4, 24); });
  proposal_refused("B has an extent outside", [](product& p) { p.b_layout = p.layout(1ull << 31, 6, 1ll << 31, 0); });
  proposal_refused("A is of another number of products", [](product& p) { p.a_layout = p.layout(4, 5, 4, 20, 2); });
  proposal_refused("B's products go backwards", [](product& p) { p.b_layout = p.layout(5, 6, 5, -30); });
  product p;
  int count = 0;
  cublasLtMatrixLayout_t other = p.layout(6, 4, 6, 24);
  check_refused(cublasLtMatmulAlgoGetHeuristic(p.handle, p.description, p.a_layout, p.b_layout, other, p.d_layout, p.preference, 1,
                                               &p.proposal, &count),
                "C and D differ in their shape");
  check_refused(cublasLtMatmulAlgoGetHeuristic(p.handle, p.description, p.a_layout, p.b_layout, p.d_layout, p.d_layout, p.preference, 0,
                                               &p.proposal, &count),
                "no place to write algorithms to");
}

TEST_CASE("the stand-in for cuBLASLt refuses arguments of a product") {
  product_refused("alpha is null", [](product& p) { p.alpha = nullptr; });
  product_refused("beta is null", [](product& p) { p.beta = nullptr; });
  product_refused("alpha is on the device", [](product& p) { p.alpha = p.a.data(); });
  product_refused("A is null", [](product& p) { p.from_a = nullptr; });
  product_refused("B is null", [](product& p) { p.from_b = nullptr; });
  product_refused("C is null", [](product& p) { p.from_c = nullptr; });
  product_refused("D is null", [](product& p) { p.to = nullptr; });
  product_refused("A is not at a multiple of 256", [](product& p) { p.from_a = p.a.data() + 1; });
  product_refused("there is no algorithm", [](product& p) { p.algorithm = nullptr; });
  product_refused("proposed for another product", [](product& p) { p.a_layout = p.layout(4, 5, 4, 24); });
  const std::vector<float> on_host(256);
  product_refused("leaves device memory: 240 bytes", [&](product& p) {
    p.from_a = reinterpret_cast<const void*>((reinterpret_cast<std::uintptr_t>(on_host.data()) + 255) / 256 * 256);
  });
}

TEST_CASE("the stand-in for cuBLASLt sees the last element, and alignments that were promised") {
  product p;
  for (const auto what : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    CHECK(p.prefer(what, 4u) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  p.from_a = p.a.data() + 1;
  check_refused(p.multiply(), "A leaves device memory");
  p.from_a = p.a.data(), p.from_b = p.b.data() + 1;
  check_refused(p.multiply(), "B leaves device memory");
  p.from_b = p.b.data(), p.from_c = p.d.data() + 1;
  check_refused(p.multiply(), "C leaves device memory");
  p.from_c = p.d.data(), p.to = p.d.data() + 1;
  check_refused(p.multiply(), "D leaves device memory");
  p.to = p.d.data();
  p.from_a = reinterpret_cast<const char*>(p.a.data()) + 2;
  check_refused(p.multiply(), "A is not at a multiple of 4");
}

TEST_CASE("the stand-in for cuBLASLt refuses results that overlap") {
  product p;
  for (const auto what : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    CHECK(p.prefer(what, 4u) == CUBLAS_STATUS_SUCCESS);
  const cublasLtMatrixLayout_t whole = p.d_layout;
  p.d_layout = p.layout(4, 6, 4, 23);
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  check_refused(p.multiply(), "two elements of the result lie at one place");
  p.d_layout = whole;
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  device_array<float> big(200);
  p.from_c = p.to = big.data();
  p.from_a = big.data() + 64;
  check_refused(p.multiply(), "the result is written where A is read");
  p.from_a = p.a.data(), p.from_b = big.data() + 64;
  check_refused(p.multiply(), "the result is written where B is read");
  p.from_b = p.b.data(), p.from_c = big.data() + 1;
  check_refused(p.multiply(), "the result is written where C is read");
  p.from_c = p.to, p.workspace = big.data(), p.workspace_bytes = 512;
  check_refused(p.multiply(), "the workspace lies in a matrix");
}

TEST_CASE("the stand-in for cuBLASLt refuses a workspace that is too small, misaligned or elsewhere") {
  product p;
  // What has 32 to sum over needs 4096 bytes where it may have them.
  device_array<float> a(numbers(4 * 32, 1)), b(numbers(32 * 6, 2));
  p.a_layout = p.layout(4, 32, 4, 0, 1), p.b_layout = p.layout(32, 6, 32, 0, 1), p.d_layout = p.layout(4, 6, 4, 0, 1);
  p.from_a = a.data(), p.from_b = b.data();
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  CHECK(p.proposal.workspaceSize == 0);
  CHECK(p.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t(8192)) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(p.propose() == CUBLAS_STATUS_SUCCESS);
  CHECK(p.proposal.workspaceSize == 4096);
  p.workspace_bytes = 4095;
  check_refused(p.multiply(), "the workspace has 4095 bytes, and the algorithm needs 4096");
  p.workspace_bytes = 8192, p.workspace = nullptr;
  check_refused(p.multiply(), "the workspace is null");
  p.workspace = p.memory.data() + 128, p.workspace_bytes = 4096;
  check_refused(p.multiply(), "the workspace is not at a multiple of 256");
  p.workspace = p.memory.data() + 4096, p.workspace_bytes = 4097;
  check_refused(p.multiply(), "the workspace leaves device memory: 4097 bytes");
  p.workspace = p.memory.data(), p.workspace_bytes = 4096;
  CHECK(p.multiply() == CUBLAS_STATUS_SUCCESS);
  require_no_refusals();
}
