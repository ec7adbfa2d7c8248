// cuBLASLt on the CPU: every argument is checked, and the product is computed in double. Wrong use is answered with a status of the
// library's, and recorded in a sentence.
#include "stand_in.hpp"

#include <cublasLt.h>

#include <limits>

using namespace ogm::test::stand_in;

namespace {

constexpr int invalid = CUBLAS_STATUS_INVALID_VALUE;

struct context {};
struct layout {
  std::int64_t rows, columns, stride;  // column-major: from column to column
  std::int32_t count = 1;
  std::int64_t step = 0;

  /// From the first element to the end of the last.
  std::size_t bytes() const { return std::size_t((count - 1) * step + (columns - 1) * stride + rows) * sizeof(float); }
  std::int64_t at(std::int64_t product, std::int64_t row, std::int64_t column) const { return product * step + column * stride + row; }
};
struct operation {
  cublasComputeType_t type;
  std::int32_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
};
struct preference {
  std::uint64_t workspace = 0;
  std::uint32_t alignment_a = 256, alignment_b = 256, alignment_c = 256, alignment_d = 256;
};

auto& contexts() {
  static registry<cublasLtHandle_t, context> all("handle", CUBLAS_STATUS_NOT_INITIALIZED);
  return all;
}
auto& layouts() {
  static registry<cublasLtMatrixLayout_t, layout> all("matrix layout", invalid);
  return all;
}
auto& operations() {
  static registry<cublasLtMatmulDesc_t, operation> all("description of a product", invalid);
  return all;
}
auto& preferences() {
  static registry<cublasLtMatmulPreference_t, preference> all("preference", invalid);
  return all;
}

template <class Body> cublasStatus_t call(const char* function, const Body& body) { return answer<cublasStatus_t>(function, body); }

template <class T> void set(T& attribute, const void* value, std::size_t bytes) {
  require(value != nullptr, invalid, "the attribute's value is null");
  require(bytes == sizeof(T), invalid, "the attribute has " + std::to_string(sizeof(T)) + " bytes, and is given " + std::to_string(bytes));
  std::memcpy(&attribute, value, sizeof(T));
}
[[noreturn]] void unknown(int attribute) {
  throw refusal{CUBLAS_STATUS_NOT_SUPPORTED, "the stand-in does not know attribute " + std::to_string(attribute)};
}

/// A product's matrices, checked: d (rows, columns) of a and b with `inner` between them.
struct product {
  operation what;
  layout a, b, c, d;
  std::int64_t inner;

  product(cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a_layout, cublasLtMatrixLayout_t b_layout, cublasLtMatrixLayout_t c_layout,
          cublasLtMatrixLayout_t d_layout)
      : what(operations().of(desc, "the description")),
        a(layouts().of(a_layout, "A's layout")),
        b(layouts().of(b_layout, "B's layout")),
        c(layouts().of(c_layout, "C's layout")),
        d(layouts().of(d_layout, "D's layout")),
        inner(what.transpose_a == CUBLAS_OP_T ? a.rows : a.columns) {
    check("A", a);
    check("B", b);
    check("C", c);
    check("D", d);
    require((what.transpose_a == CUBLAS_OP_T ? a.columns : a.rows) == d.rows, invalid, "A and D differ in their rows");
    require((what.transpose_b == CUBLAS_OP_T ? b.rows : b.columns) == d.columns, invalid, "B and D differ in their columns");
    require((what.transpose_b == CUBLAS_OP_T ? b.columns : b.rows) == inner, invalid, "A and B differ in the extent that is summed over");
    require(c.rows == d.rows && c.columns == d.columns, invalid, "C and D differ in their shape");
  }

  std::uint64_t print() const {
    fingerprint f;
    f << what.type << what.transpose_a << what.transpose_b;
    for (const layout& m : {a, b, c, d}) f << m.rows << m.columns << m.stride << m.count << m.step;
    return f.value();
  }
  float factor(float x) const { return what.type == CUBLAS_COMPUTE_32F_FAST_TF32 ? to_tf32(x) : x; }
  double sum(const float* of_a, const float* of_b, std::int64_t p, std::int64_t row, std::int64_t column) const {
    const bool along_a = what.transpose_a == CUBLAS_OP_T, along_b = what.transpose_b == CUBLAS_OP_N;
    const float* x = of_a + (along_a ? a.at(p, 0, row) : a.at(p, row, 0));
    const float* y = of_b + (along_b ? b.at(p, 0, column) : b.at(p, column, 0));
    double s = 0;
    for (std::int64_t k = 0; k < inner; ++k, x += along_a ? 1 : a.stride, y += along_b ? 1 : b.stride)
      s += double(factor(*x)) * double(factor(*y));
    return s;
  }

 private:
  void check(const std::string& name, const layout& m) const {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    require(m.rows > 0 && m.columns > 0 && m.rows <= most && m.columns <= most, invalid, name + " has an extent outside of 1 to 2^31 - 1");
    require(m.stride >= m.rows, invalid, name + "'s columns overlap: they have more elements than its leading dimension");
    require(m.count > 0 && m.count == d.count, invalid, name + " is of another number of products than D");
    require(m.step >= 0, invalid, name + "'s products go backwards");
  }
};

/// What an algorithm of the stand-in remembers of the product that it was proposed for.
struct algorithm {
  std::uint64_t print, workspace;
  std::uint32_t alignment_a, alignment_b, alignment_c, alignment_d;
};
static_assert(sizeof(algorithm) <= sizeof(cublasLtMatmulAlgo_t));

template <class F> void for_each_element(const layout& m, const F& f) {
  for (std::int64_t p = 0; p < m.count; ++p)
    for (std::int64_t column = 0; column < m.columns; ++column)
      for (std::int64_t row = 0; row < m.rows; ++row) f(p, row, column);
}

void require_matrix(const char* name, const void* data, const layout& m, std::uint32_t alignment) {
  require_memory(name, data, m.bytes(), alignment, invalid);
}

}  // namespace

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    default:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  return call("cublasLtCreate", [&] { contexts().create(handle); });
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return call("cublasLtDestroy", [&] { contexts().destroy(handle); });
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType type, std::uint64_t rows, std::uint64_t columns,
                                          std::int64_t stride) {
  return call("cublasLtMatrixLayoutCreate", [&] {
    require(type == CUDA_R_32F, CUBLAS_STATUS_NOT_SUPPORTED, "the stand-in knows matrices of float32 only");
    layouts().create(made, std::int64_t(rows), std::int64_t(columns), stride);
  });
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t m) {
  return call("cublasLtMatrixLayoutDestroy", [&] { layouts().destroy(m); });
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t m, cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                std::size_t bytes) {
  return call("cublasLtMatrixLayoutSetAttribute", [&] {
    layout& l = layouts().of(m, "the layout");
    switch (attribute) {
      case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
        return set(l.count, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
        return set(l.step, value, bytes);
    }
    unknown(attribute);
  });
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t type, cudaDataType_t scale) {
  return call("cublasLtMatmulDescCreate", [&] {
    require(type == CUBLAS_COMPUTE_32F || type == CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_STATUS_NOT_SUPPORTED,
            "the stand-in knows sums of float32 only");
    require(scale == CUDA_R_32F, CUBLAS_STATUS_NOT_SUPPORTED, "sums of float32 are scaled by float32");
    operations().create(made, type);
  });
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d) {
  return call("cublasLtMatmulDescDestroy", [&] { operations().destroy(d); });
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              std::size_t bytes) {
  return call("cublasLtMatmulDescSetAttribute", [&] {
    operation& o = operations().of(d, "the description");
    if (attribute != CUBLASLT_MATMUL_DESC_TRANSA && attribute != CUBLASLT_MATMUL_DESC_TRANSB) unknown(attribute);
    std::int32_t transpose = CUBLAS_OP_N;
    set(transpose, value, bytes);
    require(transpose == CUBLAS_OP_N || transpose == CUBLAS_OP_T, invalid, "a matrix of floats is transposed or is not");
    (attribute == CUBLASLT_MATMUL_DESC_TRANSA ? o.transpose_a : o.transpose_b) = transpose;
  });
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  return call("cublasLtMatmulPreferenceCreate", [&] { preferences().create(made); });
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p) {
  return call("cublasLtMatmulPreferenceDestroy", [&] { preferences().destroy(p); });
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t which, cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  return call("cublasLtMatmulPreferenceSetAttribute", [&] {
    preference& p = preferences().of(which, "the preference");
    const auto alignment = [&](std::uint32_t& a) {
      set(a, value, bytes);
      require(a != 0 && (a & (a - 1)) == 0, invalid, "an alignment is a power of two");
    };
    switch (attribute) {
      case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
        return set(p.workspace, value, bytes);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
        return alignment(p.alignment_a);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
        return alignment(p.alignment_b);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
        return alignment(p.alignment_c);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
        return alignment(p.alignment_d);
    }
    unknown(attribute);
  });
}

// Products with 32 or more to sum over are given an algorithm with a workspace, where they may have one.
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t description, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preferred, int most, cublasLtMatmulHeuristicResult_t results[],
                                              int* count) {
  return call("cublasLtMatmulAlgoGetHeuristic", [&] {
    contexts().of(handle, "the handle");
    const product p(description, a, b, c, d);
    const preference& wish = preferences().of(preferred, "the preference");
    require(most > 0 && results && count, invalid, "there is no place to write algorithms to");
    const algorithm made{p.print(),        p.inner >= 32 && wish.workspace >= 4096 ? 4096u : 0u,
                         wish.alignment_a, wish.alignment_b,
                         wish.alignment_c, wish.alignment_d};
    results[0] = {};
    std::memcpy(&results[0].algo, &made, sizeof made);
    results[0].workspaceSize = made.workspace;
    results[0].state = CUBLAS_STATUS_SUCCESS;
    results[0].wavesCount = 1;
    *count = 1;
  });
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* chosen, void* workspace, std::size_t workspace_bytes, cudaStream_t stream) {
  return call("cublasLtMatmul", [&] {
    contexts().of(handle, "the handle");
    const product p(description, a_layout, b_layout, c_layout, d_layout);
    const float scale = scalar("alpha", alpha, invalid), scale_c = scalar("beta", beta, invalid);
    require(chosen != nullptr, invalid, "there is no algorithm");
    algorithm how;
    std::memcpy(&how, chosen, sizeof how);
    require(how.print == p.print(), invalid, "the algorithm was proposed for another product");
    require_matrix("A", a, p.a, how.alignment_a);
    require_matrix("B", b, p.b, how.alignment_b);
    require_matrix("C", c, p.c, how.alignment_c);
    require_matrix("D", d, p.d, how.alignment_d);
    require_stream(stream, invalid);

    require_workspace(workspace, workspace_bytes, how.workspace, 256, invalid);

    const auto *const from_a = static_cast<const float*>(a), *const from_b = static_cast<const float*>(b),
                      *const from_c = static_cast<const float*>(c);
    auto* const to = static_cast<float*>(d);
    const extent all{d, p.d.bytes()}, of_workspace{workspace, workspace_bytes};
    const extent of_a{a, p.a.bytes()}, of_b{b, p.b.bytes()}, of_c{c, p.c.bytes()};
    for (const extent& matrix : {all, of_a, of_b, of_c}) require(!of_workspace.meets(matrix), invalid, "the workspace lies in a matrix");
    if (p.d.count > 1 || all.meets(of_a) || all.meets(of_b) || (c != d && all.meets(of_c))) {
      written places(invalid);
      for_each_element(p.d, [&](auto... at) { places.add(to + p.d.at(at...)); });
      for_each_element(p.a, [&](auto... at) { places.read("A", from_a + p.a.at(at...)); });
      for_each_element(p.b, [&](auto... at) { places.read("B", from_b + p.b.at(at...)); });
      for_each_element(p.c, [&](auto... at) {
        if (from_c + p.c.at(at...) != to + p.d.at(at...)) places.read("C", from_c + p.c.at(at...));
      });
    }
    use_workspace(workspace, workspace_bytes);

    for_each_element(p.d, [&](auto... at) {
      const double before = scale_c == 0 ? 0 : double(scale_c) * double(from_c[p.c.at(at...)]);
      to[p.d.at(at...)] = float(double(scale) * p.sum(from_a, from_b, at...) + before);
    });
  });
}
