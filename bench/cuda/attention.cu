// Attention of projected queries, keys and values, in float, forward and backward, against cublasSgemmBatched of every head and cuDNN's
// softmax. cuBLAS is let to use TF32 in a rival of its own; then results are as far apart as that rounds.
#include <ogm/cuda/attention/attention_launch.cuh>

#include "device.cuh"

using namespace ogm::cuda;

namespace {

/// The matrices of all heads of a batch: where each begins, in device memory.
bench::array<float*> heads_of(const attention_shape& s, float* data, long tokens, long stride) {
  std::vector<float*> all;
  for (long b = 0; b < s.batch; ++b)
    for (long h = 0; h < s.heads; ++h) all.push_back(data + b * tokens * stride + h * s.head_width);
  return bench::array<float*>(all);
}

/// A head's matrix with its rows `step` apart, in row-major order.
struct matrices {
  bench::array<float*> head;
  long step;
};

/// c (rows, columns) = scale * op(a) op(b) of every head, row-major: to cuBLAS c^T = op(b)^T op(a)^T.
void multiply(const attention_shape& s, long rows, long columns, long inner, float scale, const matrices& a, bool a_transposed,
              const matrices& b, bool b_transposed, const matrices& c) {
  const float zero = 0;
  bench::check(cublasSgemmBatched(bench::library().blas, b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                                  int(columns), int(rows), int(inner), &scale, b.head.data(), int(b.step), a.head.data(), int(a.step),
                                  &zero, c.head.data(), int(c.step), int(s.batch * s.heads)));
}

struct problem {
  attention_shape s;
  long pairs = s.batch * s.heads * s.queries * s.keys, of_queries = s.batch * s.queries * s.width(), of_keys = s.batch * s.keys * s.width();
  float scale = 1 / std::sqrt(float(s.head_width));
  bench::array<float> q{of_queries, 1}, k{of_keys, 2}, v{of_keys, 3}, dy{of_queries, 4};
  bench::array<float> y{of_queries}, dq{of_queries}, dk{of_keys}, dv{of_keys}, log_sum{s.batch * s.heads * s.queries},
      inner{s.batch * s.heads * s.queries};
  bench::array<float> their_y{of_queries}, their_dq{of_queries}, their_dk{of_keys}, their_dv{of_keys}, weights{pairs}, slopes{pairs};
  bench::tensor scores{CUDNN_DATA_FLOAT, s.batch* s.heads* s.queries, s.keys, 1, 1};

  matrices query(const bench::array<float>& x) const { return {heads_of(s, x.data(), s.queries, s.width()), s.width()}; }
  matrices key(const bench::array<float>& x) const { return {heads_of(s, x.data(), s.keys, s.width()), s.width()}; }
  matrices pair(const bench::array<float>& x) const {
    std::vector<float*> all;
    for (long i = 0; i < s.batch * s.heads; ++i) all.push_back(x.data() + i * s.queries * s.keys);
    return {bench::array<float*>(all), s.keys};
  }
  matrices all_q{query(q)}, all_k{key(k)}, all_v{key(v)}, all_dy{query(dy)}, all_y{query(their_y)}, all_dq{query(their_dq)},
      all_dk{key(their_dk)}, all_dv{key(their_dv)}, all_weights{pair(weights)}, all_slopes{pair(slopes)};

  void forward() const {
    bench::check(launch_attention_forward<float>(
        {.shape = s, .q = q.data(), .k = k.data(), .v = v.data(), .y = y.data(), .log_sum = log_sum.data()}, nullptr));
  }
  void backward() const {
    bench::check(launch_attention_backward<float>({.shape = s,
                                                   .q = q.data(),
                                                   .k = k.data(),
                                                   .v = v.data(),
                                                   .y = y.data(),
                                                   .log_sum = log_sum.data(),
                                                   .dy = dy.data(),
                                                   .dq = dq.data(),
                                                   .dk = dk.data(),
                                                   .dv = dv.data(),
                                                   .inner = inner.data()},
                                                  nullptr));
  }
  void their_forward() const {
    const float one = 1, zero = 0;
    multiply(s, s.queries, s.keys, s.head_width, scale, all_q, false, all_k, true, all_weights);
    bench::check(cudnnSoftmaxForward(bench::library().dnn, CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE, &one, scores,
                                     weights.data(), &zero, scores, weights.data()));
    multiply(s, s.queries, s.head_width, s.keys, 1, all_weights, false, all_v, false, all_y);
  }
  /// With the weights kept from the forward pass, which ours makes again.
  void their_backward() const {
    const float one = 1, zero = 0;
    multiply(s, s.keys, s.head_width, s.queries, 1, all_weights, true, all_dy, false, all_dv);
    multiply(s, s.queries, s.keys, s.head_width, 1, all_dy, false, all_v, true, all_slopes);
    bench::check(cudnnSoftmaxBackward(bench::library().dnn, CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE, &one, scores,
                                      weights.data(), scores, slopes.data(), &zero, scores, slopes.data()));
    multiply(s, s.queries, s.head_width, s.keys, scale, all_slopes, false, all_k, false, all_dq);
    multiply(s, s.keys, s.head_width, s.queries, scale, all_slopes, true, all_q, false, all_dk);
  }
};

/// f, with cuBLAS free to round to TF32 or not.
std::function<void()> with(cublasMath_t mode, std::function<void()> f) {
  return [mode, f = std::move(f)] {
    bench::check(cublasSetMathMode(bench::library().blas, mode));
    f();
  };
}

void both(benchmark::State& state, const attention_shape& s, bool backward) {
  const problem p{s};
  p.forward();
  p.their_forward();
  const auto ours = [&] { backward ? p.backward() : p.forward(); };
  const auto theirs = [&] { backward ? p.their_backward() : p.their_forward(); };
  const auto apart = [&] {
    return backward ? std::max({bench::apart(p.dq, p.their_dq), bench::apart(p.dk, p.their_dk), bench::apart(p.dv, p.their_dv)})
                    : bench::apart(p.y, p.their_y);
  };
  const double statistics = double(s.batch * s.heads * s.queries);
  const double elements =
      backward ? 4.0 * double(p.of_queries) + 4.0 * double(p.of_keys) : 2.0 * double(p.of_queries) + 2.0 * double(p.of_keys);
  bench::in_turn(state, 4 * (elements + statistics), 1e-2, ours,
                 {{"cublas_cudnn", with(CUBLAS_PEDANTIC_MATH, theirs), apart}, {"tf32", with(CUBLAS_TF32_TENSOR_OP_MATH, theirs), apart}});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run(argc, argv, [] {
    struct size {
      long batch, queries, keys;
    };
    for (const size& n : {size{64, 1, 10}, size{64, 1, 60}, size{1024, 1, 60}, size{64, 60, 60}, size{64, 196, 196}}) {
      const attention_shape s{
          .batch = n.batch, .heads = 4, .queries = n.queries, .keys = n.keys, .head_width = 128, .query_stride = 512, .key_stride = 512};
      const std::string name =
          "attention/float/" + std::to_string(n.batch) + "x" + std::to_string(n.queries) + "x" + std::to_string(n.keys);
      bench::add(name + "/forward", [=](benchmark::State& state) { both(state, s, false); });
      bench::add(name + "/backward", [=](benchmark::State& state) { both(state, s, true); });
    }
  });
}
