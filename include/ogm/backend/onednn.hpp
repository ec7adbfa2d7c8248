#pragma once
// Products and the backward passes of convolutions by oneDNN, each call in one thread: the panels and the chunks of images are the parallel
// work. The forward pass of a convolution is the library's own: oneDNN's sums are three times less exact.

#include <ogm/backend/compensated_convolution.hpp>
#include <ogm/backend/convolution_by_gemm.hpp>
#include <ogm/backend/host.hpp>
#include <ogm/backend/onednn_convolution.hpp>
#include <ogm/core/pack.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace ogm::backend {

/// One product in the calling thread.
struct onednn_gemm {
  void operator()(const op::gemm<float>& g) const {
    if (g.rows == 0 || g.columns == 0) return;
    if (g.inner == 0) {  // a sum of nothing, for which oneDNN leaves c as it was
      for (long r = 0; !g.add && r < g.rows; ++r) std::fill_n(g.c + r * g.c_stride, g.columns, 0.f);
      return;
    }
    const dnnl::one_thread alone;
    dnnl::check(dnnl_sgemm(g.a_transposed ? 'T' : 'N', g.b_transposed ? 'T' : 'N', g.rows, g.columns, g.inner, 1.f, g.a, g.a_stride, g.b,
                           g.b_stride, g.add ? 1.f : 0.f, g.c, g.c_stride),
                "sgemm");
  }
};

/// Float only; double models use backend::eigen<double>.
///
/// Numerics   the same bits on any number of threads
/// Cost       primitives, reorders and workspaces are kept: after the first step of a batch size this object allocates nothing. The library
///            itself takes a few small blocks in each call of a primitive and a buffer in some products, and gives them back.
class onednn {
 public:
  using value_type = float;
  using space = memory::host;

  template <class Operation> void run(const Operation& operation) { run_here(operation, workspace_); }
  void run(const op::gemm<float>& g) {
    // A transposed factor is packed only for enough outputs a call; without that a product takes twice the time on AVX2.
    const bool to_be_packed = g.a_transposed && double(g.rows) * double(g.columns) >= double(1 << 20);
    op::for_each_panel(g, to_be_packed ? 2 : 4, onednn_gemm{});
  }
  void run(const op::batched_gemm<float>& g) { for_each_product(g, onednn_gemm{}); }
  void run(const op::convolution_forward<float>& c) { convolve_compensated(c, workspace_); }
  void run(const op::convolution_backward_input<float>& c) {
    if (!run_input(c)) convolve_by_gemm(c, onednn_gemm{}, workspace_);
  }
  void run(const op::convolution_backward_weight<float>& c) {
    if (!run_weight(c)) convolve_by_gemm(c, onednn_gemm{}, workspace_);
  }

 private:
  using chunk = dnnl::convolution*;

  /// The primitive of one chunk of images.
  dnnl::convolution& find(dnnl::direction what, const op::convolution_shape& shape, bool biased) {
    for (const auto& c : kept_)
      if (c->is(what, shape, biased)) return *c;
    if (!engine_) engine_ = dnnl::make_engine();
    kept_.push_back(std::make_unique<dnnl::convolution>(engine_, what, shape, biased));
    return *kept_.back();
  }

  /// Chunks have one of two sizes. False where oneDNN has no implementation or a product alone is as good.
  bool plan(dnnl::direction what, const op::convolution_shape& s, bool biased) {
    if (s.batch == 0 || detail::columns_are_the_image(s)) return false;
    chunks_ = detail::image_chunks(s.batch);
    for (long k = 0; k < chunks_; ++k) {
      op::convolution_shape part = s;
      part.batch = detail::first_image(s.batch, chunks_, k + 1) - detail::first_image(s.batch, chunks_, k);
      plan_[std::size_t(k)] = &find(what, part, biased);
      if (!plan_[std::size_t(k)]->valid()) return false;
    }
    slot_bytes_ = shared_bytes_ = 0;
    for (long k = 0; k < chunks_; ++k) {
      slot_bytes_ = std::max(slot_bytes_, plan_[std::size_t(k)]->slot_bytes());
      shared_bytes_ = std::max(shared_bytes_, plan_[std::size_t(k)]->shared_bytes());
    }
    return true;
  }

  bool run_input(const op::convolution_backward_input<float>& c) {
    const auto& s = c.shape;
    if (!plan(dnnl::direction::backward_input, s, false)) return false;
    std::byte* const slots = workspace_.take<std::byte>(long(shared_bytes_) * 2 + long(slot_bytes_) * chunks_);
    std::byte* const shared = slots + slot_bytes_ * std::size_t(chunks_);
    std::array<const float*, dnnl::convolution::slots> weight{};
    for (std::size_t k = 0, copies = 0; k < std::size_t(chunks_); ++k)  // one copy for each of the two sizes
      for (std::size_t j = 0; j <= k && !weight[k]; ++j)
        weight[k] =
            j < k ? (plan_[j] == plan_[k] ? weight[j] : nullptr) : plan_[k]->prepare(c.weight, shared + shared_bytes_ * copies++, slots);
    parallel_for(chunks_, [&](long k) {
      const long first = detail::first_image(s.batch, chunks_, k);
      plan_[std::size_t(k)]->run(int(k),
                                 {c.dy + first * s.out_image(), weight[std::size_t(k)], nullptr, c.dx + first * s.in_image(), c.add},
                                 slots + slot_bytes_ * std::size_t(k));
    });
    return true;
  }

  bool run_weight(const op::convolution_backward_weight<float>& c) {
    const auto& s = c.shape;
    if (!plan(dnnl::direction::backward_weight, s, c.dbias != nullptr)) return false;
    const long granule = long(memory::alignment / sizeof(float));
    const long weights = (s.weights() + granule - 1) / granule * granule, biases = (s.out_channels + granule - 1) / granule * granule;
    const long part = weights + (c.dbias ? biases : 0), bytes = part * long(sizeof(float)) + long(slot_bytes_);
    std::byte* const memory = workspace_.take<std::byte>(bytes * chunks_);
    const auto partial = [&](long k) { return reinterpret_cast<float*>(memory + k * bytes); };
    parallel_for(chunks_, [&](long k) {
      const long first = detail::first_image(s.batch, chunks_, k);
      plan_[std::size_t(k)]->run(
          int(k), {c.x + first * s.in_image(), c.dy + first * s.out_image(), c.dbias ? partial(k) + weights : nullptr, partial(k), false},
          memory + k * bytes + part * long(sizeof(float)));
    });
    const auto reduce = [&](float* to, long offset, long count, bool add) {  // in the order of the chunks
      each_pack<float>(count, [&](long i, auto at) {
        float_pack sum = add ? load<float_pack>(to + i, at) : float_pack{};
        for (long k = 0; k < chunks_; ++k) sum += load<float_pack>(partial(k) + offset + i, at);
        store(to + i, sum, at);
      });
    };
    reduce(c.dweight, 0, s.weights(), c.add_weight);
    if (c.dbias) reduce(c.dbias, weights, s.out_channels, c.add_bias);
    return true;
  }

  dnnl::engine engine_;
  std::vector<std::unique_ptr<dnnl::convolution>> kept_;
  std::array<chunk, dnnl::convolution::slots> plan_{};
  long chunks_ = 0;
  std::size_t slot_bytes_ = 0, shared_bytes_ = 0;
  workspace workspace_;
};

}  // namespace ogm::backend
